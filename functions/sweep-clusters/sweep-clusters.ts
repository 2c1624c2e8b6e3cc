import { createHash } from 'node:crypto';
import type { Cluster } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { triggerTag } from '../../shared/msk/tags.ts';
import { type Deps, decide, type Work } from './decide.ts';

export const SweepClustersInput = z.object({ now: z.iso.datetime() });

/** What the sweep found and did. */
export const SweepClustersOutput = z.object({
  clusters: z.number(),
  tagged: z.number(),
  asItShouldBe: z.number(),
  /** Their last run failed less than six hours ago. */
  failedRecently: z.number(),
  running: z.number(),
  started: z.array(z.object({ clusterArn: z.string(), action: z.string(), reason: z.string() })),
  failed: z.array(z.object({ clusterArn: z.string(), error: z.string() })),
});
type Result = z.infer<typeof SweepClustersOutput>;

/** Clusters that are examined at once: enough to be quick, few enough not to be throttled. */
const concurrency = 10;

/** The same work is started once in this time, however many sweeps find it. */
const sameWorkMs = 6 * 3_600_000;

/**
 * Examines all clusters of the account and Region, and starts an execution for each tagged cluster that isn't as its tag says: tag
 * events are best effort, secrets rotate, and things drift. A cluster that cannot be examined is counted and doesn't stop the sweep.
 *
 * @param input `now`: the scheduled time, ISO 8601
 * @throws AwsRefused, AwsThrottled, AwsUnavailable if the clusters cannot be listed
 */
export async function sweepClusters({ now }: z.infer<typeof SweepClustersInput>, deps: Deps): Promise<Result> {
  const clusters = await deps.msk.listClusters();
  const tagged = clusters.filter(({ Tags }) => Tags?.[triggerTag] === 'connect' || Tags?.[triggerTag] === 'disconnect');
  const result: Result = {
    clusters: clusters.length,
    tagged: tagged.length,
    asItShouldBe: 0,
    failedRecently: 0,
    running: 0,
    started: [],
    failed: [],
  };

  const examine = async (cluster: Cluster) => {
    const clusterArn = cluster.ClusterArn ?? '';
    try {
      const work = await decide(cluster, now, deps);
      if (work === 'as it should be') result.asItShouldBe++;
      else if (work === 'failed recently') result.failedRecently++;
      else if (work === 'running' || !(await start(clusterArn, work, now, deps))) result.running++;
      else result.started.push({ clusterArn, action: work.action, reason: work.reason });
    } catch (error) {
      result.failed.push({ clusterArn, error: (error as Error).message });
    }
  };
  for (let next = 0; next < tagged.length; next += concurrency)
    await Promise.all(tagged.slice(next, next + concurrency).map(examine));
  return result;
}

/**
 * Starts an execution under a name that is derived from the work, so that two sweeps cannot start the same work twice.
 *
 * @returns false if that work has been started already
 */
async function start(
  clusterArn: string,
  { action, fingerprint, input }: Work,
  now: string,
  { executions, machines }: Deps,
): Promise<boolean> {
  const period = Math.floor(Date.parse(now) / sameWorkMs);
  const hash = createHash('sha256')
    .update(JSON.stringify([clusterArn, action, fingerprint, period]))
    .digest('hex');
  return executions.start({
    stateMachineArn: machines[action],
    name: `sweep-${action}-${hash.slice(0, 32)}`,
    input: JSON.stringify(input),
  });
}
