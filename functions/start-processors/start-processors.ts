import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { RestartProgress } from '../../shared/atlas/restart.ts';
import { ProcessorsNotStarted } from '../../shared/errors.ts';
import type { StoppedProcessor } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';
import { type Found, lookAtAll } from './look-at.ts';
import { notStarted } from './not-started.ts';

export const StartProcessorsInput = z.object({
  run: z.object({
    request: z.pick(Request, { clusterArn: true, projectId: true, workspace: true }),
    /** Of StopProcessors, or of this state's earlier visit. */
    processors: z.optional(
      z.pick(RestartProgress, {
        phase: true,
        deadline: true,
        requested: true,
        refusals: true,
        restarted: true,
        notRestarted: true,
      }),
    ),
    /** Only on the way to a failure. */
    failed: z.optional(z.record(z.string(), z.unknown())),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const StartProcessorsOutput = RestartProgress;

interface Deps {
  atlas: AtlasClient;
  registry: Registry;
  wait: Wait;
  /** Writes a line of the log. */
  log(message: string, details: Record<string, unknown>): void;
}

/**
 * Starts the stream processors again that a run has stopped, from their checkpoints and on their own tiers, and returns whether they
 * run; the machine repeats this state until they do. Which ones these are, only the registry says: this run or an earlier one has
 * stopped them. A processor that another party has changed, started or deleted meanwhile is left as it is.
 *
 * A processor leaves the record when it runs, or when it is reported. On the way to a failure, the connection may still have an old login, so
 * each stays recorded, also one that is STARTED: Atlas may try for minutes before it is FAILED. The next run that does not fail starts
 * those that are STOPPED or FAILED by then.
 *
 * @throws ProcessorsNotStarted if some did not start, and nothing is left to wait for
 * @throws ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function startProcessors(
  { run: { request, processors, failed: failures }, executionArn, now }: z.infer<typeof StartProcessorsInput>,
  { atlas, registry, wait, log }: Deps,
): Promise<z.infer<typeof StartProcessorsOutput>> {
  const { clusterArn } = request;
  const before = processors?.phase === 'starting' ? processors : undefined;
  const { restarted = [], notRestarted = [], requested = {}, refusals = {} } = before ?? {};
  const deadline = before?.deadline ?? deadlineAfter(now, wait);
  const isFailing = failures !== undefined;
  const record = await registry.confirm(clusterArn, executionArn);
  const recorded = (record.stoppedProcessors ?? []).map((it) => (isFailing ? { ...it, startedByFailedRun: true } : it));
  if (isFailing && record.stoppedProcessors?.some((it) => !it.startedByFailedRun))
    await registry.update(clusterArn, executionArn, { stoppedProcessors: recorded });
  const failed = notRestarted.filter(({ isFailure }) => isFailure);
  const known = new Set([...restarted, ...notRestarted].map(({ name }) => name));
  const pending = recorded.filter(({ name }) => !known.has(name));
  if (pending.length === 0 && failed.length > 0) {
    if (!isFailing) await registry.update(clusterArn, executionArn, { stoppedProcessors: null });
    throw new ProcessorsNotStarted(notStarted(failed, request, isFailing));
  }

  const isLate = Date.parse(now) > Date.parse(deadline);
  const found = await lookAtAll(pending, {
    ...{ place: request, atlas, now, isLate, isFailing, requested, refusals },
    confirm: () => registry.confirm(clusterArn, executionArn),
  });
  const nowRestarted = found.flatMap((it) => it.restarted ?? []);
  const nowNotRestarted = found.flatMap((it) => it.notRestarted ?? []);
  // A failure stays recorded until the next visit reports it: then the machine has what this visit has found.
  const isLeft = failed.length > 0 || found.some((it) => !isSettled(it)) || found.length < pending.length;
  const kept = keptAfter(recorded, found, isFailing);
  const newlyRequested = found
    .filter((it) => it.isRequested)
    .map(({ name, isUnclear }) => [name, { at: now, ...(isUnclear && { isUnclear }) }] as const);
  // One that is started so late gets as much time as the others had.
  const until = isLate && newlyRequested.length > 0 ? deadlineAfter(now, wait) : deadline;
  if (!isDeepStrictEqual(kept, recorded))
    await registry.update(clusterArn, executionArn, { stoppedProcessors: kept.length > 0 ? kept : null });
  for (const { name, seconds } of nowRestarted)
    log('a stream processor that was stopped runs again', { processor: name, seconds });
  for (const { name, reason } of nowNotRestarted)
    log('a stream processor that was stopped was not started again', { processor: name, reason });
  return {
    phase: 'starting',
    areStopped: isLeft,
    isDone: !isLeft,
    pollSeconds: pollDelay(wait, { now, deadline: until }, slowdownForShare(atlas.remainingShare)),
    deadline: until,
    requested: { ...requested, ...Object.fromEntries(newlyRequested) },
    refusals: {
      ...refusals,
      ...Object.fromEntries(found.flatMap(({ name, refusal }) => (refusal === undefined ? [] : [[name, refusal]]))),
    },
    restarted: [...restarted, ...nowRestarted],
    notRestarted: [...notRestarted, ...nowNotRestarted],
  };
}

/** Whether nothing is left to do about a processor. */
const isSettled = ({ restarted, notRestarted }: Found): boolean =>
  restarted !== undefined || notRestarted?.isFailure === false;

/** The processors that stay recorded, with what was seen of them. */
function keptAfter(recorded: StoppedProcessor[], found: Found[], isFailing: boolean): StoppedProcessor[] {
  return recorded.flatMap((processor) => {
    const { seenStarted: _seenBefore, ...rest } = processor;
    const seen = found.find(({ name }) => name === processor.name);
    if (!seen) return processor;
    if (isSettled(seen) && !(isFailing && seen.isStarted)) return [];
    return seen.isStarted ? { ...rest, seenStarted: true } : rest;
  });
}
