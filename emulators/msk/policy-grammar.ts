import { isLike, list } from '../policy-elements.ts';
import { invalidPolicy, type PolicyDocument, principalsOf } from './policy.ts';

/**
 * Which policies MSK accepts. Measured: the text about another cluster as Resource. Reported: the text about a principal that doesn't
 * exist. Documented, in "Grammar of the IAM JSON policy language" and in the pages about the elements: the rest of the rules.
 * Assumed: that MSK applies them all, and its texts about them.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */

/** Documented in the API reference of PutClusterPolicy. */
const maxLength = 20_480;

type Json = Record<string, unknown>;

/**
 * Parses a policy. The principals are not checked, because a principal may be deleted after the policy was stored.
 *
 * @throws Refusal if the policy does not follow IAM's grammar, or is about another cluster
 */
export function parsePolicy(text: string, clusterArn: string): PolicyDocument {
  check(
    text.length >= 1 && text.length <= maxLength,
    `It must have 1 to ${maxLength} characters; this one has ${text.length}.`,
  );
  const policy = parseJson(text);
  if (!isObject(policy)) throw invalidPolicy('It must be a JSON object.');
  const repeated = repeatedKey(text);
  check(repeated === undefined, `The key "${repeated}" occurs twice in one object.`);
  checkElements(policy, ['Version', 'Id', 'Statement']);
  // Documented: without a Version, it is that of 2008.
  const { Version = '2008-10-17', Id = '', Statement } = policy;
  check(Version === '2012-10-17' || Version === '2008-10-17', 'Version must be "2012-10-17" or "2008-10-17".');
  check(typeof Id === 'string', 'Id must be a string.');
  const statements = list(Statement);
  check(statements.length > 0 && statements.every(isObject), 'Statement must be a statement or a list of statements.');
  for (const statement of statements as Json[]) checkStatement(statement, clusterArn);
  const sids = (statements as Json[]).map(({ Sid }) => Sid).filter((sid) => sid !== undefined);
  check(new Set(sids).size === sids.length, 'The Sids of a policy must be unique.');
  return policy as unknown as PolicyDocument;
}

/**
 * Checks that all principals exist. AWS shows a deleted user or role by its unique id, such as `AROA…`. All accounts, services and
 * identity providers of the right form exist, and all users and roles that have not been deleted.
 *
 * @throws Refusal if one does not exist, or is malformed
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function checkPrincipals(policy: PolicyDocument, deletedPrincipals: string[]): void {
  for (const [kind, principal] of list(policy.Statement).flatMap(principalsOf)) {
    const exists = principalForms[kind]?.some((form) => form.test(principal)) && !deletedPrincipals.includes(principal);
    check(exists === true, 'The IAM Principal was not found.');
  }
}

/** Documented: no wildcard may be a part of a principal. */
const principalForms: Record<string, RegExp[]> = {
  AWS: [
    /^\*$/,
    /^\d{12}$/,
    /^arn:[a-z-]+:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+)$/,
    /^arn:[a-z-]+:sts::\d{12}:(assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@-]+$/,
  ],
  Service: [/^([a-z0-9-]+\.)+amazonaws\.com(\.cn)?$/],
  Federated: [/^([a-z0-9-]+\.)+[a-z]+$/, /^arn:[a-z-]+:iam::\d{12}:(saml|oidc)-provider\/.+$/],
};

function checkStatement(statement: Json, clusterArn: string): void {
  const pairs = ['Principal', 'Action', 'Resource'];
  checkElements(statement, ['Sid', 'Effect', 'Condition', ...pairs.flatMap((element) => [element, `Not${element}`])]);
  const { Sid = '', Effect, Condition } = statement;
  check(typeof Sid === 'string' && /^[A-Za-z0-9]*$/.test(Sid), 'Sid must consist of A-Z, a-z and 0-9.');
  check(Effect === 'Allow' || Effect === 'Deny', 'Effect must be "Allow" or "Deny".');
  for (const element of pairs)
    check(
      element in statement !== `Not${element}` in statement,
      `A statement must have either ${element} or Not${element}.`,
    );
  check(!('NotPrincipal' in statement) || Effect === 'Deny', 'NotPrincipal must be used with the Effect "Deny".');
  checkPrincipal(statement.Principal ?? statement.NotPrincipal);
  for (const action of texts(statement.Action ?? statement.NotAction, 'Action'))
    check(
      /^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action),
      `Action must have the form service:Name, not "${action}".`,
    );
  const resources = texts(statement.Resource ?? statement.NotResource, 'Resource');
  for (const resource of resources)
    check(
      isResource(resource) && ('NotResource' in statement || isOf(clusterArn, resource)),
      `Invalid cluster arn: "${resource}"`,
    );
  if (Condition !== undefined) checkCondition(Condition);
}

