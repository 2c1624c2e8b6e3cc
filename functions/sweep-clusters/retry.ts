import { createHash } from 'node:crypto';
import type { Cluster } from '@aws-sdk/client-kafka';
import { AwsRefused } from '../../shared/errors.ts';
import { actionOf } from '../../shared/executions.ts';
import { vpcConnectivityOf } from '../../shared/msk/cluster.ts';
import { type Action, settingsOf, triggerTag } from '../../shared/msk/tags.ts';
import { mayRestartNow, retryTime, waitsForChange } from '../../shared/registry/due.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { allowTag } from '../../shared/secrets/allow-tag.ts';
import type { SecretDescription } from '../../shared/secrets/client.ts';
import type { Deps } from './subject.ts';

/**
 * Whether a cluster whose last run failed gets its next run now: when the pause is over, or as soon as something has changed that
 * the failure may depend on. A function that fails doesn't know all of that, so the first sweep after a failure records it.
 *
 * @param action of the next run
 * @returns why, or undefined if not yet
 * @throws AwsThrottled, AwsUnavailable
 */
export async function retryReason(
  action: Action,
  record: RegistryRecord,
  cluster: Cluster | undefined,
  now: string,
  deps: Deps,
): Promise<string | undefined> {
  const { failures = 1, lastFailure } = record;
  if (!lastFailure) return 'its last run failed';
  if (actionOf(lastFailure.executionArn) !== action) return `a ${otherThan(action)} failed last`;
  const waits = waitsForChange({ ...lastFailure, action }, record);
  if (!waits && retryTime(action, record, now) === undefined)
    return failures === 1 ? 'its last run failed' : `its last ${failures} runs failed`;
  if (!cluster) return undefined;
  // Whoever was told the command may have run it before this sweep records the circumstances.
  if (waits && mayRestartNow(cluster, deps)) return 'runs may stop and start its stream processors now';
  const { circumstances } = lastFailure;
  const found = await circumstancesOf(cluster, record, deps);
  if (circumstances === undefined) await store(record, found, deps);
  return circumstances === undefined || circumstances === found
    ? undefined
    : 'the cluster, its secrets or its settings have changed since its last run failed';
}

const otherThan = (action: Action): Action => (action === 'connect' ? 'disconnect' : 'connect');

/** A run may have failed since the scan, and its failure must not be overwritten by an older one. */
async function store({ clusterArn, lastFailure }: RegistryRecord, circumstances: string, { registry }: Deps) {
  const current = (await registry.readRecord(clusterArn))?.lastFailure;
  if (!current || current.executionArn !== lastFailure?.executionArn || current.at !== lastFailure.at) return;
  await registry.updateUnclaimed(clusterArn, undefined, { lastFailure: { ...current, circumstances } });
}

/** Secrets that are examined: a cluster may have many, and one or two are usual. */
const maxSecrets = 10;

/** What a failure may depend on, as a fingerprint: the cluster, its SCRAM secrets, its tags that a run or the streams role reads. */
async function circumstancesOf(
  cluster: Cluster,
  record: RegistryRecord,
  { msk, secrets, settings }: Deps,
): Promise<string> {
  const { CurrentVersion, State, Provisioned, Tags = {} } = cluster;
  const associated = await orRefusal(msk.listScramSecrets(record.clusterArn));
  // The one in use is always among those that are examined.
  const secretArns = new Set([record.secretArn ?? [], [associated].flat().toSorted()].flat());
  const examined = [...secretArns].filter((secretArn) => secretArn.startsWith('arn:')).slice(0, maxSecrets);
  const descriptions = examined.map(async (secretArn) => {
    const secret = await orRefusal(secrets.describe(secretArn));
    if (typeof secret === 'string') return secret;
    return [currentVersion(secret), secret.tags[allowTag.key], secret.kmsKeyId, secret.isDeleted];
  });
  const facts = [
    [CurrentVersion, State],
    [
      Provisioned?.ClientAuthentication?.Sasl?.Scram?.Enabled,
      Provisioned?.ClientAuthentication?.Sasl?.Iam?.Enabled,
      Provisioned?.ClientAuthentication?.Unauthenticated?.Enabled,
    ],
    [Provisioned?.EncryptionInfo?.EncryptionInTransit?.ClientBroker, Provisioned?.BrokerNodeGroupInfo?.InstanceType],
    [Provisioned?.CurrentBrokerSoftwareInfo?.KafkaVersion],
    [vpcConnectivityOf(cluster)?.Sasl?.Scram?.Enabled, vpcConnectivityOf(cluster)?.Sasl?.Iam?.Enabled],
    [Provisioned?.CurrentBrokerSoftwareInfo?.ConfigurationArn],
    [Provisioned?.CurrentBrokerSoftwareInfo?.ConfigurationRevision],
    [...secretArns],
    await Promise.all(descriptions),
    [Tags[triggerTag], settingsOf(Tags)],
    // Without it, an update of the deployment must not look like a change.
    ...(settings.restartProcessors ? ['restartProcessors'] : []),
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

/** The current version of a secret, or undefined if it has no value yet. */
export const currentVersion = ({ versionStages }: SecretDescription): string | undefined =>
  Object.keys(versionStages).find((id) => versionStages[id]?.includes('AWSCURRENT'));

/** A refusal is a circumstance, too: the permission or the secret may be what is missing. */
const orRefusal = <Answer>(answer: Promise<Answer>): Promise<Answer | string> =>
  answer.catch((error: unknown) => {
    if (error instanceof AwsRefused) return error.code;
    throw error;
  });
