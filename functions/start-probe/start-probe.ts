import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { probeNameOf, probeTierFor } from '../../shared/atlas/probe.ts';
import { probeFailed } from '../../shared/atlas/probe-failure.ts';
import { diagnose } from '../../shared/atlas/probe-kind.ts';
import { ProbeProgress, partitionsOf, probedBy, probedRun } from '../../shared/atlas/probe-progress.ts';
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
 * once. The registry names it before it exists. A run that the sweep has started, and that has not changed the connection, starts none
 * if the registry has a proof for the same topic, connection and password.
 *
 * @throws ProbeFailed if Atlas refuses to start it
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
  const refusal = await createProbe({ clusterArn, projectId, workspace, connectionName, topic }, atlas);
  if (refusal !== undefined) {
    // Atlas has refused it for certain, so there is none.
    await registry.update(clusterArn, executionArn, { probe: null });
    return { ...common, isDone: true, isEnded: true, isSkipped: false, result: 'notProved', note: refusal };
  }
  await registry.confirm(clusterArn, executionArn);
  await atlas.startStreamProcessor(projectId, workspace, name, { tier, resumeFromCheckpoint: false }).catch((error) => {
    if (!(error instanceof AtlasRefused) || (error.status !== 400 && error.status !== 402)) throw error;
    const kind = error.status === 402 ? 'noBilling' : (diagnose(error.message)?.kind ?? 'unknown');
    throw probeFailed(probedBy(run, topic, tier), { kind, refusal: error });
  });
  return { ...common, startedAt, isDone: false, isEnded: false, isSkipped: false };
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