const isResource = (text: string) => text === '*' || /^arn(:[^:]*){4}:.+$/s.test(text);

/**
 * Documented, by an example: topics, groups and transactional ids of a cluster. Assumed: those of another cluster are refused, and `*`
 * and patterns that match the cluster are not.
 */
const isOf = (clusterArn: string, resource: string): boolean =>
  isLike(resource.replace(partOfCluster, '$<begin>cluster$<cluster>'), clusterArn);

/** Such as `arn:aws:kafka:us-east-1:123456789012:topic/<name>/<uuid>/<topic>`. */
const partOfCluster =
  /^(?<begin>arn:[^:]*:kafka:[^:]*:[^:]*:)(?:topic|group|transactional-id)(?<cluster>\/[^/]*(?:\/[^/]*)?).*$/s;

/** Documented: most services do not support `CanonicalUser`. */
function checkPrincipal(principal: unknown): void {
  if (principal === '*') return;
  const kinds = isObject(principal) ? Object.keys(principal) : [];
  check(
    kinds.length > 0 && kinds.every((kind) => kind in principalForms),
    'Principal must be "*", or an object with AWS, Service or Federated.',
  );
  for (const principals of Object.values(principal as Json)) texts(principals, 'Principal');
}

const operators = new RegExp(
  `^(${[
    'String(Not)?Equals(IgnoreCase)?',
    'String(Not)?Like',
    '(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)',
    'Bool',
    'BinaryEquals',
    '(Not)?IpAddress',
    'Arn(Not)?(Equals|Like)',
  ].join('|')})(IfExists)?$`,
);

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function checkCondition(condition: unknown): void {
  check(isFilled(condition), 'Condition must be an object of operators.');
  for (const [operator, keys] of Object.entries(condition as Json)) {
    const isKnown = operator === 'Null' || operators.test(operator.replace(/^(ForAllValues|ForAnyValue):/, ''));
    check(isKnown, `Condition has the unknown operator "${operator}".`);
    check(isFilled(keys), `Condition must have an object of keys and values under "${operator}".`);
    // Documented: a key has no white space, except the key of a tag after the slash.
    const unknown = Object.keys(keys as Json).find((key) => !/^[^\s/]+(\/.+)?$/.test(key));
    check(unknown === undefined, `Condition has the unknown key "${unknown}".`);
    for (const values of Object.values(keys as Json).map(list))
      check(
        values.length > 0 && values.every((value) => ['string', 'number', 'boolean'].includes(typeof value)),
        `Condition must have strings, numbers or Booleans as values under "${operator}".`,
      );
  }
}

function checkElements(object: Json, known: string[]): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  check(unknown === undefined, `Unknown element "${unknown}".`);
}

/** The texts of an element: one or a list. */
function texts(value: unknown, element: string): string[] {
  const items = list(value);
  check(
    items.length > 0 && items.every((item) => typeof item === 'string'),
    `${element} must be a string or a list of strings.`,
  );
  return items as string[];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidPolicy('It is not valid JSON.');
  }
}

/** Documented: "Individual elements must not contain multiple instances of the same key." @param text valid JSON */
function repeatedKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (token.endsWith(':')) {
      const key: string = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
      if (objects.at(-1)?.has(key)) return key;
      objects.at(-1)?.add(key);
    }
  }
  return undefined;
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw invalidPolicy(otherwise);
}

const isFilled = (it: unknown): boolean => isObject(it) && Object.keys(it).length > 0;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
