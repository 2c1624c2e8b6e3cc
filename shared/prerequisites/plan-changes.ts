import * as z from 'zod/mini';
import type { AtlasClient } from '../atlas/client.ts';
import { connectionOver, differences, noteOnAdopted } from '../atlas/connection.ts';
import { atlasPrincipal } from '../atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../atlas/private-link.ts';
import type { Authentication, Connection, PrivateLink } from '../atlas/types.ts';
import { authenticationOf, type Login, schemeOf } from '../login.ts';
import type { MskClient } from '../msk/client.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { linkHint } from '../msk/network.ts';
import { atlasStatement, hasOwnStatement, mergeStatement } from '../msk/policy.ts';
import { Result } from '../outcomes.ts';
import { noteOnReboot } from '../reboot-window.ts';
import { accountNote, checkPrincipal } from '../registry/principal.ts';
import { Ownership, ownershipOf } from '../registry/record.ts';
import { formerSid, grantedBy, isWrittenByUs } from '../registry/statement.ts';
import type { Request } from '../request/request.ts';
import { planRestart } from './plan-restart.ts';
import { unmetByPolicy } from './policy.ts';

/** `state` would make the change. */
export const Change = z.object({ state: z.string(), change: z.string() });
export type Change = z.infer<typeof Change>;

/** What the states from LookUpPrincipal to CreateConnection would pass on if nothing is left to do. */
export const Connected = z.object({
  principal: z.object({ awsAccountId: z.string(), principalArn: z.string(), cidrBlock: z.optional(z.string()) }),
  policy: z.object({ sid: z.string(), result: Result, ownership: Ownership, denials: z.optional(z.string()) }),
  privateLink: z.object({ id: z.string(), result: Result, ownership: Ownership }),
  connection: z.object({
    name: z.string(),
    state: z.string(),
    result: Result,
    ownership: Ownership,
    id: z.optional(z.string()),
    bootstrapServers: z.string(),
    secretVersionId: z.string(),
    note: z.optional(z.string()),
  }),
});
type Connected = z.infer<typeof Connected>;

interface Found {
  details: ClusterDetails;
  isPrivateConnectivityOn: boolean;
  login: Login;
  isScramSecretAssociated: boolean;
  user: { username: string; versionId: string } | undefined;
  connection: Connection | undefined;
  links: PrivateLink[];
  isLinkReady: boolean;
}

export interface Planned extends ReturnType<typeof unmetByPolicy> {
  changes: Change[];
  connected: Connected | undefined;
  adopted: string[];
  /** Why the update of a connection in use would fail. */
  inUse?: string;
}

/**
 * Lists what a run would change, in its order: reads what the later states would read, and writes nothing.
 *
 * @param now ISO 8601
 * @returns `connected`: undefined if anything is left to change or to wait for; `adopted`: what a run would use, and never change;
 *   `unmet`, `denials`, `possibleDenials`: what the cluster policy lacks
 * @throws what those states would throw
 */
