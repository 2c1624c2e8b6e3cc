import type { TagChange } from '../event-bridge.ts';
import { mskError } from './router.ts';

/** The tags of one MSK resource, and the changes that AWS reports in events. */
export class Tags {
  readonly #resourceArn: string;
  readonly #onChange: (change: Omit<TagChange, 'time'>) => void;
  #tags: Record<string, string>;
  #version = 0;

  constructor(resourceArn: string, tags: Record<string, string>, onChange: (change: Omit<TagChange, 'time'>) => void) {
    this.#resourceArn = resourceArn;
    this.#onChange = onChange;
    this.#tags = tags;
  }

  get all(): Record<string, string> {
    return { ...this.#tags };
  }

  put(tags: Record<string, string>): void {
    for (const [key, value] of Object.entries(tags)) check(key, value);
    const after = { ...this.#tags, ...tags };
    if (Object.keys(after).length > 50)
      throw mskError('BadRequestException', 'A resource has at most 50 tags.', 'tags');
    this.#replace(after);
  }

  remove(keys: string[]): void {
    this.#replace(Object.fromEntries(Object.entries(this.#tags).filter(([key]) => !keys.includes(key))));
  }

  /** Sets the tags to exactly these, without an event: for a caller that delivers the event of the change itself. */
  setWithoutEvent(tags: Record<string, string>): void {
    this.#tags = { ...tags };
  }

  /** Assumed: no event if a tag is set to the value that it already has, or if a missing tag is removed. */
  #replace(after: Record<string, string>): void {
    const before = this.#tags;
    const keys = Object.keys({ ...before, ...after });
    const changedTagKeys = keys.filter((key) => before[key] !== after[key]);
    if (changedTagKeys.length === 0) return;
    this.#tags = after;
    this.#version += 1;
    this.#onChange({ resourceArn: this.#resourceArn, changedTagKeys, tags: this.all, version: this.#version });
  }
}

/**
 * Documented (developer guide, "Tag restrictions"): the lengths of keys and values, and their characters: letters, digits, white
 * space and `_ . / = + - @`. There is no colon among them, so no key has the reserved prefix `aws:`. Assumed: white space means
 * spaces, not tabs and line breaks, and MSK refuses what it documents as not allowed.
 */
const allowed = /^[\p{L}\p{Nd}\p{Zs}_./=+\-@]*$/u;

function check(key: string, value: string): void {
  if (key.length < 1 || key.length > 128) throw badTag(`The tag key '${key}' must have 1 to 128 characters.`);
  if (value.length > 255) throw badTag(`The value of tag '${key}' has more than 255 characters.`);
  if (!allowed.test(key)) throw badTag(`The tag key '${key}' has characters that are not allowed.`);
  if (!allowed.test(value)) throw badTag(`The value of tag '${key}' has characters that are not allowed.`);
}

function badTag(message: string) {
  return mskError('BadRequestException', message, 'tags');
}
