import * as z from 'zod/mini';
import { type AtlasClient, noneWhenAbsent } from '../../shared/atlas/client.ts';
import { connectionState, sameBootstrapServers } from '../../shared/atlas/connection.ts';
import { keepDeadline } from '../../shared/wait.ts';

export const CheckConnectionInput = z.object({
  projectId: z.string(),
  workspace: z.string(),
  connection: z.object({
    name: z.string(),
    deadline: z.string(),
    outcome: z.string(),
    bootstrapServers: z.string(),
    secretVersionId: z.string(),
  }),
  now: z.string(),
});

/**
 * Reads the connection's state once, and whether what was written is still there. Atlas stores all connections of a workspace
 * in one document, and of two writers at once the later one may overwrite what the earlier one wrote, though both were
 * answered with success: then CreateConnection writes it again, which is safe where Atlas merely shows it late.
 * Source: mongodb/terraform-provider-mongodbatlas #4464 (CLOUDP-384308).
 *
 * @throws ConnectionFailed, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkConnection(
  { projectId, workspace, connection, now }: z.infer<typeof CheckConnectionInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const found = await atlas.getConnection(projectId, workspace, connection.name).catch(noneWhenAbsent);
  const { state, isReady } = found ? connectionState(found) : { state: 'not shown', isReady: false };
  const isLost = !found || !sameBootstrapServers(found.bootstrapServers ?? '', connection.bootstrapServers);
  if (!isReady || isLost)
    keepDeadline(`Connection "${connection.name}" is still ${isLost && found ? 'an older one' : state}`, {
      now,
      deadline: connection.deadline,
    });
  return { ...connection, state, isReady: isReady && !isLost, isLost };
}
