import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { runSchedule, secondsOfRate } from '../../../emulators/scheduler.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

suite('the local EventBridge Scheduler', () => {
  test('knows the rates, and neither cron nor at', () => {
    const expressions = [
      'rate(1 minute)',
      'rate(15 minutes)',
      'rate(2 hours)',
      'rate(1 day)',
      'cron(0 * * * ? *)',
      'at(2026-11-28T00:00:00)',
    ];
    assert.deepEqual(expressions.map(secondsOfRate), [60, 900, 7200, 86_400, undefined, undefined]);
  });

  test('runs after each interval until the signal, and does not fall behind after a late run', async () => {
    const clock = stoppedClock();
    const start = clock.now();
    const interruption = new AbortController();
    const runs: number[] = [];
    const run = async () => {
      runs.push(clock.minutesSince(start));
      // As if a function ran for two minutes.
      if (runs.length === 1) clock.advance(2);
    };
    const ended = runSchedule(clock, 15 * 60, run, interruption.signal);
    for (const minutes of [14, 1, 13, 15]) {
      clock.advance(minutes);
      await setImmediate();
    }
    interruption.abort();
    await ended;
    clock.advance(60);
    assert.deepEqual(runs, [15, 30, 45]);
  });
});
