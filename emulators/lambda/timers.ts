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

/** A timer looks at the clock so often until its time has come: it is late by a quarter of itself at most. */
const looks = 4;

/**
 * Makes the timers of this thread keep to a clock that stands still at times. To be called before any other module is loaded.
 *
 * @param clock epoch milliseconds, simulated @param speed how many times faster than real time it goes at most
 */
export function followClock(clock: Float64Array, speed: number): void {
  const { setTimeout } = globalThis;
  const now = () => clock[0] ?? 0;
  const following = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const due = now() + ms;
    const timer = setTimeout(() => (now() < due ? timer.refresh() : callback(...args)), ms / speed / looks);
    return timer;
  };
  globalThis.setTimeout = Object.assign(following, setTimeout) as unknown as typeof setTimeout;
  timers.setTimeout = globalThis.setTimeout;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const abort = () => controller.abort(new DOMException('The operation timed out.', 'TimeoutError'));
    following(abort, ms).unref();
    return controller.signal;
  };
  promises.setTimeout = (async (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) => {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = following(() => resolve(value), ms);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  }) as typeof promises.setTimeout;
  syncBuiltinESMExports();
}
