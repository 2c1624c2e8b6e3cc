import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { mskError } from '../../../emulators/msk/router.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByTag,
  ended,
  entered,
  failFunction,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from '../local-cloud.ts';
import { assertNothingLeft } from './others.ts';

suite('the sweep finds', () => {
  test('stripped tags, and the run writes the status tags back, reports it once, and sets no other tag', async () => {
    const cloud = await connectedCloud({ cluster: { tags: { 'atlas-streaming/connection-name': 'orders' } } });
    const { tags } = cloud.world.cluster;
    const reported = async () => {
      await cloud.untag(Object.keys(tags.all));
      const { runs, result } = await swept(cloud, 75);
      assert.match(result.started[0]?.reason ?? '', /setting tags have changed|status tags were removed/);
      const [run = assert.fail('not started')] = runs;
      assertConnected(run);
      assert.deepEqual(
        Object.keys(tags.all).toSorted(),
        ['detail', 'execution', 'status', 'verified-at'].map((name) => `atlas-streaming/${name}`),
      );
      return JSON.stringify(run.output).includes('they had been removed, perhaps by Terraform');
    };
    assert.deepEqual([await reported(), await reported()], [true, false]);
    assert.deepEqual(
      changes(cloud).filter((it) => it !== 'kafka UntagResource'),
      [],
    );
    assert.deepEqual((await swept(cloud, 15)).ends, []);
  });

  test('status tags that AWS refuses, and starts no run for them', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    cloud.intercept = async ({ operation }, next) =>
      operation === 'TagResource' ? mskError('BadRequestException', 'Too many tags.').answer : next();
    const connecting = await connectByHand(cloud);
    assertConnected(connecting);
    const said = (run: object) => JSON.stringify(run).includes('"statusTags","result":"unchanged","note":"AWS refused');
    assert.ok(said(connecting.output as object));
    const runs = [];
    for (let hours = 0; hours < 13; hours++) runs.push(...(await swept(cloud, 60)).runs);
    assert.ok(runs.every(({ endState }) => endState === 'Connected'));
    assert.deepEqual(
      runs.map(({ output }) => said(output as object)),
      [false, false],
    );
    assert.ok(!JSON.stringify(runs.map(({ output }) => output)).includes('had been removed'));
  });

  test('a removed statement within verifyEveryHours', async () => {
    const cloud = await connectedCloud();
    cloud.world.cluster.policy = undefined;
    assert.deepEqual((await swept(cloud, 5 * 60)).ends, []);
    const repaired = async () => {
      const { ends, result, runs } = await swept(cloud, 75);
      assert.deepEqual(ends, ['Connected']);
      assert.match(result.started[0]?.reason ?? '', /has not been verified for 6 hours/);
      assert.ok(cloud.world.cluster.policy);
      assert.equal((await recordOf(cloud)).statement?.ownership, 'created');
      return JSON.stringify(runs[0]?.output).includes('it had been removed, perhaps by Terraform or CloudFormation');
    };
    assert.equal(await repaired(), true);
    cloud.world.cluster.policy = undefined;
    assert.deepEqual((await swept(cloud, 5 * 60)).ends, []);
    assert.equal(await repaired(), false, 'who has probably done it is said once');
  });

  test('that another tool has disassociated the SCRAM secret, names it once, and succeeds when it is associated again', async () => {
    const cloud = await connectedCloud();
    const { cluster } = cloud.world;
    const { scramSecretArns } = cluster;
    cluster.scramSecretArns = [];
    const { runs } = await swept(cloud, 6 * 60 + 15);
    const says = /no longer associated with it.*perhaps by Terraform.*add the secret to that tool's list/;
    assertFailed(runs[0] ?? assert.fail('not started'), 'PrerequisitesNotMet', says);
    assert.deepEqual(cluster.scramSecretArns, [], 'what may be meant as a revocation is not undone');
    cluster.scramSecretArns = scramSecretArns;
    assert.deepEqual((await swept(cloud, 15)).ends, ['Connected']);
  });

  test('a cluster that was created with its tag, whose SCRAM secret comes a minute later, in two sweeps', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const { cluster } = cloud.world;
    const created = cloud.world.createCluster({ ...isOn, name: 'pay', tags: { 'atlas-streaming': 'connect' } });
    assert.deepEqual(cloud.executions, [], 'no event reports it');
    const { runs } = await swept(cloud);
    assert.equal(runs[0]?.error, 'PrerequisitesNotMet');
    cloud.clock.advance(1);
    created.scramSecretArns = cluster.scramSecretArns;
    const ends = [...(await swept(cloud, 14)).ends, ...(await swept(cloud, 15)).ends];
    assert.deepEqual(ends, ['Connected']);
    assert.equal((await recordOf(cloud, created.arn)).status, 'connected');
  });
});

