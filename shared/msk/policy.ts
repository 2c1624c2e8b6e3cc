import { PolicyRefused } from '../errors.ts';
import {
  accountId,
  coversAction,
  coversResource,
  isObject,
  isRootOf,
  listOf,
  parsePolicy,
  principalsIn,
  type Statement,
  statementsOf,
  whereToEdit,
} from './policy-document.ts';

/**
 * What Atlas needs to create its managed VPC connection. The data plane needs nothing here: SCRAM users have Kafka ACLs,
 * and a role of the cluster's account has its own policy.
 */
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

export type AtlasStatement = ReturnType<typeof atlasStatement>;

/**
 * Merges our statement into a cluster policy. Statements under other Sids stay as they are; ours is written only if no statement
 * grants as much already. Ours replaces only a statement of its own shape.
 *
 * @param text the policy as MSK returned it, or undefined if the cluster has none
 * @param isOurs whether we have written the statement under our Sid, if there is one
 * @returns the new text, or undefined if nothing is missing
 * @throws PolicyRefused if the policy cannot be read, would be longer than MSK allows, or has another party's statement under our Sid
 */
export function mergeStatement(text: string | undefined, wanted: AtlasStatement, isOurs: boolean): string | undefined {
  const policy = text === undefined ? { Version: '2012-10-17' } : parsePolicy(text);
  const statements = listOf(policy.Statement);
  if (statements.some((statement) => grants(statement, wanted))) return undefined;

  const others = statements.filter(({ Sid }) => Sid !== wanted.Sid);
  const underOurSid = statements.filter(({ Sid }) => Sid === wanted.Sid);
  if (underOurSid.length > 0 && !(isOurs && underOurSid.every((statement) => hasOwnShape(statement, wanted.Resource))))
    throw new PolicyRefused(
      `The cluster policy has a statement with the Sid ${wanted.Sid}, which does not grant what Atlas needs, and which this deployment has not written like that. Give it another Sid, or remove it (${whereToEdit}); then start a new execution.`,
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
  const policy = parsePolicy(text);
  const statements = listOf(policy.Statement);
  const others = statements.filter(({ Sid }) => !sids.includes(Sid ?? ''));
  if (others.length === statements.length) return undefined;
  return others.length === 0 ? null : JSON.stringify({ ...policy, Statement: others });
}

/** The statement with this Sid, if there is one. @throws PolicyRefused if the policy cannot be read */
export const findStatement = (text: string, sid: string): Statement | undefined =>
  statementsOf(text).find(({ Sid }) => Sid === sid);

/** The statement that allows what the wanted one allows, if there is one. @throws PolicyRefused if the policy cannot be read */
export const grantingStatement = (text: string, wanted: AtlasStatement): Statement | undefined =>
  statementsOf(text).find((statement) => grants(statement, wanted));

/** All Sids that `atlasStatement` may have given. @throws PolicyRefused if the policy cannot be read */
export const atlasSids = (text: string): string[] =>
  statementsOf(text).flatMap(({ Sid }) => (Sid && /^AtlasStreamProcessing\d{12}$/.test(Sid) ? [Sid] : []));

/** Whether a statement allows what the wanted one allows, and nothing more: compared by meaning, without its Sid. */
export const isSameStatement = (statement: Statement, wanted: AtlasStatement): boolean =>
  grants(statement, wanted) && hasOwnShape(statement, wanted.Resource);

/**
 * Whether a policy has a statement of ours for a former account of Atlas.
 *
 * @throws PolicyRefused if the policy cannot be read
 */
export const hasOwnStatement = (text: string | undefined, sid: string, clusterArn: string): boolean =>
  statementsOf(text).some((statement) => statement.Sid === sid && hasOwnShape(statement, clusterArn));

/** Whether a statement allows, without any condition, everything that the wanted one allows: compared by meaning. */
function grants({ Effect, Principal, Action, Resource, ...rest }: Statement, wanted: AtlasStatement) {
  const { Sid: _, ...unread } = rest;
  if (Effect !== 'Allow' || Object.keys(unread).length > 0) return false;
  return (
    isObject(Principal) &&
    principalsIn(Principal, 'AWS').some((principal) => isRootOf(accountId(wanted.Principal.AWS), principal)) &&
    wanted.Action.every((action) => coversAction(Action, action)) &&
    coversResource(Resource, wanted.Resource)
  );
}

/**
 * Whether a statement is what we write, or an older version of it: it allows one account nothing but our actions, on this cluster
 * and without a condition.
 */
function hasOwnShape(
  { Sid: _, Effect, Principal, Action, Resource, ...unread }: Statement,
  clusterArn: string,
): boolean {
  const ours = actions.map((action) => action.toLowerCase());
  const principals = isObject(Principal) ? listOf(Principal.AWS) : [];
  return (
    Effect === 'Allow' &&
    Object.keys(unread).length === 0 &&
    Object.keys(Principal ?? {}).length === 1 &&
    principals.length === 1 &&
    principals.every((principal) => typeof principal === 'string' && isRootOf(accountId(principal), principal)) &&
    listOf(Action).every((action) => typeof action === 'string' && ours.includes(action.toLowerCase())) &&
    listOf(Resource).every((resource) => resource === clusterArn)
  );
}
