import { createHash } from 'node:crypto';
import type { Cluster, KafkaClient } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { ClusterUnusable } from '../../shared/errors.ts';
import {
  type ClusterDetails,
  describeCluster,
  isPrivateConnectivityOn,
  scramSecrets,
} from '../../shared/msk/cluster.ts';
import { keepDeadline, pollAfter, stretchAfter, Wait } from '../../shared/wait.ts';

export const InspectClusterInput = z.object({
  clusterArn: z.string(),
  wait: z.object({ ...Wait.shape, deadline: z.string() }),
  /** How much rarer the polls are, because AWS has throttled earlier ones. */
  stretch: z.number(),
  now: z.string(),
});

/** The states that do not pass by themselves. @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html */
const terminal = new Set(['FAILED', 'DELETING']);

/**
 * Reads a cluster. ACTIVE is settled; FAILED and DELETING end the run; every other state, known or not, is waited for until
 * the deadline. So is private connectivity, which may stay off although MSK reports its update as complete.
 *
 * @throws ClusterUnusable, WaitTimedOut, AwsRefused, AwsUnavailable
 */
export async function inspectCluster(
  { clusterArn, wait, stretch: stretchBefore, now }: z.infer<typeof InspectClusterInput>,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<{
  isSettled: boolean;
  isPrivateConnectivityOn: boolean;
  pollSeconds: number;
  stretch: number;
  details: ClusterDetails;
}> {
  const { deadline } = wait;
  const { cluster, attempts } = await describeCluster(clusterArn, kafka, signal);
  const stretch = stretchAfter(stretchBefore, attempts);
  const state = cluster.State ?? 'unknown';
  if (terminal.has(state))
    throw new ClusterUnusable(
      `The cluster ${clusterArn} is ${state}${cluster.StateInfo?.Message ? ` (${cluster.StateInfo.Message})` : ''}; it must be ACTIVE.`,
    );

  const isSettled = state === 'ACTIVE';
  const isOn = isPrivateConnectivityOn(cluster);
  if (!isSettled) keepDeadline(`The cluster is still ${state}`, { now, deadline });
  else if (!isOn) keepDeadline('Multi-VPC private connectivity of the cluster is still off', { now, deadline });
  const details = detailsOf(cluster);
  const scramSecretArns = isSettled && details.isScramOn ? await scramSecrets(clusterArn, kafka, signal) : [];
  // A poll of a cluster that is ACTIVE, and its connectivity still off, goes through twice the states.
  const rarer = isSettled && !isOn ? 2 : 1;
  return {
    isSettled,
    isPrivateConnectivityOn: isOn,
    pollSeconds: pollAfter(wait, { now, deadline }, stretch * rarer),
    stretch,
    details: { ...details, scramSecretArns, fingerprint: fingerprintOf({ ...details, scramSecretArns }) },
  };
}

/** The same for as long as nothing changes that the prerequisites depend on, so that they need not be checked again. */
const fingerprintOf = ({ scramSecretArns, ...details }: Omit<ClusterDetails, 'fingerprint'>): string =>
  createHash('sha256')
    .update(JSON.stringify([details, scramSecretArns.toSorted()]))
    .digest('hex')
    .slice(0, 16);

function detailsOf({ ClusterType, Provisioned }: Cluster): Omit<ClusterDetails, 'scramSecretArns' | 'fingerprint'> {
  const { BrokerNodeGroupInfo, ClientAuthentication, CurrentBrokerSoftwareInfo, EncryptionInfo } = Provisioned ?? {};
  return {
    clusterType: ClusterType ?? 'unknown',
    kafkaVersion: CurrentBrokerSoftwareInfo?.KafkaVersion ?? null,
    instanceType: BrokerNodeGroupInfo?.InstanceType ?? null,
    isScramOn: ClientAuthentication?.Sasl?.Scram?.Enabled === true,
    isUnauthenticatedOn: ClientAuthentication?.Unauthenticated?.Enabled === true,
    clientBroker: EncryptionInfo?.EncryptionInTransit?.ClientBroker ?? null,
    configurationArn: CurrentBrokerSoftwareInfo?.ConfigurationArn ?? null,
    configurationRevision: CurrentBrokerSoftwareInfo?.ConfigurationRevision ?? null,
  };
}
