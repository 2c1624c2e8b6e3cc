import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

/** How often a timer checks the clock before it fires. So it fires late by at most a quarter of its duration. */
const checks = 4;

/**
 * Makes `Date` follow a simulated clock, so that what expires in Atlas expires for the function at the same time. Call it before any
 * other module is loaded.
 *
 * @param {Float64Array} clock simulated epoch milliseconds
 */
export function followDate(clock) {
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
 * @param {Float64Array} clock simulated epoch milliseconds
 * @param {number} speed the clock's highest speed, as a multiple of real time
 */
export function followClock(clock, speed) {
  const { setTimeout } = globalThis;
  const now = () => clock[0] ?? 0;
  /** @param {(...args: unknown[]) => void} callback @param {unknown[]} args */
  const following = (callback, ms = 0, ...args) => {
    const due = now() + ms;
    /** @type {NodeJS.Timeout} */
    const timer = setTimeout(() => (now() < due ? timer.refresh() : callback(...args)), ms / speed / checks);
    return timer;
  };
  globalThis.setTimeout = /** @type {typeof setTimeout} */ (Object.assign(following, setTimeout));
  timers.setTimeout = globalThis.setTimeout;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const abort = () => controller.abort(new DOMException('The operation timed out.', 'TimeoutError'));
    following(abort, ms).unref();
    return controller.signal;
  };
  /** @param {number} ms @param {unknown} value @param {{ signal?: AbortSignal }} options */
  const wait = async (ms, value, { signal } = {}) => {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers();
    const timer = following(() => resolve(value), ms);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  };
  promises.setTimeout = /** @type {typeof promises.setTimeout} */ (wait);
  syncBuiltinESMExports();
}
