import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Call } from '../../../emulators/emulator.ts';
import { awsThrottling } from '../../../emulators/throttling.ts';
import { TokenBucket } from '../../../emulators/token-bucket.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

test('a bucket refills with time, up to its capacity', () => {
  const clock = stoppedClock();
  const bucket = new TokenBucket(clock, 3, 1 / 30);
  const take = (count: number) => Array.from({ length: count }, () => bucket.take());
  assert.deepEqual(take(4), [true, true, true, false]);
  assert.equal(bucket.wait, 30);
  clock.advance(1);
  assert.deepEqual(take(3), [true, true, false]);
  clock.advance(60);
  assert.deepEqual(take(4), [true, true, true, false]);
});

suite('AWS throttles', () => {
  const read: Call = {
    service: 'kafka',
    operation: 'DescribeClusterV2',
    method: 'GET',
    path: '/',
    caller: 'one',
    body: '',
    authorization: undefined,
  };
  const applied = { status: 200, body: '{}' };

  function throttled(isExempt = (_: string) => false) {
    const clock = stoppedClock();
    const intercept = awsThrottling(clock, isExempt);
    const statuses = async (call: Call, count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => intercept(call, async () => applied)));
      return answers.map((answer) => (typeof answer === 'object' && 'status' in answer ? answer.status : answer));
    };
    return { clock, intercept, statuses };
  }

  test('reads of MSK apart from its changes, for all callers together', async () => {
    const { clock, statuses } = throttled();
    assert.equal((await statuses(read, 60)).filter((status) => status === 429).length, 10);
    assert.deepEqual(await statuses({ ...read, caller: 'other' }, 1), [429]);
    assert.deepEqual(await statuses({ ...read, method: 'PUT', operation: 'UpdateConnectivity' }, 1), [200]);
    clock.advance(1 / 60);
    assert.equal((await statuses(read, 30)).filter((status) => status === 200).length, 20);
  });

  test('with the error that the AWS SDK retries', async () => {
    const { intercept } = throttled();
    const answers = await Promise.all(Array.from({ length: 51 }, () => intercept(read, async () => applied)));
    const { headers } = answers.at(-1) as { headers: Record<string, string> };
    assert.equal(headers['x-amzn-errortype'], 'TooManyRequestsException');
  });

  test('writes to DynamoDB apart from its reads', async () => {
    const { statuses } = throttled();
    const write: Call = { ...read, service: 'dynamodb', operation: 'UpdateItem', method: 'POST' };
    assert.equal((await statuses(write, 4001)).at(-1), 400);
    assert.deepEqual(await statuses({ ...write, operation: 'GetItem' }, 1), [200]);
  });

  test('neither callers that are exempt nor services outside AWS', async () => {
    const { statuses } = throttled((caller) => caller === 'one');
    assert.ok((await statuses(read, 100)).every((status) => status === 200));
    const ofAtlas = { ...read, service: 'atlas', caller: 'key' } as const;
    assert.ok((await statuses(ofAtlas, 100)).every((status) => status === 200));
  });
});
