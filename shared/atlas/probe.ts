import { createHash, randomUUID } from 'node:crypto';

/**
 * The probe: a temporary stream processor that proves that data can flow through a connection. It reads one topic from the beginning,
 * and its second stage lets no record pass.
 */

const hexOf = (clusterArn: string): string => createHash('sha256').update(clusterArn).digest('hex').slice(0, 16);

/** The name of the probe of a cluster. Every run knows it, so that it finds the probe of a run that was stopped. */
export const probeNameOf = (clusterArn: string): string => `aspprobe${hexOf(clusterArn)}`;

/**
 * What the consumer groups of a cluster's probes begin with. Permissions for the groups of stream processors, `asp-*`, include them. Each
 * probe has another group: Atlas commits offsets at a checkpoint, and a probe that went on from there might have no record to read.
 */
export const probeGroupOf = (clusterArn: string): string => `asp-probe-${hexOf(clusterArn)}`;

const groupFor = (clusterArn: string): string => `${probeGroupOf(clusterArn)}-${randomUUID().slice(0, 8)}`;

/**
 * A sink without a connection and without a cluster. MongoDB does not document it, but creates and starts processors with it.
 * Source: mongodb/terraform-provider-mongodbatlas, acceptance tests of mongodbatlas_stream_processor.
 */
export const testLog = { $emit: { connectionName: '__testLog' } };

/** A documented sink: a collection of a cluster that the workspace is connected to. It stays empty. */
export const clusterSink = (connectionName: string) => ({
  $merge: { into: { connectionName, db: 'aspProbe', coll: 'aspProbe' } },
});
export type ProbeSink = typeof testLog | ReturnType<typeof clusterSink>;

/**
 * The pipeline of the probe. A processor must have a sink, and Atlas's own sink may log what it gets. So no record may reach it: none has
 * this field with a value that was made a moment ago.
 *
 * @see https://www.mongodb.com/docs/atlas/atlas-stream-processing/sp-agg-source/
 */
export const probePipeline = (
  { clusterArn, connectionName, topic }: Record<'clusterArn' | 'connectionName' | 'topic', string>,
  sink: ProbeSink,
): object[] => [
  {
    $source: {
      connectionName,
      topic,
      config: { auto_offset_reset: 'earliest', group_id: groupFor(clusterArn), enable_auto_commit: false },
    },
  },
  { $match: { [`aspProbe${hexOf(clusterArn)}`]: randomUUID() } },
  sink,
];

/** How many partitions a source may have on a tier. Larger tiers have no limit. */
const smallTiers = [
  { tier: 'SP2', maxPartitions: 32 },
  { tier: 'SP5', maxPartitions: 64 },
] as const;
/** How many partitions the smallest tier reads. */
export const smallestTierReads = smallTiers[0].maxPartitions;

export type ProbeTier = 'SP2' | 'SP5' | 'SP10';

/**
 * The smallest tier for a topic.
 *
 * @param partitions null if they are unknown: most topics have few
 * @see https://www.mongodb.com/docs/atlas/atlas-stream-processing/limitations/
 */
export const probeTierFor = (partitions: number | null): ProbeTier =>
  smallTiers.find(({ maxPartitions }) => (partitions ?? 0) <= maxPartitions)?.tier ?? 'SP10';
