import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isAbsent } from '../../shared/atlas/error-codes.ts';
import { PrivateLinkProgress, privateLinkState } from '../../shared/atlas/private-link.ts';
import { PrivateLinkFailed } from '../../shared/errors.ts';
import { Login } from '../../shared/login.ts';
import { linkHint, networkOfRun } from '../../shared/msk/network.ts';
import { Result } from '../../shared/outcomes.ts';
import { Ownership } from '../../shared/registry/record.ts';
import { checkDeadline, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

export const CheckPrivateLinkInput = z.object({
  run: z.object({
    request: z.object({ projectId: z.string(), clusterArn: z.string() }),
    plan: z.object({ login: Login }),
    ...networkOfRun,
    policy: z.object({ possibleDenials: z.optional(z.string()) }),
    privateLink: z.object({ id: z.string(), deadline: z.string(), result: Result, ownership: Ownership }),
  }),
  now: z.string(),
});

export const CheckPrivateLinkOutput = PrivateLinkProgress;

/**
 * Reads the private link's state once.
 *
 * @throws PrivateLinkFailed, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkPrivateLink(
  { run: { request, plan, cluster, principal, policy, privateLink }, now }: z.infer<typeof CheckPrivateLinkInput>,
  { atlas, wait }: { atlas: AtlasClient; wait: Wait },
): Promise<z.infer<typeof CheckPrivateLinkOutput>> {
  const { id, deadline, result, ownership } = privateLink;
  const found = await atlas.getPrivateLink(request.projectId, id).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
    throw new PrivateLinkFailed(
      `Private link ${id} no longer exists: it was deleted during this run. Start a new execution to request a new one.`,
    );
  });
  const { state, isReady } = privateLinkState(
    found,
    plan.login.mechanism,
    ownership,
    request.clusterArn,
    policy.possibleDenials,
    linkHint(request.clusterArn, cluster.details, principal.cidrBlock),
  );
  if (!isReady) checkDeadline(`Private link ${id} is still ${state}`, { now, deadline });
  const pollSeconds = pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare));
  return { id, state, isReady, deadline, pollSeconds, result, ownership };
}
