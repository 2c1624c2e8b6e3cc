import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { boundMinutes, fewestStages } from '../../../bench/scale/bound.ts';
import { connectCrowd } from '../../../bench/scale/crowd.ts';
import { Tally } from '../../../bench/scale/tally.ts';
import type { Exchange } from '../../../emulators/emulator.ts';
import type { MachineEvent } from '../../../emulators/step-functions/execution.ts';

suite('the shortest time for many clusters', () => {
  test('has the fewest requests before, between and after the three waits', () => {
    assert.deepEqual(fewestStages(), [
      { requests: 4, thenMinutes: 45 },
      { requests: 2, thenMinutes: 32 },
      { requests: 3, thenMinutes: 26 },
      { requests: 1, thenMinutes: 0 },
    ]);
  });

  test('is the time of AWS and Atlas if the bucket is never empty', () => {
    assert.equal(boundMinutes(1, 1), 103);
    // The last of a hundred is tagged a hundredth of a minute before the end.
    assert.ok(Math.abs(boundMinutes(100, 1) - 103.99) < 1e-9);
  });

  test('is longer if the bucket is empty', () => {
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

  test('counts requests and throttled requests by operation', () => {
    const tally = new Tally(() => startedAt);
    for (const status of [200, 404, 429, 429]) tally.exchange(exchange({ status }));
    tally.exchange(exchange({ service: 'kafka', operation: 'DescribeClusterV2', status: 429 }));
    assert.deepEqual(tally.sum('atlas'), { requests: 4, throttled: 2 });
    assert.deepEqual(tally.sum('atlas', 'kafka'), { requests: 5, throttled: 3 });
    for (const name of ['ThrottlingException', 'ResourceExistsException', 'ConditionalCheckFailedException'])
      tally.exchange(exchange({ service: 'dynamodb', status: 400, responseBody: `{"__type":"${name}"}` }));
    assert.deepEqual(tally.sum('dynamodb'), { requests: 3, throttled: 1 });
  });

  test('does not count a challenge as a request of the bucket', () => {
    const tally = new Tally(() => startedAt);
    tally.exchange(exchange({ status: 401, at: new Date('2026-01-01T00:20:00Z') }));
    tally.exchange(exchange({ at: new Date('2026-01-01T00:20:00Z') }));
    assert.deepEqual(tally.quarters, [
      { requests: 0, throttled: 0 },
      { requests: 1, throttled: 0 },
    ]);
    assert.equal(tally.requests.get('atlas 401')?.requests, 1);
  });

  test('counts transitions, and retries by error', () => {
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

test('a crowd connects by IAM as well', async () => {
  const { connected, failures, tally } = await connectCrowd(3, {
    credentials: 'api-key',
    scheme: 'IAM',
    losesWrites: true,
  });
  assert.deepEqual([connected, [...failures]], [3, []]);
  assert.equal(tally.requests.get('kafka ListScramSecrets'), undefined);
});
