import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { probeNameOf } from '../../shared/atlas/probe.ts';
import { SeenProbe } from '../../shared/atlas/probe-progress.ts';
import { holdsConnections } from '../../shared/atlas/stream-processors.ts';
import { AtlasRefused } from '../../shared/errors.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';
import { checkDeadline, deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

export const EndProbeInput = z.object({
  run: z.object({
    request: z.pick(Request, { clusterArn: true }),
    /** Missing if the probe is that of an earlier run, or if StartProbe has failed. */
    probe: z.optional(z.extend(SeenProbe, { endDeadline: z.optional(z.string()) })),
  }),
  executionArn: z.string(),
  now: z.string(),
});

/** What CheckProbe has found out stays. */
export const EndProbeOutput = z.extend(SeenProbe, {
  isEnded: z.boolean(),
  pollSeconds: z.number(),
  /** Of this state's own wait. */
  endDeadline: z.string(),
});

interface Deps {
  atlas: AtlasClient;
  registry: Registry;
  wait: Wait;
}

/**
 * Stops and deletes the probe that the registry names, and returns whether it is gone; the machine repeats this state until it is. It never
 * touches a stream processor of another name. Without a recorded probe it does nothing.
 *
 * @throws WaitTimedOut, ClaimLost, AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function endProbe(
  { run, executionArn, now }: z.infer<typeof EndProbeInput>,
  { atlas, registry, wait }: Deps,
): Promise<z.infer<typeof EndProbeOutput>> {
  const { request, probe: before } = run;
  const { clusterArn } = request;
  // After the end of an earlier run's probe, that of this run is another wait.
  const endDeadline = (before?.isEnded ? undefined : before?.endDeadline) ?? deadlineAfter(now, wait);
  const times = { now, deadline: endDeadline };
  const { probe } = await registry.confirm(clusterArn, executionArn);
  const isEnded = !probe || (await end(probe, clusterArn, executionArn, times, { atlas, registry }));
  return {
    ...before,
    isEnded,
    endDeadline,
    pollSeconds: pollDelay(wait, times, slowdownForShare(atlas.remainingShare)),
  };
}

interface RecordedProbe {
  name: string;
  projectId: string;
  workspace: string;
}

/** @returns whether it is gone */
async function end(
  { name, projectId, workspace }: RecordedProbe,
  clusterArn: string,
  executionArn: string,
  times: { now: string; deadline: string },
  { atlas, registry }: Pick<Deps, 'atlas' | 'registry'>,
): Promise<boolean> {
  const find = () => atlas.getStreamProcessor(projectId, workspace, name).catch(noneWhenAbsent);
  const found = name === probeNameOf(clusterArn) ? await find() : undefined;
  if (found && holdsConnections(found)) {
    if (found.state !== 'STOPPING') await atlas.stopStreamProcessor(projectId, workspace, name).catch(unlessRefused);
    checkDeadline(`Stream processor ${name} in workspace ${workspace} is still ${found.state}`, times);
    return false;
  }
  if (found) {
    await atlas.deleteStreamProcessor(projectId, workspace, name).catch(unlessRefused);
    const left = await find();
    if (left)
      checkDeadline(`Stream processor ${name} in workspace ${workspace} is ${left.state} and not deleted`, times);
    if (left) return false;
  }
  await registry.update(clusterArn, executionArn, { probe: null });
  return true;
}

/** Atlas does not stop a processor that isn't running, and does not delete one that runs. The next visit reads its state again. */
const unlessRefused = (error: unknown): void => {
  if (!(error instanceof AtlasRefused) || ![400, 404, 409].includes(error.status)) throw error;
};
