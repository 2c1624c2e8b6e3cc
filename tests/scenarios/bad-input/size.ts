import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { connectByHand, ended } from '../local-cloud.ts';
import { assertRejected, assertUntouched, cloudInUse, secret } from './rejection.ts';

/** Step Functions accepts an input of 256 KiB, and fails without a Catch if the input and a few fields more are longer. */
suite('a large input', () => {
  test('is rejected with a Cause, up to 235 KiB', async () => {
    for (const config of [
      { 'client.id': 'é'.repeat(120_000) },
      { 'client.id': secret, text: `"${'\\"'.repeat(60_000)}` },
    ]) {
      const cloud = await cloudInUse();
      const run = await connectByHand(cloud, { config });
      assertRejected(cloud, run, {
        says: /config (is longer than 16384 characters; it must be shorter|has the key "text", which Atlas ignores)/,
      });
    }
  });

  test('as an event is rejected if it has more than 64 KiB', async () => {
    const cloud = await cloudInUse({ tags: { 'atlas-streaming': 'connect' } });
    const event = (junk: string) => ({
      ...{ source: 'aws.tag', 'detail-type': 'Tag Change on Resource', resources: [cloud.world.cluster.arn], junk },
      detail: { 'changed-tag-keys': ['atlas-streaming'], tags: {} },
    });
    const run = await ended(cloud.start(event('é'.repeat(100_000))));
    assertRejected(cloud, run, { says: /The event has 200\d{3} bytes; it must have at most 65536/ });
  });

  test('ends without a Cause of ours only if it nearly fills the limit of Step Functions, and changes nothing', async () => {
    const cloud = await cloudInUse();
    const { status, error } = await connectByHand(cloud, { config: { 'client.id': 'x'.repeat(261_900) } });
    assert.deepEqual([status, error], ['FAILED', 'States.DataLimitExceeded']);
    assertUntouched(cloud);
    assert.deepEqual(await cloud.registry.all(), []);
  });
});
