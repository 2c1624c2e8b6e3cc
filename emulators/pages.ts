import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Refusal } from './emulator.ts';

/** How a service divides its lists into pages. */
export interface PageRules {
  minSize: number;
  maxSize: number;
  /** Of a page if the caller does not say how many items it needs. */
  defaultSize: number;
  /** After which the service refuses a token, in milliseconds. */
  tokenLastsMs: number;
  refuseSize(size: number): Refusal;
  refuseToken(token: string): Refusal;
}

interface Rest {
  items: unknown[];
  /** What the list was asked for. */
  query: string;
  expiresAt: number;
}

/**
 * The pages of a list. Assumed: a token that was not given, or was given for other arguments, is refused; and what has changed since the
 * first page is not in the later ones.
 */
export class Pages {
  readonly #clock: Clock;
  readonly #rules: PageRules;
  readonly #rests = new Map<string, Rest>();

  constructor(clock: Clock, rules: PageRules) {
    this.#clock = clock;
    this.#rules = rules;
  }

  /**
   * @param query what the list was asked for, without the page
   * @param all every item of the list; called only for its first page
   * @throws Refusal
   */
  page<Item>(
    { size, token }: { size: number | undefined; token: string | undefined },
    query: string,
    all: () => Item[],
  ): { items: Item[]; next: string | undefined } {
    const { minSize, maxSize, defaultSize, refuseSize } = this.#rules;
    if (size !== undefined && (!Number.isInteger(size) || size < minSize || size > maxSize)) throw refuseSize(size);
    const rest = token === undefined ? all() : (this.#restOf(token, query) as Item[]);
    const end = size || defaultSize;
    return { items: rest.slice(0, end), next: this.#tokenFor(rest.slice(end), query) };
  }

  #restOf(token: string, query: string): unknown[] {
    const rest = this.#rests.get(token);
    if (!rest || rest.query !== query || rest.expiresAt <= this.#clock.now().getTime())
      throw this.#rules.refuseToken(token);
    return rest.items;
  }

  #tokenFor(items: unknown[], query: string): string | undefined {
    if (items.length === 0) return undefined;
    const token = randomUUID();
    const expiresAt = this.#clock.now().getTime() + this.#rules.tokenLastsMs;
    this.#rests.set(token, { items, query, expiresAt });
    return token;
  }
}
