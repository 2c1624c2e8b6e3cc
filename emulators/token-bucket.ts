import type { Clock } from './clock.ts';

/** Requests that a service takes: at most so many at once, and then as many as come in again with the (simulated) time. */
export class TokenBucket {
  readonly capacity: number;
  readonly perSecond: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: Date;

  constructor(clock: Clock, capacity: number, perSecond: number) {
    this.#clock = clock;
    this.capacity = capacity;
    this.perSecond = perSecond;
    this.#tokens = capacity;
    this.#filledAt = clock.now();
  }

  /** Whether there was a token for a request; it is gone now. */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  get left(): number {
    return Math.floor(this.#tokens);
  }

  /** Seconds until there is a token. */
  get wait(): number {
    return Math.max(0, (1 - this.#tokens) / this.perSecond);
  }

  #fill(): void {
    const now = this.#clock.now();
    const seconds = (now.getTime() - this.#filledAt.getTime()) / 1000;
    this.#tokens = Math.min(this.capacity, this.#tokens + seconds * this.perSecond);
    this.#filledAt = now;
  }
}
