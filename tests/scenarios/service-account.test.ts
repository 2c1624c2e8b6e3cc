import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectCrowd } from '../../bench/scale/crowd.ts';

test('twelve clusters at once connect with two token requests, one for each hour', async () => {
  const { connected, failures, minutes, tally } = await connectCrowd(12, {
    credentials: 'service-account',
    scheme: 'SASL_SCRAM',
    losesWrites: true,
  });
  assert.deepEqual([connected, [...failures]], [12, []]);
  // The cluster takes 45 minutes, the link 32, the connection 26, and each is noticed at the next poll.
  assert.ok(minutes < 110, `${minutes} minutes`);
  assert.deepEqual(tally.requests.get('atlas createToken'), { requests: 2, throttled: 0 });
});
