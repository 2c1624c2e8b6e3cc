import { Clock } from './clock.ts';
import type { FunctionClock } from './cloud-clock.ts';

/** So much of a tick counts at most: what is more, the event loop was late, and nobody could act in it. */
const longestTickMs = 5;

/** Between two ticks. */
const tickMs = 1;

interface Pending {
  /** Epoch milliseconds, simulated. */
  due: number;
  end(): void;
}

/**
 * The clock of a cloud in which so many runs are at work that the machine may not keep up with them: it goes no faster than
 * their work. It stands still while `isBehind` says so, and while the event loop is late. Where no function runs it hurries, but
 * never past the end of a wait. So the simulated time of a run does not depend on what else the machine has to do.
 */
export class PatientClock extends Clock implements FunctionClock {
  /** Whether there is work that cannot be done yet for want of this machine's power. */
  isBehind = () => false;
  /** Epoch milliseconds, simulated: for the functions, which are threads. */
  readonly shared = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
  /** Real milliseconds during which it stood still, and all that have passed. */
  stoodStillMs = 0;
  passedMs = 0;
  readonly #functionSpeed: number;
  /** The next one is the last. */
  readonly #pending: Pending[] = [];
  readonly #ticker = setInterval(() => this.#tick(), tickMs).unref();
  #running = 0;
  #tickedAt = performance.now();

  /** @param speed where no function runs @param functionSpeed where one does */
  constructor(speed: number, functionSpeed: number) {
    super(speed);
    this.#functionSpeed = functionSpeed;
    this.shared[0] = Date.now();
  }

  override now(): Date {
    return new Date(this.#time);
  }

  get #time(): number {
    return this.shared[0] ?? 0;
  }

  override async wait(simulatedSeconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const pending = { due: this.#time + simulatedSeconds * 1000, end };
    const next = this.#pending.findLastIndex(({ due }) => due > pending.due);
    this.#pending.splice(next + 1, 0, pending);
    const abort = () => {
      const index = this.#pending.indexOf(pending);
      if (index >= 0) this.#pending.splice(index, 1);
      end();
    };
    signal?.addEventListener('abort', abort);
    await promise;
    signal?.removeEventListener('abort', abort);
  }

  async inFunctionTime<Result>(work: Promise<Result>): Promise<Result> {
    this.#running += 1;
    try {
      return await work;
    } finally {
      this.#running -= 1;
    }
  }

  override close(): void {
    clearInterval(this.#ticker);
  }

  #tick(): void {
    const at = performance.now();
    const passed = at - this.#tickedAt;
    const counted = this.isBehind() ? 0 : Math.min(passed, longestTickMs);
    this.#tickedAt = at;
    this.passedMs += passed;
    this.stoodStillMs += passed - counted;
    this.shared[0] = this.#after(counted);
    while ((this.#pending.at(-1)?.due ?? Number.POSITIVE_INFINITY) <= this.#time) this.#pending.pop()?.end();
  }

  #after(realMs: number): number {
    if (this.#running > 0) return this.#time + realMs * this.#functionSpeed;
    const hurried = this.#time + realMs * this.speed;
    return Math.max(this.#time, Math.min(hurried, this.#pending.at(-1)?.due ?? hurried));
  }
}
