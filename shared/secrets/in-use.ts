/**
 * The secrets that this function knows at the moment. Atlas, AWS or a proxy may repeat them in an answer, in any field, so they are
 * blotted out of whatever goes into an error or the log. A function cannot recognize a secret that it has not read.
 */
const credentials = new Map<string, RegExp>();
const passwords = new Map<string, RegExp>();

/** Private key, client secret, Basic value or access token: the container keeps them, so they stay secrets of its later invocations. */
export const useCredentials = (...secrets: string[]): void => remember(credentials, secrets);

/** A SCRAM password, until `forgetPasswords`. */
export const usePassword = (password: string): void => remember(passwords, [password]);

/** Ends the use of passwords: the next invocation may be about another cluster, whose names may contain this cluster's password. */
export const forgetPasswords = (): void => passwords.clear();

function remember(secrets: Map<string, RegExp>, values: string[]): void {
  for (const value of values.filter(Boolean)) secrets.set(value, pattern(value));
}

/** A shorter secret may be a part of any word, so only whole words are blotted out. */
const shortest = 6;

/** Matches a secret raw, in Base64, and escaped as JSON or for a URL or form, once and twice. */
function pattern(secret: string): RegExp {
  // Two adjacent patterns for backslashes would try every way to divide a run of them, so a run is one part.
  const parts = secret.match(/\\+|[^\\]/gu) ?? [];
  const isWord = secret.length < shortest;
  const escaped = parts.map((part, i) => (part.startsWith('\\') ? run(part) : spellings(part, parts[i - 1]))).join('');
  const raw = isWord ? `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])` : escaped;
  return new RegExp([raw, ...(['base64', 'base64url'] as const).map((form) => encoded(secret, form))].join('|'), 'gu');
}

/** Twice escaped for a URL, a percent sign is `%25`. Letters of hexadecimal digits have either case. */
const percent = '%(?:25){0,3}';
const inEitherCase = (hex: string): string => hex.replace(/[a-f]/g, (it) => `[${it}${it.toUpperCase()}]`);
const urlEscaped = (text: string): string =>
  [...Buffer.from(text)].map((byte) => percent + inEitherCase(byte.toString(16).padStart(2, '0'))).join('');
const jsonEscaped = (text: string): string =>
  [...text.split('')]
    .map((unit) => `\\\\{1,8}u${inEitherCase(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`)
    .join('');
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** A backslash, which JSON doubles each time that it escapes a text. It may be escaped for a URL as well. */
const slash = `(?:\\\\|${urlEscaped('\\')})`;
const run = ({ length }: string): string => `${slash}{${length},${length * 8}}`;

/** A character in all its spellings. Nothing escapes a letter or digit of ASCII. */
function spellings(character: string, previous = ''): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character;
  const mayHaveSlashes = previous.startsWith('\\') ? '' : `${slash}{0,8}`;
  const asPlus = character === ' ' ? ['\\+', urlEscaped('+')] : [];
  const escaped = [jsonEscaped(character), ...asPlus].join('|');
  return `(?:${escaped}|${mayHaveSlashes}(?:${urlEscaped(character)}|${literal(character)}))`;
}

const encoded = (secret: string, form: 'base64' | 'base64url'): string => {
  const characters = [...Buffer.from(secret).toString(form).replace(/=+$/, '')];
  return `${characters.map((it) => spellings(it)).join('')}(?:=|${urlEscaped('=')}){0,2}`;
};

/** The secret of any service account, and a token (a JWT): another container may hold it. */
const recognizable = /mdb_sa_sk_\w{8,}|\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*/g;

/** A text with `***` in place of every secret in use. */
export const withoutSecrets = (text: string): string => without([...credentials, ...passwords], text);

function without(secrets: [secret: string, pattern: RegExp][], text: string): string {
  const longestFirst = secrets.toSorted(([a], [b]) => b.length - a.length);
  return longestFirst.reduce((rest, [, secret]) => rest.replace(secret, '***'), text.replace(recognizable, '***'));
}

/** Deeper parts of an error are not logged. */
const deepest = 6;

/** What can be searched through: an error, a list or a plain object, and no socket or buffer. */
const isOpen = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  (value instanceof Error || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/** Blots out the secrets in use in every text of an error or of another value, in place. */
export const blotOut = (value: unknown): void => blotOutOf(value, withoutSecrets);

/**
 * Blots out the credentials of Atlas in an answer of Atlas, in place. Passwords stay: a name or user may be equal to one, and is
 * needed as it is.
 *
 * @returns the answer
 */
export function blotOutCredentials<Value>(answer: Value): Value {
  blotOutOf(answer, (text) => without([...credentials], text));
  return answer;
}

function blotOutOf(value: unknown, blotted: (text: string) => string, depth = 0, seen = new Set<unknown>()): void {
  if (!isOpen(value) || depth > deepest || seen.has(value)) return;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const { [key]: held } = value as Record<string | symbol, unknown>;
    if (typeof held === 'string') {
      const rest = blotted(held);
      if (rest !== held) Reflect.defineProperty(value, key, { value: rest, writable: true, configurable: true });
    } else blotOutOf(held, blotted, depth + 1, seen);
    if (typeof key === 'string' && blotted(key) !== key) Reflect.deleteProperty(value, key);
  }
}
