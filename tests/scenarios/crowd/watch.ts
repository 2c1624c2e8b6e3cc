import assert from 'node:assert/strict';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Execution } from '../../../emulators/step-functions/execution.ts';

/** The calls that change something for a cluster, other than its tags → the function that makes each. */
const changes: Record<string, string> = {
  UpdateConnectivity: 'EnablePrivateConnectivity',
  BatchAssociateScramSecret: 'AssociateScramSecret',
  createGroupStreamPrivateLinkConnection: 'RequestPrivateLink',
  createGroupStreamConnection: 'CreateConnection',
  updateGroupStreamConnection: 'CreateConnection',
  deleteGroupStreamConnection: 'DeleteConnection',
  deleteGroupStreamPrivateLinkConnection: 'DeletePrivateLink',
};
const changesOfPolicy = ['PutClusterPolicy', 'DeleteClusterPolicy'];

/** An invocation of a function that works now. */
interface Invocation {
  name: string;
  executionArn: string;
  /** Whether its execution held the cluster at its beginning. It may lose it in the middle of a call. */
  wasHolder: boolean;
}

/** A change of something, and the execution that made it, if it may be told. */
export interface Change {
  operation: string;
  executionArn: string | undefined;
  /** Whether the registry named that execution as the holder. */
  isByHolder: boolean;
}

/** Records who changes the cluster and Atlas from now on. */
export function watchChanges(cloud: Cloud): Change[] {
  const made: Change[] = [];
  const working = new Set<Invocation>();
  const holder = async () => (await cloud.registry.get(cloud.world.cluster.arn))?.holder;
  cloud.interceptInvocation = async ({ name, payload }, next) => {
    const { executionArn } = payload as { executionArn?: string };
    if (!executionArn) return next();
    const invocation = { name, executionArn, wasHolder: (await holder()) === executionArn };
    working.add(invocation);
    const outcome = await next();
    working.delete(invocation);
    return outcome;
  };
  cloud.intercept = async ({ operation }, next) => {
    const isOfPolicy = changesOfPolicy.includes(operation);
    if (!isOfPolicy && !(operation in changes)) return next();
    const names = isOfPolicy ? ['ApplyClusterPolicy', 'RemoveClusterPolicy'] : [changes[operation]];
    const candidates = [...working].filter(({ name }) => names.includes(name));
    const byHolder = candidates.find(({ wasHolder }) => wasHolder);
    const executionArn = (byHolder ?? candidates[0])?.executionArn;
    made.push({ operation, executionArn, isByHolder: byHolder !== undefined });
    return next();
  };
  return made;
}

/** The states by which a run begins to work, after it has claimed the cluster. */
const firstStates = ['InspectCluster', 'DeleteConnection'];

/**
 * When an execution has worked on the cluster; undefined if it has not. Its last function gives the cluster back while it runs, and the
 * next execution may begin at once. After a stop, the next one waits until the last function must have ended.
 */
function worked({ history, ended }: Execution): { from: Date; to: Date } | undefined {
  const begun = history.find((event) => event.type === 'StateEntered' && firstStates.includes(event.state.name));
  if (!begun) return undefined;
  const answered = history.findLastIndex(({ type }) => type === 'TaskAnswered');
  const last = history.slice(0, answered).findLast(({ type }) => type === 'StateEntered');
  const to = ended?.status === 'ABORTED' ? ended.at : last?.at;
  return { from: begun.at, to: to ?? assert.fail('no function has worked') };
}

/** The executions that have worked on the cluster, one after the other. Fails if two have worked at the same time. */
export function oneAfterTheOther(cloud: Cloud): Execution[] {
  const spans = cloud.executions
    .flatMap((execution) => {
      const span = worked(execution);
      return span ? [{ execution, ...span }] : [];
    })
    .sort((one, other) => one.from.getTime() - other.from.getTime());
  for (const [index, { execution, from }] of spans.entries()) {
    const before = spans[index - 1];
    if (before) assert.ok(before.to <= from, `${before.execution.arn} and ${execution.arn} worked at the same time`);
  }
  return spans.map(({ execution }) => execution);
}
