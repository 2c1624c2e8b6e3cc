import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { whyNotOurs } from '../../shared/atlas/connection.ts';
import { noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';
import { linkToRemove, livePrivateLink } from '../../shared/atlas/private-link.ts';
import { PrerequisitesNotMet } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, removeStatement } from '../../shared/msk/policy.ts';
import { Request } from '../../shared/request/request.ts';

export const PlanRemovalInput = z.object({ run: z.object({ request: Request }) });

export const PlanRemovalOutput = z.object({
  clusterArn: z.string(),
  /** In the machine's order; `state` makes the change. */
  changes: z.array(z.object({ state: z.string(), change: z.string() })),
});

/**
 * Lists what the disconnect machine would delete: reads what the later states would read, and writes nothing.
 *
 * @throws what those states would throw
 */
export async function planRemoval(
  { run: { request } }: z.infer<typeof PlanRemovalInput>,
  { msk, atlas }: { msk: MskClient; atlas: AtlasClient },
): Promise<z.infer<typeof PlanRemovalOutput>> {
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
  const { policy } = await msk.getPolicy(clusterArn);
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
      change: `Remove the statement ${Sid} from the cluster policy if the private link is deleted; all other statements stay as they are.`,
    },
  ];
  return { clusterArn, changes: changes.filter((change) => typeof change === 'object') };
}
