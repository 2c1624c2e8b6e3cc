import * as z from 'zod/mini';
import { type AtlasClient, noneWhenAbsent } from '../../shared/atlas/client.ts';
import { whyNotOurs } from '../../shared/atlas/connection.ts';
import { linkToRemove } from '../../shared/atlas/private-link.ts';
import { explainUse } from '../../shared/atlas/stream-processors.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { Request } from '../../shared/request/request.ts';
import { keepDeadline, pollEvery, stretchFor } from '../../shared/wait.ts';

export const DeleteConnectionInput = z.object({
  request: Request,
  /** What an earlier visit of this run has come to. */
  outcome: z.string(),
  deadline: z.string(),
  pollSeconds: z.number(),
  now: z.string(),
});

/**
 * Deletes the Kafka connection, and says whether it is gone; the machine comes again until it is. Gone already counts as
 * done, and a connection that does not go through this cluster's private link is not ours and stays.
 *
 * @throws ConnectionInUse, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function deleteConnection(
  input: z.infer<typeof DeleteConnectionInput>,
  { atlas }: { atlas: AtlasClient },
): Promise<{ isGone: boolean; state: string; outcome: string; pollSeconds: number }> {
  const found = await deleteOrLook(input, atlas);
  return { ...found, pollSeconds: pollEvery(input.pollSeconds, input, stretchFor(atlas.remainingShare)) };
}

async function deleteOrLook(
  { request, outcome, deadline, now }: z.infer<typeof DeleteConnectionInput>,
  atlas: AtlasClient,
): Promise<{ isGone: boolean; state: string; outcome: string }> {
  const { projectId, workspace, connectionName, clusterArn, privateLinkId } = request;
  const connection = await atlas.getConnection(projectId, workspace, connectionName).catch(noneWhenAbsent);
  if (!connection) return { isGone: true, state: 'absent', outcome };

  const state = connection.state ?? 'unknown';
  // An earlier visit has found it ours, and deleted it.
  if (state === 'DELETING' && outcome === 'deleted') {
    keepDeadline(`Connection "${connectionName}" is still ${state}`, { now, deadline });
    return { isGone: false, state, outcome };
  }
  const link = linkToRemove(await atlas.listPrivateLinks(projectId), clusterArn, privateLinkId);
  const notOurs = whyNotOurs(connection, link);
  if (notOurs) return { isGone: true, state: 'kept', outcome: `kept: ${notOurs}` };

  // Also when Atlas accepts the deletion again and again, and the connection stays.
  if (state === 'DELETING' || outcome === 'deleted')
    keepDeadline(`Connection "${connectionName}" is still ${state}`, { now, deadline });
  if (state === 'DELETING') return { isGone: false, state, outcome: 'deleted' };
  try {
    await atlas.deleteConnection(projectId, workspace, connectionName);
    return { isGone: false, state: 'DELETING', outcome: 'deleted' };
  } catch (error) {
    if (!(error instanceof AtlasRefused)) throw error;
    if (error.status === 404) return { isGone: true, state: 'absent', outcome };
    if (error.errorCode !== 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING')
      return explainUse(error, { projectId, workspace, connectionName }, atlas);
    keepDeadline(`Connection "${connectionName}" is still deploying, and cannot be deleted before`, { now, deadline });
    return { isGone: false, state, outcome };
  }
}
