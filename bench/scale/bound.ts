import { usualMinutes } from '../durations.ts';
import { fewest } from '../trips/fewest.ts';

/** Atlas's token bucket for a project: requests at once, and tokens that each minute adds. */
const bucket = { capacity: 1200, perMinute: 500 };
export const refillPerMinute = bucket.perMinute;

/** The Atlas requests of a first connect before a wait, or after the last one. */
export interface Stage {
  requests: number;
  /** The wait before the next stage. */
  thenMinutes: number;
}

/** The stages of bench/trips/fewest.ts, in its order. */
export function fewestStages(): Stage[] {
  const ends = ['UpdateConnectivity', 'createGroupStreamPrivateLinkConnection', 'createGroupStreamConnection'];
  const minutes = [usualMinutes.cluster, usualMinutes.privateLink, usualMinutes.connection];
  const stages: Stage[] = [{ requests: 0, thenMinutes: 0 }];
  for (const { operation } of fewest['first connect'].work) {
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
 * The shortest time in which the clusters can be connected, in minutes from the first tag to the last connection. A run waits only
 * for AWS, for Atlas and for the bucket, which serves requests in the order of their arrival.
 *
 * @param tagMinutes time in which the clusters are tagged, one after the other
 */
export function boundMinutes(clusters: number, tagMinutes: number, stages = fewestStages()): number {
  const queue = Array.from({ length: clusters }, (_, index) => ({ at: (index / clusters) * tagMinutes, stage: 0 }));
  let [tokens, filledAt, last] = [bucket.capacity, 0, 0];
  for (;;) {
    // The next cluster that sends requests. All clusters have the same stages, so they stay in order.
    const next = queue.reduce((first, it) => (it.at < first.at ? it : first), {
      at: Number.POSITIVE_INFINITY,
      stage: stages.length,
    });
    const stage = stages[next.stage];
    if (!stage) return last;
    const arrivesAt = Math.max(next.at, filledAt);
    tokens = Math.min(bucket.capacity, tokens + (arrivesAt - filledAt) * bucket.perMinute);
    const missing = Math.max(0, stage.requests - tokens);
    const servedAt = arrivesAt + missing / bucket.perMinute;
    tokens += missing - stage.requests;
    filledAt = servedAt;
    next.stage += 1;
    next.at = next.stage < stages.length ? servedAt + stage.thenMinutes : Number.POSITIVE_INFINITY;
    last = Math.max(last, servedAt);
  }
}
