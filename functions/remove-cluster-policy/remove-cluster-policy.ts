import * as z from 'zod/mini';
import { AwsRefused, ClusterUnusable, PolicyRefused } from '../../shared/errors.ts';
import type { MskClient, VersionedPolicy } from '../../shared/msk/client.ts';
import { hasOwnStatement, removeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { decideStatement, type Kept, neededStatement } from '../../shared/registry/removal.ts';
import { Request } from '../../shared/request/request.ts';
import { checkDeadline, deadlineAfter, pollDelay, type Wait } from '../../shared/waits.ts';

const RemovedStatement = z.object({
  /** Whether nothing is left to do and to wait for: the statement is gone, or is kept. */
  isDone: z.boolean(),
  /** '' if there is none of ours. */
  sid: z.string(),
  result: Result,
  /** Why it was kept. */
  note: z.optional(z.string()),
  remedy: z.optional(z.string()),
});
type RemovedStatement = z.infer<typeof RemovedStatement>;

export const RemoveClusterPolicyInput = z.object({
  run: z.object({
    request: z.pick(Request, { clusterArn: true, includeAdopted: true, recorded: true }),
    privateLink: z.object({ isClusterLinked: z.boolean() }),
    /** Of this state's earlier visit. */
    policy: z.optional(z.object({ deadline: z.string() })),
  }),
  executionArn: z.string(),
  now: z.string(),
});
type RemoveClusterPolicyInput = z.infer<typeof RemoveClusterPolicyInput>;

/** `deadline`: of the wait for a cluster that is busy. */
export const RemoveClusterPolicyOutput = z.extend(RemovedStatement, { deadline: z.string(), pollSeconds: z.number() });

export interface RemoveClusterPolicyDeps {
  msk: MskClient;
  registry: Registry;
  wait: Wait;
}

/**
 * Removes the recorded statement from the cluster policy, unless a private link to the cluster stays: Atlas then needs it. One that
 * another party has changed stays, and is forgotten: what was added to it may be in use. A policy without another statement is
 * deleted, because MSK refuses an empty one. If the cluster is gone, so is the statement.
 *
 * MSK documents that it accepts updates only in ACTIVE, so the machine waits and repeats this state if MSK refuses in another
 * state.
 *
 * @throws WaitTimedOut, ClaimLost, VersionConflict, PolicyRefused, AwsRefused, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-cluster-states.html
 */
export async function removeClusterPolicy(
  input: RemoveClusterPolicyInput,
  deps: RemoveClusterPolicyDeps,
): Promise<z.infer<typeof RemoveClusterPolicyOutput>> {
  const { run, now } = input;
  const deadline = run.policy?.deadline ?? deadlineAfter(now, deps.wait);
  const visited = await visit(input, { now, deadline }, deps);
  return { ...visited, deadline, pollSeconds: pollDelay(deps.wait, { now, deadline }, 1) };
}

async function visit(
  { run: { request, privateLink }, executionArn }: RemoveClusterPolicyInput,
  times: { now: string; deadline: string },
  { msk, registry }: RemoveClusterPolicyDeps,
): Promise<RemovedStatement> {
  const { clusterArn, recorded } = request;
  const found = await msk.getPolicy(clusterArn);
  const { sid, verdict } = decideStatement(found.policy, request);
  const gone = async (result: Result): Promise<RemovedStatement> => {
    if (recorded?.statement) await registry.update(clusterArn, executionArn, { statement: null });
    return { isDone: true, sid, result };
  };
  // A run that died while Atlas's account changed may have left the statement for the former account.
  const former = recorded?.statement?.formerSid;
  const hasFormer = former !== undefined && hasOwnStatement(found.policy, former, clusterArn);
  if (!verdict && !hasFormer) return gone('absent');

  const { isClusterLinked } = privateLink;
  const ours = [...(verdict?.isOurs ? [sid] : []), ...(hasFormer ? [former] : [])];
  const toRemove = isClusterLinked ? [] : ours;
  // A statement that is kept needs no claim, unless the record changes.
  await (verdict?.settled
    ? registry.update(clusterArn, executionArn, { statement: verdict.settled })
    : toRemove.length > 0 && registry.confirm(clusterArn, executionArn));
  try {
    if (toRemove.length > 0) await remove(clusterArn, toRemove, found, msk);
  } catch (refusal) {
    const state = await whichState(refusal, clusterArn, msk).catch((error: unknown) => {
      throw error instanceof PolicyRefused ? stays(error, toRemove) : error;
    });
    if (state)
      checkDeadline(`The cluster is still ${state}, and MSK changes its policy only while it is ACTIVE`, times);
    return { isDone: false, sid, result: 'unchanged' };
  }
  if (verdict?.isOurs === false) {
    if (verdict.settled === null && !isClusterLinked) await gone('kept');
    return { isDone: true, sid, ...keptAs(verdict) };
  }
  return isClusterLinked ? { isDone: true, sid, ...keptAs(neededStatement) } : gone('removed');
}

const keptAs = ({ note, remedy }: Kept) => ({
  result: 'kept' as const,
  note,
  ...(remedy !== undefined && { remedy }),
});

/** MSK refuses the policy because of another party's statement. */
const stays = (refusal: PolicyRefused, sids: string[]): PolicyRefused =>
  new PolicyRefused(
    `${refusal.message} Until then ${sids.join(' and ')} stays in the cluster policy, and lets Atlas's account create a private link. You can remove it in the same edit: the new execution then finds that it is gone.`,
    { cause: refusal },
  );

async function remove(clusterArn: string, sids: string[], { policy = '', version }: VersionedPolicy, msk: MskClient) {
  const rest = removeStatement(policy, ...sids);
  if (rest === null) await msk.deletePolicy(clusterArn);
  else if (rest !== undefined) await msk.putPolicy(clusterArn, rest, version);
}

/**
 * The state in which MSK has refused, if it passes by itself; undefined if the cluster is gone, so that the next visit finds no
 * policy. Only an undocumented text of MSK says that the cluster is busy, so the cluster's state is read.
 */
async function whichState(refusal: unknown, clusterArn: string, msk: MskClient): Promise<string | undefined> {
  if (!(refusal instanceof AwsRefused || refusal instanceof PolicyRefused)) throw refusal;
  const cluster = await msk.describeCluster(clusterArn).then(
    (answer) => answer.cluster,
    (error: unknown) => {
      if (error instanceof ClusterUnusable) return undefined;
      throw error;
    },
  );
  if (cluster && (!cluster.State || cluster.State === 'ACTIVE' || cluster.State === 'FAILED')) throw refusal;
  return cluster?.State;
}
