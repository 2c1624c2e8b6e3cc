import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { connectionState } from '../../shared/atlas/connection.ts';
import { AtlasRefused } from '../../shared/errors.ts';
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
 * Reads the connection's state once.
 *
 * @throws ConnectionFailed, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkConnection(
  { projectId, workspace, connection, now }: z.infer<typeof CheckConnectionInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const found = await atlas.getConnection(projectId, workspace, connection.name).catch((error: unknown) => {
    // Atlas may not show a connection yet that it has just created.
    if (error instanceof AtlasRefused && error.status === 404) return { name: connection.name, state: 'not shown yet' };
    throw error;
  });
  const { state, isReady } = connectionState(found);
  if (!isReady)
    keepDeadline(`Connection "${connection.name}" is still ${state}`, { now, deadline: connection.deadline });
  return { ...connection, state, isReady };
}
