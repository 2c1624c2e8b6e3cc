import { cut } from '../cut.ts';
import { PolicyRefused } from '../errors.ts';

/** A statement of a resource policy, as far as we read it; its other fields are kept unread. */
export interface Statement {
  Sid?: string;
  Effect?: string;
  Principal?: unknown;
  NotPrincipal?: unknown;
  Action?: unknown;
  NotAction?: unknown;
  Resource?: unknown;
  NotResource?: unknown;
  Condition?: unknown;
  [other: string]: unknown;
}

interface Policy {
  Version?: string;
  Statement?: Statement | Statement[];
  [other: string]: unknown;
}

/** Where a person changes a cluster policy. */
export const whereToEdit = 'MSK console > Properties > Security settings > Edit cluster policy';

/** @throws PolicyRefused if the policy cannot be read */
export function parsePolicy(text: string): Policy {
  try {
    const policy: unknown = JSON.parse(text, numbersAsSpelled as Reviver);
    if (isObject(policy) && listOf((policy as Policy).Statement).every(isObject)) return policy as Policy;
  } catch {
    // Falls through to the one sentence below.
  }
  throw new PolicyRefused(
    `The cluster policy is not a valid policy document. Correct it (${whereToEdit}), and start a new execution.`,
  );
}

/** The statements of a cluster policy; none if the cluster has no policy. @throws PolicyRefused if the policy cannot be read */
export const statementsOf = (text: string | undefined): Statement[] =>
  text === undefined ? [] : listOf(parsePolicy(text).Statement);

/** How a message names a statement: by its Sid, or by its position if it has none. */
export const nameOf = ({ Sid }: Statement, index: number): string =>
  typeof Sid === 'string' && Sid !== ''
    ? `statement ${JSON.stringify(cut(Sid, 100))}`
    : `statement ${index + 1} (without a Sid)`;

/** The principals under a kind of principal, such as `AWS`, in Principal or NotPrincipal. `*` is that of AWS. */
export const principalsIn = (element: unknown, kind: string): string[] =>
  kind === 'AWS' && element === '*' ? ['*'] : isObject(element) ? textsOf(element[kind]) : [];

/** Whether a principal is this account: its id, or the ARN of its root. IAM reads both as the same, and may store either. */
export const isRootOf = (account: string, principal: string): boolean =>
  accountId(principal) === account && /^\d{12}$|:root$/.test(principal);

/** `123456789012` and `arn:aws:iam::123456789012:root` → `123456789012` */
export const accountId = (principal: string): string => principal.split(':')[4] ?? principal;

/** Whether any of these patterns covers an action. IAM ignores the case of actions. */
export const coversAction = (patterns: unknown, action: string): boolean =>
  textsOf(patterns).some((pattern) => covers(pattern.toLowerCase(), action.toLowerCase()));

/** Whether any of these patterns covers a resource. */
export const coversResource = (patterns: unknown, resource: string): boolean =>
  textsOf(patterns).some((pattern) => covers(pattern, resource));

/**
 * IAM's wildcards: `*` matches any characters, `?` exactly one. Not a regular expression, because a policy's author could choose a
 * pattern that keeps one busy for hours.
 */
function covers(pattern: string, text: string): boolean {
  let [at, position, afterStar, resumeAt] = [0, 0, -1, 0];
  while (position < text.length) {
    if (pattern[at] === '*') [afterStar, resumeAt] = [++at, position];
    else if (pattern[at] === '?' || pattern[at] === text[position]) [at, position] = [at + 1, position + 1];
    // The last `*` matches one character more.
    else if (afterStar >= 0) [at, position] = [afterStar, ++resumeAt];
    else return false;
  }
  return [...pattern.slice(at)].every((rest) => rest === '*');
}

export const listOf = <Item>(value: Item | Item[] | undefined): Item[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Ignores values that aren't text, such as an account id written as a number. */
export const textsOf = (value: unknown): string[] => listOf(value).filter((item) => typeof item === 'string');

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Reviver = Parameters<typeof JSON.parse>[1];

/** A number that JavaScript would write in another way, such as 12345678901234567890, stays as its author wrote it. */
const numbersAsSpelled = (_: string, value: unknown, { source }: { source: string }) =>
  typeof value === 'number' && String(value) !== source ? rawJSON(source) : value;

/** In Node since 22, but not yet in TypeScript's types. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
