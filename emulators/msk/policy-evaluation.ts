import { isLike, list } from '../policy-elements.ts';
import type { ConditionValue, PolicyDocument, Statement } from './policy.ts';

/** What a cluster policy allows another account to do. */

/** The role with which another account calls MSK, and what MSK knows about the call. */
interface Caller {
  accountId: string;
  roleArn: string;
  /** The condition keys of the call. IAM ignores the case of their names, so they are in lower case. */
  keys: Record<string, string>;
}

/**
 * Atlas, as it calls MSK. Assumed: by a role, over TLS, from outside of any VPC of the cluster's owner, and in another organization.
 */
export const atlasAsCaller = (accountId: string, partition: string): Caller => {
  const roleArn = `arn:${partition}:iam::${accountId}:role/atlas-stream-processing`;
  return {
    accountId,
    roleArn,
    keys: {
      'aws:principalaccount': accountId,
      'aws:principalarn': roleArn,
      'aws:principaltype': 'AssumedRole',
      'aws:principalorgid': 'o-atlas00000',
      'aws:principalisawsservice': 'false',
      'aws:securetransport': 'true',
    },
  };
};

/**
 * Whether the policy lets the caller do all of these actions on the resource. Documented: a Deny overrides an Allow, and an Allow
 * for the root is one for the whole account. Assumed: an Allow with any condition grants Atlas nothing.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function allows(policy: PolicyDocument, caller: Caller, actions: string[], resource: string): boolean {
  const statements = list(policy.Statement);
  return actions.every((action) => {
    const isAbout = (statement: Statement) => concerns(statement, action, resource);
    return (
      statements.some((it) => it.Effect === 'Allow' && isAbout(it) && isAllowed(it, caller)) &&
      !statements.some((it) => it.Effect === 'Deny' && isAbout(it) && isDenied(it, caller))
    );
  });
}

function concerns({ Action, NotAction, Resource, NotResource }: Statement, action: string, resource: string): boolean {
  const isAction = (pattern: string) => isLike(pattern.toLowerCase(), action.toLowerCase());
  const isResource = (pattern: string) => isLike(pattern, resource);
  return (
    (NotAction === undefined ? list(Action).some(isAction) : !list(NotAction).some(isAction)) &&
    (NotResource === undefined ? list(Resource).some(isResource) : !list(NotResource).some(isResource))
  );
}

const isAllowed = ({ Principal, Condition }: Statement, caller: Caller): boolean =>
  Condition === undefined && names(Principal, caller);

/** Documented: NotPrincipal must name the role, and the account of the role too. */
function isDenied({ Principal, NotPrincipal, Condition = {} }: Statement, caller: Caller): boolean {
  const isConcerned = NotPrincipal
    ? !names(NotPrincipal, { ...caller, roleArn: '' }) ||
      !(isAnyone(NotPrincipal) || awsOf(NotPrincipal).includes(caller.roleArn))
    : names(Principal, caller);
  return (
    isConcerned &&
    Object.entries(Condition).every(([operator, wanted]) =>
      Object.entries(wanted).every(([key, values]) => holds(operator, list(values), caller.keys[key.toLowerCase()])),
    )
  );
}

const awsOf = (principal: Statement['Principal']): string[] =>
  typeof principal === 'object' ? list(principal.AWS) : list(principal);

const isAnyone = (principal: Statement['Principal']): boolean => awsOf(principal).includes('*');

const names = (principal: Statement['Principal'], { accountId, roleArn }: Pick<Caller, 'accountId' | 'roleArn'>) =>
  isAnyone(principal) ||
  awsOf(principal).some(
    (it) => it === accountId || it === roleArn || /^arn:[\w-]+:iam::(\d{12}):root$/.exec(it)?.[1] === accountId,
  );

/**
 * Whether one condition holds. Documented: if the call has no such key, only negated operators and those with IfExists hold. Assumed:
 * conditions on addresses, numbers and times hold.
 */
function holds(operator: string, wanted: ConditionValue[], actual: string | undefined): boolean {
  const base = operator.replace(/^(ForAllValues|ForAnyValue):/, '').replace(/IfExists$/, '');
  const texts = wanted.map(String);
  if (base === 'Null') return texts.includes(String(actual === undefined));
  const isNegated = base.includes('Not');
  if (!/^(String|Arn|Bool)/.test(base)) return true;
  if (actual === undefined) return isNegated || /^ForAllValues:|IfExists$/.test(operator);
  const ignoreCase = base === 'Bool' || base.endsWith('IgnoreCase');
  const [value, patterns] = ignoreCase
    ? [actual.toLowerCase(), texts.map((text) => text.toLowerCase())]
    : [actual, texts];
  const hasWildcards = base.startsWith('Arn') || base.endsWith('Like');
  return patterns.some((pattern) => (hasWildcards ? isLike(pattern, value) : pattern === value)) !== isNegated;
}
