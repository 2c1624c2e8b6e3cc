import * as z from 'zod/mini';
import { type AtlasClient, noneWhenAbsent } from '../../shared/atlas/client.ts';
import { connectionState, sameBootstrapServers } from '../../shared/atlas/connection.ts';
import { keepDeadline, pollAfter, stretchFor, Wait } from '../../shared/wait.ts';

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
  wait: Wait,
  now: z.string(),
});

/**
 * Reads the connection's state once, and whether all that was to be written is there; what is not, CreateConnection writes
 * again, which is safe where Atlas merely shows it late. Atlas stores all connections of a workspace in one document, and of
 * two writers at once the later one may overwrite what the earlier one wrote, though both were answered with success.
 * Source: mongodb/terraform-provider-mongodbatlas #4464 (CLOUDP-384308).
 *
 * @throws ConnectionFailed, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkConnection(
  { projectId, workspace, connection, wait, now }: z.infer<typeof CheckConnectionInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const { name, deadline, bootstrapServers, secretVersionId } = connection;
  const found = await atlas.getConnection(projectId, workspace, name).catch(noneWhenAbsent);
  const { state, isReady } = found ? connectionState(found) : { state: 'not shown', isReady: false };
  const isOlder = found && !sameBootstrapServers(found.bootstrapServers ?? '', bootstrapServers);
  if (!isReady || isOlder)
    keepDeadline(`Connection "${name}" is still ${isOlder ? 'an older one' : state}`, { now, deadline });
  // While it was deploying, its password could not be sent; now it can.
  const isIncomplete = !found || isOlder || (isReady && secretVersionId === '');
  const pollSeconds = pollAfter(wait, { now, deadline }, stretchFor(atlas.remainingShare));
  return { ...connection, state, isReady: isReady && !isIncomplete, isIncomplete, pollSeconds };
}
