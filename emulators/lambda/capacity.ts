/**
 * Limits how many functions work at the same time. The others wait in the order of their arrival. A function that only waits,
 * for an answer or for a timer, does not count.
 */
export class Capacity {
  readonly #limit: number;
  readonly #queue: (() => void)[] = [];
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isExhausted(): boolean {
    return this.#queue.length > 0;
  }

  async take(): Promise<void> {
    if (this.#used < this.#limit) this.#used += 1;
    else await new Promise<void>((begin) => this.#queue.push(begin));
  }

  /** For a function that works again. It does not queue, so the limit may be exceeded for a while. */
  takeBack(): void {
    this.#used += 1;
  }

  release(): void {
    const next = this.#used <= this.#limit ? this.#queue.shift() : undefined;
    if (next) next();
    else this.#used -= 1;
  }
}
