import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isAbsent, isPrivateLinkInUse } from '../../shared/atlas/error-codes.ts';
import { isBeingDeleted, usersOf } from '../../shared/atlas/private-link.ts';
import { Result } from '../../shared/outcomes.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import {
  decidePrivateLink,
  type Kept,
  keptInUse,
  keptLinks,
  unconfirmed,
  whenNotShown,
} from '../../shared/registry/removal.ts';
import { Request } from '../../shared/request/request.ts';
import { checkDeadline, pollDelay, slowdownForShare, type Waits } from '../../shared/waits.ts';

const DeletedPrivateLink = z.object({
  /** Whether nothing is left to do and to wait for: the link is gone, or is kept. */
  isDone: z.boolean(),
  /** Whether a link to the cluster stays, this one or another: Atlas then needs the statement in the cluster policy. */
  isClusterLinked: z.boolean(),
  state: z.string(),
  result: Result,
  /** Why it was kept, or which other link stays. */
  note: z.optional(z.string()),
  remedy: z.optional(z.string()),
});
type DeletedPrivateLink = z.infer<typeof DeletedPrivateLink>;

export const DeletePrivateLinkInput = z.object({
  run: z.object({
    request: z.pick(Request, { projectId: true, clusterArn: true, includeAdopted: true, recorded: true }),
    connection: z.object({ deadline: z.string() }),
    /** Of this state's earlier visit. */
    privateLink: z.optional(z.object({ result: Result })),
  }),
  executionArn: z.string(),
  now: z.string(),
});
type DeletePrivateLinkInput = z.infer<typeof DeletePrivateLinkInput>;

export const DeletePrivateLinkOutput = z.extend(DeletedPrivateLink, { pollSeconds: z.number() });

export interface DeletePrivateLinkDeps {
  atlas: AtlasClient;
  registry: Registry;
  waits: Pick<Waits, 'removal' | 'unclearAttempt'>;
}

/**
 * Deletes the private link to the cluster if it is ours, and returns whether it is gone; the machine repeats this state until it
 * is. A link that another connection of the project still uses stays, and `note` names the connections.
 *
 * @throws WaitTimedOut, ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable
 * @throws AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function deletePrivateLink(
  input: DeletePrivateLinkInput,
  deps: DeletePrivateLinkDeps,
): Promise<z.infer<typeof DeletePrivateLinkOutput>> {
  const { atlas, waits } = deps;
  const times = { now: input.now, deadline: input.run.connection.deadline };
  const visited = await visit(input, times, deps);
  return { ...visited, pollSeconds: pollDelay(waits.removal, times, slowdownForShare(atlas.remainingShare)) };
}

async function visit(
  { run: { request, privateLink: before }, executionArn }: DeletePrivateLinkInput,
  times: { now: string; deadline: string },
  { atlas, registry, waits }: DeletePrivateLinkDeps,
): Promise<DeletedPrivateLink> {
  const { projectId, clusterArn, recorded } = request;
  const result = before?.result ?? 'absent';
  const { link, verdict, others } = decidePrivateLink(await atlas.listPrivateLinks(projectId), request);
  const gone = async (): Promise<DeletedPrivateLink> => {
    if (recorded?.privateLink) await registry.update(clusterArn, executionArn, { privateLink: null });
    const isClusterLinked = others.length > 0;
    const left = keptLinks(others, request);
    if (!left) return { isDone: true, isClusterLinked, state: 'absent', result };
    return { isDone: true, isClusterLinked, state: 'kept', result: result === 'absent' ? 'kept' : result, ...left };
  };
  if (!link || !verdict) {
    if (result === 'removed') return gone();
    const missing = whenNotShown(recorded?.privateLink, times, waits.unclearAttempt);
    if (missing === 'wait') return { isDone: false, isClusterLinked: true, state: 'absent', result };
    if (missing === 'keep')
      return { isDone: true, isClusterLinked: true, state: 'absent', result: 'kept', ...unconfirmed };
    return gone();
  }

  const id = link._id;
  const state = link.state ?? 'unknown';
  const there = (shown: string, soFar: Result) =>
    ({ isDone: false, isClusterLinked: true, state: shown, result: soFar }) satisfies DeletedPrivateLink;
  const kept = (why: Kept) =>
    ({ isDone: true, isClusterLinked: true, state: 'kept', result: 'kept', ...why }) satisfies DeletedPrivateLink;
  // Also if Atlas accepts the deletion again and again, and the link stays.
  if (isBeingDeleted(link) || result === 'removed') checkDeadline(`Private link ${id} is still ${state}`, times);
  if (isBeingDeleted(link)) return there(state, verdict.isOurs ? 'removed' : result);
  await (verdict.settled === undefined
    ? verdict.isOurs && registry.confirm(clusterArn, executionArn)
    : registry.update(clusterArn, executionArn, { privateLink: verdict.settled }));
  if (!verdict.isOurs)
    return kept({ note: verdict.note, ...(verdict.remedy !== undefined && { remedy: verdict.remedy }) });
  try {
    await atlas.deletePrivateLink(projectId, id);
    return there('DELETE_REQUESTED', 'removed');
  } catch (error) {
    if (isAbsent(error)) return gone();
    if (!isPrivateLinkInUse(error)) throw error;
    const users = await usersOf(id, projectId, atlas);
    if (users.length > 0) return kept(keptInUse(users, request));
    // Our own connection was deleted a moment ago; Atlas still counts it.
    checkDeadline(`Private link ${id} is still in use, although no connection uses it`, times);
    return there(state, result);
  }
}
