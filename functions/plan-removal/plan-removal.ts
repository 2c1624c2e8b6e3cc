import type { KafkaClient } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { type AtlasClient, noneWhenAbsent } from '../../shared/atlas/client.ts';
import { whyNotOurs } from '../../shared/atlas/connection.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { linkToRemove, livePrivateLink } from '../../shared/atlas/private-link.ts';
import { PrerequisitesNotMet } from '../../shared/errors.ts';
import { readClusterPolicy } from '../../shared/msk/cluster-policy.ts';
import { atlasStatement, removeStatement } from '../../shared/msk/policy.ts';
import { Request } from '../../shared/request/request.ts';

export const PlanRemovalInput = z.object({ request: Request });

/**
 * What a run of the disconnect machine would delete, in its order: reads what the later states would read, writes nothing.
 *
 * @throws what those states would throw
 */
export async function planRemoval(
  { request }: z.infer<typeof PlanRemovalInput>,
  { kafka, atlas, signal }: { kafka: KafkaClient; atlas: AtlasClient; signal: AbortSignal },
) {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const links = await atlas.listPrivateLinks(projectId);
  const link = livePrivateLink(links, clusterArn);
  const connection = await atlas.getConnection(projectId, workspace, connectionName).catch(noneWhenAbsent);
  const isOurs = connection && !whyNotOurs(connection, linkToRemove(links, clusterArn, request.privateLinkId));
  const principal = await atlasPrincipal(projectId, clusterArn, atlas).catch((error: unknown) => {
    if (error instanceof PrerequisitesNotMet) return undefined;
    throw error;
  });
  const Sid = principal && atlasStatement(clusterArn, principal.principalArn).Sid;
  const { policy } = await readClusterPolicy(clusterArn, { kafka, signal });
  const hasStatement = Sid && policy !== undefined && removeStatement(policy, Sid) !== undefined;

  const changes = [
    isOurs && {
      state: 'DeleteConnection',
      change: `Delete the Kafka connection "${connectionName}" in workspace "${workspace}".`,
    },
    link && {
      state: 'DeletePrivateLink',
      change: `Delete private link ${link._id}, unless another connection of the project uses it.`,
    },
    hasStatement && {
      state: 'RemoveClusterPolicy',
      change: `Take the statement ${Sid} out of the cluster policy, if the private link goes; all others stay as they are.`,
    },
  ];
  return { clusterArn, changes: changes.filter((change) => typeof change === 'object') };
}
