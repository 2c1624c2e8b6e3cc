import type { AuthorizationContext, Authorize } from '../aws.ts';
import { isLike, list } from '../policy-elements.ts';

/** One statement of a role's policy, its intrinsics resolved. */
export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A role that is not a function's. */
export interface DeployedRole {
  arn: string;
  trustPolicy: TrustPolicy;
  /** What it may do. */
  statements: Statement[];
}

/** The policy that says who may assume a role. */
export interface TrustPolicy {
  Version: string;
  Statement: (Pick<Statement, 'Effect' | 'Action' | 'Condition'> & { Principal: { AWS: string | string[] } })[];
}

interface AccessRequest {
  action: string;
  /** Undefined if IAM supports no resource for the action: only `*` matches it. */
  resource: string | undefined;
  /** The values of condition keys; undefined for a key that the request does not have. */
  keys: Record<string, string[] | undefined>;
}

/** Everybody has an access key, by which the emulators know who calls. */
export const personsAccessKeyId = 'AKIALOCALPERSON';
export const accessKeyIdOf = ({ name }: { name: string }) => `AKIALOCAL${name.toUpperCase()}`;

/**
 * The IAM of the local cloud: a function may do what its role says, so that a missing permission fails here as it would on
 * AWS. The person, who tags the cluster, may do everything.
 */
export function iam(functions: { name: string; statements: Statement[] }[], region: string): Authorize {
  const statementsOf = new Map(functions.map((it) => [accessKeyIdOf(it), it.statements]));
  return (caller, action, resource, context) => {
    if (caller === personsAccessKeyId) return true;
    return mayDo(statementsOf.get(caller) ?? [], action, resource, context, region);
  };
}

/** Whether a role with these statements may do something. */
export function mayDo(
  statements: Statement[],
  action: string,
  resource: string | undefined,
  context: AuthorizationContext,
  region: string,
): boolean {
  return isAllowed(statements, { action, resource, keys: conditionKeys(action, context, region) });
}

/**
 * Whether a principal of another account may assume a role. The ARN of an account, which ends with `:root`, stands for all of its
 * principals.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function mayAssume({ Statement }: TrustPolicy, principalArn: string, externalId?: string): boolean {
  const account = principalArn.replace(/[^:]*$/, 'root');
  const ofPrincipal = Statement.filter(({ Principal }) =>
    list(Principal.AWS).some((trusted) => trusted === principalArn || trusted === account),
  );
  const keys = { 'sts:ExternalId': externalId === undefined ? undefined : [externalId] };
  return isAllowed(
    ofPrincipal.map((statement) => ({ ...statement, Resource: '*' })),
    { action: 'sts:AssumeRole', resource: undefined, keys },
  );
}

/** IAM's evaluation of identity-based policies: a Deny wins, and an action that no statement allows is denied. */
function isAllowed(statements: Statement[], request: AccessRequest): boolean {
  const applying = statements.filter((statement) => applies(statement, request));
  return applying.some(({ Effect }) => Effect === 'Allow') && !applying.some(({ Effect }) => Effect === 'Deny');
}

/** A function never calls KMS itself: the service that uses the secret does. */
function conditionKeys(
  action: string,
  { tagKeys, resourceTags = {}, publicAccessEnabled, secretArn }: AuthorizationContext,
  region: string,
): AccessRequest['keys'] {
  const viaService: Record<string, string> = {
    'kms:Decrypt': 'secretsmanager',
    'kms:CreateGrant': 'kafka',
    'kms:DescribeKey': 'kafka',
  };
  return {
    'aws:TagKeys': tagKeys,
    ...Object.fromEntries(Object.entries(resourceTags).map(([key, value]) => [`aws:ResourceTag/${key}`, [value]])),
    'kafka:publicAccessEnabled': publicAccessEnabled === undefined ? undefined : [String(publicAccessEnabled)],
    'kms:ViaService': action in viaService ? [`${viaService[action]}.${region}.amazonaws.com`] : undefined,
    'kms:EncryptionContext:SecretARN': secretArn === undefined ? undefined : [secretArn],
    'kms:GrantIsForAWSResource': action === 'kms:CreateGrant' ? ['true'] : undefined,
  };
}

function applies({ Action, Resource, Condition = {} }: Statement, { action, resource, keys }: AccessRequest): boolean {
  return (
    list(Action).some((pattern) => isLike(pattern.toLowerCase(), action.toLowerCase())) &&
    list(Resource).some((pattern) => (resource === undefined ? pattern === '*' : isLike(pattern, resource))) &&
    Object.entries(Condition).every(([operator, wanted]) =>
      Object.entries(wanted).every(([key, values]) => holds(operator, list(values), keys[key])),
    )
  );
}

/** The operators that the roles in infrastructure/ use. Any other throws. */
function holds(operator: string, wanted: string[], actual: string[] | undefined): boolean {
  switch (operator) {
    case 'Bool':
    case 'StringEquals':
      return actual?.some((value) => wanted.includes(value)) ?? false;
    case 'StringLike':
      return actual?.some((value) => wanted.some((pattern) => isLike(pattern, value))) ?? false;
    case 'ForAllValues:StringEquals':
      return (actual ?? []).every((value) => wanted.includes(value));
    case 'Null':
      return wanted.includes(String(actual === undefined));
    default:
      throw new Error(`The local IAM does not know the condition operator '${operator}'.`);
  }
}
