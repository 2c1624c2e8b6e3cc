import { cut } from '../cut.ts';
import { AtlasUnavailable } from '../errors.ts';
import { oneLine, quoted } from '../foreign-text.ts';
import { withoutSecrets } from '../secrets/in-use.ts';

/** Atlas's answer, a list or a text in it is larger than any that a function could use. */
export class LimitExceeded extends AtlasUnavailable {}

/** No answer that we read is as long. It must fit into the memory of a function many times. */
export const maxBytes = 1_000_000;

/** A stream processor's pipeline may have 16 MB. We keep only its hash. */
export const maxProcessorBytes = 20_000_000;

/** How a message names a limit. */
export const inMegabytes = (bytes: number): string => `${bytes / 1_000_000} MB`;

/** All pages of a list together. Objects take several times the memory of their text. */
export const ofList = { maxBytes: 5_000_000, maxItems: 10_000 };

/** More levels than any pipeline has. What is nested without end overflows the stack of whatever goes through it. */
export const maxLevels = 200;

/** More pages than any project has: 500 links, connections or workspaces fit on one. */
export const maxPages = 100;

/** A text of Atlas that is passed on: a state of Step Functions holds 256 KiB, and a person reads it. */
export const maxText = 1000;

/** What Atlas says in an error, for a person: without secrets, cut, and on one line, because a line of its own is for our commands. */
export function heldText(text: string): string {
  const said = oneLine(withoutSecrets(text));
  return said.length > maxText ? `${cut(said, maxText)}…` : said;
}

/** An error code of Atlas, or '' for anything that cannot be one: the code is logged. */
export const codeOf = (code: unknown): string =>
  typeof code === 'string' && /^\w{1,100}$/.test(code) && withoutSecrets(code) === code ? code : '';

/**
 * The words of Atlas's error: its code and, in quotes, what it says; '' if it has neither.
 *
 * @param code is quoted as well if it cannot be a code
 * @param said anything but a text counts as nothing
 */
export function wordsOf(code: unknown, said: unknown): string {
  const known = codeOf(code);
  const words = heldText((known ? [said] : [code, said]).filter((it) => typeof it === 'string' && it).join(': '));
  return [known, words && quoted(words)].filter(Boolean).join(': ');
}
