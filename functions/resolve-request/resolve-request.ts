import * as z from 'zod/mini';
import { noneWhenNotFound } from '../../shared/aws.ts';
import { InvalidRequest } from '../../shared/errors.ts';
import type { ExecutionsClient } from '../../shared/executions.ts';
import { type ClusterArn, parseClusterArn } from '../../shared/msk/arn.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { settingsOf, statusTag, triggerTag, writeStatus } from '../../shared/msk/tags.ts';
import { hasLeftovers, hasPieces, type RegistryRecord } from '../../shared/registry/record.ts';
import { isFound, type Registry } from '../../shared/registry/registry.ts';
import { wishWithoutTag } from '../../shared/registry/untagged.ts';
import { readInput } from '../../shared/request/input.ts';
import { type StartedBy, startedBy } from '../../shared/request/intent.ts';
import { shown } from '../../shared/request/redaction.ts';
import { Request } from '../../shared/request/request.ts';
import { windowToRecord } from '../../shared/request/run-settings.ts';
import { refuseSecretElsewhere } from '../../shared/request/secret-place.ts';
import type { Settings } from '../../shared/request/settings.ts';
import { type Asked, settle } from '../../shared/request/settle.ts';
import { refuseIfUndone } from '../../shared/request/wish.ts';
import type { Wait } from '../../shared/waits.ts';
import { claimCluster } from './claim.ts';

const Action = z.enum(['connect', 'disconnect']);
type Action = z.infer<typeof Action>;

export const ResolveRequestInput = z.object({
  run: z.object({ action: Action, input: z.unknown() }),
  executionArn: z.string(),
  now: z.string(),
});

/** `reason`: why there is something to do, why not, or what the run waits for. */
export const ResolveRequestOutput = z.union([
  z.object({ isAnythingToDo: z.literal(false), reason: z.string() }),
  z.object({
    isAnythingToDo: z.literal(true),
    isHeld: z.literal(true),
    reason: z.string(),
    clusterArn: z.string(),
    pollSeconds: z.number(),
  }),
  z.extend(Request, { isAnythingToDo: z.literal(true), isHeld: z.literal(false), reason: z.string() }),
]);

export interface ResolveRequestDeps {
  msk: MskClient;
  registry: Registry;
  executions: ExecutionsClient;
  settings: Settings;
  wait: Wait;
  /** The function's own: `arn:aws:lambda:us-east-1:111122223333:function:…` */
  functionArn: string;
}

