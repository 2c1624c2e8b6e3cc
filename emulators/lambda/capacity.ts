/**
 * How many invocations are at work at once, however many there are: the others wait, and the first of them is the next.
 * One that only waits for an answer, or for the end of a pause of its own, is not at work.
 */
export class Capacity {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isExhausted(): boolean {
    return this.#waiting.length > 0;
  }

  async take(): Promise<void> {
    if (this.#atWork < this.#most) this.#atWork += 1;
    else await new Promise<void>((begin) => this.#waiting.push(begin));
  }

  /** What has begun goes on, even where others have taken its place meanwhile. */
  takeBack(): void {
    this.#atWork += 1;
  }

  release(): void {
    const next = this.#atWork <= this.#most ? this.#waiting.shift() : undefined;
    if (next) next();
    else this.#atWork -= 1;
  }
}
