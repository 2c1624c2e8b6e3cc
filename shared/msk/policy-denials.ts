import { cut } from '../cut.ts';
import type { AtlasStatement } from './policy.ts';
import {
  accountId,
  coversAction,
  coversResource,
  isObject,
  isRootOf,
  listOf,
  nameOf,
  principalsIn,
  type Statement,
  statementsOf,
  textsOf,
  whereToEdit,
} from './policy-document.ts';

/** What the denials of a policy mean for Atlas, as sentences that name the statements. */
export interface Denials {
  /** Statements that shut Atlas out, each with its remedy. */
  certain: string[];
  /** Statements that may shut Atlas out, because of their conditions or principals; undefined if there are none. */
  possible: string | undefined;
}

/** More statements than this are not named in one message. */
const mostNamed = 10;

/**
 * Finds the statements that deny Atlas, on this cluster, what our statement allows. An explicit Deny overrides every Allow.
 *
 * @param text the policy as MSK returned it, or undefined if the cluster has none
 * @throws PolicyRefused if the policy cannot be read
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function denialsOf(text: string | undefined, wanted: AtlasStatement): Denials {
  const account = accountId(wanted.Principal.AWS);
  const exemption = `"StringNotEquals":{"aws:PrincipalAccount":"${account}"}`;
  const found = statementsOf(text).flatMap((statement, index) => {
    const actions = deniedBy(statement, wanted);
    const reach = actions.length > 0 ? reachOf(statement, wanted.Principal.AWS) : undefined;
    return reach ? [{ name: nameOf(statement, index), actions: actions.join(', '), ...reach }] : [];
  });
  const certain = found
    .filter(({ unless }) => unless === '')
    .slice(0, mostNamed)
    .map(
      ({ name, actions }) =>
        `In the cluster policy, ${name} denies Atlas's account ${account} ${actions}, and a Deny overrides every Allow. Exempt the account by the condition {${exemption}} in that statement, or remove the statement (${whereToEdit}).`,
    );
  const possible = found
    .filter(({ unless }) => unless !== '')
    .slice(0, mostNamed)
    .map(({ name, actions, unless }) => `${name} denies ${actions} ${unless}`);
  return {
    certain,
    possible:
      possible.length > 0
        ? `The cluster policy may deny Atlas's account ${account} the private link, because a Deny overrides every Allow: ${possible.join('; ')}. To exempt the account, add ${exemption} to the Condition of that statement (${whereToEdit}).`
        : undefined,
  };
}

/** The actions that Atlas needs and that a statement denies on this cluster, whoever it denies them. */
function deniedBy({ Effect, Action, NotAction, Resource, NotResource }: Statement, wanted: AtlasStatement): string[] {
  const isAbout =
    NotResource === undefined
      ? coversResource(Resource, wanted.Resource)
      : !coversResource(NotResource, wanted.Resource);
  if (Effect !== 'Deny' || !isAbout) return [];
  return wanted.Action.filter((action) =>
    NotAction === undefined ? coversAction(Action, action) : !coversAction(NotAction, action),
  );
}

/** Whether a Deny concerns Atlas: undefined if it doesn't. `unless`: what makes it uncertain, '' if nothing does. */
function reachOf(statement: Statement, principalArn: string): { unless: string } | undefined {
  const { Condition } = statement;
  const byPrincipal = reachOfPrincipal(statement, accountId(principalArn));
  const isMet = holdsFor(principalArn, Condition);
  if (byPrincipal === undefined || isMet === 'never') return undefined;
  const byCondition = isMet === 'perhaps' ? `under the condition ${cut(JSON.stringify(Condition), 300)}` : '';
  return { unless: [byPrincipal, byCondition].filter((reason) => reason !== '').join(', ') };
}

/**
 * Atlas calls AWS as a role of its account that it doesn't publish. `NotPrincipal` must name that role as well as the account.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
function reachOfPrincipal({ Principal, NotPrincipal }: Statement, account: string): string | undefined {
  const named = principalsIn(NotPrincipal ?? Principal, 'AWS');
  const isAccountNamed = named.some((principal) => isRootOf(account, principal));
  if (NotPrincipal !== undefined) {
    if (named.includes('*')) return undefined;
    return isAccountNamed ? "unless NotPrincipal names Atlas's role, as it names the account" : '';
  }
  if (isAccountNamed || named.includes('*')) return '';
  const identities = named.filter((principal) => principal.includes(':') && accountId(principal) === account);
  return identities.length > 0 ? `for ${cut(identities.join(', '), 300)}` : undefined;
}

/** Whether a Condition holds for Atlas: all of its conditions must. */
function holdsFor(principalArn: string, condition: unknown): 'always' | 'never' | 'perhaps' {
  const found = Object.entries(isObject(condition) ? condition : {}).flatMap(([operator, keys]) =>
    isObject(keys)
      ? Object.entries(keys).map(([key, values]) => holds(principalArn, { operator, key, values }))
      : 'perhaps',
  );
  if (found.includes('never')) return 'never';
  return found.every((it) => it === 'always') ? 'always' : 'perhaps';
}

/**
 * The conditions whose outcome is known: Atlas calls as a role of its account, and over TLS, as every SDK of AWS does.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
function holds(
  principalArn: string,
  { operator, key, values }: { operator: string; key: string; values: unknown },
): 'always' | 'never' | 'perhaps' {
  const account = accountId(principalArn);
  const aRole = principalArn.replace(/:root$/, ':role/a/role');
  const test = `${operator.replace(/IfExists$/, '')} ${key.toLowerCase()}`;
  const isAccountNamed = textsOf(values).includes(account);
  if (/^StringEquals(IgnoreCase)? aws:principalaccount$/.test(test)) return isAccountNamed ? 'always' : 'never';
  const isExempt =
    (/^StringNotEquals(IgnoreCase)? aws:principalaccount$/.test(test) && isAccountNamed) ||
    (/^(ArnNot(Like|Equals)|StringNotLike) aws:principalarn$/.test(test) && coversResource(values, aRole)) ||
    (test === 'Bool aws:securetransport' && listOf(values).every((value) => String(value) === 'false'));
  return isExempt ? 'never' : 'perhaps';
}
