import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isProjectAbsent, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { heldRefusal, type RestartProgress } from '../../shared/atlas/restart.ts';
import type { StreamProcessor } from '../../shared/atlas/types.ts';
import {
  AtlasCredentialsRefused,
  AtlasRefused,
  AtlasUnavailable,
  ThrottlingError,
  TransientError,
} from '../../shared/errors.ts';
import { age, minute } from '../../shared/registry/age.ts';
import type { StoppedProcessor } from '../../shared/registry/record.ts';

/** What a visit has found out about a recorded processor, or has done with it. Without any of these, it is on its way. */
export interface Found {
  name: string;
  isStarted?: boolean;
  restarted?: RestartProgress['restarted'][number];
  notRestarted?: RestartProgress['notRestarted'][number];
  isRequested?: boolean;
  /** Whether the answer to that request was lost. */
  isUnclear?: boolean;
  refusal?: string;
}

interface Visit extends Pick<RestartProgress, 'requested' | 'refusals'> {
  place: { projectId: string; workspace: string };
  /** ISO 8601. */
  now: string;
  /** Whether the deadline has passed. */
  isLate: boolean;
  /** Whether the run is on its way to a failure. */
  isFailing: boolean;
  atlas: AtlasClient;
  /** Makes sure that this execution still holds the cluster. */
  confirm(): Promise<unknown>;
}

/** Looks at each processor. That Atlas does not answer about one must not keep the others stopped. */
export async function lookAtAll(recorded: StoppedProcessor[], visit: Visit): Promise<Found[]> {
  const found: Found[] = [];
  let problem: TransientError | undefined;
  for (const processor of recorded) {
    try {
      found.push(await lookAt(processor, visit));
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      problem = error;
      if (error instanceof ThrottlingError) break;
    }
  }
  if (problem && found.length === 0) throw problem;
  return found;
}

/** How long after a request to start it a processor may still be shown as FAILED. Assumed: Atlas's documentation does not say it. */
const showsFailureMs = 2 * minute;

async function lookAt(recorded: StoppedProcessor, visit: Visit): Promise<Found> {
  const { place, atlas, now, isLate, isFailing, requested, refusals, confirm } = visit;
  const { name, tier, stoppedAt } = recorded;
  const leave = (reason: string, isFailure = false): Found => ({ name, notRestarted: { name, reason, isFailure } });
  const shown = await atlas
    .getStreamProcessor(place.projectId, place.workspace, name)
    .catch(noneWhenAbsent)
    .catch(refusalOfOne);
  if (shown instanceof AtlasRefused)
    return isLate ? leave(`Atlas refuses to show it: ${heldRefusal(shown)}`, true) : { name };
  const change = whatHasChanged(shown, recorded);
  if (change !== undefined) return leave(change);
  const state = shown?.state ?? '';
  if (state === 'STARTED') {
    const seconds = Math.max(0, Math.round((Date.parse(atlas.answeredAt ?? now) - Date.parse(stoppedAt)) / 1000));
    // The request of a run that died may have started it; nothing says since when it runs.
    const outcome = requested[name] ? { name, restarted: { name, tier, seconds } } : leave('it runs already');
    return { ...outcome, isStarted: true };
  }
  const isFailedBefore = isFailedByUs(state, recorded) && !isFailing;
  const isUnclear = requested[name]?.isUnclear ?? false;
  const isToBeStarted = (state === 'STOPPED' || isFailedBefore) && (!requested[name] || isUnclear);
  // Atlas may show the earlier failure until the start takes effect.
  if (isFailedBefore && !isUnclear && age(requested[name]?.at, now) < showsFailureMs) return { name };
  if (state === 'FAILED' && !isToBeStarted) return leave('it is FAILED', true);
  // One that no request has reached yet, such as after an outage of Atlas, is not given up.
  if (isLate && !(isToBeStarted && refusals[name] === undefined))
    return leave(refusals[name] ? refusedToStart(refusals[name]) : `it is still ${state}`, true);
  if (!isToBeStarted) return { name };

  await confirm();
  const how = { ...(tier !== null && { tier }), resumeFromCheckpoint: true };
  const refusal = await atlas
    .startStreamProcessor(place.projectId, place.workspace, name, how)
    .then(() => undefined)
    .catch((error: unknown) => (isUnclear ? refusalOfOne(error) : lostOrRefused(error)));
  if (!refusal) return { name, isRequested: true };
  // The next visit sees whether it starts, and asks once more if it does not.
  if (refusal === 'lost') return { name, isRequested: true, isUnclear: true };
  // Without a payment method, another request is refused as well.
  if (refusal.status === 402) return leave(refusedToStart(heldRefusal(refusal)), true);
  // It may run meanwhile, or stop later: the next visit reads it.
  return { name, refusal: heldRefusal(refusal) };
}

const refusedToStart = (refusal: string): string => `Atlas refuses to start it: ${refusal}`;

/** A request without an answer may have reached Atlas. One that Atlas throttles has not. */
function lostOrRefused(error: unknown): AtlasRefused | 'lost' {
  return error instanceof AtlasUnavailable ? 'lost' : refusalOfOne(error);
}

/** A refusal that is about one processor, and must not keep the others stopped. */
function refusalOfOne(error: unknown): AtlasRefused {
  if (error instanceof AtlasRefused && !(error instanceof AtlasCredentialsRefused) && !isProjectAbsent(error))
    return error;
  throw error;
}

/** Whether it became FAILED because a run that failed has started it, before the connection was updated. */
const isFailedByUs = (state: string, { startedByFailedRun = false }: StoppedProcessor): boolean =>
  state === 'FAILED' && startedByFailedRun;

/** Why a processor is no longer ours to start; undefined if it is. */
function whatHasChanged(processor: StreamProcessor | undefined, recorded: StoppedProcessor): string | undefined {
  const { state, tier, pipelineHash } = processor ?? { state: 'DROPPED' };
  if (state === 'DROPPED') return 'it no longer exists';
  if (state === 'CREATED') return 'another party has created it anew';
  if (state !== 'STOPPED' && !isFailedByUs(state, recorded)) return undefined;
  if (pipelineHash !== recorded.pipelineHash) return 'another party has changed its pipeline';
  // Atlas may show no tier of a processor that does not run.
  if (tier && recorded.tier && tier !== recorded.tier)
    return `another party has changed its tier from ${recorded.tier} to ${tier}`;
  return undefined;
}
