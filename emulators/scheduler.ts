import type { Clock } from './clock.ts';

const secondsOf: Record<string, number> = { minute: 60, hour: 3600, day: 86_400 };

/**
 * How often a schedule of EventBridge Scheduler runs. Documented: `rate(value unit)`, with a unit in the singular or plural.
 *
 * @returns simulated seconds; undefined for a `cron` or `at` expression, which the local cloud does not run
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function secondsOfRate(expression: string): number | undefined {
  const [, value, unit = ''] = /^rate\((\d+) +(minute|hour|day)s?\)$/.exec(expression) ?? [];
  return value === undefined ? undefined : Number(value) * (secondsOf[unit] ?? 0);
}

/**
 * Runs a schedule until the signal, in the background: it does not speed the clock up. Documented: a rate has no fixed times of day. Assumed:
 * the first run is after one interval, because the deployment has been there for a while, and a late run does not delay the next one.
 *
 * @param run must not reject
 */
export async function runSchedule(
  clock: Clock,
  intervalSeconds: number,
  run: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let next = clock.now().getTime();
  while (!signal.aborted) {
    next += intervalSeconds * 1000;
    await clock.waitInBackground((next - clock.now().getTime()) / 1000, signal);
    if (!signal.aborted) await run();
  }
}
