import { cut } from '../cut.ts';
import { invisible } from '../foreign-text.ts';

/** The secret of an Atlas service account, the private key of an API key (a UUID), a PEM, and `password=…`. */
const secretLike = /mdb_sa_sk_|^\s*[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\s*$|-----BEGIN|passw(or)?d\S*\s*[=:]/i;

/** Whether a text may be a secret in the wrong field. */
export const looksSecret = (text: string): boolean => secretLike.test(text);

/**
 * A wrong value as JSON, cut and escaped for a sentence. Objects, lists and texts that may be a secret in the wrong field are
 * described, not repeated: a message goes into the history, the log and the cluster's tags.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string' && /^\s*[{[]/.test(value)) return 'JSON in quotes';
  if (typeof value === 'string' && looksSecret(value)) return 'a text that looks like a secret';
  if (Array.isArray(value) && value.length > 0) return 'a list';
  if (isRecord(value)) return 'an object';
  const text = (JSON.stringify(value) ?? 'nothing').replace(invisible, escaped);
  return text.length > 100 ? `${cut(text, 100)}… (${text.length} characters)` : text;
}

/** A value in place of a secret's ARN: unless it is an ARN, it may be the secret itself. */
export const shownArn = (value: unknown): string =>
  typeof value === 'string' && value.startsWith('arn:')
    ? shown(value)
    : 'not an ARN (value hidden, it may be a secret)';

/** The first few of some names. */
export const listed = (names: string[]): string =>
  `${names.slice(0, 5).map(shown).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;

/** Whether a key of client settings looks like a credential. */
export const isCredential = (key: string): boolean =>
  /password|passwd|secret|token|credential|jaas|private|user\.info|\.key$/i.test(key);

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Characters as JSON may escape them. */
export const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
