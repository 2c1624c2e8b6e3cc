import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { differences } from '../../shared/atlas/connection.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { Connection, PrivateLink } from '../../shared/atlas/types.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, hasStatement, mergeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';
import { checkPrincipal } from '../../shared/registry/principal.ts';
import { Ownership, ownershipOf } from '../../shared/registry/record.ts';
import { formerSid, isWrittenByUs, ownershipOfStatement } from '../../shared/registry/statement.ts';
import type { Request } from '../../shared/request/request.ts';

/** `state` would make the change. */
export const Change = z.object({ state: z.string(), change: z.string() });
type Change = z.infer<typeof Change>;

/** What the states from LookUpPrincipal to CreateConnection would pass on if nothing is left to do. */
export const Connected = z.object({
  principal: z.object({ awsAccountId: z.string(), principalArn: z.string() }),
  policy: z.object({ sid: z.string(), result: Result, ownership: Ownership }),
  privateLink: z.object({ id: z.string(), result: Result, ownership: Ownership }),
  connection: z.object({
    name: z.string(),
    state: z.string(),
    result: Result,
    ownership: Ownership,
    id: z.optional(z.string()),
    bootstrapServers: z.string(),
    secretVersionId: z.string(),
  }),
});
type Connected = z.infer<typeof Connected>;

interface Found {
  isPrivateConnectivityOn: boolean;
  isScramSecretAssociated: boolean;
  secretArn: string;
  user: { username: string; versionId: string } | undefined;
  connection: Connection | undefined;
  links: PrivateLink[];
}

/**
 * Lists what a run would change, in its order: reads what the later states would read, and writes nothing.
 *
 * @returns `connected`: undefined if anything is left to change or to wait for
 * @throws what those states would throw
 */
export async function planChanges(
  request: Request,
  { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection, links }: Found,
  { msk, atlas }: { msk: MskClient; atlas: AtlasClient },
): Promise<{ changes: Change[]; connected: Connected | undefined }> {
  const { clusterArn, projectId } = request;
  const [principal, { policy }, brokers] = await Promise.all([
    atlasPrincipal(projectId, clusterArn, atlas),
    msk.getPolicy(clusterArn),
    // Without connectivity there are none; without a connection there is nothing to compare them with.
    connection && isPrivateConnectivityOn ? msk.privateBootstrapServers(clusterArn) : undefined,
  ]);
  checkPrincipal(principal.principalArn, request);
  const { recorded, claim } = request;
  const link = livePrivateLink(links, clusterArn, recorded?.privateLink?.id);
  const found = connection && ownershipOf(connection.id ?? undefined, recorded?.connection);
  const ownership: Current['ownership'] = {
    connection: claim ? 'created' : (found ?? 'adopted'),
    privateLink: claim ? 'created' : ownershipOf(link?._id, recorded?.privateLink),
  };
  const current: Current = {
    isPrivateConnectivityOn,
    isScramSecretAssociated,
    secretArn,
    user,
    connection,
    principal,
    policy,
    privateLink: link && privateLinkState(link, ownership.privateLink),
    sentVersionId: found === 'created' ? recorded?.secretVersionId : undefined,
    ownership,
    bootstrapServers: brokers ?? connection?.bootstrapServers ?? '',
  };
  const changes = changesTo(current, request);
  return { changes, connected: changes.length === 0 ? connectedAs(current, request) : undefined };
}

/** The cluster and Atlas as they are now. */
interface Current extends Omit<Found, 'links'> {
  principal: Connected['principal'];
  policy: string | undefined;
  privateLink: ReturnType<typeof privateLinkState> | undefined;
  /** Whose the existing ones are. */
  ownership: { connection: Ownership; privateLink: Ownership };
  /** The version of the secret that Atlas was sent for a connection of ours; undefined if unknown. */
  sentVersionId: string | undefined;
  bootstrapServers: string;
}

function changesTo(current: Current, request: Request): Change[] {
  const { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection, principal, policy } = current;
  const { clusterArn, projectId, workspace, connectionName } = request;
  const statement = atlasStatement(clusterArn, principal.principalArn);
  const updated = connection && user ? outdated(current, connection, user, request) : [];
  const recorded = request.recorded?.statement;
  const isOurs = request.claim || isWrittenByUs(recorded, statement.Sid);
  const former = formerSid(recorded, statement.Sid);
  const changes = [
    !isPrivateConnectivityOn && {
      state: 'EnablePrivateConnectivity',
      change:
        'Turn on multi-VPC private connectivity for SASL/SCRAM. MSK reboots the brokers one by one, which takes 30 minutes to hours.',
    },
    !isScramSecretAssociated && { state: 'AssociateScramSecret', change: `Associate ${secretArn} with the cluster.` },
    mergeStatement(policy, statement, isOurs) !== undefined && {
      state: 'ApplyClusterPolicy',
      change: `Add the statement ${JSON.stringify(statement)} to the cluster policy; all other statements stay as they are.`,
    },
    former !== undefined &&
      hasStatement(policy, former) && {
        state: 'ApplyClusterPolicy',
        change: `Remove the statement ${former} for Atlas's former account from the cluster policy.`,
      },
    !current.privateLink && {
      state: 'RequestPrivateLink',
      change: `Request a private link to the cluster in Atlas project ${projectId}.`,
    },
    !connection && {
      state: 'CreateConnection',
      change: `Create the Kafka connection "${connectionName}" in workspace "${workspace}".`,
    },
    updated.length > 0 && {
      state: 'CreateConnection',
      change: `Update ${updated.join(', ')} of the Kafka connection "${connectionName}" in workspace "${workspace}".`,
    },
  ];
  return changes.filter((change) => change !== false);
}

/** Undefined while Atlas is still at work, or if it isn't certain that Atlas has the current password, which Atlas never returns. */
function connectedAs(current: Current, request: Request): Connected | undefined {
  const { principal, policy, privateLink, connection, bootstrapServers, user, ownership, sentVersionId } = current;
  const needsNoPassword = ownership.connection !== 'created' || sentVersionId === user?.versionId;
  if (!privateLink?.isReady || connection?.state !== 'READY' || !needsNoPassword) return undefined;
  const { name, state } = connection;
  const { clusterArn, recorded, claim } = request;
  const wanted = atlasStatement(clusterArn, principal.principalArn);
  const statement = ownershipOfStatement(policy, { wanted, recorded: recorded?.statement, claim });
  const resultFor = (owner: Ownership) => (owner === 'created' ? 'unchanged' : 'adopted');
  return {
    principal,
    policy: { sid: wanted.Sid, result: 'unchanged', ownership: statement },
    privateLink: { id: privateLink.id, result: resultFor(ownership.privateLink), ownership: ownership.privateLink },
    connection: {
      name,
      state,
      result: resultFor(ownership.connection),
      ownership: ownership.connection,
      ...(connection.id && { id: connection.id }),
      bootstrapServers,
      secretVersionId: sentVersionId ?? '',
    },
  };
}

/** The fields that an update would change. A connection that we have not created is never changed. */
function outdated(
  { bootstrapServers, ownership, sentVersionId }: Current,
  connection: Connection,
  { username, versionId }: NonNullable<Found['user']>,
  { connectionName: name, mechanism, config }: Request,
): string[] {
  if (ownership.connection !== 'created') return [];
  const fields = differences(connection, {
    name,
    type: 'Kafka',
    bootstrapServers,
    authentication: { mechanism, username, password: '' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: '' } },
    ...(config && { config }),
  });
  return sentVersionId !== undefined && sentVersionId !== versionId ? [...fields, 'authentication.password'] : fields;
}
