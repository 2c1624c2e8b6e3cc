import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { livePrivateLink, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { PrivateLink } from '../../shared/atlas/types.ts';
import { AtlasRefused, AtlasUnavailable } from '../../shared/errors.ts';
import { deadlineAfter } from '../../shared/wait.ts';

export const RequestPrivateLinkInput = z.object({
  projectId: z.string(),
  clusterArn: z.string(),
  timeoutMinutes: z.number(),
  now: z.string(),
});

/**
 * Makes sure that Atlas has one live private link to the cluster, and returns at once. Atlas takes no client token, so:
 * list, adopt by ARN, else request; and when Atlas says that there is one already, list and adopt again.
 *
 * @throws PrivateLinkFailed, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function requestPrivateLink(
  { projectId, clusterArn, timeoutMinutes, now }: z.infer<typeof RequestPrivateLinkInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const deadline = deadlineAfter(now, timeoutMinutes);
  const adopted = (privateLink: PrivateLink) => ({ ...privateLinkState(privateLink), deadline, outcome: 'adopted' });

  const existing = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
  if (existing) return adopted(existing);
  try {
    const requested = await atlas.createPrivateLink(projectId, clusterArn);
    return { ...privateLinkState(requested), deadline, outcome: 'requested' };
  } catch (error) {
    if (!(error instanceof AtlasRefused) || !error.errorCode.includes('ALREADY_EXISTS')) throw error;
    const other = livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn);
    if (other) return adopted(other);
    throw new AtlasUnavailable(`Atlas is still deleting the previous private link to ${clusterArn}.`, { cause: error });
  }
}
