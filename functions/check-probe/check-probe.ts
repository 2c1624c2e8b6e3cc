import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { LimitExceeded } from '../../shared/atlas/limits.ts';
import { probeNameOf } from '../../shared/atlas/probe.ts';
import { probeFailed } from '../../shared/atlas/probe-failure.ts';
import { type Diagnosis, diagnose } from '../../shared/atlas/probe-kind.ts';
import { ProbeProgress, probedBy, probedRun } from '../../shared/atlas/probe-progress.ts';
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
  const found =
    processor?.state === 'FAILED' || probe.logDeadline !== undefined
      ? await whyFailed(input, deps)
      : await progressOf(processor, input, deps);
  // The poll that ends a wait comes just after its deadline.
  const deadline = found.logDeadline ?? probe.deadline;
  const pollSeconds = pollDelay(waits.probe, { now, deadline }, slowdownForShare(atlas.remainingShare));
  return { ...probe, ...found, pollSeconds };
}

type Found = Partial<ProbeProgress>;

async function progressOf(processor: StreamProcessor | undefined, input: CheckProbeInput, deps: Deps): Promise<Found> {
  const { run, now } = input;
  const { probe } = run;
  const unproved = (note: string): Found => ({ isDone: true, result: 'notProved', note });
  if (!processor) return unproved('another party has deleted the probe');
  const { state, stats } = processor;
  if (state === 'STOPPED' || state === 'DROPPED') return unproved('another party has stopped the probe');
  const isOver = isPast(probe.deadline, now);
  if (state !== 'STARTED') return isOver ? whyFailed(input, deps) : {};
  const records = stats?.inputMessageCount ?? 0;
  const partitions = stats?.kafkaPartitions?.length ?? 0;
  const counts = { ...(partitions > 0 && { partitions }), records };
  if (records > 0) return { isDone: true, result: 'read', ...counts };
  if (partitions > 0) {
    const visibleSince = probe.visibleSince ?? now;
    if (isPast(deadlineAfter(visibleSince, deps.waits.probeRecord), now))
      return { isDone: true, result: 'reachable', ...counts };
    return isOver ? unproved('the probe saw the partitions too late to read a record') : { visibleSince };
  }
  return isOver ? unproved('the probe ran, but Atlas showed neither partitions nor records of the topic') : {};
}

/** Throws as soon as the log says why, and at the latest when Atlas must have shown all of it. */
async function whyFailed({ run, now }: CheckProbeInput, { atlas, waits }: Deps): Promise<Found> {
  const { probe } = run;
  const logDeadline = probe.logDeadline ?? deadlineAfter(now, waits.probeLog);
  const failed = (diagnosis: Diagnosis) => probeFailed(probedBy(run, probe.topic, probe.tier), diagnosis);
  const log = await readLog(run, now, atlas);
  if (log instanceof Error) throw failed({ kind: 'unknown', refusal: log });
  const diagnosis = diagnose(log);
  if (diagnosis && diagnosis.kind !== 'unknown') throw failed(diagnosis);
  if (isPast(logDeadline, now)) throw failed(diagnosis ?? { kind: 'unknown' });
  return { logDeadline };
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
