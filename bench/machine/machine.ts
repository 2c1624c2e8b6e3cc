import { readDeployment } from '../../emulators/deployment/deployment.ts';
import { defaultPlace, settingsOf } from '../../emulators/world.ts';
import { Environment, type Settings } from '../../functions/resolve-request/settings.ts';
import { type Figure, type Goal, quantile } from '../figures.ts';
import { drawn, seeded, waits } from './durations.ts';
import { type MeasuredRun, measuredRun } from './measured-run.ts';
import { dollars, type Use } from './prices.ts';
import { deployed, fixed, poll, type Schedule } from './schedule.ts';

/** What a first connect costs, and how soon it sees that a wait is over, against a poll every 30 seconds. */

const halfMinute = 30;

/** Wait, Task and Choice. */
const transitionsPerPoll = 3;

/** So many that the 95th of 100 is steady. */
const draws = 2000;

export async function machineRuns(): Promise<Figure[]> {
  const run = await measuredRun();
  const baseline = await measuredRun(halfMinute);
  const schedule = deployed(deployedWaits());
  const simulated = (name: string, spread: number, times = 1) => {
    const [ours, every] = [schedule, fixed(halfMinute)].map((it) => simulate(it, baseline, spread, times));
    return compare(name, ours ?? [], every ?? []);
  };
  return [
    // Its delay is one of many: whether a poll comes soon after the end is chance.
    ...compare('one run', [run], [baseline]).filter(({ name }) => !name.startsWith('delay')),
    ...simulated('durations ±30 %', 0.3),
    ...simulated('durations ±60 %', 0.6),
    // Where the schedule is at its worst.
    ...simulated('twice as long, ±30 %', 0.3, 2),
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
    baseline: { name: 'a poll every 30 s', value: value(baseline) },
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
export function simulate(schedule: Schedule, measured: MeasuredRun, spread: number, times = 1): Run[] {
  const msPerPoll = measured.pollMs / measured.polls;
  // Each schedule meets the same durations.
  const random = seeded(1);
  return Array.from({ length: draws }, () => {
    const minutes = drawn(random, spread, times);
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
function deployedWaits(): Settings['waits'] {
  const place = defaultPlace();
  const { functions } = readDeployment({ ...place, params: settingsOf(place) });
  return Environment.parse(functions.find(({ name }) => name === 'ResolveRequest')?.environment).waits;
}
