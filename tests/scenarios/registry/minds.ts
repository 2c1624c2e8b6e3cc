import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Execution } from '../../../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import {
  assertConnected,
  changes,
  cloudWith,
  cloudWithVariables,
  connectByHand,
  connectedCloud,
  disconnectByHand,
  ended,
  entered,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from '../local-cloud.ts';
import { onlyOnce } from '../way.ts';
import { assertNothingLeft } from './others.ts';

const waits: { wait: string; world: WorldSeed }[] = [
  { wait: 'WaitForCluster', world: { cluster: { updateMinutes: 40 } } },
  { wait: 'WaitForPrivateLink', world: { cluster: isOn, atlas: { linkMinutes: 40 } } },
  { wait: 'WaitForConnection', world: { cluster: isOn, atlas: { connectionMinutes: 40 } } },
];

async function first(started: Promise<Execution[]>): Promise<Execution> {
  const [execution = assert.fail('not started'), ...others] = await started;
  assert.equal(others.length, 0);
  return execution;
}

/** A connect that was started by the tag and is in this wait. */
async function connectingIn(cloud: Cloud, wait: string): Promise<Execution> {
  const connecting = await first(cloud.tag({ 'atlas-streaming': 'connect' }));
  await entered(connecting, wait);
  return connecting;
}

/** Changes tags, and the events of this are lost. */
async function unnoticed(t: TestContext, cloud: Cloud, change: () => Promise<unknown>): Promise<void> {
  const { mock } = t.mock.method(cloud, 'deliver', () => []);
  await change();
  mock.restore();
}

function assertOneOfEach({ world: { project, cluster } }: Cloud): void {
  const sizes = [project.links, project.connections('streams'), [cluster.policy?.document.Statement ?? []].flat()];
  assert.deepEqual(
    sizes.map(({ length }) => length),
    [1, 1, 1],
  );
}

suite('the tag disconnect, set while a connect is', () => {
  for (const { wait, world } of waits) {
    test(`in ${wait}, stops it and removes what it has created`, async () => {
      const cloud = await cloudWith(world);
      const connecting = await connectingIn(cloud, wait);
      const disconnecting = await first(cloud.tag({ 'atlas-streaming': 'disconnect' }));
      const { status, error, cause } = await ended(connecting);
      assert.deepEqual([status, error], ['ABORTED', 'NoLongerWanted']);
      assert.ok(cause?.includes(disconnecting.arn), cause);
      const { endState, states, cause: problem } = await ended(disconnecting);
      assert.equal(endState, 'Disconnected', problem);
      assert.equal(states.filter((state) => state === 'WaitForHolder').length, 1);
      await assertNothingLeft(cloud);
    });

    test(`in ${wait}, and set back to connect, ends in one connection`, async () => {
      const cloud = await cloudWith(world);
      const connecting = await connectingIn(cloud, wait);
      const disconnecting = await first(cloud.tag({ 'atlas-streaming': 'disconnect' }));
      await entered(disconnecting, 'WaitForHolder');
      const again = await first(cloud.tag({ 'atlas-streaming': 'connect' }));
      assert.equal((await ended(connecting)).status, 'ABORTED');
      // After its wait, the disconnect reads the tag again.
      assert.equal((await ended(disconnecting)).endState, 'NothingToDo');
      assertConnected(await ended(again));
      const { status, holder } = await recordOf(cloud);
      assert.deepEqual([status, holder], ['connected', undefined]);
      assertOneOfEach(cloud);
    });

    test(`in ${wait}, is found by the next sweep if its event is lost`, async (t) => {
      const cloud = await cloudWith(world);
      const connecting = await connectingIn(cloud, wait);
      await unnoticed(t, cloud, () => cloud.tag({ 'atlas-streaming': 'disconnect' }));
      const { ends, result } = await swept(cloud);
      assert.match(result.started[0]?.reason ?? '', /a connect is running, and its tag says disconnect/);
      assert.deepEqual(ends, ['Disconnected']);
      await ended(connecting);
      await assertNothingLeft(cloud);
    });
  }
});

