import type { Clock } from '../clock.ts';
import { TokenBucket } from '../token-bucket.ts';
import { atlasError } from './error.ts';

/**
 * Documented: the limit for the Streams endpoints of one project is 1200 requests, refilled by 500 per (simulated) minute. Assumed: requests
 * about the project's roles count as well.
 */
const capacity = 1200;
const refill = 500;
const intervalSeconds = 60;

export class RateLimit {
  readonly #bucket: TokenBucket;

  constructor(clock: Clock) {
    this.#bucket = new TokenBucket(clock, capacity, refill / intervalSeconds);
  }

  /** Takes one token for a request. @throws Refusal 429 if there is none */
  take(path: string): void {
    if (this.#bucket.take()) return;
    const seconds = Math.ceil(this.#bucket.wait);
    throw atlasError(429, 'RATE_LIMITED_TOKEN_BUCKET', `Too many requests. Try again in ${seconds} s.`, {
      parameters: [path, seconds, capacity, refill, intervalSeconds],
      headers: { 'retry-after': String(seconds) },
    });
  }

  get headers(): Record<string, string> {
    return { 'ratelimit-limit': String(capacity), 'ratelimit-remaining': String(this.#bucket.left) };
  }
}
