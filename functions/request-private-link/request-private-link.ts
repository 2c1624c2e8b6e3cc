import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isAlreadyThere, lacksCluster } from '../../shared/atlas/error-codes.ts';
import { resourceMissing } from '../../shared/atlas/principal.ts';
import { livePrivateLink, PrivateLinkProgress, privateLinkState } from '../../shared/atlas/private-link.ts';
import type { PrivateLink } from '../../shared/atlas/types.ts';
import { AtlasRefused, AtlasThrottled, AtlasUnavailable } from '../../shared/errors.ts';
import { Login, schemeOf } from '../../shared/login.ts';
import { linkHint, networkOfRun } from '../../shared/msk/network.ts';
import type { Result } from '../../shared/outcomes.ts';
import { announced, type Ownership, ownershipOf, type Piece, settledAs } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

export const RequestPrivateLinkInput = z.object({
  run: z.object({
    request: z.object({ projectId: z.string(), clusterArn: z.string(), claim: z.boolean() }),
    plan: z.object({ login: Login }),
    ...networkOfRun,
    policy: z.object({ possibleDenials: z.optional(z.string()) }),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const RequestPrivateLinkOutput = PrivateLinkProgress;

interface Deps {
  atlas: AtlasClient;
  registry: Registry;
  wait: Wait;
}

/**
 * Makes sure that Atlas has one live private link to the cluster, and returns at once. Atlas has no client token, so this lists
 * the links and uses the link to this cluster, or requests a new link. The registry records the attempt before the request, and
 * the link after the answer.
 *
 * @throws PrerequisitesNotMet if Atlas needs a cluster of its own in the Region first
 * @throws PrivateLinkFailed, ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsThrottled, AwsUnavailable
 * @throws DeploymentMisconfigured
 */
export async function requestPrivateLink(
  { run: { request, plan, cluster, principal, policy }, executionArn, now }: z.infer<typeof RequestPrivateLinkInput>,
  { atlas, registry, wait }: Deps,
): Promise<z.infer<typeof RequestPrivateLinkOutput>> {
  const { projectId, clusterArn } = request;
  const deadline = deadlineAfter(now, wait);
  const hints = [policy.possibleDenials, linkHint(clusterArn, cluster.details, principal.cidrBlock)];
  const record = (privateLink: Piece | null) => registry.update(clusterArn, executionArn, { privateLink });
  const outputFor = (privateLink: PrivateLink, result: Result, ownership: Ownership) => ({
    ...privateLinkState(privateLink, plan.login.mechanism, ownership, clusterArn, ...hints),
    deadline,
    pollSeconds: pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare)),
    result,
    ownership,
  });
  const { privateLink: recorded } = await registry.confirm(clusterArn, executionArn);
  const find = async () => livePrivateLink(await atlas.listPrivateLinks(projectId), clusterArn, recorded?.id);
  const use = async (link: PrivateLink) => {
    const found = ownershipOf(link._id, recorded);
    // What a claim makes ours is recorded only when the run has succeeded.
    const ownership = request.claim ? 'created' : found;
    const isRecorded = recorded?.id === link._id && recorded.ownership === found;
    if (!isRecorded) await record(settledAs(found, link._id, recorded));
    const result = ownership !== 'created' ? 'adopted' : recorded?.ownership || request.claim ? 'unchanged' : 'created';
    return outputFor(link, result, ownership);
  };

  const existing = await find();
  if (existing) return use(existing);
  const attemptedAt = atlas.answeredAt ?? now;
  await record(announced(recorded, attemptedAt));
  try {
    const created = await atlas.createPrivateLink(projectId, clusterArn, schemeOf(plan.login.mechanism));
    await record({ id: created._id, ownership: 'created', attemptedAt });
    return outputFor(created, 'created', 'created');
  } catch (error) {
    // A refusal is certain: this attempt has created nothing, and only what was recorded before counts.
    if (error instanceof AtlasRefused || error instanceof AtlasThrottled) await record(recorded ?? null);
    if (lacksCluster(error)) throw resourceMissing(error, projectId, clusterArn);
    if (!isAlreadyThere(error)) throw error;
    // Another party has created it, or an earlier attempt of ours, which Atlas shows only now.
    const other = await find();
    if (other) return use(other);
    throw new AtlasUnavailable(`Atlas is still deleting the previous private link to ${clusterArn}.`, { cause: error });
  }
}
