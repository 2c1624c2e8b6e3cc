import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { differences } from '../../shared/atlas/connection.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { Connection, PrivateLink } from '../../shared/atlas/types.ts';
import { privateBootstrapServers } from '../../shared/msk/bootstrap-servers.ts';
import { readClusterPolicy } from '../../shared/msk/cluster-policy.ts';
import { atlasStatement, mergeStatement } from '../../shared/msk/policy.ts';
import type { Request } from '../../shared/request/request.ts';

export interface Change {
  /** The state that would make it. */
  state: string;
  change: string;
}

/** What the states from LookUpPrincipal to CreateConnection would hand on, had they found that nothing is left to do. */
export interface Connected {
  principal: { awsAccountId: string; principalArn: string };
  policy: { sid: string; outcome: 'unchanged' };
  privateLink: { id: string; outcome: 'adopted' };
  connection: {
    name: string;
    state: string;
    outcome: 'unchanged';
    bootstrapServers: string;
    secretVersionId: string;
  };
}

interface Found {
  isPrivateConnectivityOn: boolean;
  isScramSecretAssociated: boolean;
  secretArn: string;
  user: { username: string; versionId: string } | undefined;
  connection: Connection | undefined;
  links: PrivateLink[];
}

/**
 * What a run would change, in its order: reads what the later states would read, and writes nothing.
 *
 * @returns `connected`: null unless there is nothing to change, and nothing to wait for
 * @throws what those states would throw
 */
export async function planChanges(
  request: Request,
  { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection, links }: Found,
  { kafka, atlas, signal }: { kafka: KafkaClient; atlas: AtlasClient; signal: AbortSignal },
): Promise<{ changes: Change[]; connected: Connected | null }> {
  const { clusterArn, projectId } = request;
  const [principal, { policy }, brokers] = await Promise.all([
    atlasPrincipal(projectId, clusterArn, atlas),
    readClusterPolicy(clusterArn, { kafka, signal }),
    // Without connectivity there are none, and without a connection nothing to compare them with.
    connection && isPrivateConnectivityOn ? privateBootstrapServers(clusterArn, { kafka, signal }) : undefined,
  ]);
  const link = livePrivateLink(links, clusterArn);
  const there: There = {
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
  const changes = changesTo(there, request);
  return { changes, connected: changes.length === 0 ? connectedAs(there, request) : null };
}

interface There extends Omit<Found, 'links'> {
  principal: Connected['principal'];
  policy: string | undefined;
  privateLink: ReturnType<typeof privateLinkState> | undefined;
  bootstrapServers: string;
}

function changesTo(there: There, request: Request): Change[] {
  const { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection, principal, policy } = there;
  const { clusterArn, projectId, workspace, connectionName } = request;
  const statement = atlasStatement(clusterArn, principal.principalArn);
  const updated = connection && user ? outdated(connection, there.bootstrapServers, user, request) : [];
  const changes = [
    !isPrivateConnectivityOn && {
      state: 'EnablePrivateConnectivity',
      change:
        'Turn on multi-VPC private connectivity for SASL/SCRAM. MSK reboots the brokers one by one, 30 minutes to hours.',
    },
    !isScramSecretAssociated && { state: 'AssociateScramSecret', change: `Associate ${secretArn} with the cluster.` },
    mergeStatement(policy, statement) !== undefined && {
      state: 'ApplyClusterPolicy',
      change: `Add the statement ${JSON.stringify(statement)} to the cluster policy; all others stay as they are.`,
    },
    !there.privateLink && {
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

/** Null while Atlas is still at work, and where nobody knows that Atlas has the password of today: it shows none. */
function connectedAs(there: There, { clusterArn, secretVersion }: Request): Connected | null {
  const { principal, privateLink, connection, bootstrapServers, user } = there;
  const isKnown = secretVersion !== null && secretVersion === user?.versionId;
  if (!privateLink?.isReady || connection?.state !== 'READY' || !isKnown) return null;
  const { name, state } = connection;
  return {
    principal,
    policy: { sid: atlasStatement(clusterArn, principal.principalArn).Sid, outcome: 'unchanged' },
    privateLink: { id: privateLink.id, outcome: 'adopted' },
    connection: { name, state, outcome: 'unchanged', bootstrapServers, secretVersionId: secretVersion },
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
