import type { Cluster } from '@aws-sdk/client-kafka';
import { type ExecutionsClient, isExecutionOf } from '../../shared/executions.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { settingTags, statusTag, triggerTag } from '../../shared/msk/tags.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';

export interface Work {
  action: 'connect' | 'disconnect';
  /** For the person who reads the sweep's result. */
  reason: string;
  /** Differs from the fingerprint of earlier work, because every run changes it. */
  fingerprint: (string | undefined)[];
  /** The input of the execution, as of a manual start. */
  input: { clusterArn: string; secretArn?: string };
}

export interface Deps {
  msk: MskClient;
  secrets: SecretsClient;
  executions: ExecutionsClient;
  machines: { connect: string; disconnect: string };
}

/** A failure often needs a person; a retry four times a day finds out when the cause is fixed. */
const retryFailureMs = 6 * 3_600_000;

/** Every connection is verified at least daily. */
const verifyMs = 24 * 3_600_000;

/**
 * Compares a cluster's trigger tag with its status tags and with the version of its SCRAM secret.
 *
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function decide(
  cluster: Cluster,
  now: string,
  deps: Deps,
): Promise<Work | 'running' | 'failed recently' | 'as it should be'> {
  const { ClusterArn: clusterArn = '', Tags: tags = {} } = cluster;
  const action = tags[triggerTag] as Work['action'];
  const status = tags[statusTag('status')];
  const execution = tags[statusTag('execution')];
  const work = (reason: string, secret?: SecretInUse): Work => ({
    action,
    reason,
    fingerprint: [status, execution, tags[statusTag('verified-at')], secret?.version],
    input: { clusterArn, ...(secret?.secretArn && { secretArn: secret.secretArn }) },
  });
  const age = (time: Date | undefined) => (time ? Date.parse(now) - time.getTime() : Number.POSITIVE_INFINITY);

  if (status === 'connecting' || status === 'disconnecting' || status === 'failed') {
    const last = await lastRun(execution, deps);
    if (last?.status === 'RUNNING') return 'running';
    if (status !== 'failed') return work(`its last run ended while ${status}`);
    // Disconnect may succeed although connect failed, and the reverse.
    const isOfOtherAction = last?.executionArn && !isExecutionOf(last.executionArn, deps.machines[action]);
    if (isOfOtherAction) return work(`its last run failed, and its tag now says ${action}`);
    if (age(last?.stopDate) > retryFailureMs) return work('its last run failed more than six hours ago');
    // A new version of the secret may be the fix.
    const secret = action === 'connect' ? await secretInUse(clusterArn, tags, deps) : undefined;
    return secret?.hasRotated ? work('its SCRAM secret has rotated', secret) : 'failed recently';
  }
  if (status !== `${action}ed`) return work(`it is ${status ?? 'not connected'}, and its tag says ${action}`);
  if (action === 'disconnect') return 'as it should be';
  const verifiedAt = new Date(tags[statusTag('verified-at')] ?? Number.NaN);
  const secret = await secretInUse(clusterArn, tags, deps);
  if (!(age(verifiedAt) <= verifyMs)) return work('it has not been verified for a day', secret);
  return secret?.hasRotated ? work('its SCRAM secret has rotated', secret) : 'as it should be';
}

/** The run that the tag names, unless it belongs to another deployment: anybody who may tag can write it. */
async function lastRun(execution: string | undefined, deps: Deps) {
  const isOurs = Object.values(deps.machines).some((machine) => execution && isExecutionOf(execution, machine));
  return execution && isOurs ? deps.executions.describe(execution) : undefined;
}

/** How many secrets are examined to find the one in use, if no tag names it and several are associated. */
const maxSecrets = 10;

interface SecretInUse {
  version: string;
  hasRotated: boolean;
  /** Set if several secrets are associated, so that the run knows which is meant. Never from a tag: a run may associate what its input names. */
  secretArn: string | undefined;
}

/** The SCRAM secret with which the cluster was connected; undefined if no version of it is recorded. */
async function secretInUse(
  clusterArn: string,
  tags: Record<string, string>,
  deps: Deps,
): Promise<SecretInUse | undefined> {
  const recorded = tags[statusTag('secret-version')];
  if (!recorded) return undefined;
  const named = tags[settingTags.secretArn];
  const secretArns = named ? [named] : await deps.msk.listScramSecrets(clusterArn);
  for (const secretArn of secretArns.slice(0, maxSecrets)) {
    const stages = await deps.secrets.versionStages(secretArn);
    // Secrets Manager keeps the previous version as AWSPREVIOUS, so the secret in use still has the recorded one.
    if (secretArns.length > 1 && !(recorded in stages)) continue;
    const version = Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT'));
    return version
      ? { version, hasRotated: version !== recorded, secretArn: secretArns.length > 1 ? secretArn : undefined }
      : undefined;
  }
  return undefined;
}
