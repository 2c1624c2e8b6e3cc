/** How many times its interval one tick counts at most. If more time has passed, the event loop was late and no code could run. */
const maxTicks = 5;

export interface ClockOptions {
  /** Simulated seconds per real second, on the way to the end of a wait. At 0, only `advance` moves the clock. */
  speed: number;
  /** The same while a function runs or no wait is pending. Default: 1. */
  functionSpeed?: number;
  /** The same while nothing but background waits is pending. Default: that of functions. */
  idleSpeed?: number;
  /** Real milliseconds between two ticks: the fewer, the busier is the machine. Default: 1. */
  tickMs?: number;
  /** The simulated time at the start. Default: the real time. */
  start?: Date;
}

interface Wait {
  /** Epoch milliseconds, simulated. */
  end: number;
  resolve(): void;
  isBackground: boolean;
}

/**
 * The simulated time of the local cloud. Emulated resources derive their states from it and need no timers of their own.
 *
 * If there is nothing to do but wait, time passes at `speed`, up to the end of the next wait. Otherwise it passes at
 * `functionSpeed`: the time-outs, back-off and pauses of a running function must keep their proportions to everything else.
 * A wait in the background, as that of a schedule, does not speed time up: while no other wait is pending, time passes at `idleSpeed`.
 * Time stops while the event loop is late and while `isPaused` returns true. So the simulated duration of a run does not
 * depend on how busy the machine is.
 */
export class Clock {
  readonly speed: number;
  readonly functionSpeed: number;
  readonly idleSpeed: number;
  /** The simulated time in epoch milliseconds, for the threads of the functions. */
  readonly shared = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
  /** Whether time stands still at present. */
  isPaused = () => false;
  /** Real milliseconds since the start, and how many of them the clock did not count. */
  realMs = 0;
  uncountedMs = 0;
  /** The next one to end is the last. */
  readonly #waits: Wait[] = [];
  readonly #ticker: NodeJS.Timeout | undefined;
  readonly #maxTickMs: number;
  #runningFunctions = 0;
  #tickedAt = performance.now();

  constructor({ speed, functionSpeed = 1, idleSpeed = functionSpeed, tickMs = 1, start = new Date() }: ClockOptions) {
    this.speed = speed;
    this.functionSpeed = functionSpeed;
    this.idleSpeed = idleSpeed;
    this.#maxTickMs = maxTicks * tickMs;
    this.shared[0] = start.getTime();
    if (speed > 0) this.#ticker = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** The simulated time. */
  now(): Date {
    return new Date(this.#time);
  }

  /** Simulated minutes since a simulated moment. */
  minutesSince(moment: Date): number {
    return (this.#time - moment.getTime()) / 60_000;
  }

  /** Waits for this many simulated seconds, or until the signal. */
  wait(seconds: number, signal?: AbortSignal): Promise<void> {
    return this.#wait(seconds, false, signal);
  }

  /** The same for something that only has to happen at some time, such as the next run of a schedule. */
  waitInBackground(seconds: number, signal?: AbortSignal): Promise<void> {
    return this.#wait(seconds, true, signal);
  }

  async #wait(seconds: number, isBackground: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait = { end: this.#time + seconds * 1000, resolve, isBackground };
    const later = this.#waits.findLastIndex(({ end }) => end > wait.end);
    this.#waits.splice(later + 1, 0, wait);
    this.#keepAlive();
    const abort = () => {
      const index = this.#waits.indexOf(wait);
      if (index >= 0) this.#waits.splice(index, 1);
      resolve();
      this.#keepAlive();
    };
    signal?.addEventListener('abort', abort);
    await promise;
    signal?.removeEventListener('abort', abort);
  }

  /** Lets time pass at `functionSpeed` until the function ends. */
  async whileFunctionRuns<Result>(result: Promise<Result>): Promise<Result> {
    this.#runningFunctions += 1;
    try {
      return await result;
    } finally {
      this.#runningFunctions -= 1;
    }
  }

  /** Moves the clock forward. */
  advance(minutes: number): void {
    this.#moveTo(this.#time + minutes * 60_000);
  }

  close(): void {
    clearInterval(this.#ticker);
  }

  get #time(): number {
    return this.shared[0] ?? 0;
  }

  #tick(): void {
    const at = performance.now();
    const passed = at - this.#tickedAt;
    const counted = this.isPaused() ? 0 : Math.min(passed, this.#maxTickMs);
    this.#tickedAt = at;
    this.realMs += passed;
    this.uncountedMs += passed - counted;
    this.#moveTo(this.#timeAfter(counted));
  }

  #timeAfter(realMs: number): number {
    const next = this.#waits.at(-1);
    if (!next || this.#runningFunctions > 0) return this.#time + realMs * this.functionSpeed;
    const speed = this.#waits.every(({ isBackground }) => isBackground) ? this.idleSpeed : this.speed;
    return Math.min(this.#time + realMs * speed, next.end);
  }

  #moveTo(time: number): void {
    this.shared[0] = time;
    while ((this.#waits.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= time) this.#waits.pop()?.resolve();
    this.#keepAlive();
  }

  /** Keeps the process alive while there are waits. */
  #keepAlive(): void {
    if (this.#waits.length > 0) this.#ticker?.ref();
    else this.#ticker?.unref();
  }
}
