import type { Cluster, VpcConnectivityClientAuthentication } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { isCertain } from '../../shared/aws.ts';
import { AwsRefused, ClusterUpdateFailed, VersionConflict, WaitTimedOut } from '../../shared/errors.ts';
import { quoted } from '../../shared/foreign-text.ts';
import { Login, type Mechanism, schemeOf } from '../../shared/login.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { isPrivateConnectivityOn, privateConnectivityOf, vpcConnectivityOf } from '../../shared/msk/cluster.ts';
import { writeStatus } from '../../shared/msk/tags.ts';
import { Result } from '../../shared/outcomes.ts';
import { isInTime, missed, nextOpening, rebootDetail, waitDetail } from '../../shared/reboot-window.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';

export const EnablePrivateConnectivityInput = z.object({
  run: z.object({
    startedAt: z.string(),
    request: z.pick(Request, { clusterArn: true, rebootWindow: true }),
    plan: z.object({ login: Login }),
    /** Of this state's earlier visit. */
    connectivity: z.optional(z.object({ operationArn: z.string(), result: Result })),
  }),
  executionArn: z.string(),
  now: z.string(),
});

/** `operationArn`: the update that this run has requested, or ''. `waitSeconds`: until the reboot window opens. */
export const EnablePrivateConnectivityOutput = z.discriminatedUnion('isWaiting', [
  z.object({ isWaiting: z.literal(false), operationArn: z.string(), result: Result }),
  z.object({
    isWaiting: z.literal(true),
    operationArn: z.literal(''),
    result: z.literal('unchanged'),
    waitUntil: z.string(),
    waitSeconds: z.number(),
  }),
]);
type Connectivity = z.infer<typeof EnablePrivateConnectivityOutput>;

/**
 * Adds the connection's authentication scheme to the cluster's multi-VPC private connectivity and returns at once; the machine waits for the rolling reboot of
 * the brokers. Outside of the reboot window, it requests nothing, and says when the window opens. The machine returns to this state only if connectivity is still off after the update: then the update has failed,
 * or isn't visible yet. The registry first records since when it is on, because AWS bills it by the hour.
 *
 * @throws WaitTimedOut if the window is missed again and again
 * @throws ClaimLost, DeploymentMisconfigured, ClusterUpdateFailed, VersionConflict, ClusterUnusable, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function enablePrivateConnectivity(
  {
    run: { startedAt, request, plan, connectivity },
    executionArn,
    now,
  }: z.infer<typeof EnablePrivateConnectivityInput>,
  { msk, registry }: { msk: MskClient; registry: Registry },
): Promise<Connectivity> {
  if (connectivity?.operationArn) {
    await checkOperation(connectivity.operationArn, msk);
    return { ...connectivity, isWaiting: false };
  }
  const { clusterArn, rebootWindow } = request;
  const { mechanism } = plan.login;
  const { cluster } = await msk.describeCluster(clusterArn);
  // Another party's update is under way, or has already turned it on: the machine waits and reads the cluster again.
  if (isOn(cluster, mechanism) || cluster.State !== 'ACTIVE') return requested('', 'unchanged');
  const waitUntil = rebootWindow === null ? undefined : nextOpening(rebootWindow, now);
  if (rebootWindow !== null && waitUntil !== undefined) {
    if (!isInTime(waitUntil, startedAt)) throw new WaitTimedOut(missed(rebootWindow, waitUntil));
    const detail = waitDetail(rebootWindow, waitUntil);
    await registry.update(clusterArn, executionArn, { detail });
    await writeStatus(clusterArn, { status: 'connecting', detail, executionArn }, msk);
    const waitSeconds = Math.ceil((Date.parse(waitUntil) - Date.parse(now)) / 1000);
    return { isWaiting: true, operationArn: '', result: 'unchanged', waitUntil, waitSeconds };
  }
  // A refusal restores it. An attempt before, whose answer was lost, may have written it, so the record at the claim is too old.
  const { turnedOn } = await registry.confirm(clusterArn, executionArn);
  await registry.update(clusterArn, executionArn, {
    turnedOn: now,
    ...(rebootWindow !== null && { detail: rebootDetail }),
  });
  if (rebootWindow !== null)
    await writeStatus(clusterArn, { status: 'connecting', detail: rebootDetail, executionArn }, msk);
  try {
    const schemes = schemesWith(mechanism, cluster);
    const operationArn = await msk.updateConnectivity(clusterArn, cluster.CurrentVersion, schemes);
    return requested(operationArn, 'updated');
  } catch (refusal) {
    if (!(refusal instanceof AwsRefused)) throw refusal;
    const isUnclear = !isCertain(refusal);
    if (!isUnclear) await registry.update(clusterArn, executionArn, { turnedOn: turnedOn ?? null });
    const after = await msk.describeCluster(clusterArn);
    checkRefusal(refusal, mechanism, cluster, after.cluster);
    return requested('', isUnclear ? 'updated' : 'unchanged');
  }
}

const requested = (operationArn: string, result: Result): Connectivity => ({ isWaiting: false, operationArn, result });

/**
 * MSK distinguishes "identical to the current value", "the version isn't current" and "not in the ACTIVE state" only by the text of
 * a BadRequestException. So the cluster itself is read: a change that another party has made meanwhile needs no person.
 */
function checkRefusal(refusal: AwsRefused, mechanism: Mechanism, before: Cluster, after: Cluster): void {
  if (isOn(after, mechanism) || after.State !== 'ACTIVE') return;
  // DescribeClusterV2 may lag behind. Then only the text says that the version is stale.
  const isStale = after.CurrentVersion !== before.CurrentVersion || /isn.t current/.test(refusal.said);
  if (!isStale) throw refusal;
  throw new VersionConflict(`Another writer changed the cluster (${quoted(refusal.said)}).`, { cause: refusal });
}

const isOn = (cluster: Cluster, mechanism: Mechanism): boolean =>
  isPrivateConnectivityOn(privateConnectivityOf(cluster), mechanism);

/**
 * The schemes that are on, and that of the mechanism. MSK doesn't document whether it keeps a scheme that a request omits, and turning one off
 * would disconnect its clients. Public access is omitted, so it stays as it is.
 */
function schemesWith(mechanism: Mechanism, cluster: Cluster): VpcConnectivityClientAuthentication {
  const [before, scheme] = [privateConnectivityOf(cluster), schemeOf(mechanism)];
  return {
    Sasl: {
      ...((before.scram || scheme === 'SASL_SCRAM') && { Scram: { Enabled: true } }),
      ...((before.iam || scheme === 'IAM') && { Iam: { Enabled: true } }),
    },
    ...(vpcConnectivityOf(cluster)?.Tls?.Enabled && { Tls: { Enabled: true } }),
  };
}

async function checkOperation(operationArn: string, msk: MskClient): Promise<void> {
  const operation = await msk.describeOperation(operationArn);
  if (operation?.OperationState !== 'UPDATE_FAILED') return;
  const { ErrorCode = 'no error code', ErrorString = 'no reason given' } = operation.ErrorInfo ?? {};
  throw new ClusterUpdateFailed(
    `MSK could not turn on multi-VPC private connectivity (${ErrorCode}: ${quoted(ErrorString)}), in operation ${operationArn}. Fix the cause, then start a new execution.`,
  );
}
