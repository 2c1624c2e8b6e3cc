import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { heldRefusal, RestartProgress } from '../../shared/atlas/restart.ts';
import { holdersOf } from '../../shared/atlas/stream-processors.ts';
import type { StreamProcessor } from '../../shared/atlas/types.ts';
import { few } from '../../shared/cut.ts';
import { AtlasCredentialsRefused, AtlasRefused, ConnectionInUse } from '../../shared/errors.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { shown } from '../../shared/request/redaction.ts';
import { Request } from '../../shared/request/request.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

export const StopProcessorsInput = z.object({
  run: z.object({
    request: z.pick(Request, { clusterArn: true, projectId: true, workspace: true, connectionName: true }),
    /** Of this state's earlier visit. */
    processors: z.optional(z.pick(RestartProgress, { isDone: true, deadline: true, requested: true, refusals: true })),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const StopProcessorsOutput = RestartProgress;

interface Deps {
  atlas: AtlasClient;
  registry: Registry;
  wait: Wait;
  /** Writes a line of the log. */
  log(message: string, details: Record<string, unknown>): void;
}

/** An item of the registry has 400 KB. */
const maxStopped = 100;

/**
 * Stops the processors that run and use the connection, and returns whether the connection is free; the machine repeats this state
 * until it is. The registry has each processor before it is stopped, so that whatever happens to this run, the next one starts it
 * again. A processor that is starting or stopping is waited for, and until it has settled, no other is stopped: if the connection cannot
 * be updated, one that is started again may not be able to log in. Atlas is waited for if it refuses the update although no processor
 * holds the connection.
 *
 * @throws ConnectionInUse after the deadline
 * @throws ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function stopProcessors(
  { run: { request, processors: before }, executionArn, now }: z.infer<typeof StopProcessorsInput>,
  { atlas, registry, wait, log }: Deps,
): Promise<z.infer<typeof StopProcessorsOutput>> {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const deadline = before?.deadline ?? deadlineAfter(now, wait);
  const requested = { ...before?.requested };
  const refusals = { ...before?.refusals };
  let record = await registry.confirm(clusterArn, executionArn);
  const holders = holdersOf(await atlas.listStreamProcessors(projectId, workspace), connectionName);
  // Then CreateConnection has tried, and Atlas has refused.
  const wasFree = before?.isDone === true;
  if ((holders.length > 0 || wasFree) && Date.parse(now) > Date.parse(deadline))
    throw new ConnectionInUse(stillHeld(request, holders, { requested, refusals }, wait));
  const started = holders.filter(({ state }) => state === 'STARTED');
  const hasBegun = Object.keys(requested).length > 0;
  const running = hasBegun || started.length === holders.length ? started : [];
  if (running.length > 0) {
    const stoppedProcessors = withRunning(record, running, { at: atlas.answeredAt ?? now, requested });
    if (stoppedProcessors.length > maxStopped)
      throw new ConnectionInUse(
        `${stoppedProcessors.length} stream processors use connection "${connectionName}" in workspace ${workspace}, and a run stops at most ${maxStopped}. Stop some of them, then start a new execution.`,
      );
    record = await registry.update(clusterArn, executionArn, { stoppedProcessors });
  }
  for (const { name } of running) {
    await registry.confirm(clusterArn, executionArn);
    await atlas.stopStreamProcessor(projectId, workspace, name).then(
      () => {
        requested[name] ??= { at: now };
        log('asked Atlas to stop a stream processor', { processor: name });
      },
      (error: unknown) => {
        // It may have ended meanwhile: the next visit reads it.
        if (!(error instanceof AtlasRefused) || error instanceof AtlasCredentialsRefused) throw error;
        refusals[name] = heldRefusal(error);
      },
    );
  }
  return {
    phase: 'stopping',
    areStopped: (record.stoppedProcessors ?? []).length > 0,
    isDone: holders.length === 0 && !wasFree,
    pollSeconds: pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare)),
    deadline,
    requested,
    refusals,
    restarted: [],
    notRestarted: [],
  };
}

/**
 * The processors to be recorded: those that are, and those that run now. One that this run has not asked to stop is recorded as it runs
 * now: an earlier run did not stop it, or another party has started it since.
 */
function withRunning(
  { stoppedProcessors = [] }: RegistryRecord,
  running: StreamProcessor[],
  { at, requested }: { at: string; requested: RestartProgress['requested'] },
) {
  const found = running.map(({ name, tier, pipelineHash }) => {
    const known = stoppedProcessors.find((it) => it.name === name);
    const isSame = known?.pipelineHash === pipelineHash && known.tier === tier;
    if (isSame && requested[name]) return known;
    // It may run with an old login, and fail before it is stopped.
    return {
      name,
      tier,
      pipelineHash,
      stoppedAt: at,
      ...(isSame && known.startedByFailedRun && { startedByFailedRun: true }),
    };
  });
  const others = stoppedProcessors.filter((it) => !running.some(({ name }) => name === it.name));
  return [...others, ...found];
}

const stillHeld = (
  { connectionName, workspace }: Pick<Request, 'connectionName' | 'workspace'>,
  holders: StreamProcessor[],
  { requested, refusals }: Pick<RestartProgress, 'requested' | 'refusals'>,
  { timeoutMinutes }: Wait,
): string => {
  const states = few(holders.map(({ name, state }) => `${shown(name)} (${state})`));
  const use =
    holders.length > 0
      ? `it is still in use by ${states}`
      : 'Atlas still says that it is in use, and shows no stream processor that uses it';
  const said = holders.map(({ name }) => refusals[name]).find((text) => text !== undefined);
  const none =
    Object.keys(requested).length === 0 && holders.some(({ state }) => state === 'STARTED')
      ? ' This run has stopped none: it begins when all of them are STARTED, because an old login may keep a processor from starting again.'
      : '';
  return `${Math.round(timeoutMinutes)} minutes after this run began to stop the stream processors that use connection "${connectionName}" in workspace ${workspace}, ${use}.${none}${said ? ` ${said}` : ''} Look at ${holders.length > 0 ? 'these processors' : 'the processors of the workspace'} in Atlas. When they have stopped, start a new execution.`;
};
