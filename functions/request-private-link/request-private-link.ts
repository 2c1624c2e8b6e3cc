import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { PrivateLink } from '../../shared/atlas/types.ts';
import { AtlasRefused, AtlasUnavailable } from '../../shared/errors.ts';
import { deadlineAfter, pollAfter, stretchFor, Wait } from '../../shared/wait.ts';

export const RequestPrivateLinkInput = z.object({
  projectId: z.string(),
  clusterArn: z.string(),
  wait: Wait,
  now: z.string(),
});

/**
 * Makes sure that Atlas has one live private link to the cluster, and returns at once. Atlas takes no client token, so:
 * list, adopt by ARN, else request; and when Atlas says that there is one already, list and adopt again.
 *
 * @throws PrivateLinkFailed, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function requestPrivateLink(
  { projectId, clusterArn, wait, now }: z.infer<typeof RequestPrivateLinkInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const deadline = deadlineAfter(now, wait.timeoutMinutes);
  const result = (privateLink: PrivateLink, outcome: 'adopted' | 'requested') => ({
    ...privateLinkState(privateLink),
    deadline,
    pollSeconds: pollAfter(wait, { now, deadline }, stretchFor(atlas.remainingShare)),
    outcome,
  });

  const existing = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
  if (existing) return result(existing, 'adopted');
  try {
    return result(await atlas.createPrivateLink(projectId, clusterArn), 'requested');
  } catch (error) {
    if (!(error instanceof AtlasRefused) || !error.errorCode.includes('ALREADY_EXISTS')) throw error;
    const other = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
    if (other) return result(other, 'adopted');
    throw new AtlasUnavailable(`Atlas is still deleting the previous private link to ${clusterArn}.`, { cause: error });
  }
}
