import { droppedFields, harmlessKeys, harmlessValues, mapFields, pathWords } from './harmless.ts';
import { Replacements } from './replacements.ts';

/** An identifier, as APIs name their fields. */
const fieldName = /^[A-Za-z_][A-Za-z0-9_]{0,60}$/;

/** Such as that of a revision. */
const smallNumber = /^\d{1,4}$/;

/** Larger numbers may be ids, and times differ from run to run. */
const largestNumber = 1_000_000;

/**
 * Keeps of an answer what is known to be harmless, and replaces everything else. What is not known is replaced. The same value has the
 * same replacement in the whole recording.
 */
export class Cleaner {
  readonly #replacements = new Replacements();

  /** @param body parsed JSON */
  body(body: unknown): unknown {
    return this.#value(body, '');
  }

  /** @param path percent-encoded */
  path(path: string): string {
    const segments = path.split('/').map((segment) => {
      const text = decoded(segment);
      return text === '' || pathWords.has(text) || smallNumber.test(text)
        ? segment
        : encodeURIComponent(this.#text(text, ''));
    });
    return segments.join('/');
  }

  /** @param name in lower case */
  header(name: string, value: string): string {
    return harmlessValues[name]?.test(value) ? value : this.#replacements.of(value);
  }

  /** @param field the name of the field that has the value, or a list with it */
  #value(value: unknown, field: string): unknown {
    if (typeof value === 'string') return this.#text(value, field);
    if (typeof value === 'number') return Math.abs(value) < largestNumber ? value : 0;
    if (typeof value !== 'object' || value === null) return value;
    if (droppedFields.has(field)) return Array.isArray(value) ? [] : {};
    if (Array.isArray(value)) return value.map((item) => this.#value(item, field));
    const isMap = mapFields.has(field);
    return Object.fromEntries(
      Object.entries(value).map(([key, it]) => [this.#key(key, isMap), this.#value(it, isMap ? '' : key)]),
    );
  }

  /** The keys of a map are data. Those of an object are the names of the API. */
  #key(key: string, isOfMap: boolean): string {
    if (harmlessKeys.test(key) || (!isOfMap && fieldName.test(key))) return key;
    return this.#replacements.of(key);
  }

  #text(text: string, field: string): string {
    if (text === '' || (Object.hasOwn(harmlessValues, field) && harmlessValues[field]?.test(text))) return text;
    // A policy is JSON in a text.
    const json = /^\s*[[{]/.test(text) ? parsed(text) : undefined;
    return json === undefined ? this.#replacements.of(text) : JSON.stringify(this.#value(json, ''));
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
