import type { Cluster, KafkaClient } from '@aws-sdk/client-kafka';
import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { fromAws } from '../../shared/aws.ts';
import { describeExecution, isExecutionOf } from '../../shared/execution.ts';
import { scramSecrets } from '../../shared/msk/cluster.ts';
import { settingTags, statusTag, triggerTag } from '../../shared/msk/tags.ts';

export interface Work {
  action: 'connect' | 'disconnect';
  /** For a person who reads the sweep's result. */
  reason: string;
  /** What makes this work different from the work before it: a run changes it. */
  fingerprint: (string | undefined)[];
  /** The input of the execution, as of a console start. */
  input: { clusterArn: string; secretArn?: string };
}

interface Deps {
  kafka: KafkaClient;
  secretsManager: SecretsManagerClient;
  sfn: SFNClient;
  machines: { connect: string; disconnect: string };
  signal: AbortSignal;
}

/** A failure often needs a person; trying again four times a day finds out when the person has been there. */
const retryFailureMs = 6 * 3_600_000;

/** A connection that nobody has looked at for a day is verified. */
const verifyMs = 24 * 3_600_000;

/**
 * Compares what a cluster's tag asks for with what its status tags say, and with the version of its SCRAM secret.
 *
 * @throws AwsRefused, AwsUnavailable
 */
export async function decide(
  cluster: Cluster,
  now: string,
  deps: Deps,
): Promise<Work | 'running' | 'failed lately' | 'as it should be'> {
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
    // To connect may have failed where to disconnect does not, and the other way round.
    const isOfOtherAction = last?.executionArn && !isExecutionOf(last.executionArn, deps.machines[action]);
    if (isOfOtherAction) return work(`it is failed, and its tag says ${action}`);
    if (age(last?.stopDate) > retryFailureMs) return work('its last run failed more than six hours ago');
    // A new version of the secret may be just what was missing.
    const secret = action === 'connect' ? await secretInUse(clusterArn, tags, deps) : undefined;
    return secret?.hasRotated ? work('its SCRAM secret has rotated', secret) : 'failed lately';
  }
  if (status !== `${action}ed`) return work(`it is ${status ?? 'not connected'}, and its tag says ${action}`);
  if (action === 'disconnect') return 'as it should be';
  const verifiedAt = new Date(tags[statusTag('verified-at')] ?? Number.NaN);
  const secret = await secretInUse(clusterArn, tags, deps);
  if (!(age(verifiedAt) <= verifyMs)) return work('it has not been verified for a day', secret);
  return secret?.hasRotated ? work('its SCRAM secret has rotated', secret) : 'as it should be';
}

/** The run that the tag names, unless that is none of this deployment: anybody may write a tag. */
async function lastRun(execution: string | undefined, deps: Deps) {
  const isOurs = Object.values(deps.machines).some((machine) => execution && isExecutionOf(execution, machine));
  return execution && isOurs ? describeExecution(execution, deps) : undefined;
}

/** Secrets that are looked at to find the one in use, when no tag names it and several are associated. */
const mostSecrets = 10;

interface SecretInUse {
  version: string;
  hasRotated: boolean;
  /** Where the run could not tell which of several is meant. Never from a tag: a run may associate what its input names. */
  secretArn: string | undefined;
}

/** The SCRAM secret with which the cluster was connected; undefined where no version of it is recorded. */
async function secretInUse(
  clusterArn: string,
  tags: Record<string, string>,
  deps: Deps,
): Promise<SecretInUse | undefined> {
  const recorded = tags[statusTag('secret-version')];
  if (!recorded) return undefined;
  const named = tags[settingTags.secretArn];
  const secretArns = named ? [named] : await scramSecrets(clusterArn, deps.kafka, deps.signal);
  for (const secretArn of secretArns.slice(0, mostSecrets)) {
    const command = new DescribeSecretCommand({ SecretId: secretArn });
    const { VersionIdsToStages = {} } = await fromAws(
      `secretsmanager:DescribeSecret on ${secretArn}`,
      deps.secretsManager.send(command, { abortSignal: deps.signal }),
    );
    // Secrets Manager keeps the version before as AWSPREVIOUS, so the secret in use still knows the recorded one.
    if (secretArns.length > 1 && !(recorded in VersionIdsToStages)) continue;
    const version = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes('AWSCURRENT'));
    return version
      ? { version, hasRotated: version !== recorded, secretArn: secretArns.length > 1 ? secretArn : undefined }
      : undefined;
  }
  return undefined;
}
