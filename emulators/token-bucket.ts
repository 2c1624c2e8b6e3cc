import type { Clock } from './clock.ts';

/** A token bucket in simulated time. */
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

  /** Takes a token for one request. @returns whether there was one */
  take(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  get left(): number {
    return Math.floor(this.#tokens);
  }

  /** Seconds until the next token. */
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
