import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { privateLinkState } from '../../shared/atlas/private-link.ts';
import { AtlasRefused, PrivateLinkFailed } from '../../shared/errors.ts';
import { keepDeadline, pollAfter, stretchFor, Wait } from '../../shared/wait.ts';

export const CheckPrivateLinkInput = z.object({
  projectId: z.string(),
  privateLink: z.object({ id: z.string(), deadline: z.string(), outcome: z.string() }),
  wait: Wait,
  now: z.string(),
});

/**
 * Reads the private link's state once.
 *
 * @throws PrivateLinkFailed, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkPrivateLink(
  { projectId, privateLink: { id, deadline, outcome }, wait, now }: z.infer<typeof CheckPrivateLinkInput>,
  { atlas }: { atlas: AtlasClient },
) {
  const found = await atlas.getPrivateLink(projectId, id).catch((error: unknown) => {
    if (!(error instanceof AtlasRefused) || error.status !== 404) throw error;
    throw new PrivateLinkFailed(
      `Private link ${id} is gone: somebody has deleted it. Start again to request a new one.`,
    );
  });
  const { state, isReady } = privateLinkState(found);
  if (!isReady) keepDeadline(`Private link ${id} is still ${state}`, { now, deadline });
  const pollSeconds = pollAfter(wait, { now, deadline }, stretchFor(atlas.remainingShare));
  return { id, state, isReady, deadline, pollSeconds, outcome };
}
