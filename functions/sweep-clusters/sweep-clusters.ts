import { createHash } from 'node:crypto';
import { type Cluster, type KafkaClient, paginateListClustersV2 } from '@aws-sdk/client-kafka';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsRefused } from '../../shared/errors.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { decide, type Work } from './decide.ts';

export const SweepClustersInput = z.object({ now: z.iso.datetime() });

export interface SweepClustersDeps {
  kafka: KafkaClient;
  secretsManager: SecretsManagerClient;
  sfn: SFNClient;
  machines: { connect: string; disconnect: string };
  signal: AbortSignal;
}

/** Clusters that are looked at side by side: enough to be quick, few enough not to be throttled. */
const sideBySide = 10;

/** The same work is started once in this time, however many sweeps see it. */
const sameWorkMs = 6 * 3_600_000;

/**
 * Looks at all clusters of the account and Region, and starts an execution for each one that its tag asks for and that is
 * not as it should be: events of changed tags are best effort, secrets rotate, and things drift. A cluster that cannot be
 * looked at is counted, and stops nothing.
 *
 * @param input `now`: the time of the schedule, ISO 8601
 * @returns what was seen and done
 * @throws AwsRefused, AwsUnavailable when the clusters cannot be listed
 */
export async function sweepClusters({ now }: z.infer<typeof SweepClustersInput>, deps: SweepClustersDeps) {
  const clusters = await fromAws('kafka:ListClustersV2', allClusters(deps));
  const tagged = clusters.filter(({ Tags }) => Tags?.[triggerTag] === 'connect' || Tags?.[triggerTag] === 'disconnect');
  const result = {
    seen: clusters.length,
    tagged: tagged.length,
    asItShouldBe: 0,
    /** Their last run failed less than six hours ago. */
    failedLately: 0,
    running: 0,
    started: [] as { clusterArn: string; action: string; reason: string }[],
    failed: [] as { clusterArn: string; error: string }[],
  };

  const look = async (cluster: Cluster) => {
    const clusterArn = cluster.ClusterArn ?? '';
    try {
      const work = await decide(cluster, now, deps);
      if (work === 'as it should be') result.asItShouldBe++;
      else if (work === 'failed lately') result.failedLately++;
      else if (work === 'running' || !(await start(clusterArn, work, now, deps))) result.running++;
      else result.started.push({ clusterArn, action: work.action, reason: work.reason });
    } catch (error) {
      result.failed.push({ clusterArn, error: (error as Error).message });
    }
  };
  for (let next = 0; next < tagged.length; next += sideBySide)
    await Promise.all(tagged.slice(next, next + sideBySide).map(look));
  return result;
}

async function allClusters({ kafka, signal }: SweepClustersDeps): Promise<Cluster[]> {
  const clusters: Cluster[] = [];
  for await (const page of paginateListClustersV2({ client: kafka, pageSize: 100 }, {}, { abortSignal: signal }))
    clusters.push(...(page.ClusterInfoList ?? []));
  return clusters;
}

/**
 * Starts an execution under a name that follows from the work, so that two sweeps cannot start the same work twice.
 *
 * @returns false when that work has been started already
 */
async function start(clusterArn: string, { action, fingerprint, input }: Work, now: string, deps: SweepClustersDeps) {
  const { sfn, machines, signal } = deps;
  const period = Math.floor(Date.parse(now) / sameWorkMs);
  const hash = createHash('sha256')
    .update(JSON.stringify([clusterArn, action, fingerprint, period]))
    .digest('hex');
  const command = new StartExecutionCommand({
    stateMachineArn: machines[action],
    name: `sweep-${action}-${hash.slice(0, 32)}`,
    input: JSON.stringify(input),
  });
  return fromAws('states:StartExecution', sfn.send(command, { abortSignal: signal })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AwsRefused && error.code === 'ExecutionAlreadyExists') return false;
      throw error;
    },
  );
}
