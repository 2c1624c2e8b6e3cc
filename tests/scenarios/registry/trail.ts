import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Cloud } from '../../../emulators/cloud.ts';
import { isApiCallEvent } from '../../../emulators/event-bridge.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { assertConnected, cloudWith, ended, privateConnectivityIsOn as isOn, startOwnCloud } from '../local-cloud.ts';
import { assertNothingLeft } from './others.ts';

/** A cloud whose account has a trail. */
async function cloudWithTrail(t: TestContext, world: WorldSeed = { cluster: isOn }): Promise<Cloud> {
  const cloud = await cloudWith(world);
  cloud.hasTrail = true;
  t.after(() => {
    cloud.hasTrail = false;
  });
  return cloud;
}

/** From now on, MSK sends no "Tag Change on Resource": no document says that it does. */
function dropTagEvents(t: TestContext, cloud: Cloud): void {
  const deliver = cloud.deliver.bind(cloud);
  t.mock.method(cloud, 'deliver', (event: { source?: string }) => (event.source === 'aws.tag' ? [] : deliver(event)));
}

suite('if the account has a trail', () => {
  test('both events of one tag give one working run', async (t) => {
    const cloud = await cloudWithTrail(t);
    const started = await cloud.tag({ 'atlas-streaming': 'connect' });
    assert.equal(started.length, 2);
    const runs = await Promise.all(started.map(ended));
    assert.deepEqual(runs.map(({ endState }) => endState).toSorted(), ['Connected', 'NothingToDo']);
    assert.equal(cloud.world.project.links.length, 1);
    const removing = await Promise.all((await cloud.tag({ 'atlas-streaming': 'disconnect' })).map(ended));
    assert.deepEqual(removing.map(({ endState }) => endState).toSorted(), ['Disconnected', 'NothingToDo']);
    await assertNothingLeft(cloud);
  });

  test("the tag connects and disconnects by CloudTrail's events alone", async (t) => {
    const cloud = await cloudWithTrail(t);
    dropTagEvents(t, cloud);
    const [connecting = assert.fail('not started'), ...others] = await cloud.tag({ 'atlas-streaming': 'connect' });
    assert.equal(others.length, 0);
    assert.ok(isApiCallEvent(connecting.input as object));
    assertConnected(await ended(connecting));
    assert.equal(cloud.executions.length, 1, "a run's own tags start nothing");
    const [disconnecting = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    assert.equal((await ended(disconnecting)).endState, 'Disconnected');
    await assertNothingLeft(cloud);
  });

  test('a cluster that is created with the tag is connected when it is ACTIVE', async (t) => {
    const cloud = await cloudWithTrail(t);
    const created = cloud.world.createCluster({
      ...isOn,
      name: 'pay',
      state: 'CREATING',
      settlesAfterMinutes: 20,
      tags: { 'atlas-streaming': 'connect' },
      scramSecretArns: cloud.world.cluster.scramSecretArns,
    });
    const [connecting = assert.fail('not started'), ...others] = cloud.executions;
    assert.equal(others.length, 0);
    const run = await ended(connecting);
    assertConnected(run);
    assert.ok(run.states.includes('WaitForCluster'));
    assert.equal(cloud.world.project.links[0]?.request.arn, created.arn);
  });

  test('a call that MSK has refused starts nothing', async (t) => {
    const cloud = await cloudWithTrail(t);
    await assert.rejects(cloud.tag({ 'atlas-streaming': 'connect', 'a:b': 'c' }));
    assert.deepEqual(cloud.executions, []);
  });

  test('the removal of the tag disconnects, with disconnectOnUntag', async (t) => {
    const settings = { disconnectOnUntag: 'true' };
    const cloud = await startOwnCloud(t, { settings, world: { cluster: isOn }, hasTrail: true });
    dropTagEvents(t, cloud);
    const [connecting = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    assertConnected(await ended(connecting));
    const [disconnecting = assert.fail('not started')] = await cloud.untag(['atlas-streaming']);
    assert.equal((await ended(disconnecting)).endState, 'Disconnected');
    await assertNothingLeft(cloud);
  });
});
