import type { Clock } from '../clock.ts';
import { atlasError } from './error.ts';

/** Atlas's limit for the Streams endpoints of one project: 1200 requests, refilled by 500 in a (simulated) minute. */
const capacity = 1200;
const refill = 500;
const intervalSeconds = 60;

export class TokenBucket {
  readonly #clock: Clock;
  #tokens = capacity;
  #refilledAt: Date;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#refilledAt = clock.now();
  }

  /** Takes one token for a request, or refuses it until there is one. */
  take(path: string): void {
    this.#fill();
    if (this.#tokens < 1) {
      const seconds = Math.ceil(((1 - this.#tokens) / refill) * intervalSeconds);
      throw atlasError(429, 'RATE_LIMITED_TOKEN_BUCKET', `Too many requests. Try again in ${seconds} s.`, {
        parameters: [path, seconds, capacity, refill, intervalSeconds],
        headers: { 'retry-after': String(seconds) },
      });
    }
    this.#tokens -= 1;
  }

  get headers(): Record<string, string> {
    return { 'ratelimit-limit': String(capacity), 'ratelimit-remaining': String(Math.floor(this.#tokens)) };
  }

  #fill(): void {
    const minutes = this.#clock.minutesSince(this.#refilledAt);
    this.#tokens = Math.min(capacity, this.#tokens + (minutes * 60 * refill) / intervalSeconds);
    this.#refilledAt = this.#clock.now();
  }
}