/**
 * Decides who asks, for which cluster, with which settings: from the input, else from the cluster's tags, else from the registry,
 * else from the deployment. Refuses bad input before anything is changed. While the deployment is paused, only a person starts something. Then claims the cluster in the registry. A dry run
 * claims nothing.
 *
 * @throws InvalidRequest, VersionConflict, AwsRefused, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function resolveRequest(
  { run: { action, input }, executionArn, now }: z.infer<typeof ResolveRequestInput>,
  { msk, registry, executions, settings, wait, functionArn }: ResolveRequestDeps,
): Promise<z.infer<typeof ResolveRequestOutput>> {
  const given = readInput(input, action);
  const starter = startedBy(input, executionArn);
  const { clusterArn } = given;
  const cluster = ownCluster(clusterArn, functionArn);
  if (given.secretArn !== undefined) refuseSecretElsewhere(given.secretArn, cluster);
  const [found, recorded] = await Promise.all([existingTags(clusterArn, action, msk), registry.readRecord(clusterArn)]);
  const tags = found ?? {};
  const wish = { action, tags: found, recorded, settings };
  const notWanted = starter === 'sweep' ? whyNotSwept(wish) : starter === 'tag' ? whyNotTagged(wish) : undefined;
  const isPaused = settings.paused && starter !== 'console';
  if (notWanted || isPaused) {
    // An earlier visit or attempt of this state may have claimed the cluster.
    if (recorded?.holder === executionArn)
      await registry.release(clusterArn, executionArn, { status: null, detail: null, includeAdopted: null });
    if (notWanted) return nothingToDo(`${notWanted} Nothing is to be done for ${clusterArn}.`);
    const isIdle = recorded?.holder === undefined || recorded.holder === executionArn;
    if (action === 'connect' && isIdle && recorded?.status !== 'connected')
      await writeStatus(clusterArn, { status: 'paused', detail: `${paused}. ${afterPause}`, executionArn }, msk);
    return nothingToDo(`${paused}, so tags and the sweep start nothing. ${afterPause} A manual start works.`);
  }

  if (starter === 'console' && action === 'connect' && !given.dryRun) refuseIfUndone(clusterArn, tags);
  const isWantedByTag = starter === 'tag' || (starter === 'sweep' && tags[triggerTag] === action);
  const wantedBy = isWantedByTag ? 'tag' : starter;
  const named = { action, given, tags, recorded, wantedBy, clusterName: cluster.clusterName } as const;
  const isReturn = starter === 'sweep' && recorded !== undefined && hasLeftovers(recorded);
  const asked = isReturn ? withoutWrongTags(named, settings) : named;
  // A mistake in the settings must not disturb an execution that holds the cluster, so the claim waits for their check.
  const preview = settle(asked, settings);
  if (given.dryRun) return proceed(starter, preview);
  const claimed = await claimCluster(
    clusterArn,
    {
      holder: executionArn,
      action,
      claimedAt: now,
      wantedBy,
      status: `${action}ing`,
      // If it leaves out wrong tags, the next sweep starts a run that reports them.
      settings: settingsOf(asked.tags),
      // The sweep finishes what was asked for.
      ...windowToRecord(given),
      ...(starter !== 'sweep' && { includeAdopted: given.includeAdopted ?? null }),
      ...(wantedBy === 'tag' && action === 'connect' && { wasTagged: true }),
      ...(found ? isFound : { missingSince: recorded?.missingSince ?? now }),
    },
    recorded,
    { registry, executions, wait },
  );
  if (claimed.is === 'busy') return nothingToDo(claimed.reason);
  if (claimed.is === 'held')
    return { isAnythingToDo: true, isHeld: true, reason: claimed.reason, clusterArn, pollSeconds: claimed.pollSeconds };
  // Another execution may have changed the record before the claim.
  const request = settle({ ...asked, recorded: claimed.record }, settings);
  const detail = `${action === 'connect' ? 'Connecting to' : 'Disconnecting from'} workspace ${request.workspace} of Atlas project ${request.projectId}`;
  const tagsRefused = (await writeStatus(clusterArn, { status: `${action}ing`, detail, executionArn }, msk)) ?? null;
  const wereTagsStripped = tagsRefused === null && areTagsStripped(recorded, tags, executionArn);
  const { probe, stoppedProcessors = [] } = claimed.record;
  const left = { isProbeLeft: probe !== undefined, areProcessorsStopped: stoppedProcessors.length > 0 };
  return proceed(starter, { ...request, ...left, wereTagsStripped, tagsRefused });
}

/**
 * A wrong setting tag must not keep stopped what a run that died has stopped. The run that gives it back then uses what is recorded, as
 * that of a cluster without tags does.
 */
function withoutWrongTags(asked: Asked, settings: Settings): Asked {
  try {
    settle(asked, settings);
    return asked;
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    return { ...asked, tags: {} };
  }
}

/** Whether the status tags of a connected cluster are gone. After an earlier attempt of this run, its status is "connecting". */
const areTagsStripped = (recorded: RegistryRecord | undefined, tags: Record<string, string>, executionArn: string) =>
  recorded?.verifiedAt !== undefined &&
  // What AWS has refused was never there.
  recorded.tagsRefused === undefined &&
  (recorded.status === 'connected' || (recorded.status === 'connecting' && recorded.holder === executionArn)) &&
  tags[statusTag('status')] === undefined;

