import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../../emulators/cloud.ts';
import { mskError } from '../../../emulators/msk/router.ts';
import {
  assertConnected,
  cloudWith,
  connectByHand,
  connectedCloud,
  disconnectByHand,
  disconnectByTag,
  ended,
  entered,
  failFunction,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from '../local-cloud.ts';
import { assertNothingLeft } from './others.ts';

const processorsOf = ({ world }: Cloud) => world.project.workspace('streams').processors;

/** Atlas deletes no connection that a processor uses. */
const use = ({ world }: Cloud) =>
  world.project.addProcessor('streams', { name: 'enrich', pipeline: [{ $source: { connectionName: 'orders' } }] });

suite('a disconnect that failed before it removed anything', () => {
  test('is finished by the sweep, with pauses, after Terraform has removed the tags', async () => {
    const cloud = await connectedCloud();
    use(cloud);
    assert.equal((await disconnectByTag(cloud)).error, 'ConnectionInUse');
    await cloud.untag(Object.keys(cloud.world.cluster.tags.all));
    assert.deepEqual((await swept(cloud, 10)).ends, []);
    assert.deepEqual((await swept(cloud, 10)).ends, ['RemovalFailed']);
    assert.deepEqual((await swept(cloud, 30)).ends, []);
    processorsOf(cloud).splice(0);
    assert.deepEqual((await swept(cloud, 60)).ends, ['Disconnected']);
    await assertNothingLeft(cloud);
  });

  test('is finished by the sweep if a person has started it, and its Cause says so', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    assertConnected(await connectByHand(cloud));
    use(cloud);
    const { error, cause } = await disconnectByHand(cloud);
    assert.equal(error, 'ConnectionInUse');
    assert.match(
      cause ?? '',
      /\nUnless the cluster has the tag atlas-streaming=connect, the sweep starts a run after /,
    );
    processorsOf(cloud).splice(0);
    assert.deepEqual((await swept(cloud, 20)).ends, ['Disconnected']);
    await assertNothingLeft(cloud);
  });

  test('leaves no empty record', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    failFunction(cloud, 'DeleteConnection', { errorType: 'AtlasRefused', errorMessage: 'No.' }, 1);
    assert.equal((await disconnectByHand(cloud)).error, 'AtlasRefused');
    assert.deepEqual((await swept(cloud, 20)).ends, ['Disconnected']);
    assert.deepEqual(await cloud.registry.all(), []);
  });

  test('gives way to the tag connect', async () => {
    const cloud = await connectedCloud();
    use(cloud);
    assert.equal((await disconnectByHand(cloud)).error, 'ConnectionInUse');
    assert.deepEqual((await swept(cloud, 1)).ends, ['Connected']);
    assert.deepEqual((await swept(cloud, 20)).ends, []);
    assert.equal((await recordOf(cloud)).status, 'connected');
  });
});

suite('a disconnect that is taken back', () => {
  test('by the removal of its tag, while it waits, leaves a connection that is verified and rotated', async () => {
    const cloud = await connectedCloud({ atlas: { connectionMinutes: 30 } });
    const { secretsManager, scramSecrets, project } = cloud.world;
    const rotate = (password: string) =>
      secretsManager.rotate(scramSecrets[0]?.arn ?? '', JSON.stringify({ username: 'atlas', password }));
    rotate('second');
    const rotating = cloud.start({ clusterArn: cloud.world.cluster.arn });
    await entered(rotating, 'WaitForConnection');
    const [disconnecting = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    await entered(disconnecting, 'WaitForHolder');
    await cloud.untag(['atlas-streaming']);
    assert.equal((await ended(disconnecting)).endState, 'NothingToDo');
    assert.deepEqual((await swept(cloud, 15)).ends, ['Connected']);
    assert.equal(cloud.world.cluster.tags.all['atlas-streaming/status'], 'connected');
    rotate('third');
    assert.deepEqual((await swept(cloud, 15)).ends, ['Connected']);
    assert.deepEqual((await swept(cloud, 7 * 60)).ends, ['Connected']);
    assert.equal(project.connections('streams').length, 1);
  });

  test('by the removal of its tag, after it has stopped a first connect, leaves nothing', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 40 } });
    const [connecting = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(connecting, 'WaitForPrivateLink');
    const [disconnecting = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    await entered(disconnecting, 'WaitForHolder');
    await cloud.untag(['atlas-streaming']);
    assert.equal((await ended(disconnecting)).endState, 'NothingToDo');
    assert.deepEqual((await swept(cloud, 15)).ends, ['Disconnected']);
    await assertNothingLeft(cloud);
  });

  test('by a person who stops it before it has removed anything, leaves a connection that is verified', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    assertConnected(await connectByHand(cloud));
    // ResolveRequest writes the status tags after its claim, and waits here.
    let answer: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => {
      answer = resolve;
    });
    cloud.intercept = async ({ operation }, next) => {
      if (operation !== 'TagResource') return next();
      await stopped;
      return mskError('BadRequestException', 'No.').answer;
    };
    const disconnecting = cloud.start({ clusterArn: cloud.world.cluster.arn }, 'disconnect');
    await entered(disconnecting, 'ResolveRequest');
    while (!(await recordOf(cloud)).holder?.includes('-disconnect:')) await new Promise(setImmediate);
    disconnecting.abort();
    answer?.();
    cloud.intercept = (_, next) => next();
    assert.deepEqual((await swept(cloud, 20)).ends, ['Connected']);
    assert.equal(cloud.world.project.connections('streams').length, 1);
    assert.equal((await recordOf(cloud)).status, 'connected');
  });
});
