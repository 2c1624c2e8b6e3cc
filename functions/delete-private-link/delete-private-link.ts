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
  usersOfLink,
  whenNotShown,
} from '../../shared/registry/removal.ts';
import { Request } from '../../shared/request/request.ts';
import { checkDeadline, pollDelay, slowdownForShare, type Waits } from '../../shared/waits.ts';

const DeletedPrivateLink = z.object({
  /** Whether nothing is left to do and to wait for: the link is gone, or is kept. */
  isDone: z.boolean(),
  /** Whether Atlas shows the connection again that DeleteConnection did not find: it goes first. */
  isConnectionBack: z.boolean(),
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
    request: z.pick(Request, {
      projectId: true,
      workspace: true,
      connectionName: true,
      clusterArn: true,
      includeAdopted: true,
      recorded: true,
    }),
    connection: z.object({ deadline: z.string() }),
    /** Of this state's earlier visit. */
    privateLink: z.optional(z.object({ state: z.string(), result: Result })),
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
 * is. A link that another connection of the project still uses stays, and `note` names the connections. If our own connection uses
 * it, because Atlas did not show it before, the machine goes back to DeleteConnection.
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

/** Of a link that is still there. */
const stays = { isClusterLinked: true, isConnectionBack: false };

async function visit(
  { run: { request, privateLink: before }, executionArn }: DeletePrivateLinkInput,
  times: { now: string; deadline: string },
  { atlas, registry, waits }: DeletePrivateLinkDeps,
): Promise<DeletedPrivateLink> {
  const { projectId, connectionName, clusterArn, recorded } = request;
  const result = before?.result ?? 'absent';
  const links = await atlas.listPrivateLinks(projectId);
  const { link, verdict, others } = decidePrivateLink(links, request);
  const there = (shown: string, soFar: Result) =>
    ({ ...stays, isDone: false, state: shown, result: soFar }) satisfies DeletedPrivateLink;
  const kept = (why: Kept, shown = 'kept') =>
    ({ ...stays, isDone: true, state: shown, result: 'kept', ...why }) satisfies DeletedPrivateLink;
  const missing = async (wasMissing: boolean): Promise<DeletedPrivateLink> => {
    const next =
      result === 'removed' ? 'forget' : whenNotShown(recorded?.privateLink, times, waits.unclearAttempt, wasMissing);
    if (next === 'wait') return there('absent', result);
    if (next === 'keep') return kept(unconfirmed, 'absent');
    if (recorded?.privateLink) await registry.update(clusterArn, executionArn, { privateLink: null });
    const gone = { isDone: true, isConnectionBack: false, isClusterLinked: others.length > 0 };
    const left = keptLinks(others, request);
    if (!left) return { ...gone, state: 'absent', result };
    return { ...gone, state: 'kept', result: result === 'absent' ? 'kept' : result, ...left };
  };
  if (!link || !verdict) return missing(before?.state === 'absent');

  const id = link._id;
  const state = link.state ?? 'unknown';
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
    if (isAbsent(error)) return missing(false);
    if (!isPrivateLinkInUse(error)) throw error;
    const { ours, others: users } = usersOfLink(await usersOf(id, projectId, atlas), links, request);
    if (ours) {
      await registry.update(clusterArn, executionArn, { connection: ours });
      checkDeadline(`Private link ${id} is still in use by connection "${connectionName}"`, times);
      return { ...there(state, result), isConnectionBack: true };
    }
    if (users.length > 0) return kept(keptInUse(users, request));
    // Our own connection was deleted a moment ago; Atlas still counts it.
    checkDeadline(`Private link ${id} is still in use, although no connection uses it`, times);
    return there(state, result);
  }
}
