import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isDuplicate, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { clusterSink, type ProbeSink, probeNameOf, probePipeline, testLog } from '../../shared/atlas/probe.ts';
import { holdsConnections } from '../../shared/atlas/stream-processors.ts';
import { AtlasRefused, AtlasUnavailable } from '../../shared/errors.ts';

interface Place {
  clusterArn: string;
  projectId: string;
  workspace: string;
  connectionName: string;
  topic: string;
}

/**
 * Creates the probe, which does not run yet. Its sink is Atlas's own log or, if Atlas refuses that, a collection of a cluster that the
 * workspace is connected to. No record reaches either.
 *
 * @returns why Atlas accepts no probe; undefined if it is created
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function createProbe(place: Place, atlas: AtlasClient): Promise<string | undefined> {
  const refusal = await createWith(testLog, place, atlas);
  if (!refusal) return undefined;
  const { projectId, workspace } = place;
  const connections = await atlas.listConnections(projectId, workspace);
  const cluster = connections.find(({ type, state }) => type === 'Cluster' && (state ?? 'READY') === 'READY');
  if (!cluster)
    return `Atlas refuses the sink of the probe, and workspace ${workspace} has no connection of the type Cluster that could be one. ${refusal.message}`;
  const second = await createWith(clusterSink(cluster.name), place, atlas);
  return (
    second &&
    `Atlas accepts no probe, neither with its own sink nor with connection "${cluster.name}". ${second.message}`
  );
}

/** @returns Atlas's refusal of the pipeline */
async function createWith(sink: ProbeSink, place: Place, atlas: AtlasClient): Promise<AtlasRefused | undefined> {
  const { clusterArn, projectId, workspace } = place;
  const name = probeNameOf(clusterArn);
  const create = () =>
    atlas.createStreamProcessor(projectId, workspace, { name, pipeline: probePipeline(place, sink) });
  try {
    await create().catch(async (error: unknown) => {
      if (!isDuplicate(error)) throw error;
      await removeEarlier(name, place, atlas);
      return create();
    });
    return undefined;
  } catch (error) {
    if (error instanceof AtlasRefused && [400, 404].includes(error.status)) return error;
    throw error;
  }
}

/** Removes what an earlier attempt of this state has created: its answer was lost. */
async function removeEarlier(name: string, { projectId, workspace }: Place, atlas: AtlasClient): Promise<void> {
  const earlier = await atlas.getStreamProcessor(projectId, workspace, name).catch(noneWhenAbsent);
  if (earlier && !holdsConnections(earlier)) return atlas.deleteStreamProcessor(projectId, workspace, name);
  if (earlier?.state === 'STARTED') await atlas.stopStreamProcessor(projectId, workspace, name);
  throw new AtlasUnavailable(
    `Atlas says that the stream processor ${name} exists, from an earlier attempt. It is ${earlier?.state ?? 'not shown yet'}.`,
  );
}
