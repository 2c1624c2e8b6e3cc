import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { differences } from '../../shared/atlas/connection.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { Connection } from '../../shared/atlas/types.ts';
import { readClusterPolicy } from '../../shared/msk/cluster-policy.ts';
import { atlasStatement, mergeStatement } from '../../shared/msk/policy.ts';
import type { Request } from '../../shared/request.ts';

export interface Change {
  /** The state that would make it. */
  state: string;
  change: string;
}

interface Found {
  isPrivateConnectivityOn: boolean;
  isScramSecretAssociated: boolean;
  secretArn: string;
  user: { username: string; versionId: string } | undefined;
  connection: Connection | undefined;
}

/**
 * What a run would change, in its order, for a dry run: reads what the later states would read, and writes nothing.
 *
 * @throws what those states would throw
 */
export async function planChanges(
  request: Request,
  { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, user, connection }: Found,
  { kafka, atlas, signal }: { kafka: KafkaClient; atlas: AtlasClient; signal: AbortSignal },
): Promise<Change[]> {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const { principalArn } = await atlasPrincipal(projectId, clusterArn, atlas);
  const statement = atlasStatement(clusterArn, principalArn);
  const { policy } = await readClusterPolicy(clusterArn, { kafka, signal });
  const privateLink = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
  if (privateLink) privateLinkState(privateLink);

  const updated = connection && user ? outdated(connection, user, request) : [];

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
    !privateLink && {
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

/** The fields that an update would change. The bootstrap servers are not compared: reading them is CreateConnection's. */
function outdated(
  connection: Connection,
  { username, versionId }: NonNullable<Found['user']>,
  { connectionName: name, mechanism, config, secretVersion }: Request,
): string[] {
  const fields = differences(connection, {
    name,
    type: 'Kafka',
    bootstrapServers: connection.bootstrapServers ?? '',
    authentication: { mechanism, username, password: '' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: '' } },
    ...(config && { config }),
  });
  return secretVersion !== null && secretVersion !== versionId ? [...fields, 'authentication.password'] : fields;
}
