import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { differences } from '../../shared/atlas/connection.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { Connection, PrivateLink } from '../../shared/atlas/types.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, mergeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';
import type { Request } from '../../shared/request/request.ts';

/** `state` would make the change. */
export const Change = z.object({ state: z.string(), change: z.string() });
type Change = z.infer<typeof Change>;

/** What the states from LookUpPrincipal to CreateConnection would pass on if nothing is left to do. */
export const Connected = z.object({
  principal: z.object({ awsAccountId: z.string(), principalArn: z.string() }),
  policy: z.object({ sid: z.string(), result: Result }),
  privateLink: z.object({ id: z.string(), result: Result }),
  connection: z.object({
    name: z.string(),
    state: z.string(),
    result: Result,
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
  const link = livePrivateLink(links, clusterArn);
  const current: Current = {
    isPrivateConnectivityOn,
    isScramSecretAssociated,
    secretArn,
    user,
    connection,
    principal,
    policy,
    privateLink: link && privateLinkState(link),
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
  bootstrapServers: string;
}

function changesTo(current: Current, request: Request): Change[] {
  const { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection, principal, policy } = current;
  const { clusterArn, projectId, workspace, connectionName } = request;
  const statement = atlasStatement(clusterArn, principal.principalArn);
  const updated = connection && user ? outdated(connection, current.bootstrapServers, user, request) : [];
  const changes = [
    !isPrivateConnectivityOn && {
      state: 'EnablePrivateConnectivity',
      change:
        'Turn on multi-VPC private connectivity for SASL/SCRAM. MSK reboots the brokers one by one, which takes 30 minutes to hours.',
    },
    !isScramSecretAssociated && { state: 'AssociateScramSecret', change: `Associate ${secretArn} with the cluster.` },
    mergeStatement(policy, statement) !== undefined && {
      state: 'ApplyClusterPolicy',
      change: `Add the statement ${JSON.stringify(statement)} to the cluster policy; all other statements stay as they are.`,
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
function connectedAs(current: Current, { clusterArn, secretVersion }: Request): Connected | undefined {
  const { principal, privateLink, connection, bootstrapServers, user } = current;
  const isKnown = secretVersion !== null && secretVersion === user?.versionId;
  if (!privateLink?.isReady || connection?.state !== 'READY' || !isKnown) return undefined;
  const { name, state } = connection;
  return {
    principal,
    policy: { sid: atlasStatement(clusterArn, principal.principalArn).Sid, result: 'unchanged' },
    privateLink: { id: privateLink.id, result: 'adopted' },
    connection: { name, state, result: 'unchanged', bootstrapServers, secretVersionId: secretVersion },
  };
}

/** The fields that an update would change. */
function outdated(
  connection: Connection,
  bootstrapServers: string,
  { username, versionId }: NonNullable<Found['user']>,
  { connectionName: name, mechanism, config, secretVersion }: Request,
): string[] {
  const fields = differences(connection, {
    name,
    type: 'Kafka',
    bootstrapServers,
    authentication: { mechanism, username, password: '' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: '' } },
    ...(config && { config }),
  });
  return secretVersion !== null && secretVersion !== versionId ? [...fields, 'authentication.password'] : fields;
}
