import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import {
  assertConnected,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  ended,
  faultAt,
  privateConnectivityIsOn as isOn,
  loseAnswer,
} from './local-cloud.ts';
import { linkOfWay } from './way.ts';

function assertOneOfEach({ world: { project, cluster } }: Cloud): void {
  assert.equal(project.links.length, 1);
  assert.equal(project.connections('streams').length, 1);
  assert.equal([cluster.policy?.document.Statement ?? []].flat().length, 1);
}

suite('there are one link, one connection and one statement', () => {
  test('after a second run, which changes nothing', async () => {
    const cloud = await cloudWith();
    assertConnected(await connectByTag(cloud));
    const before = changes(cloud);
    assert.deepEqual(before, [
      'kafka UpdateConnectivity',
      'kafka PutClusterPolicy',
      'atlas createGroupStreamPrivateLinkConnection',
      'atlas createGroupStreamConnection',
    ]);
    assertConnected(await connectByHand(cloud));
    assert.deepEqual(changes(cloud), before);
    assertOneOfEach(cloud);
  });

  test('after three runs at the same time', async () => {
    const cloud = await cloudWith();
    const input = { clusterArn: cloud.world.cluster.arn };
    const runs = await Promise.all([1, 2, 3].map(() => ended(cloud.start(input))));
    // A run that finds the cluster held by another one does nothing.
    const ends = runs.map(({ endState }) => endState);
    assert.ok(ends.includes('Connected'), ends.join());
    for (const end of ends) assert.match(end, /^(Connected|NothingToDo)$/);
    assertOneOfEach(cloud);
    assert.equal(changes(cloud).filter((it) => it === 'kafka UpdateConnectivity').length, 1);
  });

  for (const operation of [
    'UpdateConnectivity',
    'PutClusterPolicy',
    'createGroupStreamPrivateLinkConnection',
    'createGroupStreamConnection',
    'TagResource',
  ]) {
    test(`although the answer to ${operation} is lost`, async () => {
      const cloud = await cloudWith(operation === 'UpdateConnectivity' ? {} : { cluster: isOn });
      cloud.intercept = faultAt(operation, loseAnswer);
      assertConnected(await connectByHand(cloud));
      assert.ok(cloud.recorder.exchanges.some((it) => it.operation === operation && it.status === 'reset'));
      assertOneOfEach(cloud);
    });
  }

  test('although another party has just requested the link', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    cloud.intercept = faultAt('createGroupStreamPrivateLinkConnection', (_, next) => {
      cloud.world.project.createLink({ ...linkOfWay(cloud.world.cluster.arn), provider: 'aws', vendor: 'msk' });
      return next();
    });
    assertConnected(await connectByTag(cloud));
    assertOneOfEach(cloud);
  });

  test('although an earlier link is still being deleted', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const dying = cloud.world.project.createLink(linkOfWay(cloud.world.cluster.arn));
    cloud.world.project.deleteLink(dying.id);
    assertConnected(await connectByTag(cloud));
    assert.equal(cloud.world.project.links.filter(({ isBeingDeleted }) => !isBeingDeleted).length, 1);
  });

  test('although the policy already contains our statement in another form', async () => {
    const Action = ['CreateVpcConnection', 'GetBootstrapBrokers', 'DescribeCluster*'].map((it) => `kafka:${it}`);
    const statement = { Effect: 'Allow', Principal: { AWS: ['821274765805'] }, Action, Resource: '*' };
    const policy = { Version: '2012-10-17', Statement: statement };
    const cloud = await cloudWith({ cluster: { ...isOn, policy } });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(cloud.world.cluster.policy?.document, policy);
  });

  test('although MSK stores account ids as root ARNs', async () => {
    const cloud = await cloudWith({ cluster: isOn, normalisesPrincipals: true });
    assertConnected(await connectByTag(cloud));
    const before = changes(cloud);
    assertConnected(await connectByHand(cloud));
    assert.deepEqual(changes(cloud), before);
  });
});
