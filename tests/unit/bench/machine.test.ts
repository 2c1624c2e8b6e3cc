import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { drawn, seeded, usualMinutes, waits } from '../../../bench/machine/durations.ts';
import { simulate } from '../../../bench/machine/machine.ts';
import { dollars } from '../../../bench/machine/prices.ts';
import { deployed, fixed, poll } from '../../../bench/machine/schedule.ts';
import { settings } from '../../fixtures/settings.ts';

suite('a wait', () => {
  const every30 = () => 30;

  test('ends with the first look after the end of what it waits for', () => {
    assert.deepEqual(poll(every30, 95), { polls: 4, delaySeconds: 25 });
    assert.deepEqual(poll(every30, 90), { polls: 3, delaySeconds: 0 });
  });
});

suite('the schedule that deploys', () => {
  const { privateLink } = deployed(settings().waits);
  const usual = usualMinutes.privateLink * 60;

  test('is that of the functions', () => {
    assert.deepEqual([0, usual, 2 * usual].map(privateLink), [60, 20, 60]);
  });

  test('finds even an unusual end within its long step', () => {
    for (const seconds of [1, 100, 0.5 * usual, 2 * usual, 2.5 * usual])
      assert.ok(poll(privateLink, seconds).delaySeconds <= 60, String(seconds));
  });
});

suite('durations', () => {
  test('are the same in each run of the benchmark, and at most as far off as asked for', () => {
    const [one, other] = [seeded(1), seeded(1)];
    for (let run = 0; run < 100; run++) {
      const minutes = drawn(one, 0.3);
      assert.deepEqual(drawn(other, 0.3), minutes);
      for (const wait of waits) assert.ok(Math.abs(minutes[wait] / usualMinutes[wait] - 1) <= 0.3, wait);
    }
  });
});

test('a thousand transitions cost two and a half cents, and the functions next to nothing', () => {
  assert.equal(dollars({ transitions: 1000, invocations: 0, lambdaMs: 0 }), 0.025);
  assert.ok(dollars({ transitions: 0, invocations: 200, lambdaMs: 2000 }) < 0.0001);
});

test('a simulated run differs from the measured one by its polls only', () => {
  const measured = { transitions: 648, invocations: 220, lambdaMs: 1260, polls: 206, pollMs: 1030, delaySeconds: 40 };
  for (const { transitions, invocations, lambdaMs } of simulate(fixed(30), measured, 0.3).slice(0, 50)) {
    const more = invocations - measured.invocations;
    assert.equal(transitions - measured.transitions, more * 3);
    assert.ok(Math.abs(lambdaMs - measured.lambdaMs - more * 5) < 1e-6);
  }
});
