import type { Figure, Goal } from '../figures.ts';
import { boundMinutes, refillPerMinute } from './bound.ts';
import { type CrowdOptions, connectCrowd, type Outcome, tagMinutes } from './crowd.ts';
import { quarterMinutes } from './tally.ts';

/** Many clusters that are tagged within a minute. The emulators throttle and lose writes as AWS and Atlas do. */

/** The other numbers are compared with the first. */
export const numbersOfClusters = [1, 10, 100, 1000];

/** How many times the shortest possible time all runs together may take. That time has no lost writes: each is noticed only at the next poll. */
const maxTimeRatio = { withoutLostWrites: 1.3, withLostWrites: 1.4 };

/** The cost of a cluster must not grow with their number. One poll more or less is 2 %, so this much is chance. */
const maxGrowth = 1.05;

/** A run learns only from a refusal that the bucket is empty, so some are normal. */
const maxRefusedPercent = 10;

/** The heap of one more cluster must not grow with their number, apart from inaccuracies of garbage collection. */
const maxHeapGrowth = 1.3;

export async function scale(clusters: number[], options: CrowdOptions): Promise<Figure[]> {
  const outcomes: Outcome[] = [];
  for (const number of [...new Set([1, ...clusters])].sort((one, other) => one - other)) {
    const outcome = await connectCrowd(number, options);
    console.error(progress(outcome));
    outcomes.push(outcome);
  }
  const [one] = outcomes;
  return [
    ...outcomes.flatMap((it, index) => figures(it, one as Outcome, outcomes.slice(0, index), options)),
    ...outcomes.flatMap(quarters),
    ...outcomes.flatMap((it) => operations(it, one as Outcome)),
  ];
}

const label = (clusters: number) => (clusters === 1 ? '1 cluster' : `${clusters.toLocaleString('en')} clusters`);

/** Printed when a number is done, because the whole table needs a long time. */
function progress({ clusters, connected, failures, runner }: Outcome): string {
  const { realSeconds, stoodStill } = runner;
  const time = `${realSeconds.toFixed(0)} s, in ${(stoodStill * 100).toFixed(0)} % of which the simulated time stood still`;
  const reasons = [...failures].map(([failure, count]) => `\n  ${count} × ${failure}`);
  return `${label(clusters)}: ${connected} connected, ${time}${reasons.join('')}`;
}

function figures(outcome: Outcome, one: Outcome, smaller: Outcome[], { losesWrites }: CrowdOptions): Figure[] {
  const { clusters, connected, minutes, tally, lostWrites, heap, rssBytes, runner } = outcome;
  const figure = (name: string, unit: Figure['unit'], value: number, more: Partial<Figure> = {}): Figure => ({
    part: 'scale',
    subject: label(clusters),
    name,
    value,
    unit,
    ...more,
  });
  const perCluster = (name: string, unit: 'requests' | 'transitions', of: (it: Outcome) => number): Figure => {
    const baseline = { name: 'one cluster', value: of(one) };
    return figure(name, unit, of(outcome) / clusters, { baseline, goal: { of: 'ratio', max: maxGrowth } });
  };
  const refused = (name: string, prefixes: string[]) => {
    const { requests, throttled } = tally.sum(...prefixes);
    return figure(name, '%', (throttled / Math.max(1, requests)) * 100, {
      goal: { of: 'value', max: maxRefusedPercent },
    });
  };
  const maxRatio = losesWrites ? maxTimeRatio.withLostWrites : maxTimeRatio.withoutLostWrites;
  const bound = { name: 'remote times and bucket', value: boundMinutes(clusters, tagMinutes) };
  return [
    figure('connected', 'clusters', connected, { baseline: { name: 'tagged', value: clusters } }),
    figure('failed', 'clusters', clusters - connected, { goal: { of: 'value', max: 0 } }),
    figure('total time', 'min', minutes, { baseline: bound, goal: { of: 'ratio', max: maxRatio } }),
    perCluster('to Atlas', 'requests', (it) => it.tally.sum('atlas').requests),
    refused('refused', ['atlas']),
    figure('token requests', 'requests', tally.requests.get('atlas createToken')?.requests ?? 0),
    perCluster('to AWS', 'requests', (it) => it.tally.sum(...aws).requests),
    refused('throttled', aws),
    perCluster('transitions', 'transitions', (it) => it.tally.transitions),
    figure('writes lost', 'requests', lostWrites / clusters),
    figure('heap', 'kB', heapGrowth(outcome, smaller.at(-1)), heapGoal(smaller)),
    figure('heap at the end', 'kB', heap.atEnd / clusters / 1000),
    figure('RSS', 'MB', rssBytes / 1e6),
    figure('a function', 's', runner.functionSeconds),
  ];
}

const aws = ['kafka', 'secretsmanager', 'dynamodb', 'states'];

/** The heap of one more cluster, in kB. */
const heapGrowth = ({ clusters, heap }: Outcome, smaller: Outcome | undefined): number =>
  (heap.inFlight - (smaller?.heap.inFlight ?? 0)) / (clusters - (smaller?.clusters ?? 0)) / 1000;

/** The heap of fewer clusters is too small compared with the runner's own. */
const minClustersForHeap = 100;

function heapGoal(smaller: Outcome[]): Pick<Figure, 'baseline' | 'goal'> {
  const [before, last] = smaller.slice(-2);
  if (!before || !last || last.clusters < minClustersForHeap) return {};
  const goal: Goal = { of: 'ratio', max: maxHeapGrowth };
  return { baseline: { name: 'between smaller numbers', value: heapGrowth(last, before) }, goal };
}

/** The requests to Atlas over time, compared with the tokens that each minute adds to its bucket. */
function quarters({ clusters, tally }: Outcome): Figure[] {
  return tally.quarters.map(({ requests }, index) => ({
    part: 'scale',
    block: 'requests to Atlas in a minute',
    subject: `from ${clock(index * quarterMinutes)}`,
    name: label(clusters),
    value: requests / quarterMinutes,
    unit: 'requests',
    baseline: { name: 'the bucket’s refill', value: refillPerMinute },
  }));
}

const clock = (minutes: number) => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;

/** The requests and retries of a cluster, by operation. */
function operations({ clusters, tally }: Outcome, one: Outcome): Figure[] {
  const figure = (subject: string, count: number, ofOne: number): Figure => ({
    part: 'scale',
    block: 'per cluster',
    subject,
    name: label(clusters),
    value: count / clusters,
    unit: 'requests',
    baseline: { name: 'one cluster', value: ofOne },
  });
  return [
    ...[...tally.requests]
      .sort()
      .flatMap(([name, { requests, throttled }]) => [
        figure(name, requests, one.tally.requests.get(name)?.requests ?? 0),
        ...(throttled > 0 ? [figure(`${name}, throttled`, throttled, 0)] : []),
      ]),
    ...[...tally.retried].sort().map(([name, count]) => figure(`retry of ${name}`, count, 0)),
  ];
}
