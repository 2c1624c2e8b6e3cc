import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { LimitExceeded } from '../../shared/atlas/limits.ts';
import { probeNameOf } from '../../shared/atlas/probe.ts';
import { atlasSays, probeFailed } from '../../shared/atlas/probe-failure.ts';
import { type Diagnosis, diagnose } from '../../shared/atlas/probe-kind.ts';
import { ProbeProgress, probedBy, probedRun } from '../../shared/atlas/probe-progress.ts';
import { holdsConnections } from '../../shared/atlas/stream-processors.ts';
import type { StreamProcessor } from '../../shared/atlas/types.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Waits } from '../../shared/waits.ts';

export const CheckProbeInput = z.object({ run: z.object({ ...probedRun, probe: ProbeProgress }), now: z.string() });
type CheckProbeInput = z.infer<typeof CheckProbeInput>;

export const CheckProbeOutput = ProbeProgress;

interface Deps {
  atlas: AtlasClient;
  waits: Pick<Waits, 'probe' | 'probeRecord' | 'probeLog'>;
}

/**
 * Reads the probe once. It proves that data can flow when it has read a record. If the topic's partitions are visible for longer than
 * Atlas retries, and no record was read, the topic has none. A probe that has failed says why only in its operational log, which Atlas
 * shows up to five minutes late.
 *
 * @throws ProbeFailed, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkProbe(input: CheckProbeInput, deps: Deps): Promise<ProbeProgress> {
  const { run, now } = input;
  const { atlas, waits } = deps;
  const { request, probe } = run;
  const { projectId, workspace, clusterArn } = request;
  const name = probeNameOf(clusterArn);
  const processor = await atlas.getStreamProcessor(projectId, workspace, name).catch(noneWhenAbsent);
  const hasRead = (processor?.stats?.inputMessageCount ?? 0) > 0;
  const hasFailed = !hasRead && (processor?.state === 'FAILED' || probe.logDeadline !== undefined);
  const { visibleSince: _, ...before } = probe;
  const found = hasFailed ? await whyFailed(processor, input, deps) : await progressOf(processor, input, deps);
  // The poll that ends a wait comes just after its deadline.
  const deadline = found.logDeadline ?? probe.deadline;
  const pollSeconds = pollDelay(waits.probe, { now, deadline }, slowdownForShare(atlas.remainingShare));
  return { ...before, ...found, pollSeconds };
}

type Found = Partial<ProbeProgress>;

const unproved = (note: string): Found => ({ isDone: true, result: 'notProved', note });

async function progressOf(processor: StreamProcessor | undefined, input: CheckProbeInput, deps: Deps): Promise<Found> {
  const { run, now } = input;
  const { probe } = run;
  if (!processor) return unproved('another party has deleted the probe');
  const { state, stats } = processor;
  const records = stats?.inputMessageCount ?? 0;
  const partitions = stats?.kafkaPartitions?.length ?? 0;
  const counts = { ...(partitions > 0 && { partitions }), records };
  if (records > 0) return { isDone: true, result: 'read', ...counts };
  if (state === 'STOPPED' || state === 'DROPPED') return unproved('another party has stopped the probe');
  const isOver = isPast(probe.deadline, now);
  // If Atlas starts it again, it has not worked until now.
  if (state !== 'STARTED') return isOver ? whyFailed(processor, input, deps) : {};
  if (partitions > 0) {
    const visibleSince = probe.visibleSince ?? now;
    if (isPast(deadlineAfter(visibleSince, deps.waits.probeRecord), now))
      return { isDone: true, result: 'reachable', ...counts };
    return isOver ? unproved('the probe saw the partitions too late to read a record') : { visibleSince };
  }
  return isOver ? unproved('the probe ran, but Atlas showed neither partitions nor records of the topic') : {};
}

/**
 * Throws as soon as the log says why, and at the latest when Atlas must have shown all of it; if Atlas refuses its own sink, another one is left to
 * try. A probe that has not failed is stopped first, so
 * that it does not run while the log is waited for.
 */
async function whyFailed(processor: StreamProcessor | undefined, input: CheckProbeInput, deps: Deps): Promise<Found> {
  const { run, now } = input;
  const { atlas, waits } = deps;
  const { probe } = run;
  const logDeadline = probe.logDeadline ?? deadlineAfter(now, waits.probeLog);
  if (processor && holdsConnections(processor) && processor.state !== 'STOPPING') await stop(run.request, atlas);
  const failed = (diagnosis: Diagnosis) => probeFailed(probedBy(run, probe), diagnosis);
  const log = await readLog(run, now, atlas);
  if (log instanceof Error) throw failed({ kind: 'unknown', refusal: log });
  const diagnosis = diagnose(log);
  if (diagnosis?.kind === 'sinkRefused' && probe.sinkConnection === undefined)
    return { isDone: true, refusedSink: atlasSays(diagnosis) };
  if (diagnosis && diagnosis.kind !== 'unknown') throw failed(diagnosis);
  if (!isPast(logDeadline, now)) return { logDeadline };
  if (diagnosis || processor?.state === 'FAILED') throw failed(diagnosis ?? { kind: 'unknown' });
  return unproved(`Atlas did not start the probe in time (until ${probe.deadline}), and its log does not say why`);
}

/** Atlas refuses to stop one that is just starting. The next visit tries again. */
async function stop({ projectId, workspace, clusterArn }: CheckProbeInput['run']['request'], atlas: AtlasClient) {
  await atlas.stopStreamProcessor(projectId, workspace, probeNameOf(clusterArn)).catch((error: unknown) => {
    if (!(error instanceof AtlasRefused)) throw error;
  });
}

/** @returns an error if the log cannot be read, which then is all that a person learns */
async function readLog({ request, probe }: CheckProbeInput['run'], now: string, atlas: AtlasClient) {
  const { projectId, workspace, clusterArn } = request;
  const times = { from: minutesFrom(probe.startedAt, -1), to: minutesFrom(now, 1) };
  return atlas.operationalLogs(projectId, workspace, probeNameOf(clusterArn), times).catch((error: unknown) => {
    if (error instanceof AtlasRefused && error.status === 404) return '';
    if (error instanceof AtlasRefused || error instanceof LimitExceeded) return error;
    throw error;
  });
}

const isPast = (time: string, now: string): boolean => Date.parse(now) > Date.parse(time);

const minutesFrom = (time: string, minutes: number): string =>
  new Date(Date.parse(time) + minutes * 60_000).toISOString();
