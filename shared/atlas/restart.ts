import * as z from 'zod/mini';
import { cut, few } from '../cut.ts';
import type { Outcome } from '../outcomes.ts';
import type { RegistryRecord } from '../registry/record.ts';
import { shown } from '../request/redaction.ts';

/** A stream processor that a run has stopped, and that runs again. `seconds`: how long it did not run. */
const Restarted = z.object({ name: z.string(), tier: z.nullable(z.string()), seconds: z.number() });

/** A stream processor that a run has stopped, or was about to stop, and did not start again. */
const NotRestarted = z.object({
  name: z.string(),
  /** A clause about it, such as "it is FAILED". */
  reason: z.string(),
  /** Whether it should run and does not. Otherwise another party has taken care of it meanwhile. */
  isFailure: z.boolean(),
});
export type NotRestarted = z.infer<typeof NotRestarted>;

/** A request to stop or to start a processor. */
const Requested = z.object({
  /** ISO 8601. */
  at: z.string(),
  /** Whether its answer was lost, so that Atlas may not have received it. */
  isUnclear: z.optional(z.boolean()),
});

/** The restart of the stream processors that use a connection, as StopProcessors and StartProcessors pass it on. */
export const RestartProgress = z.object({
  phase: z.enum(['stopping', 'starting']),
  /** Whether processors that a run has stopped have not started again. */
  areStopped: z.boolean(),
  /** When stopping: no processor holds the connection. When starting: nothing is left to wait for. */
  isDone: z.boolean(),
  pollSeconds: z.number(),
  /** Of this phase; ISO 8601. */
  deadline: z.string(),
  /** The processors that Atlas was asked to stop or to start in this phase. */
  requested: z.record(z.string(), Requested),
  /** What Atlas said when it refused to stop or to start a processor last. */
  refusals: z.record(z.string(), z.string()),
  restarted: z.array(Restarted),
  notRestarted: z.array(NotRestarted),
});
export type RestartProgress = z.infer<typeof RestartProgress>;

/** What Atlas said when it refused something, short enough for the machine, whose state holds 256 KiB. */
export const heldRefusal = ({ message }: Error): string => cut(message, longestRefusal);

const longestRefusal = 300;

/** What a later state reads of it. */
export const Restart = z.optional(z.pick(RestartProgress, { restarted: true, notRestarted: true }));

/** What a run has done with stream processors, one outcome for each. */
export const restartOutcomes = (progress: z.infer<typeof Restart>): Outcome[] => [
  ...(progress?.restarted ?? []).map(
    ({ name, tier, seconds }): Outcome => ({
      resource: 'streamProcessor',
      result: 'updated',
      note: `${spoken(name)} was stopped for ${duration(seconds)}, and started again from its checkpoint${tier === null ? '' : ` on tier ${tier}`}`,
    }),
  ),
  ...(progress?.notRestarted ?? [])
    .filter(({ isFailure }) => !isFailure)
    .map(
      ({ name, reason }): Outcome => ({
        resource: 'streamProcessor',
        result: 'kept',
        note: `${spoken(name)} was not started again, because ${reason}`,
      }),
    ),
];

/** What a failed run has stopped and could not start, a clause for each. @param record as it is now: the next run starts what it names */
export const stoppedForGood = (progress: z.infer<typeof Restart>, record: RegistryRecord | undefined): string[] =>
  (progress?.notRestarted ?? [])
    .filter(({ name, isFailure }) => isFailure && !record?.stoppedProcessors?.some((it) => it.name === name))
    .map(({ name }) => `stream processor ${spoken(name)} stopped, and not started again`);

/** What a failed run leaves stopped, as a clause; undefined if nothing. @param record as it is now */
export function leftStopped(record: RegistryRecord | undefined): string | undefined {
  const [first, ...others] = (record?.stoppedProcessors ?? []).filter(({ seenStarted }) => !seenStarted);
  if (!first) return undefined;
  const names = [first, ...others].map(({ name }) => spoken(name));
  return `${names.length > 1 ? 'stream processors' : 'stream processor'} ${few(names)} stopped, and not started again yet (the next run does that)`;
}

/** The name of a processor. Atlas allows letters, digits and hyphens; anything else is quoted. */
const spoken = (name: string): string => (/^[\w-]{1,100}$/.test(name) ? name : shown(name));

/** Such as "3 min 12 s". */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