suite('a connect whose tag has changed ends in NoLongerWanted', () => {
  test('when it polls the cluster, and the sweep disconnects', async (t) => {
    const cloud = await cloudWith({ cluster: { updateMinutes: 40 } });
    const connecting = await connectingIn(cloud, 'WaitForCluster');
    await unnoticed(t, cloud, () => cloud.tag({ 'atlas-streaming': 'disconnect' }));
    const { endState, status } = await ended(connecting);
    assert.deepEqual([endState, status], ['NoLongerWanted', 'SUCCEEDED']);
    const { holder, status: recorded, failures } = await recordOf(cloud);
    assert.deepEqual([holder, recorded, failures], [undefined, undefined, undefined]);
    assert.deepEqual((await swept(cloud)).ends, ['Disconnected']);
    await assertNothingLeft(cloud);
  });

  test('before it creates anything', async (t) => {
    const cloud = await cloudWith({ cluster: isOn });
    cloud.interceptInvocation = async ({ name }, next) => {
      if (name === 'LookUpPrincipal') await unnoticed(t, cloud, () => cloud.tag({ 'atlas-streaming': 'disconnect' }));
      return next();
    };
    const { endState, states } = await ended(await first(cloud.tag({ 'atlas-streaming': 'connect' })));
    assert.deepEqual(states.slice(-2), ['RecordPlan', 'NoLongerWanted']);
    assert.equal(endState, 'NoLongerWanted');
    assert.deepEqual(changes(cloud), []);
    await swept(cloud);
    await assertNothingLeft(cloud);
  });

  test('if the tag was removed, only with disconnectOnUntag', onlyOnce, async (t) => {
    const world = { cluster: { updateMinutes: 40 } };
    const cloud = await cloudWithVariables({ DISCONNECT_ON_UNTAG: 'true' }, world);
    const connecting = await connectingIn(cloud, 'WaitForCluster');
    await unnoticed(t, cloud, () => cloud.untag(['atlas-streaming']));
    assert.equal((await ended(connecting)).endState, 'NoLongerWanted');

    const other = await cloudWith(world);
    const goesOn = await connectingIn(other, 'WaitForCluster');
    await other.untag(['atlas-streaming']);
    assertConnected(await ended(goesOn));
  });
});

suite('a disconnect that a person starts', () => {
  test('stops a connect, too, and the sweep connects again while the tag says so', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 40 } });
    const connecting = await connectingIn(cloud, 'WaitForPrivateLink');
    assert.equal((await disconnectByHand(cloud)).endState, 'Disconnected');
    assert.equal((await ended(connecting)).status, 'ABORTED');
    await assertNothingLeft(cloud);
    assert.deepEqual((await swept(cloud, 15)).ends, ['Connected']);
    assertOneOfEach(cloud);
  });
});

suite('a connect that finds a disconnect at work', () => {
  test('waits for it, and then connects', async () => {
    const cloud = await connectedCloud();
    const disconnecting = await first(cloud.tag({ 'atlas-streaming': 'disconnect' }));
    await entered(disconnecting, 'WaitForConnectionRemoval');
    const connecting = await first(cloud.tag({ 'atlas-streaming': 'connect' }));
    assert.equal((await ended(disconnecting)).endState, 'Disconnected');
    const run = await ended(connecting);
    assertConnected(run);
    assert.ok(run.states.includes('WaitForHolder'));
    assertOneOfEach(cloud);
  });

  test('waits for it also if a person has started both', async () => {
    const cloud = await connectedCloud();
    const disconnecting = cloud.start({ clusterArn: cloud.world.cluster.arn }, 'disconnect');
    await entered(disconnecting, 'WaitForConnectionRemoval');
    assertConnected(await connectByHand(cloud));
    assert.equal((await ended(disconnecting)).endState, 'Disconnected');
    assertOneOfEach(cloud);
  });
});
