import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { probeNameOf, probeTierFor } from '../../shared/atlas/probe.ts';
import { probeFailed } from '../../shared/atlas/probe-failure.ts';
import { kindOfRefusal } from '../../shared/atlas/probe-kind.ts';
import { ProbeProgress, partitionsOf, probedBy, probedRun, SeenProbe } from '../../shared/atlas/probe-progress.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import { isStartedBySweep } from '../../shared/executions.ts';
import { Result } from '../../shared/outcomes.ts';
import { Ownership, type RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';
import { createProbe } from './create-probe.ts';

export const StartProbeInput = z.object({
  run: z.object({
    ...probedRun,
    connection: z.object({
      id: z.optional(z.string()),
      result: Result,
      ownership: Ownership,
      secretVersionId: z.string(),
    }),
    /** Of an earlier visit, or of the end of an earlier run's probe. */
    probe: z.optional(SeenProbe),
  }),
  executionArn: z.string(),
  now: z.string(),
});
type StartProbeInput = z.infer<typeof StartProbeInput>;

export const StartProbeOutput = ProbeProgress;

interface Deps {
  atlas: AtlasClient;
  registry: Registry;
  wait: Wait;
}

/**
 * Creates and starts the probe, a temporary stream processor that reads the first named topic through the connection, and returns at
 * once. The registry names it before it exists. If Atlas has refused its own sink, the machine deletes that probe, and visits this state again
 * for one with another sink. A run that the sweep has started, and that has not changed the connection, starts none
 * if the registry has a proof for the same topic, connection and password.
 *
 * @throws ProbeFailed if Atlas refuses to start it, unless it refuses its own sink
 * @throws ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function startProbe(
  { run, executionArn, now }: StartProbeInput,
  { atlas, registry, wait }: Deps,
): Promise<ProbeProgress> {
  const { clusterArn, projectId, workspace, connectionName, topics } = run.request;
  const [topic = ''] = topics;
  const tier = probeTierFor(partitionsOf(topic, run));
  const deadline = deadlineAfter(now, wait);
  const pollSeconds = pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare));
  const common = { topic, tier, startedAt: now, deadline, pollSeconds };
  const record = await registry.confirm(clusterArn, executionArn);
  const proof = isStartedBySweep(executionArn) ? lastingProof(record, run, topic) : undefined;
  if (proof) return { ...common, isDone: true, isEnded: true, isSkipped: true, result: proof.result };

  const name = probeNameOf(clusterArn);
  const startedAt = atlas.answeredAt ?? now;
  await registry.update(clusterArn, executionArn, { probe: { name, startedAt, projectId, workspace } });
  const place = { clusterArn, projectId, workspace, connectionName, topic };
  const created = await createProbe(place, run.probe?.refusedSink, atlas);
  // An earlier attempt, whose answer was lost, may have created it: EndProbe makes sure that there is none.
  if (!created.isCreated)
    return { ...common, isDone: true, isEnded: false, isSkipped: false, result: 'notProved', note: created.note };
  const { sinkConnection } = created;
  const begun = { ...common, startedAt, ...(sinkConnection !== undefined && { sinkConnection }), isSkipped: false };
  await registry.confirm(clusterArn, executionArn);
  try {
    await atlas.startStreamProcessor(projectId, workspace, name, { tier, resumeFromCheckpoint: false });
  } catch (error) {
    if (!(error instanceof AtlasRefused) || (error.status !== 400 && error.status !== 402)) throw error;
    const kind = error.status === 402 ? 'noBilling' : kindOfRefusal(error.message);
    if (kind === 'sinkRefused' && sinkConnection === undefined)
      return { ...begun, isDone: true, isEnded: false, refusedSink: error.message };
    throw probeFailed(probedBy(run, begun), { kind, refusal: error });
  }
  return { ...begun, isDone: false, isEnded: false };
}

/** What the registry has proved already, if nothing that it depends on has changed. */
function lastingProof({ proof }: RegistryRecord, { connection }: StartProbeInput['run'], topic: string) {
  const isSame =
    connection.result !== 'created' &&
    connection.result !== 'updated' &&
    proof?.topic === topic &&
    proof.connectionId === (connection.id ?? null) &&
    proof.secretVersionId === (connection.secretVersionId || null);
  return isSame ? proof : undefined;
}
