import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isAlreadyThere } from '../../shared/atlas/error-codes.ts';
import { livePrivateLink, PrivateLinkProgress, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { PrivateLink } from '../../shared/atlas/types.ts';
import { AtlasUnavailable } from '../../shared/errors.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

export const RequestPrivateLinkInput = z.object({
  run: z.object({ request: z.object({ projectId: z.string(), clusterArn: z.string() }) }),
  now: z.string(),
});

export const RequestPrivateLinkOutput = PrivateLinkProgress;

/**
 * Makes sure that Atlas has one live private link to the cluster, and returns at once. Atlas has no client token, so this lists
 * the links and uses the link to this cluster, or requests a new link. If Atlas reports a duplicate, it lists the links again.
 *
 * @throws PrivateLinkFailed, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function requestPrivateLink(
  { run: { request }, now }: z.infer<typeof RequestPrivateLinkInput>,
  { atlas, wait }: { atlas: AtlasClient; wait: Wait },
): Promise<z.infer<typeof RequestPrivateLinkOutput>> {
  const { projectId, clusterArn } = request;
  const deadline = deadlineAfter(now, wait);
  const outputFor = (result: 'adopted' | 'created', privateLink: PrivateLink) => ({
    ...privateLinkState(privateLink),
    deadline,
    pollSeconds: pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare)),
    result,
  });

  const existing = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
  if (existing) return outputFor('adopted', existing);
  try {
    return outputFor('created', await atlas.createPrivateLink(projectId, clusterArn));
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
    const other = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
    if (other) return outputFor('adopted', other);
    throw new AtlasUnavailable(`Atlas is still deleting the previous private link to ${clusterArn}.`, { cause: error });
  }
}
