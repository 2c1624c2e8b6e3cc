import { setTimeout as pause } from 'node:timers/promises';

/**
 * The time of the local cloud: real time, stretched. At speed 60 a simulated minute, which is what MSK and Atlas count
 * their waits in, takes a real second. Everything in `local/` that has a life cycle reads this clock when it is asked,
 * and leaves no timer running.
 */
export class Clock {
  readonly speed: number;
  readonly #start: number;
  readonly #startedAt = performance.now();

  constructor(speed: number, start = new Date()) {
    this.speed = speed;
    this.#start = start.getTime();
  }

  /** The simulated time. */
  now(): Date {
    return new Date(this.#start + (performance.now() - this.#startedAt) * this.speed);
  }

  /** How long a wait of so many simulated seconds really takes. */
  toRealMs(simulatedSeconds: number): number {
    return (simulatedSeconds * 1000) / this.speed;
  }

  /** Waits so many simulated seconds, or until the signal. */
  async wait(simulatedSeconds: number, signal?: AbortSignal): Promise<void> {
    await pause(this.toRealMs(simulatedSeconds), undefined, { signal }).catch((error: unknown) => {
      if (!signal?.aborted) throw error;
    });
  }

  close(): void {}

  /** Simulated minutes that have passed since a simulated moment. */
  minutesSince(moment: Date): number {
    return (this.now().getTime() - moment.getTime()) / 60_000;
  }
}
