import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  cloudWithVariables,
  connectByHand,
  connectByTag,
  ended,
  privateConnectivityIsOn,
  swept,
} from '../local-cloud.ts';

suite('while the deployment is paused,', () => {
  test('tags and the sweep start nothing; when the pause ends, the next sweep starts what is due', async () => {
    const cloud = await cloudWithVariables({ PAUSED: 'true' }, { cluster: privateConnectivityIsOn });
    const run = await connectByTag(cloud);
    assert.equal(run.endState, 'NothingToDo');
    assert.match((run.output as { reason: string }).reason, /^The deployment is paused \(setting paused\)/);
    const statusTag = () => cloud.world.cluster.tags.all['atlas-streaming/status'];
    assert.equal(statusTag(), 'paused');

    const { result, runs } = await swept(cloud, 15);
    assert.deepEqual([result.isPaused, result.due, result.started, runs], [true, 1, [], []]);
    assert.equal((await connectByHand(cloud, { dryRun: true })).endState, 'Planned');

    await cloud.lambda.update({ PAUSED: 'false' });
    assert.deepEqual((await swept(cloud, 15)).ends, ['Connected']);
    assert.equal(statusTag(), 'connected');

    await cloud.lambda.update({ PAUSED: 'true' });
    const [disconnect = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    assert.equal((await ended(disconnect)).endState, 'NothingToDo');
    assert.equal(statusTag(), 'connected');
    assert.equal((await swept(cloud, 15)).result.due, 1);

    await cloud.lambda.update({ PAUSED: 'false' });
    assert.deepEqual((await swept(cloud, 15)).ends, ['Disconnected']);
  });

  test('a manual start works', async () => {
    const cloud = await cloudWithVariables({ PAUSED: 'true' }, { cluster: privateConnectivityIsOn });
    assert.equal((await connectByHand(cloud)).endState, 'Connected');
  });
});
