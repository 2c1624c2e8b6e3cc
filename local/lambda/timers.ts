import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

/**
 * Makes the timers of this thread run faster: time-outs, back-off and pauses of the AWS SDK, of `fetch`'s callers and of our
 * own code keep their proportions, and a run of many of them takes seconds. To be called before any other module is loaded.
 */
export function hastenTimers(speed: number): void {
  const { setTimeout } = globalThis;
  const { timeout } = AbortSignal;
  const pause = promises.setTimeout;
  const hastened = Object.assign(
    (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => setTimeout(callback, ms / speed, ...args),
    setTimeout,
  );
  globalThis.setTimeout = hastened as typeof setTimeout;
  timers.setTimeout = globalThis.setTimeout;
  AbortSignal.timeout = (ms) => timeout.call(AbortSignal, Math.ceil(ms / speed));
  promises.setTimeout = ((ms = 0, ...others: []) => pause(ms / speed, ...others)) as typeof pause;
  syncBuiltinESMExports();
}
