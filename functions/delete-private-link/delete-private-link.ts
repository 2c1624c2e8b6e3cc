import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isGoingAway } from '../../shared/atlas/private-link.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { Request } from '../../shared/request/request.ts';
import { keepDeadline, pollEvery, stretchFor } from '../../shared/wait.ts';

export const DeletePrivateLinkInput = z.object({
  request: Request,
  /** What an earlier visit of this run has come to. */
  outcome: z.string(),
  deadline: z.string(),
  pollSeconds: z.number(),
  now: z.string(),
});

/**
 * Deletes the private link to the cluster, and says whether it is gone; the machine comes again until it is. A link that
 * another connection of the project still uses is left in place, and `usedBy` names the connections.
 *
 * @throws WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function deletePrivateLink(
  input: z.infer<typeof DeletePrivateLinkInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const found = await deleteOrLook(input, atlas);
  return { ...found, pollSeconds: pollEvery(input.pollSeconds, input, stretchFor(atlas.remainingShare)) };
}

async function deleteOrLook(
  { request: { projectId, clusterArn }, outcome, deadline, now }: z.infer<typeof DeletePrivateLinkInput>,
  atlas: AtlasClient,
) {
  const links = await atlas.listPrivateLinks(projectId);
  const link = links.find(({ arn, state }) => arn === clusterArn && state !== 'DELETED');
  if (!link) return result(true, 'absent', outcome);

  const id = link._id;
  const state = link.state ?? 'unknown';
  // Also when Atlas accepts the deletion again and again, and the link stays.
  if (isGoingAway(link) || outcome === 'deleted')
    keepDeadline(`Private link ${id} is still ${state}`, { now, deadline });
  if (isGoingAway(link)) return result(false, state, 'deleted');
  try {
    await atlas.deletePrivateLink(projectId, id);
    return result(false, 'DELETE_REQUESTED', 'deleted');
  } catch (error) {
    if (!(error instanceof AtlasRefused)) throw error;
    if (error.status === 404) return result(true, 'absent', outcome);
    if (error.errorCode !== 'STREAM_PRIVATE_LINK_IN_USE') throw error;
    const usedBy = await usersOf(id, projectId, atlas);
    if (usedBy.length > 0) return { ...result(false, state, 'kept: other connections use it'), isInUse: true, usedBy };
    // Our own connection was gone a moment ago; Atlas has not noticed yet.
    keepDeadline(`Private link ${id} is still in use, though no connection uses it`, { now, deadline });
    return result(false, state, outcome);
  }
}

const result = (isGone: boolean, state: string, outcome: string) => ({
  isGone,
  isInUse: false,
  usedBy: [] as string[],
  state,
  outcome,
});

/** The connections of all workspaces that go through a private link, as `workspace/connection`. */
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
