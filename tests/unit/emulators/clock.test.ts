import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../../emulators/clock.ts';

test('simulated time starts where it is told to and runs as many times faster', async () => {
  const start = new Date('2026-01-01T00:00:00Z');
  const clock = new Clock(60_000, start);
  await sleep(20);
  const minutes = clock.minutesSince(start);
  assert.ok(minutes >= 19 && minutes < 2000, `${minutes} minutes`);
  assert.ok(clock.now() > start);
});

test('a simulated wait takes its part of real time', () => {
  assert.equal(new Clock(60).toRealMs(30), 500);
});
