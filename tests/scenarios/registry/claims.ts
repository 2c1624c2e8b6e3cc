import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Execution } from '../../../emulators/step-functions/execution.ts';
import {
  assertConnected,
  changes,
  cloudWith,
  connectByTag,
  connectedCloud,
  ended,
  entered,
  faultAt,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from '../local-cloud.ts';
import { assertNothingLeft, everything } from './others.ts';

async function first(started: Promise<Execution[]>): Promise<Execution> {
  const [execution = assert.fail('not started')] = await started;
  return execution;
}

const isWorking = ({ endState }: { endState: string }) => endState === 'Connected';

suite('of two simultaneous runs', () => {
  test('exactly one connects, and the other one does nothing and names it', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const byTag = await first(cloud.tag({ 'atlas-streaming': 'connect' }));
    const byHand = cloud.start({ clusterArn: cloud.world.cluster.arn });
    const runs = await Promise.all([byTag, byHand].map(ended));
    const [working, ...others] = runs.filter(isWorking);
    assert.ok(working);
    assert.equal(others.length, 0);
    const idle = runs.find((run) => !isWorking(run));
    assert.equal(idle?.endState, 'NothingToDo');
    assert.ok(JSON.stringify(idle?.output).includes(working.execution.arn));
    assert.equal(cloud.world.project.links.length, 1);
  });

  test('exactly one disconnects', async () => {
    const cloud = await connectedCloud();
    const byTag = await first(cloud.tag({ 'atlas-streaming': 'disconnect' }));
    const byHand = cloud.start({ clusterArn: cloud.world.cluster.arn }, 'disconnect');
    const ends = (await Promise.all([byTag, byHand].map(ended))).map(({ endState }) => endState);
    assert.deepEqual(ends.toSorted(), ['Disconnected', 'NothingToDo']);
    await assertNothingLeft(cloud);
  });
});

suite('forged status tags', () => {
  const forged = (execution: string) => ({
    'atlas-streaming/status': 'connected',
    'atlas-streaming/execution': execution,
    'atlas-streaming/verified-at': '99990101T000000Z',
  });

  test('keep no cluster from being connected', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const other = cloud.world.createCluster({ state: 'HEALING', name: 'pay' });
    const running = cloud.start({ clusterArn: other.arn });
    await entered(running, 'WaitForCluster');
    cloud.world.cluster.tags.put({ ...forged(`connect/${running.name}`), 'atlas-streaming': 'connect' });
    const execution = cloud.executions.find((it) => it !== running) ?? assert.fail('not started');
    assertConnected(await ended(execution));
    running.abort();
  });

  test('keep no connected cluster from being verified', async () => {
    const cloud = await connectedCloud();
    const { execution } = await recordOf(cloud).then(({ lastExecution = '' }) => ({
      execution: cloud.executions.find(({ arn }) => arn === lastExecution),
    }));
    await cloud.tag(forged(`connect/${execution?.name}`));
    assert.deepEqual((await swept(cloud, 5 * 60)).ends, []);
    assert.deepEqual((await swept(cloud, 75)).ends, ['Connected']);
  });
});

suite('a connect that was stopped', () => {
  /** Stops a connect by the tag disconnect while it is in this state. */
  async function stoppedIn(cloud: Cloud, state: string) {
    const connecting = await first(cloud.tag({ 'atlas-streaming': 'connect' }));
    await entered(connecting, state);
    const disconnecting = await first(cloud.tag({ 'atlas-streaming': 'disconnect' }));
    await connecting.result;
    return { connecting, disconnecting };
  }

  test('and is redriven while the disconnect works, changes nothing', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 10 } });
    const { connecting, disconnecting } = await stoppedIn(cloud, 'WaitForPrivateLink');
    connecting.redrive();
    const run = await ended(connecting);
    // It is stopped again, or has lost its claim before that.
    assert.match(run.status, /^(ABORTED|FAILED)$/);
    assert.equal((await ended(disconnecting)).endState, 'Disconnected');
    await assertNothingLeft(cloud);
  });

  for (const state of ['WaitForPrivateLink', 'WaitForConnection'])
    test(`in ${state}, and is redriven after the disconnect, changes nothing`, async () => {
      const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 10, connectionMinutes: 10 } });
      const { connecting, disconnecting } = await stoppedIn(cloud, state);
      assert.equal((await ended(disconnecting)).endState, 'Disconnected');
      const tags = cloud.world.cluster.tags.all;
      const written = changes(cloud).length;
      connecting.redrive();
      const run = await ended(connecting);
      assert.deepEqual([run.status, run.error], ['FAILED', 'ClaimLost'], run.cause);
      assert.equal(changes(cloud).length, written);
      await assertNothingLeft(cloud);
      assert.deepEqual(cloud.world.cluster.tags.all, tags);
    });

  test('and is redriven after another connect, changes nothing', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 10 } });
    const { connecting, disconnecting } = await stoppedIn(cloud, 'WaitForPrivateLink');
    assert.equal((await ended(disconnecting)).endState, 'Disconnected');
    assertConnected(await connectByTag(cloud));
    const before = everything(cloud);
    const record = await recordOf(cloud);
    const written = changes(cloud).length;
    connecting.redrive();
    await connecting.result;
    assert.equal(everything(cloud), before);
    assert.deepEqual(await recordOf(cloud), record);
    assert.equal(changes(cloud).length, written);
  });

  for (const operation of ['createGroupStreamPrivateLinkConnection', 'createGroupStreamConnection', 'PutClusterPolicy'])
    test(`although its function still sends ${operation}, leaves nothing`, async () => {
      const cloud = await cloudWith({ cluster: isOn });
      const connecting = await first(cloud.tag({ 'atlas-streaming': 'connect' }));
      const stopped = Promise.withResolvers<Execution>();
      cloud.intercept = faultAt(operation, async (_, next) => {
        const disconnecting = await first(cloud.tag({ 'atlas-streaming': 'disconnect' }));
        await entered(disconnecting, 'WaitForHolder');
        stopped.resolve(disconnecting);
        return next();
      });
      const disconnecting = await stopped.promise;
      assert.equal((await ended(connecting)).status, 'ABORTED');
      const { endState, cause } = await ended(disconnecting);
      assert.equal(endState, 'Disconnected', cause);
      assert.ok(
        changes(cloud).some((it) => it.endsWith(` ${operation}`)),
        'the request was applied',
      );
      await assertNothingLeft(cloud);
    });
});
