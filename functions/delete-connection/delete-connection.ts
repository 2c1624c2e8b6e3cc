import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isAbsent, isDeploying, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { explainUse } from '../../shared/atlas/stream-processors.ts';
import type { Connection } from '../../shared/atlas/types.ts';
import { Result } from '../../shared/outcomes.ts';
import type { Piece } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { decideConnection, unconfirmed, whenNotShown } from '../../shared/registry/removal.ts';
import { Request } from '../../shared/request/request.ts';
import { checkDeadline, deadlineAfter, pollDelay, slowdownForShare, type Waits } from '../../shared/waits.ts';

const DeletedConnection = z.object({
  /** Whether nothing is left to do and to wait for: the connection is gone, or is kept. */
  isDone: z.boolean(),
  state: z.string(),
  result: Result,
  /** The id of a connection that may be deleted; '' if Atlas shows none. A later visit need not decide again. */
  id: z.optional(z.string()),
  /** Why it was kept. */
  note: z.optional(z.string()),
  remedy: z.optional(z.string()),
});
type DeletedConnection = z.infer<typeof DeletedConnection>;

export const DeleteConnectionInput = z.object({
  run: z.object({
    request: z.pick(Request, {
      projectId: true,
      workspace: true,
      connectionName: true,
      clusterArn: true,
      includeAdopted: true,
      recorded: true,
    }),
    /** Of this state's earlier visit. */
    connection: z.optional(
      z.object({ state: z.string(), result: Result, deadline: z.string(), id: z.optional(z.string()) }),
    ),
  }),
  executionArn: z.string(),
  now: z.string(),
});
type DeleteConnectionInput = z.infer<typeof DeleteConnectionInput>;

/** `deadline`: of the wait for the connection and the private link together. */
export const DeleteConnectionOutput = z.extend(DeletedConnection, { deadline: z.string(), pollSeconds: z.number() });

export interface DeleteConnectionDeps {
  atlas: AtlasClient;
  registry: Registry;
  waits: Pick<Waits, 'removal' | 'unclearAttempt'>;
}

/**
 * Deletes the Kafka connection if it is ours, and returns whether it is gone; the machine repeats this state until it is. An
 * already deleted connection counts as done, when Atlas has not shown it twice. Each poll is one request to Atlas: the deletion is
 * sent when the connection has been deployed, and whose it is was decided at the first visit.
 *
 * @throws ConnectionInUse, WaitTimedOut, ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable
 * @throws AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function deleteConnection(
  input: DeleteConnectionInput,
  deps: DeleteConnectionDeps,
): Promise<z.infer<typeof DeleteConnectionOutput>> {
  const { atlas, waits } = deps;
  const deadline = input.run.connection?.deadline ?? deadlineAfter(input.now, waits.removal);
  const times = { now: input.now, deadline };
  const visited = await visit(input, times, deps);
  return { ...visited, deadline, pollSeconds: pollDelay(waits.removal, times, slowdownForShare(atlas.remainingShare)) };
}

interface Times {
  now: string;
  deadline: string;
}

async function visit(
  { run: { request, connection: before }, executionArn }: DeleteConnectionInput,
  times: Times,
  { atlas, registry, waits }: DeleteConnectionDeps,
): Promise<DeletedConnection> {
  const { projectId, workspace, connectionName, clusterArn, recorded } = request;
  // A connection that was kept because Atlas did not show it may be there at a visit after that.
  const result = before?.result === 'kept' ? 'absent' : (before?.result ?? 'absent');
  const missing = async (wasMissing: boolean): Promise<DeletedConnection> => {
    const next =
      result === 'removed' ? 'forget' : whenNotShown(recorded?.connection, times, waits.unclearAttempt, wasMissing);
    if (next === 'wait') return { isDone: false, state: 'absent', result };
    if (next === 'keep') return { isDone: true, state: 'absent', result: 'kept', ...unconfirmed };
    if (recorded?.connection) await registry.update(clusterArn, executionArn, noConnection);
    return { isDone: true, state: 'absent', result };
  };
  const connection = await atlas.getConnection(projectId, workspace, connectionName).catch(noneWhenAbsent);
  if (!connection) return missing(before?.state === 'absent');

  const id = connection.id ?? '';
  let settled: Piece | undefined;
  // Another id means that another party has created a new one since.
  if (before?.id !== id) {
    const verdict = decideConnection(connection, await atlas.listPrivateLinks(projectId), request);
    if (!verdict.isOurs) {
      const { note, remedy } = verdict;
      if (verdict.settled !== undefined)
        await registry.update(clusterArn, executionArn, {
          connection: verdict.settled,
          ...(verdict.settled === null && noConnection),
        });
      return { isDone: true, state: 'kept', result: 'kept', note, ...(remedy !== undefined && { remedy }) };
    }
    settled = verdict.settled;
  }
  const waiting = whatToWaitFor(connection, result, times);
  if (waiting) return { isDone: false, id, ...waiting };

  await (settled
    ? registry.update(clusterArn, executionArn, { connection: settled })
    : registry.confirm(clusterArn, executionArn));
  try {
    await atlas.deleteConnection(projectId, workspace, connectionName);
    return { isDone: false, id, state: 'DELETING', result: 'removed' };
  } catch (error) {
    if (isAbsent(error)) return missing(false);
    if (!isDeploying(error)) return explainUse(error, { projectId, workspace, connectionName }, atlas);
    checkDeadline(stillDeploying(connectionName), times);
    return { isDone: false, id, state: connection.state ?? 'unknown', result };
  }
}

/**
 * What the run waits for before it sends the deletion, or undefined.
 *
 * @throws WaitTimedOut also if Atlas accepts the deletion again and again, and the connection stays
 */
function whatToWaitFor({ name, state }: Connection, result: Result, times: Times) {
  if (state === 'PENDING') {
    checkDeadline(stillDeploying(name), times);
    return { state, result };
  }
  if (state === 'DELETING' || result === 'removed')
    checkDeadline(`Connection "${name}" is still ${state ?? 'unknown'}`, times);
  return state === 'DELETING' ? { state, result: 'removed' as const } : undefined;
}

/** What is gone is no longer verified. */
const noConnection = { connection: null, secretVersionId: null, verifiedAt: null };

const stillDeploying = (name: string) =>
  `Connection "${name}" is still deploying, and Atlas deletes it only after that`;
