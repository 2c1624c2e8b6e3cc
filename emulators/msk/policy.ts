import { isLike, list } from '../policy-elements.ts';
import { mskError } from './router.ts';

/** Cluster policies: their grammar, and what they allow another account to do. */

interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | { AWS?: string | string[] };
  Action?: string | string[];
  Resource?: string | string[];
}

export interface PolicyDocument {
  Version: string;
  Statement: Statement | Statement[];
}

/** Documented in the API reference of PutClusterPolicy. */
const maxLength = 20_480;

/**
 * Parses a policy.
 *
 * @throws Refusal if the policy does not follow IAM's grammar
 */
export function parsePolicy(text: string): PolicyDocument {
  if (text.length < 1 || text.length > maxLength) {
    throw badPolicy(`The policy must have 1 to ${maxLength} characters; this one has ${text.length}.`);
  }
  const policy = parseJson(text);
  const statements = isObject(policy) ? list(policy.Statement) : [];
  if (statements.length === 0 || !statements.every(isStatement)) throw badPolicy('The policy document is malformed.');
  const sids = statements.map(({ Sid }) => Sid).filter((sid) => sid !== undefined);
  if (new Set(sids).size < sids.length) throw badPolicy('The Sids of a policy must be unique.');
  return policy as PolicyDocument;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badPolicy('The policy is not valid JSON.');
  }
}

function isStatement(it: unknown): it is Statement {
  return (
    isObject(it) &&
    (it.Effect === 'Allow' || it.Effect === 'Deny') &&
    (it.Sid === undefined || /^[A-Za-z0-9]*$/.test(String(it.Sid))) &&
    ['Principal', 'Action', 'Resource'].every((element) => element in it || `Not${element}` in it)
  );
}

function badPolicy(message: string) {
  return mskError('BadRequestException', message, 'policy');
}

/**
 * Checks the version of the policy, which is not the version of the cluster. Documented: the first policy has no version to
 * name; later requests must name the current one. Reported: the text for a missing version. Assumed: the text for a wrong one.
 */
export function checkPolicyVersion(current: string | undefined, given: string | undefined): void {
  if (current !== undefined && given === undefined) {
    throw mskError('BadRequestException', 'Current cluster policy version needed for Update', 'currentVersion');
  }
  if (current !== given) {
    const message = "The version of the cluster policy isn't current. Check the current version and try again.";
    throw mskError('BadRequestException', message, 'currentVersion');
  }
}

/** Replaces account ids in `Principal.AWS` by the ARNs of their roots, as some AWS services do. */
export function normalisePrincipals(policy: PolicyDocument, partition: string): PolicyDocument {
  const normalise = (principal: string) =>
    /^\d{12}$/.test(principal) ? `arn:${partition}:iam::${principal}:root` : principal;
  const Statement = list(policy.Statement).map((statement) => {
    const AWS = typeof statement.Principal === 'object' ? statement.Principal.AWS : undefined;
    if (AWS === undefined) return statement;
    const normalised = Array.isArray(AWS) ? AWS.map(normalise) : normalise(AWS);
    return { ...statement, Principal: { ...(statement.Principal as object), AWS: normalised } };
  });
  return { ...policy, Statement };
}

/**
 * Whether the policy lets the account do all of these actions on the resource. Supports IAM's wildcards; a Deny overrides an
 * Allow. Conditions are ignored, and statements with NotPrincipal, NotAction or NotResource never match.
 */
export function allows(policy: PolicyDocument, accountId: string, actions: string[], resource: string): boolean {
  const applies = (effect: Statement['Effect'], action: string) =>
    list(policy.Statement).some(
      (statement) =>
        statement.Effect === effect &&
        isPrincipal(statement.Principal, accountId) &&
        list(statement.Action).some((it) => isLike(it.toLowerCase(), action.toLowerCase())) &&
        list(statement.Resource).some((it) => isLike(it, resource)),
    );
  return actions.every((action) => applies('Allow', action) && !applies('Deny', action));
}

function isPrincipal(principal: Statement['Principal'], accountId: string): boolean {
  const accounts = typeof principal === 'object' ? list(principal.AWS) : list(principal);
  return accounts.some(
    (it) => it === '*' || it === accountId || /^arn:[\w-]+:iam::(\d{12}):root$/.exec(it)?.[1] === accountId,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
