import { cut } from '../cut.ts';
import { nameOf, principalsIn, type Statement, statementsOf, textsOf, whereToEdit } from './policy-document.ts';

/** More statements than this are not named in one message. */
const mostNamed = 10;

/**
 * The unique id by which AWS shows a user or role that was deleted after the policy was written, such as AROAEXAMPLEID.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
const isUniqueId = (principal: string): boolean => /^A[A-Z]{3}[A-Z0-9]{12,}$/.test(principal);

/**
 * The statements that name a deleted user or role. MSK checks the whole policy when one statement changes, and refuses a principal
 * that it doesn't find.
 *
 * @returns a sentence for each, with its remedy
 * @throws PolicyRefused if the policy cannot be read
 * @see https://github.com/aws-samples/msk-powered-financial-data-feed/issues/5
 */
export const deletedPrincipals = (text: string | undefined): string[] =>
  statementsWith(text, isUniqueId)
    .slice(0, mostNamed)
    .map(
      ({ name, principals }) =>
        `In the cluster policy, ${name} names ${principals}, the unique id of a user or role that was deleted. MSK changes no policy that has such a principal. Replace the id by the ARN of an existing principal, or remove it (${whereToEdit}).`,
    );

/**
 * What can be wrong with a policy that MSK has refused, and how a person corrects it.
 *
 * @param text the policy as it was sent
 * @param said MSK's message
 */
export function correctionOf(text: string, said: string): string {
  const [, quoted] = /"(arn:[^"]+)"/.exec(said) ?? [];
  const byResource = statementsOf(text)
    .map((statement, index) => ({ statement, name: nameOf(statement, index) }))
    .filter(({ statement: { Resource, NotResource } }) =>
      [...textsOf(Resource), ...textsOf(NotResource)].some((resource) => resource === quoted),
    )
    .map(({ name }) => name);
  if (byResource.length > 0)
    return `MSK means ${listed(byResource)}, whose Resource must be this cluster. Correct it (${whereToEdit}), and start a new execution.`;
  if (/principal/i.test(said)) {
    const [gone, others] = [statementsWith(text, isUniqueId), statementsWith(text, isUserOrRole)];
    const suspects = (gone.length > 0 ? gone : others).map(({ name, principals }) => `${name} (${principals})`);
    if (suspects.length > 0)
      return `MSK does not say which statement it means. It can be ${listed(suspects, ' or ')}. Replace or remove the principals that no longer exist (${whereToEdit}), and start a new execution.`;
  }
  return `MSK does not say which statement it means. Correct the policy (${whereToEdit}), and start a new execution.`;
}

/** Accounts and services always exist; a user, role or session may have been deleted. */
const isUserOrRole = (principal: string): boolean =>
  /^arn:[^:]*:(iam|sts)::\d{12}:(user|role|assumed-role|federated-user)\//.test(principal);

/** The statements with principals that a test matches, and those principals. */
function statementsWith(text: string | undefined, matches: (principal: string) => boolean) {
  const principalsOf = ({ Principal, NotPrincipal }: Statement) =>
    [Principal, NotPrincipal].flatMap((element) => principalsIn(element, 'AWS')).filter(matches);
  return statementsOf(text)
    .map((statement, index) => ({ name: nameOf(statement, index), principals: principalsOf(statement) }))
    .filter(({ principals }) => principals.length > 0)
    .map(({ name, principals }) => ({ name, principals: cut(principals.join(', '), 300) }));
}

const listed = (names: string[], separator = ', '): string =>
  names.length > mostNamed
    ? `${names.slice(0, mostNamed).join(separator)}${separator}one of ${names.length - mostNamed} more`
    : names.join(separator);

/**
 * Only a text of MSK shows a version conflict, such as "Current cluster policy version needed for Update". A complaint about the
 * `Version` of the policy language, or about a statement, which it may quote, is a different one: the next attempt would meet it again.
 */
export const isVersionConflict = (said: string): boolean =>
  !said.startsWith('The cluster policy is not valid') &&
  /(current|stale).*version|version.*(current|stale|needed|match)/i.test(said);
