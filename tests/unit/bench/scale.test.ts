import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { boundMinutes, leastStages } from '../../../bench/scale/bound.ts';
import { Tally } from '../../../bench/scale/tally.ts';
import type { Exchange } from '../../../emulators/emulator.ts';
import type { MachineEvent } from '../../../emulators/step-functions/execution.ts';

suite('the least time for many clusters', () => {
  test('has the least requests before, between and after the three waits', () => {
    assert.deepEqual(leastStages(), [
      { requests: 4, thenMinutes: 45 },
      { requests: 2, thenMinutes: 32 },
      { requests: 3, thenMinutes: 26 },
      { requests: 1, thenMinutes: 0 },
    ]);
  });

  test('is what AWS and Atlas take, as long as the bucket is not empty', () => {
    assert.equal(boundMinutes(1, 1), 103);
    // The last of a hundred is tagged a hundredth of a minute before the end.
    assert.ok(Math.abs(boundMinutes(100, 1) - 103.99) < 1e-9);
  });

  test('is longer by what the bucket lacks', () => {
    const stages = [{ requests: 1, thenMinutes: 0 }];
    assert.ok(Math.abs(boundMinutes(1700, 0, stages) - 1) < 1e-9);
    // 4,000 requests before the first wait: 1,200 at once, and 500 in each minute.
    assert.ok(Math.abs(boundMinutes(1000, 0) - (103 + 2800 / 500)) < 0.1);
  });
});

suite('the tally of many runs', () => {
  const startedAt = new Date('2026-01-01T00:00:00Z');
  const exchange = (more: Partial<Exchange>): Exchange => ({
    at: startedAt,
    service: 'atlas',
    operation: 'getGroupStreamConnection',
    method: 'GET',
    path: '/',
    query: '',
    caller: 'key',
    status: 200,
    requestHeaders: {},
    requestBody: '',
    responseBody: '',
    ...more,
  });

  test('counts requests by operation, and those that were refused because there were too many', () => {
    const tally = new Tally(() => startedAt);
    for (const status of [200, 404, 429, 429]) tally.exchange(exchange({ status }));
    tally.exchange(exchange({ service: 'kafka', operation: 'DescribeClusterV2', status: 429 }));
    assert.deepEqual(tally.sum('atlas'), { requests: 4, throttled: 2 });
    assert.deepEqual(tally.sum('atlas', 'kafka'), { requests: 5, throttled: 3 });
  });

  test('counts no challenge against the bucket', () => {
    const tally = new Tally(() => startedAt);
    tally.exchange(exchange({ status: 401, at: new Date('2026-01-01T00:20:00Z') }));
    tally.exchange(exchange({ at: new Date('2026-01-01T00:20:00Z') }));
    assert.deepEqual(tally.quarters, [
      { requests: 0, throttled: 0 },
      { requests: 1, throttled: 0 },
    ]);
    assert.equal(tally.asked.get('atlas 401')?.requests, 1);
  });

  test('counts transitions, and what was retried for which error', () => {
    const tally = new Tally(() => startedAt);
    const run = {};
    const state = { name: 'Check', type: 'Task' };
    const error = { errorType: 'AtlasThrottled', errorMessage: '' };
    for (const event of [
      { type: 'StateEntered', state },
      { type: 'TaskAnswered', state, error },
      { type: 'StateRetried', state },
    ])
      tally.event(event as unknown as MachineEvent, run);
    assert.equal(tally.transitions, 2);
    assert.deepEqual([...tally.retried], [['Check AtlasThrottled', 1]]);
  });
});
