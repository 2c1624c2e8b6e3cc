import { Clock } from './clock.ts';

/** A clock that is told of the functions at work. */
export interface FunctionClock extends Clock {
  /** Keeps to the time of the functions while the work goes on. */
  inFunctionTime<Result>(work: Promise<Result>): Promise<Result>;
}

/**
 * The clock of the whole local cloud. A function works in real time, whatever the speed: its time-outs, the back-off of the
 * AWS SDK and Atlas's Retry-After are real seconds. So while one runs, a second of the simulated time is a second too, and
 * neither a cold start nor a busy machine is stretched into minutes in which a deadline passes. Where the functions' own
 * timers are hastened, the time is so, too, by as much.
 */
export class CloudClock extends Clock implements FunctionClock {
  readonly #functionSpeed: number;
  #time = Date.now();
  #readAt = performance.now();
  #running = 0;

  constructor(speed: number, functionSpeed = 1) {
    super(speed);
    this.#functionSpeed = functionSpeed;
  }

  override now(): Date {
    const readAt = performance.now();
    this.#time += (readAt - this.#readAt) * (this.#running > 0 ? this.#functionSpeed : this.speed);
    this.#readAt = readAt;
    return new Date(this.#time);
  }

  async inFunctionTime<Result>(work: Promise<Result>): Promise<Result> {
    this.now();
    this.#running += 1;
    try {
      return await work;
    } finally {
      this.now();
      this.#running -= 1;
    }
  }
}
