import { createHash } from 'node:crypto';
import type { ClientAuthentication, Cluster } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { ClusterUnusable } from '../../shared/errors.ts';
import { quoted } from '../../shared/foreign-text.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { ClusterDetails, isPrivateConnectivityOn } from '../../shared/msk/cluster.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';
import { noLongerWanted, whyNoLongerWanted } from '../../shared/request/wish.ts';
import { checkDeadline, deadlineAfter, pollDelay, slowdownAfterAttempts, type Wait } from '../../shared/waits.ts';

export const InspectClusterInput = z.object({
  run: z.object({
    request: z.pick(Request, { clusterArn: true, dryRun: true, endsOnUntag: true }),
    /** Of this state's earlier visit. */
    cluster: z.optional(z.object({ deadline: z.string(), slowdown: z.number() })),
    plan: z.optional(z.object({ plannedFor: z.string() })),
    /** Set if MSK has refused to associate the SCRAM secret because the cluster was busy. */
    clusterBusy: z.optional(z.object({ Error: z.string() })),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const InspectClusterOutput = z.object({
  isSettled: z.boolean(),
  isPrivateConnectivityOn: z.boolean(),
  /** Whether CheckPrerequisites has already checked this cluster as it is now. */
  isPlanned: z.boolean(),
  deadline: z.string(),
  pollSeconds: z.number(),
  /** How many times longer the polls pause, because AWS throttled earlier ones. */
  slowdown: z.number(),
  details: ClusterDetails,
});

/** The states that don't pass by themselves. @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html */
const terminal = new Set(['FAILED', 'DELETING']);

/**
 * Reads a cluster. ACTIVE is settled; FAILED and DELETING end the run; any other state, known or not, is waited for until the
 * deadline. The deadline also covers private connectivity, which may stay off although MSK reports its update as complete. Also reads
 * the cluster's tag: a run that it no longer asks for gives the cluster back and ends.
 *
 * @throws NoLongerWanted, ClaimLost, DeploymentMisconfigured, ClusterUnusable, WaitTimedOut, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function inspectCluster(
  { run: { request, cluster: before, plan, clusterBusy }, executionArn, now }: z.infer<typeof InspectClusterInput>,
  { msk, registry, wait }: { msk: MskClient; registry: Registry; wait: Wait },
): Promise<z.infer<typeof InspectClusterOutput>> {
  const { clusterArn } = request;
  const deadline = before?.deadline ?? deadlineAfter(now, wait);
  const { cluster, attempts } = await msk.describeCluster(clusterArn);
  const reason = request.dryRun ? undefined : whyNoLongerWanted(cluster.Tags ?? {}, request);
  if (reason) {
    await registry.release(clusterArn, executionArn, { status: null, detail: null });
    throw noLongerWanted(reason);
  }
  const slowdown = slowdownAfterAttempts(before?.slowdown ?? 1, attempts);
  const state = cluster.State ?? 'unknown';
  if (terminal.has(state))
    throw new ClusterUnusable(
      `Cluster ${clusterArn} is ${state}${cluster.StateInfo?.Message ? ` (${quoted(cluster.StateInfo.Message)})` : ''}; it must be ACTIVE.`,
    );

  const isSettled = state === 'ACTIVE';
  const isOn = isPrivateConnectivityOn(cluster);
  if (!isSettled) checkDeadline(`The cluster is still ${state}`, { now, deadline });
  else if (!isOn) checkDeadline('Multi-VPC private connectivity of the cluster is still off', { now, deadline });
  else if (clusterBusy) checkDeadline('MSK still reports the ACTIVE cluster as busy', { now, deadline });
  const properties = propertiesOf(cluster);
  const scramSecretArns = isSettled && properties.isScramOn ? await msk.listScramSecrets(clusterArn) : [];
  const fingerprint = fingerprintOf(properties, scramSecretArns);
  // A poll of a cluster that is ACTIVE with connectivity still off passes through twice as many states.
  const statesFactor = isSettled && !isOn ? 2 : 1;
  return {
    isSettled,
    isPrivateConnectivityOn: isOn,
    isPlanned: plan?.plannedFor === fingerprint,
    deadline,
    pollSeconds: pollDelay(wait, { now, deadline }, slowdown * statesFactor),
    slowdown,
    details: { ...properties, scramSecretArns, fingerprint, ...networkOf(cluster) },
  };
}

/** Stays the same while nothing changes that the prerequisites depend on, so they need not be checked again. */
const fingerprintOf = (properties: object, scramSecretArns: string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([properties, scramSecretArns.toSorted()]))
    .digest('hex')
    .slice(0, 16);

/** Not in the fingerprint: no prerequisite depends on the network. */
function networkOf({ Provisioned }: Cluster): Pick<ClusterDetails, 'securityGroups' | 'zoneIds'> {
  const { SecurityGroups = [], ZoneIds = [] } = Provisioned?.BrokerNodeGroupInfo ?? {};
  return { securityGroups: SecurityGroups.toSorted(), zoneIds: ZoneIds.toSorted() };
}

type Properties = Omit<ClusterDetails, 'scramSecretArns' | 'fingerprint' | 'securityGroups' | 'zoneIds'>;

function propertiesOf({ ClusterType, Provisioned }: Cluster): Properties {
  const { BrokerNodeGroupInfo, ClientAuthentication, CurrentBrokerSoftwareInfo, EncryptionInfo } = Provisioned ?? {};
  return {
    clusterType: ClusterType ?? 'unknown',
    kafkaVersion: CurrentBrokerSoftwareInfo?.KafkaVersion ?? null,
    instanceType: BrokerNodeGroupInfo?.InstanceType ?? null,
    isScramOn: ClientAuthentication?.Sasl?.Scram?.Enabled === true,
    isUnauthenticatedOn: Provisioned !== undefined && isUnauthenticatedOn(ClientAuthentication),
    clientBroker: EncryptionInfo?.EncryptionInTransit?.ClientBroker ?? null,
    configurationArn: CurrentBrokerSoftwareInfo?.ConfigurationArn ?? null,
    configurationRevision: CurrentBrokerSoftwareInfo?.ConfigurationRevision ?? null,
  };
}

/**
 * A cluster needs at least one scheme, so a cluster that MSK shows without any, or without ClientAuthentication at all, lets in
 * everyone.
 */
function isUnauthenticatedOn({ Sasl, Tls, Unauthenticated }: ClientAuthentication = {}): boolean {
  const isAnyOn = [Sasl?.Scram, Sasl?.Iam, Tls].some((scheme) => scheme?.Enabled);
  return Unauthenticated?.Enabled ?? !isAnyOn;
}
