import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { whyNotOurs } from '../../shared/atlas/connection.ts';
import { isAbsent, isDeploying, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { linkToRemove } from '../../shared/atlas/private-link.ts';
import { explainUse } from '../../shared/atlas/stream-processors.ts';
import { Result } from '../../shared/outcomes.ts';
import { Request } from '../../shared/request/request.ts';
import { checkDeadline, deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

const DeletedConnection = z.object({
  isGone: z.boolean(),
  state: z.string(),
  result: Result,
  /** Why it was kept. */
  note: z.optional(z.string()),
});
type DeletedConnection = z.infer<typeof DeletedConnection>;

export const DeleteConnectionInput = z.object({
  run: z.object({
    request: z.pick(Request, {
      projectId: true,
      workspace: true,
      connectionName: true,
      clusterArn: true,
      privateLinkId: true,
    }),
    /** Of this state's earlier visit. */
    connection: z.optional(z.object({ result: Result, deadline: z.string() })),
  }),
  now: z.string(),
});

/** `deadline`: of the wait for the connection and the private link together. */
export const DeleteConnectionOutput = z.extend(DeletedConnection, { deadline: z.string(), pollSeconds: z.number() });

/**
 * Deletes the Kafka connection and returns whether it is gone; the machine repeats this state until it is. An already deleted
 * connection counts as done. A connection that doesn't use this cluster's private link isn't ours and stays.
 *
 * @throws ConnectionInUse, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function deleteConnection(
  { run: { request, connection: before }, now }: z.infer<typeof DeleteConnectionInput>,
  { atlas, wait }: { atlas: AtlasClient; wait: Wait },
): Promise<z.infer<typeof DeleteConnectionOutput>> {
  const deadline = before?.deadline ?? deadlineAfter(now, wait);
  const found = await deleteOnce(request, before?.result ?? 'absent', { now, deadline }, atlas);
  const pollSeconds = pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare));
  return { ...found, deadline, pollSeconds };
}

async function deleteOnce(
  {
    projectId,
    workspace,
    connectionName,
    clusterArn,
    privateLinkId,
  }: z.infer<typeof DeleteConnectionInput>['run']['request'],
  result: Result,
  times: { now: string; deadline: string },
  atlas: AtlasClient,
): Promise<DeletedConnection> {
  const connection = await atlas.getConnection(projectId, workspace, connectionName).catch(noneWhenAbsent);
  if (!connection) return { isGone: true, state: 'absent', result };

  const state = connection.state ?? 'unknown';
  // An earlier visit found that the connection is ours, and deleted it.
  if (state === 'DELETING' && result === 'removed') {
    checkDeadline(`Connection "${connectionName}" is still ${state}`, times);
    return { isGone: false, state, result };
  }
  const link = linkToRemove(await atlas.listPrivateLinks(projectId), clusterArn, privateLinkId);
  const note = whyNotOurs(connection, link);
  if (note) return { isGone: true, state: 'kept', result: 'kept', note };

  // Also if Atlas accepts the deletion again and again, and the connection stays.
  if (state === 'DELETING' || result === 'removed')
    checkDeadline(`Connection "${connectionName}" is still ${state}`, times);
  if (state === 'DELETING') return { isGone: false, state, result: 'removed' };
  try {
    await atlas.deleteConnection(projectId, workspace, connectionName);
    return { isGone: false, state: 'DELETING', result: 'removed' };
  } catch (error) {
    if (isAbsent(error)) return { isGone: true, state: 'absent', result };
    if (!isDeploying(error)) return explainUse(error, { projectId, workspace, connectionName }, atlas);
    checkDeadline(`Connection "${connectionName}" is still deploying, and Atlas deletes it only after that`, times);
    return { isGone: false, state, result };
  }
}
