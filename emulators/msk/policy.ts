import { list } from '../policy-elements.ts';
import { mskError } from './router.ts';

/** Cluster policies: what they consist of, and their versions. */

type Principal = '*' | Record<string, string | string[]>;

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: Principal;
  NotPrincipal?: Principal;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  /** The operator, the key, and the wanted values. */
  Condition?: Record<string, Record<string, ConditionValue | ConditionValue[]>>;
}

export type ConditionValue = string | number | boolean;

export interface PolicyDocument {
  Version?: string;
  Statement: Statement | Statement[];
}

/** Reported and measured: how MSK begins, and which parameter it names. */
export const invalidPolicy = (reason: string) =>
  mskError('BadRequestException', `The cluster policy is not valid. ${reason}`, 'policy');

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

/** The principals of a statement, in Principal or NotPrincipal, each with its kind, such as AWS or Service. */
export function principalsOf({ Principal, NotPrincipal }: Statement): [kind: string, principal: string][] {
  return [Principal, NotPrincipal].flatMap((principals) => {
    if (principals === undefined) return [];
    if (principals === '*') return [['AWS', '*'] as [string, string]];
    return Object.entries(principals).flatMap(([kind, values]) =>
      list(values).map((value): [string, string] => [kind, value]),
    );
  });
}