const paused = 'The deployment is paused (setting paused)';
const afterPause = 'When the pause ends, the next sweep starts what is due.';

const nothingToDo = (reason: string) => ({ isAnythingToDo: false as const, reason });

const reasons: Record<StartedBy, string> = {
  tag: `Started by the tag ${triggerTag}.`,
  sweep: 'Started by the sweep.',
  console: 'Started manually.',
};

const proceed = (starter: StartedBy, request: Request) => ({
  isAnythingToDo: true as const,
  isHeld: false as const,
  reason: reasons[starter],
  ...request,
});

interface Wish {
  action: Action;
  /** Undefined if the cluster doesn't exist. */
  tags: Record<string, string> | undefined;
  recorded: RegistryRecord | undefined;
  settings: Settings;
}

/**
 * Events may arrive late and more than once, so only the cluster's tag as it is now counts. A cluster that was connected from the
 * console, and never had the tag, stays connected without it.
 */
function whyNotTagged({ action, tags = {}, recorded, settings }: Wish): string | undefined {
  const value = tags[triggerTag];
  const onUntag = settings.disconnectOnUntag && recorded?.wasTagged ? 'disconnect' : undefined;
  if ((value ?? onUntag) === action) return undefined;
  return `The tag ${triggerTag} ${value === undefined ? 'no longer exists' : `is ${shown(value)}, not "${action}"`}.`;
}

/** The sweep also starts what is still to be done for a cluster without its tag. */
function whyNotSwept(wish: Wish): string | undefined {
  const { action, tags, recorded } = wish;
  const value = tags?.[triggerTag];
  if (value === action) return undefined;
  const rest = recorded && wishWithoutTag(recorded);
  const isRepair = action === 'connect' && value !== 'disconnect' && rest === 'connect';
  // A run that died is finished by the next one, whether the tag is still there or not.
  const isReturn =
    action === 'connect' && value !== 'disconnect' && rest !== 'disconnect' && recorded && hasLeftovers(recorded);
  const isOver = rest === 'disconnect' || (recorded && !rest && !hasPieces(recorded));
  const isRemovalOfRest = action === 'disconnect' && value !== 'connect' && (!tags || isOver || !whyNotTagged(wish));
  return isRepair || isReturn || isRemovalOfRest
    ? undefined
    : `The tag or the registry has changed since the sweep started this run. The cluster has ${value === undefined ? `no tag ${triggerTag}` : `the tag ${triggerTag}=${shown(value)}`} now.`;
}

/** A deployment serves the clusters of its own account and Region; Atlas supports only the partition `aws`. */
function ownCluster(clusterArn: string, functionArn: string): ClusterArn {
  const cluster = parseClusterArn(clusterArn) as ClusterArn;
  const [, , , region, accountId] = functionArn.split(':');
  const complaint =
    cluster.partition !== 'aws'
      ? `has the partition "${cluster.partition}"; it must be "aws", the only one that Atlas supports`
      : cluster.region !== region
        ? `is in Region ${cluster.region}; it must be in ${region}, where this is deployed (deploy it in ${cluster.region} as well)`
        : cluster.accountId !== accountId
          ? `is in account ${cluster.accountId}; it must be in account ${accountId}, where this is deployed`
          : undefined;
  if (complaint)
    throw new InvalidRequest(
      `clusterArn ${shown(clusterArn)} ${complaint}, for example "arn:aws:kafka:${region}:${accountId}:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5".`,
    );
  return cluster;
}

/** @returns undefined if the cluster no longer exists: a disconnect still removes what Atlas has for it */
async function existingTags(
  clusterArn: string,
  action: Action,
  msk: MskClient,
): Promise<Record<string, string> | undefined> {
  const tags = await msk.listTags(clusterArn).catch(noneWhenNotFound);
  if (tags || action === 'disconnect') return tags;
  throw new InvalidRequest(
    `clusterArn is ${shown(clusterArn)}, but MSK has no such cluster; it must be the ARN of an existing one, as the MSK console shows it.`,
  );
}
