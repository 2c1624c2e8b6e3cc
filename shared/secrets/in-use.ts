/**
 * The secrets that this function knows at the moment. Atlas, AWS or a proxy may repeat them in an answer, in any field, so they are
 * blotted out of whatever goes into an error or the log. A function cannot recognize a secret that it has not read.
 */
const credentials = new Map<string, RegExp[][]>();
const passwords = new Map<string, RegExp[][]>();

/** Private key, client secret, Basic value or access token: the container keeps them, so they stay secrets of its later invocations. */
export const useCredentials = (...secrets: string[]): void => remember(credentials, secrets);

/** A SCRAM password, until `forgetPasswords`. */
export const usePassword = (password: string): void => remember(passwords, [password]);

/** Whether this function can recognize the password of the run's SCRAM secret. */
export const holdsPassword = (): boolean => passwords.size > 0;

/** Ends the use of passwords: the next invocation may be about another cluster, whose names may contain this cluster's password. */
export const forgetPasswords = (): void => passwords.clear();

function remember(secrets: Map<string, RegExp[][]>, values: string[]): void {
  for (const value of values.filter(Boolean)) secrets.set(value, patterns(value));
}

/** A shorter secret may be a part of any word, so only whole words are blotted out. */
const shortest = 6;

/** Of a longer secret, each piece of this length is blotted out: a pattern has a maximum length. */
const longestPiece = 200;

/**
 * Match a secret raw, in Base64, and escaped as JSON, HTML or for a URL or form, once and twice: for each form, its pieces in order. A UUID
 * or a hexadecimal number has letters in either case.
 */
function patterns(secret: string): RegExp[][] {
  // Two adjacent patterns for backslashes would try every way to divide a run of them, so a run is one part.
  const parts = secret.match(/\\+|[^\\]/gu) ?? [];
  const isHex = /^[\da-f-]{16,}$/i.test(secret);
  const escaped = parts.map((part, i) => {
    if (part.startsWith('\\')) return run(part);
    return isHex ? inEitherCase(part.toLowerCase()) : spellings(part, parts[i - 1]);
  });
  const forms = [escaped, encoded(secret, 'base64'), encoded(secret, 'base64url')];
  const [before, after] = secret.length < shortest ? ['(?<![\\p{L}\\p{N}])', '(?![\\p{L}\\p{N}])'] : ['', ''];
  return forms.map((form) => pieces(form).map((piece) => new RegExp(before + piece + after, 'gu')));
}

/** Pieces of about the same length, so that no piece is so short that it matches by chance. */
function pieces(parts: string[]): string[] {
  const count = Math.ceil(parts.length / longestPiece);
  const begin = (i: number) => Math.floor((i * parts.length) / count);
  return Array.from({ length: count }, (_, i) => parts.slice(begin(i), begin(i + 1)).join(''));
}

/** Twice escaped for a URL, a percent sign is `%25`. Letters of hexadecimal digits have either case. */
const percent = '%(?:25){0,3}';
const inEitherCase = (hex: string): string => hex.replace(/[a-f]/g, (it) => `[${it}${it.toUpperCase()}]`);
const urlEscaped = (text: string): string =>
  [...Buffer.from(text)].map((byte) => percent + inEitherCase(byte.toString(16).padStart(2, '0'))).join('');
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** A backslash, which JSON doubles each time that it escapes a text. It may be escaped for a URL as well. */
const slash = `(?:\\\\|${urlEscaped('\\')})`;
const run = ({ length }: string): string => `${slash}{${length},${length * 8}}`;

/** The characters for which JSON has a short form, such as `\n`. */
const shortForms: Record<string, string> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' };
const jsonEscaped = (character: string): string => {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  const long = units.map((unit) => `${slash}{1,8}u${inEitherCase(unit)}`).join('');
  const short = shortForms[character];
  return short ? `${long}|${slash}{1,8}${short}` : long;
};

/** An ampersand, which may be escaped as JSON, for a URL, or for HTML again. */
const ampersand = `(?:&|${slash}{1,8}u0026|${urlEscaped('&')})(?:amp(?:;|${urlEscaped(';')})){0,3}`;
const entityNames: Record<string, string> = { '&': 'amp|', '<': 'lt|', '>': 'gt|', '"': 'quot|', "'": 'apos|' };
const htmlEscaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const numeric = `(?:#|${urlEscaped('#')})(?:0{0,4}${code}|[xX]0{0,4}${inEitherCase(code.toString(16))})`;
  return `${ampersand}(?:${entityNames[character] ?? ''}${numeric})(?:;|${urlEscaped(';')})`;
};

/** A character in all its spellings. Nothing escapes a letter or digit of ASCII. */
function spellings(character: string, previous = ''): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character;
  const mayHaveSlashes = previous.startsWith('\\') ? '' : `${slash}{0,8}`;
  const asPlus = character === ' ' ? ['\\+', urlEscaped('+')] : [];
  const escaped = [htmlEscaped(character), jsonEscaped(character), ...asPlus].join('|');
  return `(?:${escaped}|${mayHaveSlashes}(?:${urlEscaped(character)}|${literal(character)}))`;
}

const encoded = (secret: string, form: 'base64' | 'base64url'): string[] => {
  const characters = [...Buffer.from(secret).toString(form).replace(/=+$/, '')];
  return [...characters.map((it) => spellings(it)), `(?:=|${urlEscaped('=')}){0,2}`];
};

/** The secret of any service account, and a token (a JWT): another container may hold it. */
const recognizable = /mdb_sa_sk_\w{8,}|\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*/g;

/** A text with `***` in place of every secret in use. */
export const withoutSecrets = (text: string): string => without([...credentials, ...passwords], text);

function without(secrets: [secret: string, patterns: RegExp[][]][], text: string): string {
  const longestFirst = secrets.toSorted(([a], [b]) => b.length - a.length).flatMap(([, forms]) => forms);
  return longestFirst.reduce(withoutForm, text.replace(recognizable, '***'));
}

/** First the whole secret, or its beginning if the text is cut; then any piece that is left. */
function withoutForm(text: string, [first = /$^/g, ...others]: RegExp[]): string {
  if (others.length === 0) return text.replace(first, '***');
  const next = others.map(({ source }) => new RegExp(source, 'uy'));
  let rest = '';
  let at = 0;
  for (const { index, 0: begin } of text.matchAll(first)) {
    if (index < at) continue;
    rest += `${text.slice(at, index)}***`;
    at = index + begin.length;
    for (const piece of next) {
      piece.lastIndex = at;
      if (!piece.test(text)) break;
      at = piece.lastIndex;
    }
  }
  return others.reduce((left, piece) => left.replace(piece, '***'), rest + text.slice(at));
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
