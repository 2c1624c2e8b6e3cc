import { readDeployment } from '../../local/deployment/deployment.ts';
import { settingsOf, somewhere } from '../../local/world.ts';
import { type Figure, type Goal, quantile } from '../figures.ts';
import { drawn, seeded, type Wait, waits } from './durations.ts';
import { type MeasuredRun, measuredRun } from './measured-run.ts';
import { dollars, type Use } from './prices.ts';
import { fixed, nearAndFar, poll, type Schedule } from './schedule.ts';

/** What a first connect costs, and how soon it sees that a wait is over, against a look every 30 seconds. */

const everyHalfMinute: Record<Wait, number> = { cluster: 30, privateLink: 30, connection: 30 };

/**
 * Proposed; nothing is deployed so. One of 12 among 72 that meet both goals at ±30 % and at ±60 %, on other draws as well as on
 * those that it was chosen by. Where a wait ends outside its window, a look every 30 s finds that sooner.
 */
const proposed = nearAndFar({ nearSeconds: 20, farSeconds: 60, from: 0.6, to: 1.6 });

/** Wait, Task and Choice. */
const transitionsPerPoll = 3;

/** So many that the 95th of 100 is steady. */
const draws = 2000;

export async function machineRuns(): Promise<Figure[]> {
  const deployed = deployedPollSeconds();
  const run = await measuredRun(deployed);
  const baseline = await measuredRun(everyHalfMinute);
  const simulated = (schedule: Schedule, spread: number) => simulate(schedule, baseline, spread);
  const halfMinute = (spread: number) => simulated(fixed(everyHalfMinute), spread);
  return [
    // Its delay is one of many: whether a look comes soon after the end is chance.
    ...compare('as deployed, one run', [run], [baseline]).filter(({ name }) => !name.startsWith('delay')),
    ...compare('as deployed, durations ±30 %', simulated(fixed(deployed), 0.3), halfMinute(0.3)),
    ...compare('as deployed, durations ±60 %', simulated(fixed(deployed), 0.6), halfMinute(0.6)),
    ...compare('proposed: near and far, ±30 %', simulated(proposed, 0.3), halfMinute(0.3)),
    ...compare('proposed: near and far, ±60 %', simulated(proposed, 0.6), halfMinute(0.6)),
  ];
}

type Run = Use & { delaySeconds: number };

function compare(subject: string, runs: Run[], baseline: Run[]): Figure[] {
  const figure = (name: string, unit: Figure['unit'], value: (runs: Run[]) => number, goal?: Goal): Figure => ({
    part: 'machine',
    subject,
    name,
    value: value(runs),
    unit,
    baseline: { name: 'a look every 30 s', value: value(baseline) },
    ...(goal && { goal }),
  });
  const noMore: Goal = { of: 'ratio', most: 1 };
  const mean = (of: (run: Run) => number) => (all: Run[]) => all.reduce((sum, it) => sum + of(it), 0) / all.length;
  const delay = ({ delaySeconds }: Run) => delaySeconds;
  return [
    figure('delay', 's', mean(delay), noMore),
    figure('delay, 95 of 100', 's', (all) => quantile(all.map(delay), 0.95)),
    figure('cost', '$/1000', (all) => 1000 * mean(dollars)(all), noMore),
    figure(
      'transitions',
      'transitions',
      mean(({ transitions }) => transitions),
    ),
    figure(
      'Lambda',
      'ms',
      mean(({ lambdaMs }) => lambdaMs),
    ),
  ];
}

/** Many runs, of which everything but the polls is as in the measured one. */
export function simulate(schedule: Schedule, measured: MeasuredRun, spread: number): Run[] {
  const msPerPoll = measured.pollMs / measured.polls;
  // Each schedule meets the same durations.
  const random = seeded(1);
  return Array.from({ length: draws }, () => {
    const minutes = drawn(random, spread);
    const polled = waits.map((wait) => poll(schedule[wait], minutes[wait] * 60));
    const more = polled.reduce((sum, { polls }) => sum + polls, 0) - measured.polls;
    return {
      transitions: measured.transitions + more * transitionsPerPoll,
      invocations: measured.invocations + more,
      lambdaMs: measured.lambdaMs + more * msPerPoll,
      delaySeconds: polled.reduce((sum, { delaySeconds }) => sum + delaySeconds, 0),
    };
  });
}

/** The defaults in serverless.yml. */
function deployedPollSeconds(): Record<Wait, number> {
  const place = somewhere();
  const { functions } = readDeployment({ ...place, params: settingsOf(place) });
  const { environment } = functions.find(({ name }) => name === 'ResolveRequest') ?? { environment: {} };
  const seconds = (variable: string) => Number((environment as Record<string, string>)[variable]);
  return {
    cluster: seconds('CLUSTER_POLL_SECONDS'),
    privateLink: seconds('PRIVATE_LINK_POLL_SECONDS'),
    connection: seconds('CONNECTION_POLL_SECONDS'),
  };
}