export async function planChanges(
  request: Request,
  { details, isPrivateConnectivityOn, login, isScramSecretAssociated, user, connection, links, isLinkReady }: Found,
  { msk, atlas, allowedAccounts }: { msk: MskClient; atlas: AtlasClient; allowedAccounts: ReadonlySet<string> },
  now: string,
): Promise<Planned> {
  const { clusterArn, projectId } = request;
  const [principal, { policy }, brokers] = await Promise.all([
    atlasPrincipal(projectId, clusterArn, atlas),
    msk.getPolicy(clusterArn),
    // Without connectivity there are none; without a connection there is nothing to compare them with.
    connection && isPrivateConnectivityOn
      ? msk.privateBootstrapServers(clusterArn, schemeOf(login.mechanism))
      : undefined,
  ]);
  checkPrincipal(principal.principalArn, request, allowedAccounts);
  const byPolicy = unmetByPolicy(policy, principal.principalArn, request, isLinkReady);
  const { recorded, claim } = request;
  const link = livePrivateLink(links, clusterArn, recorded?.privateLink?.id);
  const found = connection && ownershipOf(connection.id ?? undefined, recorded?.connection);
  const linkFound = ownershipOf(link?._id, recorded?.privateLink);
  const ownership: Current['ownership'] = {
    connection: claim ? 'created' : (found ?? 'adopted'),
    privateLink: claim ? 'created' : linkFound,
  };
  const hints = [byPolicy.possibleDenials, linkHint(clusterArn, details, principal.cidrBlock)];
  const current: Current = {
    isPrivateConnectivityOn,
    login,
    isScramSecretAssociated,
    user,
    connection,
    principal,
    isAccountListed: allowedAccounts.has(principal.awsAccountId),
    policy,
    denials: byPolicy.denials,
    privateLink: link && privateLinkState(link, login.mechanism, ownership.privateLink, clusterArn, ...hints),
    sentVersionId: found === 'created' ? recorded?.secretVersionId : undefined,
    ownership,
    takenOver: claim ? { connection: found !== 'created', privateLink: linkFound !== 'created' } : {},
    bootstrapServers: brokers ?? connection?.bootstrapServers ?? '',
  };
  const authentication = authenticationBy(login, user);
  const different = connection && authentication ? differencesFrom(current, connection, authentication, request) : [];
  const updated = updatedFields(current, different);
  const isUpdated = found === 'created' && updated.length > 0;
  const restart = request.dryRun && isUpdated ? await planRestart(request, atlas) : { changes: [] };
  const changes = [...changesTo(current, updated, request, now), ...restart.changes];
  const adopted = [
    link && ownership.privateLink !== 'created' && `private link ${link._id}`,
    connection && ownership.connection !== 'created' && `the Kafka connection "${connection.name}"`,
  ];
  return {
    ...{ ...byPolicy, ...restart, changes },
    connected: changes.length === 0 ? connectedAs(current, different, request) : undefined,
    adopted: adopted.filter((name) => typeof name === 'string'),
  };
}

/** The cluster and Atlas as they are now. */
interface Current extends Omit<Found, 'links' | 'details' | 'isLinkReady'> {
  principal: Connected['principal'];
  /** Whether the deployment lists Atlas's AWS account. */
  isAccountListed: boolean;
  policy: string | undefined;
  denials: string | undefined;
  privateLink: ReturnType<typeof privateLinkState> | undefined;
  /** Whose the existing ones are. */
  ownership: { connection: Ownership; privateLink: Ownership };
  /** What becomes ours because a person claims it. */
  takenOver: { connection?: boolean; privateLink?: boolean };
  /** The version of the secret that Atlas was sent for a connection of ours; undefined if unknown. */
  sentVersionId: string | undefined;
  bootstrapServers: string;
}

/** What of the connection would be updated. One that we have not created is never changed. */
function updatedFields({ ownership, login, sentVersionId, user }: Current, different: string[]): string[] {
  const isSent = login.mechanism !== 'AWS_MSK_IAM' && sentVersionId !== undefined;
  if (ownership.connection !== 'created') return [];
  return isSent && sentVersionId !== user?.versionId ? [...different, 'authentication.password'] : different;
}

