import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import {
  assertConnected,
  assertFailed,
  cloudOfItsOwn,
  cloudWith,
  connectByHand,
  connectByTag,
  faultAt,
  privateConnectivityIsOn,
} from './local-cloud.ts';

/** How long each visit of a state lasted, in simulated seconds. */
function secondsIn({ history }: Execution, state: string): number[] {
  const visits = history.filter((event) => 'state' in event && event.state.name === state);
  const exits = visits.filter(({ type }) => type === 'StateExited');
  const entries = visits.filter(({ type }) => type === 'StateEntered');
  return exits.map(({ at }, index) => (at.getTime() - (entries[index]?.at.getTime() ?? 0)) / 1000);
}

suite('a wait', () => {
  test('for a cluster that does not settle ends at its deadline, before anything is changed', async (t) => {
    const cloud = await cloudOfItsOwn(t, {
      world: { cluster: { state: 'HEALING' } },
      params: { clusterTimeoutMinutes: '10' },
    });
    const run = await connectByTag(cloud);
    assertFailed(run, 'WaitTimedOut', /The cluster is still HEALING, and the deadline of this wait/);
    assert.ok(run.states.includes('WaitForCluster'));
    assert.ok(!run.states.includes('CheckPrerequisites'));
  });

  test('of which nothing else came leaves the plan as it was', async () => {
    const cloud = await cloudWith();
    const { states } = await connectByTag(cloud);
    assert.ok(states.filter((name) => name === 'InspectCluster').length > 1);
    assert.equal(states.filter((name) => name === 'CheckPrerequisites').length, 1);
  });

  test('in which somebody takes the secret from the cluster has the prerequisites checked again', async () => {
    const cloud = await cloudWith();
    cloud.intercept = faultAt('UpdateConnectivity', async (_, next) => {
      const answer = await next();
      cloud.world.cluster.scramSecretArns = [];
      return answer;
    });
    const run = await connectByTag(cloud);
    assertFailed(run, 'PrerequisitesNotMet', /No SCRAM secret is associated with the cluster/);
    assert.equal(cloud.world.project.connections('streams').length, 0, 'no password has gone to Atlas');
  });

  test('begins again when the cluster leaves ACTIVE before the secret is associated', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn, scramSecrets: [{ isAssociated: false }] });
    const { cluster, scramSecrets } = cloud.world;
    const secretArn = scramSecrets[0]?.arn ?? '';
    cloud.intercept = faultAt('BatchAssociateScramSecret', (_, next) => {
      cluster.startUpdate(cluster.connectivity);
      return next();
    });
    const run = await connectByHand(cloud, { secretArn });
    assertConnected(run);
    assert.deepEqual(run.retried, []);
    assert.equal(run.states.filter((state) => state === 'AssociateScramSecret').length, 2);
    assert.deepEqual(cluster.scramSecretArns, [secretArn]);
  });

  test('for a connection that somebody’s simultaneous write has overwritten writes it again', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    const { project } = cloud.world;
    const restore = project.rememberConnections('streams');
    cloud.intercept = faultAt('createGroupStreamConnection', async (_, next) => {
      const answer = await next();
      restore();
      return answer;
    });
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.equal(run.states.filter((state) => state === 'CreateConnection').length, 2);
    assert.equal(project.connections('streams').length, 1);
  });

  test('for a link that does not come up ends at its deadline; the next run goes on from there', async (t) => {
    const world = { cluster: privateConnectivityIsOn, atlas: { linkMinutes: 30 } };
    const cloud = await cloudOfItsOwn(t, { world, params: { privateLinkTimeoutMinutes: '10' } });
    assertFailed(await connectByTag(cloud), 'WaitTimedOut', /Private link [0-9a-f]{24} is still WORKING/);
    const [link] = cloud.world.project.links;
    await cloud.clock.wait(30 * 60);
    assert.equal(link?.state, 'DONE');
    await cloud.tag({ 'atlas-streaming': 'again' });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(cloud.world.project.links, [link]);
  });

  test('for a connection that does not get ready ends at its deadline', async (t) => {
    const world = { cluster: privateConnectivityIsOn, atlas: { connectionMinutes: 1000 } };
    const cloud = await cloudOfItsOwn(t, { world, params: { connectionTimeoutMinutes: '10' } });
    assertFailed(await connectByTag(cloud), 'WaitTimedOut', /Connection "orders" is still PENDING/);
  });

  test('is as long as the deployment says', async (t) => {
    const params = {
      ...{ clusterPollSeconds: '120', privateLinkPollSeconds: '300', connectionPollSeconds: '90' },
      // So short that every wait is overdue at once, and its polls are as far from each other as they get.
      ...{ clusterUsualMinutes: '1', privateLinkUsualMinutes: '1', connectionUsualMinutes: '1' },
    };
    const cloud = await cloudOfItsOwn(t, { params });
    const { execution } = await connectByTag(cloud);
    for (const [state, seconds] of [
      ['WaitForCluster', 120],
      ['WaitForPrivateLink', 300],
      ['WaitForConnection', 90],
    ] as const) {
      const waits = secondsIn(execution, state);
      // Timers may fire a millisecond early, which is 3.6 simulated seconds.
      assert.ok(waits.length > 0 && waits.every((wait) => wait > seconds - 5), `${state}: ${waits.join()}`);
    }
  });
});
