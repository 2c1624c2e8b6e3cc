import * as z from 'zod/mini';
import { Login } from '../../shared/login.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import {
  ClusterDetails,
  isPrivateConnectivityOn,
  PrivateConnectivity,
  privateConnectivityOf,
} from '../../shared/msk/cluster.ts';
import { detailsOf, isScramOn, stateOf } from '../../shared/msk/inspection.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';
import { noLongerWanted, whyNoLongerWanted } from '../../shared/request/wish.ts';
import { checkDeadline, deadlineAfter, pollDelay, slowdownAfterAttempts, type Wait } from '../../shared/waits.ts';

export const InspectClusterInput = z.object({
  run: z.object({
    request: z.pick(Request, { clusterArn: true, mechanism: true, dryRun: true, endsOnUntag: true }),
    /** Of this state's earlier visit. */
    cluster: z.optional(z.object({ deadline: z.string(), slowdown: z.number() })),
    plan: z.optional(z.object({ plannedFor: z.string(), login: Login })),
    /** Set if EnablePrivateConnectivity has waited for the reboot window. */
    connectivity: z.optional(z.object({ isWaiting: z.optional(z.boolean()), waitUntil: z.optional(z.string()) })),
    /** Set if MSK has refused to associate the SCRAM secret because the cluster was busy. */
    clusterBusy: z.optional(z.object({ Error: z.string() })),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const InspectClusterOutput = z.object({
  isSettled: z.boolean(),
  privateConnectivity: PrivateConnectivity,
  /** Whether CheckPrerequisites has already checked this cluster as it is now. */
  isPlanned: z.boolean(),
  deadline: z.string(),
  pollSeconds: z.number(),
  /** How many times longer the polls pause, because AWS throttled earlier ones. */
  slowdown: z.number(),
  details: ClusterDetails,
});

/**
 * Reads a cluster. ACTIVE is settled; FAILED and DELETING end the run; any other state, known or not, is waited for until the
 * deadline, which starts anew when a reboot window opens. The deadline also covers private connectivity, which may stay off although MSK reports its update as complete. Also reads
 * the cluster's tag: a run that it no longer asks for gives the cluster back and ends.
 *
 * @throws NoLongerWanted, ClaimLost, DeploymentMisconfigured, ClusterUnusable, WaitTimedOut, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function inspectCluster(
  {
    run: { request, cluster: before, plan, connectivity, clusterBusy },
    executionArn,
    now,
  }: z.infer<typeof InspectClusterInput>,
  { msk, registry, wait }: { msk: MskClient; registry: Registry; wait: Wait },
): Promise<z.infer<typeof InspectClusterOutput>> {
  const { clusterArn } = request;
  const waitedUntil = connectivity?.isWaiting ? connectivity.waitUntil : undefined;
  const deadline = deadlineOf(before?.deadline, waitedUntil, { now, wait });
  const { cluster, attempts } = await msk.describeCluster(clusterArn);
  const reason = request.dryRun ? undefined : whyNoLongerWanted(cluster.Tags ?? {}, request);
  if (reason) {
    await registry.release(clusterArn, executionArn, { status: null, detail: null });
    throw noLongerWanted(reason);
  }
  const slowdown = slowdownAfterAttempts(before?.slowdown ?? 1, attempts);
  const state = stateOf(cluster, clusterArn);
  const isSettled = state === 'ACTIVE';
  const privateConnectivity = privateConnectivityOf(cluster);
  const { scram, iam } = privateConnectivity;
  const mechanism = plan?.login.mechanism ?? request.mechanism;
  const isOn = mechanism === 'auto' ? scram || iam : isPrivateConnectivityOn(privateConnectivity, mechanism);
  if (!isSettled) checkDeadline(`The cluster is still ${state}`, { now, deadline });
  else if (!isOn) checkDeadline('Multi-VPC private connectivity of the cluster is still off', { now, deadline });
  else if (clusterBusy) checkDeadline('MSK still reports the ACTIVE cluster as busy', { now, deadline });
  const mayNeedSecret = isScramOn(cluster) && request.mechanism !== 'AWS_MSK_IAM';
  const scramSecretArns = isSettled && mayNeedSecret ? await msk.listScramSecrets(clusterArn) : [];
  const details = detailsOf(cluster, scramSecretArns);
  // A poll of a cluster that is ACTIVE with connectivity still off passes through twice as many states.
  const statesFactor = isSettled && !isOn ? 2 : 1;
  return {
    isSettled,
    privateConnectivity,
    // Before the reboot, everything else that it is for must still be right.
    isPlanned: plan?.plannedFor === details.fingerprint && waitedUntil === undefined,
    deadline,
    pollSeconds: pollDelay(wait, { now, deadline }, slowdown * statesFactor),
    slowdown,
    details,
  };
}

/** A wait for the reboot window may take days. Only the first visit after it sets another deadline. */
function deadlineOf(
  before: string | undefined,
  waitedUntil: string | undefined,
  { now, wait }: { now: string; wait: Wait },
) {
  const isSet = before !== undefined && (waitedUntil === undefined || before >= deadlineAfter(waitedUntil, wait));
  return isSet ? before : deadlineAfter(now, wait);
}
