import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isDuplicate, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { clusterSink, type ProbeSink, probeNameOf, probePipeline, testLog } from '../../shared/atlas/probe.ts';
import { isAboutSink } from '../../shared/atlas/probe-kind.ts';
import { holdsConnections } from '../../shared/atlas/stream-processors.ts';
import { AtlasRefused, AtlasUnavailable } from '../../shared/errors.ts';

interface Place {
  clusterArn: string;
  projectId: string;
  workspace: string;
  connectionName: string;
  topic: string;
}

/** `note`: why Atlas accepts no probe. `sinkConnection`: the connection of its sink, unless that is Atlas's own. */
type Created = { isCreated: true; sinkConnection?: string } | { isCreated: false; note: string };

/**
 * Creates the probe, which does not run yet. Its sink is Atlas's own log or, if Atlas refuses that, a collection of a cluster that the
 * workspace is connected to. No record reaches either.
 *
 * @param refusedSink what Atlas has said about its own sink when it was to start a probe with it, or in its log
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function createProbe(place: Place, refusedSink: string | undefined, atlas: AtlasClient): Promise<Created> {
  if (refusedSink !== undefined) return createWithCluster(place, refusedSink, atlas);
  const refusal = await createWith(testLog, place, atlas);
  if (!refusal) return { isCreated: true };
  const { message } = refusal;
  if (!isAboutSink(message)) return { isCreated: false, note: `Atlas accepts no probe. ${message}` };
  return createWithCluster(place, message, atlas);
}

async function createWithCluster(place: Place, refusedSink: string, atlas: AtlasClient): Promise<Created> {
  const { projectId, workspace } = place;
  const connections = await atlas.listConnections(projectId, workspace);
  const cluster = connections.find(({ type, state }) => type === 'Cluster' && (state ?? 'READY') === 'READY');
  if (!cluster)
    return {
      isCreated: false,
      note: `Atlas refuses the sink of the probe, and workspace ${workspace} has no connection of the type Cluster that could be one. ${refusedSink}`,
    };
  const second = await createWith(clusterSink(cluster.name), place, atlas);
  if (!second) return { isCreated: true, sinkConnection: cluster.name };
  return {
    isCreated: false,
    note: `Atlas accepts no probe, neither with its own sink nor with connection "${cluster.name}". ${second.message}`,
  };
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
      await create().catch((second: unknown) => {
        if (!isDuplicate(second)) throw second;
        throw new AtlasUnavailable(
          `Atlas says that the stream processor ${name} still exists. It was deleted just now.`,
        );
      });
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
