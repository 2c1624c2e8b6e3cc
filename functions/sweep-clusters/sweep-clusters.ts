import { createHash } from 'node:crypto';
import type { Cluster } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { tagOf } from '../../shared/msk/tags.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { type Changes, isFound } from '../../shared/registry/registry.ts';
import { wasMissed } from '../../shared/registry/vanished.ts';
import { forEach } from './batches.ts';
import { decide, type Work } from './decide.ts';
import { settleHolder } from './holder.ts';
import { RegistryFailed, stopping } from './registry-failed.ts';
import type { Deps, Subject } from './subject.ts';
import { lookForUnlisted } from './vanished.ts';

export const SweepClustersInput = z.object({ now: z.iso.datetime() });

/** What the sweep found and did. */
export const SweepClustersOutput = z.object({
  clusters: z.number(),
  tagged: z.number(),
  recorded: z.number(),
  asItShouldBe: z.number(),
  /** Their last run failed, and the next attempt isn't due yet. */
  failedRecently: z.number(),
  running: z.number(),
  /** Runs that ended without recording their outcome, and were counted as failures. */
  counted: z.number(),
  started: z.array(z.object({ clusterArn: z.string(), action: z.string(), reason: z.string() })),
  /** Whether the deployment is paused, so that nothing was started, and how many runs would have been. */
  isPaused: z.boolean(),
  due: z.number(),
  /** Clusters that could not be examined. */
  failed: z.array(z.object({ clusterArn: z.string(), error: z.string() })),
  /** Recorded clusters that MSK no longer has. */
  vanished: z.array(z.string()),
  /** Whether so many have vanished at once that nothing was done about them. */
  isVanishingImplausible: z.boolean(),
});
type Result = z.infer<typeof SweepClustersOutput>;

/**
 * Examines every tagged cluster of the account and Region and every record of the registry, and starts the executions that are due:
 * tag events are best effort, secrets rotate, and things drift. While the deployment is paused, it only counts them. A cluster that cannot be examined, or whose record cannot be
 * read, is counted and doesn't stop the sweep. An error of the registry stops it.
 *
 * @param input `now`: the scheduled time, ISO 8601
 * @throws AwsRefused, AwsThrottled, AwsUnavailable if the clusters cannot be listed
 * @throws DeploymentMisconfigured, AwsThrottled, AwsUnavailable if the registry cannot be used
 */
export async function sweepClusters({ now }: z.infer<typeof SweepClustersInput>, given: Deps): Promise<Result> {
  const deps = { ...given, registry: stopping(given.registry) };
  const { records, unreadable } = await given.registry.scan();
  const listed = byArn(await deps.msk.listClusters());
  const { existing, vanished, isImplausible, failed } = await lookForUnlisted(records, listed, deps);
  const clusters = new Map([...listed, ...existing]);
  const unread = new Set(unreadable.map(({ clusterArn }) => clusterArn));
  const tagged = [...clusters.values()].filter(tagOf);
  const result: Result = {
    clusters: clusters.size,
    tagged: tagged.length,
    recorded: records.length + unreadable.length,
    asItShouldBe: 0,
    failedRecently: 0,
    running: 0,
    counted: 0,
    started: [],
    isPaused: deps.settings.paused,
    due: 0,
    failed: [...failed, ...unreadable],
    vanished: vanished.map(({ clusterArn }) => clusterArn),
    isVanishingImplausible: isImplausible,
  };

  const subjects = subjectsOf(clusters, records, isImplausible ? [] : vanished);
  await forEach(subjects, async (subject) => {
    const { clusterArn } = subject;
    // Without its record, a cluster would seem not to be connected.
    if (unread.has(clusterArn)) return;
    try {
      await examine(subject, now, deps, result);
    } catch (error) {
      if (error instanceof RegistryFailed) throw error.cause;
      result.failed.push({ clusterArn, error: (error as Error).message });
    }
  });
  return result;
}

/** The clusters that are tagged or recorded, and the records of vanished clusters. */
function subjectsOf(clusters: Map<string, Cluster>, records: RegistryRecord[], vanished: RegistryRecord[]): Subject[] {
  const recorded = new Map(records.map((record) => [record.clusterArn, record]));
  const existing = [...clusters]
    .map(([clusterArn, cluster]) => ({ clusterArn, cluster, record: recorded.get(clusterArn) }))
    .filter(({ cluster, record }) => record ?? tagOf(cluster));
  const gone = vanished.map((record) => ({ clusterArn: record.clusterArn, cluster: undefined, record }));
  return [...existing, ...gone];
}

async function examine(subject: Subject, now: string, deps: Deps, result: Result): Promise<void> {
  const { clusterArn, cluster, record } = subject;
  await remember(subject, now, deps);
  // A cluster has vanished only if two sweeps agree.
  if (!cluster && record && !wasMissed(record, now)) return;
  const { record: current, isRunning, isCounted } = await settleHolder(record, now, deps);
  if (isCounted) result.counted++;
  const work = await decide({ clusterArn, cluster, record: current, isRunning }, now, deps);
  if (work === 'as it should be') result.asItShouldBe++;
  else if (work === 'failed recently') result.failedRecently++;
  else if (work !== 'running' && deps.settings.paused) result.due++;
  else if (work === 'running' || !(await start(clusterArn, work, now, deps))) result.running++;
  else result.started.push({ clusterArn, ...work });
}

/** Records what later sweeps need to know. If another run has claimed the cluster by now, the next sweep does it. */
async function remember({ clusterArn, cluster, record }: Subject, now: string, { registry, settings }: Deps) {
  if (!record) return;
  const changes: Changes = {
    ...(cluster && record.missingSince !== undefined && isFound),
    ...(!cluster && !wasMissed(record, now) && { missingSince: now }),
    ...(settings.disconnectOnUntag && tagOf(cluster) === 'connect' && !record.wasTagged && { wasTagged: true }),
    ...(record.wasTagged && !tagOf(cluster) && record.status === 'disconnected' && { wasTagged: null }),
  };
  if (Object.keys(changes).length > 0) await registry.updateUnclaimed(clusterArn, record.holder, changes);
}

/**
 * Starts an execution under a name of this sweep, so that the same sweep, which may run twice, starts nothing twice. Every sweep has
 * names of its own: a need is never mistaken for an earlier one.
 *
 * @returns false if this sweep has started it already
 */
async function start(clusterArn: string, { action }: Work, now: string, { executions, settings }: Deps) {
  const hash = createHash('sha256')
    .update(JSON.stringify([now, clusterArn, action]))
    .digest('hex');
  return executions.start({
    stateMachineArn: settings.machines[action],
    // ResolveRequest recognizes a start by the sweep by this name.
    name: `sweep-${action}-${hash.slice(0, 32)}`,
    // Nothing else: the registry has the secret.
    input: JSON.stringify({ clusterArn }),
  });
}

const byArn = (clusters: Cluster[]) => new Map(clusters.map((cluster) => [cluster.ClusterArn ?? '', cluster]));
