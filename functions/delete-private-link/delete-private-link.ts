import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isAbsent, isPrivateLinkInUse } from '../../shared/atlas/error-codes.ts';
import { isBeingDeleted } from '../../shared/atlas/private-link.ts';
import { Result } from '../../shared/outcomes.ts';
import { checkDeadline, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

const DeletedPrivateLink = z.object({
  isGone: z.boolean(),
  isInUse: z.boolean(),
  /** The connections that still use the link, as `workspace/connection`. */
  usedBy: z.array(z.string()),
  state: z.string(),
  result: Result,
});
type DeletedPrivateLink = z.infer<typeof DeletedPrivateLink>;

export const DeletePrivateLinkInput = z.object({
  run: z.object({
    request: z.object({ projectId: z.string(), clusterArn: z.string() }),
    connection: z.object({ deadline: z.string() }),
    /** Of this state's earlier visit. */
    privateLink: z.optional(z.object({ result: Result })),
  }),
  now: z.string(),
});

export const DeletePrivateLinkOutput = z.extend(DeletedPrivateLink, { pollSeconds: z.number() });

/**
 * Deletes the private link to the cluster and returns whether it is gone; the machine repeats this state until it is. A link that
 * another connection of the project still uses stays, and `usedBy` names the connections.
 *
 * @throws WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function deletePrivateLink(
  { run: { request, connection, privateLink }, now }: z.infer<typeof DeletePrivateLinkInput>,
  { atlas, wait }: { atlas: AtlasClient; wait: Wait },
): Promise<z.infer<typeof DeletePrivateLinkOutput>> {
  const times = { now, deadline: connection.deadline };
  const found = await deleteOnce(request, privateLink?.result ?? 'absent', times, atlas);
  return { ...found, pollSeconds: pollDelay(wait, times, slowdownForShare(atlas.remainingShare)) };
}

async function deleteOnce(
  { projectId, clusterArn }: { projectId: string; clusterArn: string },
  result: Result,
  times: { now: string; deadline: string },
  atlas: AtlasClient,
): Promise<DeletedPrivateLink> {
  const links = await atlas.listPrivateLinks(projectId);
  const link = links.find(({ arn, state }) => arn === clusterArn && state !== 'DELETED');
  if (!link) return gone(result);

  const id = link._id;
  const state = link.state ?? 'unknown';
  // Also if Atlas accepts the deletion again and again, and the link stays.
  if (isBeingDeleted(link) || result === 'removed') checkDeadline(`Private link ${id} is still ${state}`, times);
  if (isBeingDeleted(link)) return there(state, 'removed');
  try {
    await atlas.deletePrivateLink(projectId, id);
    return there('DELETE_REQUESTED', 'removed');
  } catch (error) {
    if (isAbsent(error)) return gone(result);
    if (!isPrivateLinkInUse(error)) throw error;
    const usedBy = await usersOf(id, projectId, atlas);
    if (usedBy.length > 0) return { isGone: false, isInUse: true, usedBy, state, result: 'kept' };
    // Our own connection was deleted a moment ago; Atlas still counts it.
    checkDeadline(`Private link ${id} is still in use, although no connection uses it`, times);
    return there(state, result);
  }
}

const gone = (result: Result): DeletedPrivateLink => ({
  isGone: true,
  isInUse: false,
  usedBy: [],
  state: 'absent',
  result,
});

const there = (state: string, result: Result): DeletedPrivateLink => ({
  isGone: false,
  isInUse: false,
  usedBy: [],
  state,
  result,
});

/** The connections of all workspaces that use a private link. */
async function usersOf(privateLinkId: string, projectId: string, atlas: AtlasClient): Promise<string[]> {
  const users: string[] = [];
  for (const { name: workspace } of await atlas.listWorkspaces(projectId)) {
    const connections = await atlas.listConnections(projectId, workspace);
    const using = connections.filter(
      ({ networking, state }) => networking?.access?.connectionId === privateLinkId && state !== 'DELETING',
    );
    users.push(...using.map(({ name }) => `${workspace}/${name}`));
  }
  return users;
}
