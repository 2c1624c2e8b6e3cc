import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import { waits } from '../../shared/waits.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  faultAt,
  privateConnectivityIsOn,
} from './local-cloud.ts';
import { scramOnly } from './way.ts';

/** How long each visit of a state lasted, in simulated seconds, rounded: to leave a state takes a few milliseconds. */
function secondsIn({ history }: Execution, state: string): number[] {
  const visits = history.filter((event) => 'state' in event && event.state.name === state);
  const exits = visits.filter(({ type }) => type === 'StateExited');
  const entries = visits.filter(({ type }) => type === 'StateEntered');
  return exits.map(({ at }, index) => Math.round((at.getTime() - Number(entries[index]?.at)) / 1000));
}

suite('a wait', () => {
  test('ends at its deadline if the cluster does not settle, and nothing has changed', async () => {
    const cloud = await cloudWith({ cluster: { state: 'HEALING' } });
    let hasPassed = false;
    cloud.interceptInvocation = ({ name }, next) => {
      // Twelve hours of polls would take the test half a minute.
      if (name === 'InspectCluster' && !hasPassed) cloud.clock.advance(waits.cluster.timeoutMinutes);
      hasPassed ||= name === 'InspectCluster';
      return next();
    };
    const run = await connectByTag(cloud);
    assertFailed(run, 'WaitTimedOut', /The cluster is still HEALING, and the deadline of this wait/);
    assert.ok(run.states.includes('WaitForCluster'));
    assert.ok(!run.states.includes('CheckPrerequisites'));
    assert.deepEqual(changes(cloud), []);
  });

  test('keeps the plan if nothing else changes meanwhile', async () => {
    const cloud = await cloudWith();
    const { states } = await connectByTag(cloud);
    assert.ok(states.filter((name) => name === 'InspectCluster').length > 1);
    assert.equal(states.filter((name) => name === 'CheckPrerequisites').length, 1);
  });

  test(
    'is followed by another check of the prerequisites if the secret is disassociated meanwhile',
    scramOnly,
    async () => {
      const cloud = await cloudWith();
      cloud.intercept = faultAt('UpdateConnectivity', async (_, next) => {
        const answer = await next();
        cloud.world.cluster.scramSecretArns = [];
        return answer;
      });
      const run = await connectByTag(cloud);
      assertFailed(run, 'PrerequisitesNotMet', /No SCRAM secret is associated with the cluster/);
      assert.equal(cloud.world.project.connections('streams').length, 0, 'no password was sent to Atlas');
    },
  );

  test('starts again if the cluster leaves ACTIVE before the secret is associated', scramOnly, async () => {
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

  test('writes the connection again if a simultaneous writer has overwritten it', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    const { project } = cloud.world;
    const restore = project.saveConnections('streams');
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

  test('ends at its deadline if the link does not become ready, and the next run resumes there', async () => {
    const linkMinutes = waits.privateLink.timeoutMinutes + 30;
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn, atlas: { linkMinutes } });
    assertFailed(await connectByTag(cloud), 'WaitTimedOut', /Private link [0-9a-f]{24} is still WORKING/);
    const [link] = cloud.world.project.links;
    cloud.clock.advance(30);
    assert.equal(link?.state, 'DONE');
    await cloud.tag({ 'atlas-streaming': 'again' });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(cloud.world.project.links, [link]);
  });

  test('ends at its deadline if the connection does not become ready', async () => {
    const connectionMinutes = waits.connection.timeoutMinutes + 30;
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn, atlas: { connectionMinutes } });
    assertFailed(await connectByTag(cloud), 'WaitTimedOut', /Connection "orders" is still PENDING/);
  });

  test('polls at the intervals of shared/waits.ts', async () => {
    const { execution } = await connectByTag(await cloudWith());
    // Before the first visit, InspectCluster found the cluster ACTIVE without connectivity, which doubles the interval.
    assertAbout(secondsIn(execution, 'WaitForCluster'), waits.cluster.pollSeconds, [2, 2]);
    assertAbout(secondsIn(execution, 'WaitForPrivateLink'), waits.privateLink.pollSeconds, [1, 1]);
    // The first visit follows a write, which lengthens the interval by a random share.
    assertAbout(secondsIn(execution, 'WaitForConnection'), waits.connection.pollSeconds, [1, 2]);
  });
});

/**
 * Checks the intervals between polls. The requests that the run itself has just made slow polls of Atlas down by a few percent.
 *
 * @param first the range of the first interval, in multiples of the usual one
 */
function assertAbout([firstSeconds = 0, ...others]: number[], usual: number, first: [min: number, max: number]): void {
  assertBetween(firstSeconds, usual * first[0], usual * first[1] * 1.1);
  assert.ok(others.length > 0);
  for (const seconds of others) assertBetween(seconds, usual, usual * 1.1);
}

const assertBetween = (value: number, min: number, max: number): void =>
  assert.ok(value >= min && value <= max, `${value} is not between ${min} and ${max}`);
