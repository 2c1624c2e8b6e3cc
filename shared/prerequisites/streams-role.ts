import type { AtlasClient } from '../atlas/client.ts';
import type { AwsRole } from '../atlas/types.ts';
import { stepWithCommand, withCommand } from '../command.ts';
import { AtlasRefused } from '../errors.ts';
import { parseClusterArn } from '../msk/arn.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { triggerTag } from '../msk/tags.ts';
import type { Request } from '../request/request.ts';
import type { Findings } from './findings.ts';

/** The deployment's role, as which Atlas logs in to clusters by IAM. */
export interface StreamsRole {
  arn: string;
  /** The principal of Atlas that the role trusts; null if the role is the user's own, with a trust policy that we don't know. */
  trustedArn: string | null;
  /** With one of these external ids, Atlas may assume the role: one for each Atlas project. */
  externalIds: string[];
  /** Whether the role may log in only to clusters with the tag atlas-streaming=connect. */
  requiresTag: boolean;
}

type Asked = Pick<Request, 'projectId' | 'clusterArn'>;

/**
 * Checks that Atlas can log in as the streams role: the role is registered and authorized in the Atlas project, and trusts the project.
 * Credentials that may not read that don't stop a run: Atlas itself refuses a connection with another role.
 *
 * @param role undefined if the deployment has none
 * @returns why a run could not check it; undefined if it was checked
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 * @see https://www.mongodb.com/docs/atlas/security/set-up-unified-aws-access/
 */
export async function checkStreamsRole(
  request: Asked,
  role: StreamsRole | undefined,
  atlas: AtlasClient,
  findings: Findings,
): Promise<string | undefined> {
  findings.report('streamsRole', role ? undefined : noRole(request));
  if (!role) return undefined;
  const { projectId } = request;
  const registered = await findings.look('streamsRole', () =>
    atlas.listAwsRoles(projectId).catch((error: unknown) => {
      if (error instanceof AtlasRefused && error.status === 403 && !findings.isThorough) return error;
      throw error;
    }),
  );
  if (registered instanceof AtlasRefused) return mayNotRead(role, projectId);
  if (registered) findings.report('streamsRole', whyNotUsable(registered, role, projectId));
  return undefined;
}

/**
 * What a person must do about a connection that Atlas has refused because of its role.
 *
 * @param refusal by Atlas
 */
export function roleRefused(refusal: AtlasRefused, roleArn: string, { projectId, clusterArn }: Asked): string {
  const trust = roleArn === roleOfStack(clusterArn) ? setUpOfStack : setUpByUser;
  return `${refusal.message} The streams role must be registered and authorized in the project:\n${steps(projectId, roleArn, trust)}`;
}

/** Checks that the streams role may log in to this cluster, if it requires the cluster's tag. */
export function checkStreamsRoleTag(
  clusterArn: string,
  { triggerTag: tag }: Pick<ClusterDetails, 'triggerTag'>,
  findings: Findings,
): void {
  findings.report(
    'streamsRoleTag',
    tag !== 'connect' &&
      withCommand(
        `The streams role may log in only to clusters with the tag ${triggerTag}=connect (the setting streamsRoleRequiresTag), and this cluster does not have it. Set the tag, which also starts a run:`,
        tagCommand(clusterArn, { [triggerTag]: 'connect' }),
      ),
  );
}

function whyNotUsable(registered: AwsRole[], role: StreamsRole, projectId: string): string | undefined {
  const authorized = registered.filter((it) => it.iamAssumedRoleArn === role.arn && it.authorizedDate);
  if (authorized.length > 0) {
    const reasons = authorized.map((it) => whyNotTrusted(it, role, projectId));
    return reasons.includes(undefined) ? undefined : reasons[0];
  }
  const waiting = registered.find(
    ({ iamAssumedRoleArn: arn, atlasAssumedRoleExternalId: id }) =>
      arn === role.arn || (!arn && role.externalIds.includes(id)),
  );
  if (!waiting) {
    const unused = registered.find(({ iamAssumedRoleArn }) => !iamAssumedRoleArn);
    return unused ? notNamed(unused, role, projectId) : notRegistered(role, projectId);
  }
  return withCommand(
    `${whatFor(role.arn, projectId)} is registered there, but not authorized. A Project Owner of that project authorizes it once:`,
    authorizeCommand(waiting.roleId, role.arn, projectId),
  );
}