function changesTo(current: Current, updated: string[], request: Request, now: string): Change[] {
  const { isPrivateConnectivityOn, login, isScramSecretAssociated, connection, principal, policy } = current;
  const { isAccountListed, takenOver } = current;
  const { clusterArn, projectId, workspace, connectionName } = request;
  const statement = atlasStatement(clusterArn, principal.principalArn);
  const isByRole = login.mechanism === 'AWS_MSK_IAM';
  // Preflight plans also for a deployment that has no role yet.
  const role = isByRole ? `the ${login.roleArn ? `role ${login.roleArn}` : 'streams role'}` : undefined;
  const recorded = request.recorded?.statement;
  const isOurs = request.claim || isWrittenByUs(recorded, statement.Sid);
  const former = formerSid(recorded, statement.Sid);
  const changes = [
    !isPrivateConnectivityOn && {
      state: 'EnablePrivateConnectivity',
      change: `Turn on multi-VPC private connectivity for ${authenticationOf[schemeOf(login.mechanism)]}. MSK reboots the brokers one by one, which takes 30 minutes to hours.${noteOnReboot(request.rebootWindow, now)}`,
    },
    !isByRole &&
      !isScramSecretAssociated && {
        state: 'AssociateScramSecret',
        change: `Associate ${login.secretArn} with the cluster.`,
      },
    mergeStatement(policy, statement, isOurs) !== undefined && {
      state: 'ApplyClusterPolicy',
      change: `Add the statement ${JSON.stringify(statement)} to the cluster policy; all other statements stay as they are. Atlas connects from ${accountNote(principal.awsAccountId, isAccountListed)}.`,
    },
    former !== undefined &&
      hasOwnStatement(policy, former, clusterArn) && {
        state: 'ApplyClusterPolicy',
        change: `Remove the statement ${former} for Atlas's former account from the cluster policy.`,
      },
    !current.privateLink && {
      state: 'RequestPrivateLink',
      change: `Request a private link to the cluster in Atlas project ${projectId}.`,
    },
    current.privateLink &&
      takenOver.privateLink && {
        state: 'RequestPrivateLink',
        change: `Take over private link ${current.privateLink.id}. A later disconnect deletes it.`,
      },
    connection &&
      takenOver.connection && {
        state: 'CreateConnection',
        change: `Take over the Kafka connection "${connectionName}" in workspace "${workspace}", and ${role ? `let it log in as ${role}` : 'send it the user and password of the SCRAM secret'}. A later disconnect deletes it.`,
      },
    !connection && {
      state: 'CreateConnection',
      change: `Create the Kafka connection "${connectionName}" in workspace "${workspace}"${role ? `, which logs in as ${role}` : ''}.`,
    },
    updated.length > 0 && {
      state: 'CreateConnection',
      change: `Update ${updated.join(', ')} of the Kafka connection "${connectionName}" in workspace "${workspace}".`,
    },
  ];
  return changes.filter((change) => typeof change === 'object');
}

/** Undefined while Atlas is still at work, or if it isn't certain that Atlas has the current password, which Atlas never returns. */
function connectedAs(current: Current, different: string[], request: Request): Connected | undefined {
  const { principal, policy, denials, privateLink, connection, bootstrapServers, login, user, ownership } = current;
  const sentVersionId = 'secretArn' in login ? current.sentVersionId : undefined;
  const needsNoPassword = 'roleArn' in login || ownership.connection !== 'created' || sentVersionId === user?.versionId;
  if (!privateLink?.isReady || connection?.state !== 'READY' || !needsNoPassword) return undefined;
  const { name, state } = connection;
  const { clusterArn, recorded, claim } = request;
  const wanted = atlasStatement(clusterArn, principal.principalArn);
  const statement = grantedBy(policy, { wanted, recorded: recorded?.statement, claim });
  const resultFor = (owner: Ownership) => (owner === 'created' ? 'unchanged' : 'adopted');
  return {
    principal,
    policy: { ...statement, result: resultFor(statement.ownership), ...(denials !== undefined && { denials }) },
    privateLink: { id: privateLink.id, result: resultFor(ownership.privateLink), ownership: ownership.privateLink },
    connection: {
      name,
      state,
      result: resultFor(ownership.connection),
      ownership: ownership.connection,
      ...(connection.id && { id: connection.id }),
      bootstrapServers,
      secretVersionId: sentVersionId ?? '',
      ...(ownership.connection !== 'created' && { note: noteOnAdopted(different, login.mechanism) }),
    },
  };
}

/** The fields in which the connection differs from what we would write, apart from the password. */
const differencesFrom = (
  { bootstrapServers }: Current,
  connection: Connection,
  authentication: Authentication,
  { connectionName: name, config }: Request,
): string[] => differences(connection, connectionOver('', { name, bootstrapServers, authentication, config }));

/** What the connection would log in with, without the password; undefined if the user is unknown. */
function authenticationBy(login: Login, user: Found['user']): Authentication | undefined {
  if (login.mechanism === 'AWS_MSK_IAM') return { mechanism: login.mechanism, aws: { roleArn: login.roleArn } };
  return user && { mechanism: login.mechanism, username: user.username, password: '' };
}
