import { PolicyRefused } from '../errors.ts';

/** A statement of a resource policy, as far as we read it; its other fields are kept unread. */
export interface Statement {
  Sid?: string;
  Effect?: string;
  Principal?: unknown;
  Action?: unknown;
  Resource?: unknown;
  [other: string]: unknown;
}

interface Policy {
  Version?: string;
  Statement?: Statement | Statement[];
  [other: string]: unknown;
}

/** What Atlas needs to create its managed VPC connection. The data plane needs nothing here: SCRAM users have Kafka ACLs. */
const actions = [
  'kafka:CreateVpcConnection',
  'kafka:GetBootstrapBrokers',
  'kafka:DescribeCluster',
  'kafka:DescribeClusterV2',
];

/** @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-policy.html (`policy`, MaxLength) */
const longestPolicy = 20_480;

/** Our statement. Its Sid holds the Atlas account, so projects of two Atlas accounts have one statement each. */
export const atlasStatement = (clusterArn: string, principalArn: string) =>
  ({
    Sid: `AtlasStreamProcessing${accountId(principalArn)}`,
    Effect: 'Allow',
    Principal: { AWS: principalArn },
    Action: actions,
    Resource: clusterArn,
  }) satisfies Statement;

/**
 * Merges our statement into a cluster policy. Statements under other Sids stay as they are; ours is written only if no statement
 * grants as much already.
 *
 * @param text the policy as MSK returned it, or undefined if the cluster has none
 * @param isOurs whether we have written the statement under our Sid, if there is one
 * @returns the new text, or undefined if nothing is missing
 * @throws PolicyRefused if the policy cannot be read, would be longer than MSK allows, or has another party's statement under our Sid
 */
export function mergeStatement(
  text: string | undefined,
  wanted: ReturnType<typeof atlasStatement>,
  isOurs: boolean,
): string | undefined {
  const policy = text === undefined ? { Version: '2012-10-17' } : parse(text);
  const statements = listOf(policy.Statement);
  if (statements.some((statement) => grants(statement, wanted))) return undefined;

  const others = statements.filter(({ Sid }) => Sid !== wanted.Sid);
  if (!isOurs && others.length < statements.length)
    throw new PolicyRefused(
      `The cluster policy has a statement with the Sid ${wanted.Sid}, which grants something else than Atlas needs, and which this deployment has not written. Give it another Sid, or remove it; then start a new execution.`,
    );
  const merged = JSON.stringify({ ...policy, Statement: [...others, wanted] });
  if (merged.length > longestPolicy)
    throw new PolicyRefused(
      `The cluster policy would be ${merged.length} characters long with the statement for Atlas, and MSK allows ${longestPolicy}. Shorten the policy by ${merged.length - longestPolicy} characters, for example by joining statements, and start a new execution.`,
    );
  return merged;
}

/**
 * Removes the statements with these Sids from a cluster policy; the others stay as they are.
 *
 * @returns the new text; null if no other statement is left, so the policy can be deleted; undefined if none of these is in it
 * @throws PolicyRefused if the policy cannot be read
 */
export function removeStatement(text: string, ...sids: string[]): string | null | undefined {
  const policy = parse(text);
  const statements = listOf(policy.Statement);
  const others = statements.filter(({ Sid }) => !sids.includes(Sid ?? ''));
  if (others.length === statements.length) return undefined;
  return others.length === 0 ? null : JSON.stringify({ ...policy, Statement: others });
}

/** The statement with this Sid, if there is one. @throws PolicyRefused if the policy cannot be read */
export const findStatement = (text: string, sid: string): Statement | undefined =>
  listOf(parse(text).Statement).find(({ Sid }) => Sid === sid);

/** The statement that allows what the wanted one allows, if there is one. @throws PolicyRefused if the policy cannot be read */
export const grantingStatement = (text: string, wanted: ReturnType<typeof atlasStatement>): Statement | undefined =>
  listOf(parse(text).Statement).find((statement) => grants(statement, wanted));

/** All Sids that `atlasStatement` may have given. @throws PolicyRefused if the policy cannot be read */
export const atlasSids = (text: string): string[] =>
  listOf(parse(text).Statement).flatMap(({ Sid }) => (Sid && /^AtlasStreamProcessing\d{12}$/.test(Sid) ? [Sid] : []));

/** Whether a statement allows what the wanted one allows, and nothing more: compared by meaning, without its Sid. */
export function isSameStatement(statement: Statement, wanted: ReturnType<typeof atlasStatement>): boolean {
  const { Principal, Action, Resource } = statement;
  const wantedActions = wanted.Action.map((action) => action.toLowerCase());
  return (
    grants(statement, wanted) &&
    isObject(Principal) &&
    Object.keys(Principal).length === 1 &&
    listOf(Principal.AWS).length === 1 &&
    listOf(Action).every((action) => typeof action === 'string' && wantedActions.includes(action.toLowerCase())) &&
    listOf(Resource).every((resource) => resource === wanted.Resource)
  );
}

/** Whether a policy has a statement with this Sid. @throws PolicyRefused if the policy cannot be read */
export const hasStatement = (text: string | undefined, sid: string): boolean =>
  text !== undefined && findStatement(text, sid) !== undefined;

/** Whether a statement allows, without any condition, everything that the wanted one allows: compared by meaning. */
function grants(
  { Effect, Principal, Action, Resource, ...rest }: Statement,
  wanted: ReturnType<typeof atlasStatement>,
) {
  const { Sid: _, ...unread } = rest;
  if (Effect !== 'Allow' || Object.keys(unread).length > 0) return false;
  const principals = isObject(Principal) ? textsOf(Principal.AWS) : [];
  return (
    principals.some((principal) => samePrincipal(principal, wanted.Principal.AWS)) &&
    wanted.Action.every((action) =>
      textsOf(Action).some((pattern) => covers(pattern.toLowerCase(), action.toLowerCase())),
    ) &&
    textsOf(Resource).some((pattern) => covers(pattern, wanted.Resource))
  );
}

/** IAM reads an account id and the ARN of its root as the same principal, and may store either. */
const samePrincipal = (one: string, other: string) =>
  accountId(one) === accountId(other) && [one, other].every((principal) => /^\d{12}$|:root$/.test(principal));

/** `123456789012` and `arn:aws:iam::123456789012:root` → `123456789012` */
const accountId = (principal: string): string => principal.split(':')[4] ?? principal;

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

const listOf = <Item>(value: Item | Item[] | undefined): Item[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Ignores values that aren't text, such as an account id written as a number. */
const textsOf = (value: unknown): string[] => listOf(value).filter((item) => typeof item === 'string');

function parse(text: string): Policy {
  try {
    const policy: unknown = JSON.parse(text, numbersAsSpelled as Reviver);
    if (isObject(policy) && listOf((policy as Policy).Statement).every(isObject)) return policy as Policy;
  } catch {
    // Falls through to the one sentence below.
  }
  throw new PolicyRefused(
    'The cluster policy is not a valid policy document. Correct it in the MSK console (Properties > Security settings > Edit cluster policy), and start a new execution.',
  );
}

type Reviver = Parameters<typeof JSON.parse>[1];

/** A number that JavaScript would write in another way, such as 12345678901234567890, stays as its author wrote it. */
const numbersAsSpelled = (_: string, value: unknown, { source }: { source: string }) =>
  typeof value === 'number' && String(value) !== source ? rawJSON(source) : value;

/** In Node since 22, but not yet in TypeScript's types. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