/** Only the trust policy of a role that the stack has made is known. */
function whyNotTrusted(
  { atlasAssumedRoleExternalId: externalId, atlasAWSAccountArn }: AwsRole,
  { arn, trustedArn, externalIds }: StreamsRole,
  projectId: string,
): string | undefined {
  if (trustedArn === null) return undefined;
  const lacking = [
    !externalIds.includes(externalId) && `the setting streamsRoleExternalIds lacks ${externalId}`,
    trustedArn !== atlasAWSAccountArn &&
      `the setting streamsRoleTrustedArn is ${trustedArn}, but must be ${atlasAWSAccountArn}`,
  ].filter((reason) => reason !== false);
  if (lacking.length === 0) return undefined;
  return `${whatFor(arn, projectId)} is authorized there, but does not let this project in: ${lacking.join(', and ')}. Correct that, and deploy again.`;
}

const whatFor = (arn: string, projectId: string) => `The streams role ${arn} for Atlas project ${projectId}`;

const isNotRegistered = ({ arn }: StreamsRole, projectId: string): string =>
  `The streams role ${arn} is not registered in Atlas project ${projectId}, so Atlas cannot log in as it.`;

const notRegistered = (role: StreamsRole, projectId: string): string =>
  `${isNotRegistered(role, projectId)} A Project Owner of that project registers it once:\n${steps(
    projectId,
    role.arn,
    role.trustedArn === null ? setUpByUser : setUpOfStack,
  )}`;

/** Another `create` would make a second role with another external id. */
function notNamed(unused: AwsRole, role: StreamsRole, projectId: string): string {
  const { roleId, atlasAssumedRoleExternalId: externalId, atlasAWSAccountArn: principal } = unused;
  const trust = role.trustedArn === principal ? '' : ` set streamsRoleTrustedArn to ${principal},`;
  const setUp =
    role.trustedArn === null
      ? `Let the trust policy of the role allow sts:AssumeRole to ${principal}, if sts:ExternalId is ${externalId}.`
      : `Add ${externalId} to the setting streamsRoleExternalIds,${trust} and deploy.`;
  return [
    `${isNotRegistered(role, projectId)} The project has a role that is not authorized yet: ${roleId}, external id ${externalId}. A Project Owner of that project uses it:`,
    `  1. ${setUp}`,
    stepWithCommand('  2. Authorize the role:', authorizeCommand(roleId, role.arn, projectId)),
    withCommand('If this role is meant for something else, register another one:', createCommand(projectId)),
  ].join('\n');
}

const setUpByUser =
  'Let the trust policy of the role allow sts:AssumeRole to the "Atlas AWS Account ARN" that this prints, if sts:ExternalId is the "Unique External ID".';
const setUpOfStack =
  'Add the "Unique External ID" that this prints to the setting streamsRoleExternalIds, set streamsRoleTrustedArn to the "Atlas AWS Account ARN", and deploy.';

/** Preflight may not know the project. */
const noRole = ({ projectId: known, clusterArn }: Asked): string => {
  const projectId = known || 'PROJECT_ID';
  return `The mechanism AWS_MSK_IAM needs a streams role, and this deployment has none yet. The deployment can create it, which needs a Project Owner of Atlas project ${projectId} once:\n${steps(projectId, roleOfStack(clusterArn), setUpOfStack)}`;
};

/** The role that the stack would create (infrastructure/streams-role.yml). It is in the account and the Region of the cluster. */
export function roleOfStack(clusterArn: string): string {
  const { partition, accountId, region } = parseClusterArn(clusterArn) ?? {};
  return `arn:${partition}:iam::${accountId}:role/msk-atlas-privatelink-streams-${region}`;
}

/** @param setUp what to do with what the first command prints */
const steps = (projectId: string, roleArn: string, setUp: string): string =>
  [
    stepWithCommand('  1. Register a role in the project:', createCommand(projectId)),
    `  2. ${setUp}`,
    stepWithCommand(
      '  3. Authorize the role. Put the id of the role that the first command prints in place of ROLE_ID:',
      authorizeCommand('ROLE_ID', roleArn, projectId),
    ),
  ].join('\n');

const createCommand = (projectId: string): string =>
  `atlas cloudProviders accessRoles aws create --projectId ${projectId}`;

const authorizeCommand = (roleId: string, roleArn: string, projectId: string): string =>
  `atlas cloudProviders accessRoles aws authorize ${roleId} --projectId ${projectId} --iamAssumedRoleArn ${roleArn}`;

/** Atlas's own advice is about another role. */
const mayNotRead = ({ arn }: StreamsRole, projectId: string): string =>
  `${whatFor(arn, projectId)} was not checked, because Atlas does not let the deployment's credentials read which roles the project has (HTTP 403). If the role is not authorized there, Atlas refuses the connection.`;