suite('a deleted cluster', () => {
  test('is disconnected after two sweeps', async () => {
    const cloud = await connectedCloud();
    const { msk, cluster, project } = cloud.world;
    msk.deleteCluster(cluster.arn);
    const once = await swept(cloud, 15);
    assert.deepEqual([once.ends, once.result.vanished], [[], [cluster.arn]]);
    assert.ok((await recordOf(cloud)).missingSince);
    const twice = await swept(cloud, 15);
    assert.deepEqual(twice.ends, ['Disconnected']);
    assert.match(twice.result.started[0]?.reason ?? '', /the cluster no longer exists/);
    assert.deepEqual([project.links, project.connections('streams')], [[], []]);
    assert.equal(await cloud.registry.get(cluster.arn), undefined);
    assert.deepEqual((await swept(cloud, 15)).ends, []);
  });

  for (const { when, refusal, failed } of [
    { when: 'its list lacks the cluster', refusal: undefined, failed: 0 },
    { when: 'it also refuses to describe it', refusal: mskError('ForbiddenException', 'Not you.'), failed: 1 },
  ])
    test(`is not assumed if MSK only errs: ${when}`, async () => {
      const cloud = await connectedCloud();
      const { msk, cluster } = cloud.world;
      cloud.intercept = async ({ operation }, next) => {
        if (operation === 'DescribeClusterV2' && refusal) return refusal.answer;
        if (operation !== 'ListClustersV2') return next();
        msk.clusters.delete(cluster.arn);
        const answer = await next();
        msk.clusters.set(cluster.arn, cluster);
        return answer;
      };
      for (let sweep = 0; sweep < 3; sweep++) {
        const { ends, result } = await swept(cloud, 15);
        assert.deepEqual([ends, result.vanished, result.failed.length], [[], [], failed]);
      }
      assert.equal((await recordOf(cloud)).missingSince, undefined);
    });

  test('is left alone if more than three vanish at once', async () => {
    const cloud = await connectedCloud();
    const record = await recordOf(cloud);
    for (const name of ['a', 'b', 'c', 'd'])
      await cloud.registry.put({
        ...record,
        clusterArn: record.clusterArn.replace(':cluster/orders', `:cluster/${name}`),
      });
    for (let sweep = 0; sweep < 3; sweep++) {
      const { ends, result } = await swept(cloud, 15);
      assert.deepEqual([ends, result.vanished.length, result.isVanishingImplausible], [[], 4, true]);
    }
    assert.equal((await cloud.registry.all()).length, 5);
    assert.equal(cloud.world.project.links.length, 1);
  });

  test('gives way to one that is created under the same name', async () => {
    const cloud = await connectedCloud();
    const { msk, cluster, project } = cloud.world;
    msk.deleteCluster(cluster.arn);
    const created = cloud.world.createCluster({ ...isOn, scramSecretArns: cluster.scramSecretArns });
    assert.notEqual(created.arn, cluster.arn);
    const connecting = await cloud.tag({ 'atlas-streaming': 'connect' }, created.arn);
    const { error, cause = '' } = (await connecting[0]?.result) ?? assert.fail('not started');
    assert.equal(error, 'PrerequisitesNotMet', cause);
    assert.ok(cause.includes(cluster.arn), cause);
    assert.match(cause, /connection "orders" .* a cluster with the same name\. If that cluster was deleted, the sweep/);
    const ends: string[] = [];
    for (let sweep = 0; sweep < 5; sweep++) ends.push(...(await swept(cloud, 15)).ends);
    assert.deepEqual(
      ends.filter((end) => end !== 'SetupFailed').toSorted(),
      ['Connected', 'Disconnected'],
      ends.join(),
    );
    assert.deepEqual(
      project.links.map(({ request }) => request.arn),
      [created.arn],
    );
    assert.equal(project.connections('streams').length, 1);
    assert.equal(await cloud.registry.get(cluster.arn), undefined);
  });
});

suite('an empty record', () => {
  test('of a cluster whose tag is gone is removed by the sweep', async (t) => {
    const cloud = await cloudWith({ cluster: { updateMinutes: 40 } });
    const { cluster } = cloud.world;
    const [connecting = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(connecting, 'WaitForCluster');
    const { mock } = t.mock.method(cloud, 'deliver', () => []);
    await cloud.tag({ 'atlas-streaming': 'disconnect' });
    assert.equal((await ended(connecting)).endState, 'NoLongerWanted');
    await cloud.untag(['atlas-streaming']);
    mock.restore();
    assert.deepEqual((await swept(cloud, 15)).ends, ['Disconnected']);
    assert.equal(await cloud.registry.get(cluster.arn), undefined);
    assert.deepEqual((await swept(cloud, 15)).ends, []);
  });
});

suite('what a disconnect has to leave', () => {
  test('because it failed halfway is removed by the sweep, although the tag is gone', async () => {
    const cloud = await connectedCloud();
    failFunction(cloud, 'DeletePrivateLink', { errorType: 'AtlasRefused', errorMessage: 'Atlas said no.' });
    assert.equal((await disconnectByTag(cloud)).endState, 'RemovalFailed');
    failFunction(cloud, 'None', { errorType: '', errorMessage: '' });
    await cloud.untag(['atlas-streaming']);
    assert.deepEqual((await swept(cloud, 20)).ends, ['Disconnected']);
    await assertNothingLeft(cloud);
  });

  test('is removed by the sweep when no other connection uses the link', async () => {
    const cloud = await connectedCloud();
    const { project, cluster } = cloud.world;
    const [ours = assert.fail('no connection')] = project.connections('streams');
    project.createConnection('streams', { ...ours.settings, name: 'reports' });
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.equal((await recordOf(cloud)).status, 'disconnected');
    // The link was created minutes ago, so the sweep tries again soon, and then seldom.
    for (const minutes of [20, 40]) assert.deepEqual((await swept(cloud, minutes)).ends, ['Disconnected']);
    assert.deepEqual((await swept(cloud, 5 * 60)).ends, []);
    project.deleteConnection('streams', 'reports');
    assert.deepEqual((await swept(cloud, 7 * 60)).ends, ['Disconnected']);
    await assertNothingLeft(cloud);
    assert.equal(cluster.tags.all['atlas-streaming/status'], 'disconnected');
  });

  test('is used by the next connect', async () => {
    const cloud = await connectedCloud();
    const { project } = cloud.world;
    const [ours = assert.fail('no connection')] = project.connections('streams');
    project.createConnection('streams', { ...ours.settings, name: 'reports' });
    await disconnectByTag(cloud);
    assertConnected(await connectByTag(cloud));
    assert.equal(project.links.length, 1);
    assert.equal((await recordOf(cloud)).privateLink?.ownership, 'created');
  });
});
