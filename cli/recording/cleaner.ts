import { looksSecret } from '../../shared/request/redaction.ts';
import { withoutSecrets } from '../../shared/secrets/in-use.ts';
import {
  besideWorkspaces,
  droppedFields,
  harmlessKeys,
  harmlessValues,
  mapFields,
  pathCollections,
  pathWords,
} from './harmless.ts';
import { Replacements } from './replacements.ts';

/** An identifier, as APIs name their fields, and neither an account number nor an id or key. */
const fieldName = /^(?!.*\d{4}|.*[A-Z0-9]{16}|[a-f0-9]{24}$)[A-Za-z_][A-Za-z0-9_]{0,60}$/;

/** Such as that of a revision. */
const smallNumber = /^\d{1,4}$/;

/** Other numbers may be ids, and times differ from run to run. */
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
    let collection = '';
    const segments = path.split('/').map((segment) => {
      const text = decoded(segment);
      const isName = collection !== '' && !(collection === 'streams' && besideWorkspaces.has(text));
      const isRevision = collection === 'revisions' && smallNumber.test(text);
      const isFixed = text === '' || isRevision || (!isName && pathWords.has(text));
      collection = isFixed && pathCollections.has(text) ? text : '';
      return isFixed ? segment : encodeURIComponent(this.#text(text, ''));
    });
    return segments.join('/');
  }

  /** @param name in lower case */
  header(name: string, value: string): string {
    return isHarmless(value, name) ? value : this.#replacements.of(value);
  }

  /** @param field the name of the field that has the value, or a list with it */
  #value(value: unknown, field: string): unknown {
    if (typeof value === 'string') return this.#text(value, field);
    if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < largestNumber ? value : 0;
    if (typeof value !== 'object' || value === null) return value;
    if (droppedFields.has(field)) return Array.isArray(value) ? [] : {};
    // The tags of a secret are a list of objects.
    if (Array.isArray(value)) return value.map((item) => this.#value(item, typeof item === 'object' ? '' : field));
    const isMap = mapFields.has(field);
    return Object.fromEntries(
      Object.entries(value).map(([key, it]) => [this.#key(key, isMap), this.#value(it, isMap ? '' : key)]),
    );
  }

  /** The keys of a map are data. Those of an object are the names of the API. */
  #key(key: string, isOfMap: boolean): string {
    if (harmlessKeys.test(key) || (!isOfMap && fieldName.test(key) && !isSecret(key))) return key;
    return this.#replacements.of(key);
  }

  #text(text: string, field: string): string {
    if (text === '' || isHarmless(text, field)) return text;
    // A policy is JSON in a text.
    const json = /^\s*[[{]/.test(text) ? parsed(text) : undefined;
    return json === undefined ? this.#replacements.of(text) : JSON.stringify(this.#value(json, ''));
  }
}

/** A person's password may be a word that an API has as well. */
const isSecret = (text: string): boolean => looksSecret(text) || withoutSecrets(text) !== text;

const isHarmless = (text: string, field: string): boolean =>
  Object.hasOwn(harmlessValues, field) && harmlessValues[field]?.test(text) === true && !isSecret(text);

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
