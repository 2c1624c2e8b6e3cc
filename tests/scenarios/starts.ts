import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { UntagResourceCommand } from '@aws-sdk/client-kafka';
import { tagChangeEvent } from '../../emulators/event-bridge.ts';
import { changes, cloudWith, ended } from './local-cloud.ts';

suite('a run is started by', () => {
  const trigger = { 'atlas-streaming': 'connect' };
  const event = (resourceArn: string, tags: Record<string, string> = trigger) =>
    tagChangeEvent({ resourceArn, tags, changedTagKeys: ['atlas-streaming'], version: 1, time: new Date() });

  test('the tag atlas-streaming=connect, and by no other change of tags', async () => {
    const cloud = await cloudWith();
    const { arn } = cloud.world.cluster;
    assert.equal((await cloud.tag({ 'atlas-streaming': 'reconnect' })).length, 0);
    assert.equal((await cloud.tag({ 'atlas-streaming/status': 'connect', owner: 'connect' })).length, 0);
    assert.equal((await cloud.tag(trigger)).length, 1);
    assert.equal((await cloud.tag(trigger)).length, 0, 'the same value again is not a change');
    assert.equal((await cloud.tag({ owner: 'payments' })).length, 0, 'another key has changed');
    await cloud.kafka.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: ['atlas-streaming'] }));
    assert.equal(cloud.machine.executions.length, 1);
  });

  test('the event of that tag, which is the input of the execution', async () => {
    const cloud = await cloudWith();
    const [execution = assert.fail('not started')] = await cloud.tag(trigger);
    const { source, resources, detail } = execution.input as ReturnType<typeof tagChangeEvent>;
    assert.equal(source, 'aws.tag');
    assert.deepEqual(resources, [cloud.world.cluster.arn]);
    assert.deepEqual(detail, {
      'changed-tag-keys': ['atlas-streaming'],
      tags: trigger,
      service: 'kafka',
      'resource-type': 'cluster',
      version: 1,
    });
  });

  test('no tag on a resource of another service', async () => {
    const cloud = await cloudWith();
    assert.deepEqual(cloud.deliver(event('arn:aws:ec2:us-east-1:123456789012:instance/i-1')), []);
  });

  for (const { found, tags } of [
    { found: 'no longer exists', tags: {} },
    { found: 'is "disconnect", not "connect"', tags: { 'atlas-streaming': 'disconnect' } },
  ]) {
    test(`an event, and does nothing if the tag ${found}`, async () => {
      const cloud = await cloudWith({ cluster: { tags } });
      const [execution = assert.fail('not started')] = cloud.deliver(event(cloud.world.cluster.arn));
      const { endState, output } = await ended(execution);
      assert.equal(endState, 'NothingToDo');
      assert.match(
        (output as { reason: string }).reason,
        RegExp(`^The tag atlas-streaming ${found}\\. Nothing is to be done for arn:\\S+\\.$`),
      );
      assert.deepEqual(changes(cloud), []);
      assert.deepEqual(cloud.world.cluster.tags.all, tags);
    });
  }
});
