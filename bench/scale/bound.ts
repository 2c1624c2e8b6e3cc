import { usualMinutes } from '../machine/durations.ts';
import { least } from '../trips/least.ts';

/** Atlas's bucket, per project: so many requests at once, and so many more in each minute. */
const bucket = { capacity: 1200, perMinute: 500 };
export const refillPerMinute = bucket.perMinute;

/** The Atlas requests of a first connect that come before, between and after the three waits. */
export interface Stage {
  requests: number;
  /** What passes by itself before the next stage. */
  thenMinutes: number;
}

/** As bench/trips/least.ts counts them, in its order. */
export function leastStages(): Stage[] {
  const ends = ['UpdateConnectivity', 'createGroupStreamPrivateLinkConnection', 'createGroupStreamConnection'];
  const minutes = [usualMinutes.cluster, usualMinutes.privateLink, usualMinutes.connection];
  const stages: Stage[] = [{ requests: 0, thenMinutes: 0 }];
  for (const { operation } of least['first connect'].work) {
    const stage = stages.at(-1) as Stage;
    if (/GroupStream/.test(operation)) stage.requests += 1;
    const end = ends.indexOf(operation);
    if (end < 0) continue;
    stage.thenMinutes = minutes[end] ?? 0;
    stages.push({ requests: 0, thenMinutes: 0 });
  }
  return stages;
}

/**
 * The least time in which so many clusters can be connected, in minutes from the first tag to the last connection: nobody waits
 * but for AWS and Atlas, and for the bucket, from which the requests of all are served in the order in which they come.
 *
 * @param tagMinutes within which the clusters are tagged, one after the other
 */
export function boundMinutes(clusters: number, tagMinutes: number, stages = leastStages()): number {
  const queue = Array.from({ length: clusters }, (_, index) => ({ at: (index / clusters) * tagMinutes, stage: 0 }));
  let [tokens, filledAt, last] = [bucket.capacity, 0, 0];
  for (;;) {
    // The next one that has something to ask; all go through the same stages, so those of a later stage come in order, too.
    const next = queue.reduce((first, it) => (it.at < first.at ? it : first), {
      at: Number.POSITIVE_INFINITY,
      stage: stages.length,
    });
    const stage = stages[next.stage];
    if (!stage) return last;
    const asksAt = Math.max(next.at, filledAt);
    tokens = Math.min(bucket.capacity, tokens + (asksAt - filledAt) * bucket.perMinute);
    const lacking = Math.max(0, stage.requests - tokens);
    const servedAt = asksAt + lacking / bucket.perMinute;
    tokens += lacking - stage.requests;
    filledAt = servedAt;
    next.stage += 1;
    next.at = next.stage < stages.length ? servedAt + stage.thenMinutes : Number.POSITIVE_INFINITY;
    last = Math.max(last, servedAt);
  }
}
