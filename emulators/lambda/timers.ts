import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

/** How often a timer checks the clock before it fires. So it fires late by at most a quarter of its duration. */
const checks = 4;

/**
 * Makes `Date` follow a simulated clock, so that what expires in Atlas expires for the function at the same time. Call it before any
 * other module is loaded.
 *
 * @param clock simulated epoch milliseconds
 */
export function followDate(clock: Float64Array): void {
  const now = () => Math.floor(clock[0] ?? 0);
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: () => new Date().toString(),
    get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
  });
}

/**
 * Makes the timers of this thread follow a simulated clock: the time-outs, back-off and pauses of the AWS SDK, of `fetch` and of
 * our own code. Call it before any other module is loaded.
 *
 * @param clock simulated epoch milliseconds @param speed the clock's highest speed, as a multiple of real time
 */
export function followClock(clock: Float64Array, speed: number): void {
  const { setTimeout } = globalThis;
  const now = () => clock[0] ?? 0;
  const following = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const due = now() + ms;
    const timer = setTimeout(() => (now() < due ? timer.refresh() : callback(...args)), ms / speed / checks);
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
