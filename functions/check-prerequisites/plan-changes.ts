import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { AtlasClient } from '../../shared/atlas/client.ts';
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
  connection: Connection | undefined;
}

/**
 * What a run would change, in its order, for a dry run: reads what the later states would read, and writes nothing.
 *
 * @throws what those states would throw
 */
export async function planChanges(
  { clusterArn, projectId, workspace, connectionName }: Request,
  { isPrivateConnectivityOn, isScramSecretAssociated, secretArn, connection }: Found,
  { kafka, atlas, signal }: { kafka: KafkaClient; atlas: AtlasClient; signal: AbortSignal },
): Promise<Change[]> {
  const { principalArn } = await atlasPrincipal(projectId, clusterArn, atlas);
  const statement = atlasStatement(clusterArn, principalArn);
  const { policy } = await readClusterPolicy(clusterArn, { kafka, signal });
  const privateLink = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
  if (privateLink) privateLinkState(privateLink);

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
  ];
  return changes.filter((change) => change !== false);
}
