import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isOn, Watched } from './watched.ts';

suite('a failure', () => {
  test('is one message again when it changes, and when it comes back after a success', async () => {
    const watched = await Watched.start({
      scramSecrets: [{ isAssociated: false }, { name: 'AmazonMSK_second', isAssociated: false }],
    });
    const { cluster, scramSecrets } = watched.cloud.world;
    const [one = '', other = ''] = scramSecrets.map(({ arn }) => arn);
    await watched.tag();
    await watched.sweepFor(6);
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: PrerequisitesNotMet']);

    cluster.scramSecretArns.push(one, other);
    const [changed, ...repeated] = await watched.sweepFor(6);
    assert.match(changed?.cause ?? '', /2 SCRAM secrets are associated/);
    assert.ok(repeated.every(({ error }) => error === 'PrerequisitesNotMet'));
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: PrerequisitesNotMet']);

    cluster.scramSecretArns.pop();
    const [repaired] = await watched.sweepFor(0.25);
    assert.equal(repaired?.endState, 'Connected', 'the next sweep starts a run');
    assert.deepEqual(await watched.subjects(), []);

    cluster.scramSecretArns.pop();
    const again = await watched.sweepFor(24);
    assert.equal(again.at(-1)?.error, 'PrerequisitesNotMet');
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: PrerequisitesNotMet']);
    assert.deepEqual(watched.alarms(), []);
  });

  test('that both events of one tag change see is one message, and counts once', async () => {
    const watched = await Watched.start({ cluster: { tags: { 'atlas-streaming/project-id': 'payments' } } });
    const { cloud } = watched;
    cloud.hasTrail = true;
    const started = await cloud.tag({ 'atlas-streaming': 'connect' });
    cloud.hasTrail = false;
    const ends = await Promise.all(started.map(({ result }) => result));
    assert.deepEqual(
      ends.map(({ error }) => error),
      ['InvalidRequest', 'InvalidRequest'],
    );
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: InvalidRequest']);
    assert.equal((await cloud.registry.get(watched.clusterArn))?.failures, 1);
    assert.equal((await watched.sweepFor(0.5)).length, 1, 'the first pause is 15 minutes');
    await watched.sweepFor(48);
    assert.deepEqual(await watched.subjects(), []);
    assert.deepEqual(watched.alarms(), []);
  });
});

suite('the disconnect', () => {
  test('of a removed tag is one message with notifyOnSuccess, and the sweeps after it are none', async () => {
    const watched = await Watched.start({}, { notifyOnSuccess: 'true', disconnectOnUntag: 'true' });
    await watched.tag();
    assert.deepEqual(await watched.subjects(), ['orders: connect done']);
    const [execution] = await watched.cloud.untag(['atlas-streaming']);
    assert.equal((await execution?.result)?.status, 'SUCCEEDED');
    assert.deepEqual(await watched.subjects(), ['orders: disconnect done']);
    assert.deepEqual(await watched.sweepFor(48), []);
    assert.deepEqual(await watched.subjects(), []);
    assert.deepEqual(watched.alarms(), []);
  });

  test('of a deleted cluster is one message when it starts, and none when it succeeds', async () => {
    const watched = await Watched.start();
    const { cloud, clusterArn } = watched;
    await watched.tag();
    assert.deepEqual(await watched.subjects(), []);
    cloud.world.msk.deleteCluster(clusterArn);
    const [run, ...others] = await watched.sweepFor(48);
    assert.equal(run?.status, 'SUCCEEDED', run?.cause);
    assert.deepEqual(others, []);
    const [message, ...more] = await watched.messages();
    assert.deepEqual([message?.subject, more], ['orders: disconnect started: the cluster is gone', []]);
    assert.deepEqual([cloud.world.project.links, await cloud.registry.all()], [[], []]);
    assert.deepEqual(watched.alarms(), []);
  });

  test('of a deleted cluster whose link another connection uses is one message, however often it starts', async () => {
    const watched = await Watched.start();
    const { cloud, clusterArn } = watched;
    await watched.tag();
    const { project, msk } = cloud.world;
    const [ours = assert.fail('no connection')] = project.connections('streams');
    project.createConnection('streams', { ...ours.settings, name: 'reports' });
    msk.deleteCluster(clusterArn);
    const runs = await watched.sweepFor(48);
    assert.ok(runs.length > 5 && runs.every(({ status }) => status === 'SUCCEEDED'));
    assert.deepEqual(await watched.subjects(), ['orders: disconnect started: the cluster is gone']);
    assert.deepEqual(watched.alarms(), []);
  });

  test('of deleted clusters for which nothing was created is no message and no alarm', async () => {
    const watched = await Watched.start();
    const { cloud } = watched;
    const { msk, cluster } = cloud.world;
    const created = ['a', 'b', 'c', 'd'].map((name) => cloud.world.createCluster({ ...isOn, name }));
    for (const { arn } of created) await watched.tag(undefined, arn);
    assert.equal((await watched.subjects()).length, created.length);
    for (const { arn } of [...created, cluster]) msk.deleteCluster(arn);
    const runs = await watched.sweepFor(2);
    assert.deepEqual(
      runs.map(({ status }) => status),
      created.map(() => 'SUCCEEDED'),
    );
    assert.deepEqual([await watched.subjects(), watched.alarms(), await cloud.registry.all()], [[], [], []]);
  });

  test('of a deleted cluster that fails is one message more', async () => {
    const watched = await Watched.start();
    const { cloud, clusterArn } = watched;
    await watched.tag();
    const pipeline = [{ $source: { connectionName: 'orders' } }];
    cloud.world.project.addProcessor('streams', { name: 'enrich', pipeline });
    cloud.world.msk.deleteCluster(clusterArn);
    await watched.sweepFor(48);
    assert.deepEqual(await watched.subjects(), [
      'orders: disconnect started: the cluster is gone',
      'orders: disconnect failed: ConnectionInUse',
    ]);
    assert.deepEqual(watched.alarms(), []);
  });

  test('of several deleted clusters at once is an alarm, and no run', async () => {
    const watched = await Watched.start();
    const { cloud, clusterArn } = watched;
    const { cluster, msk, scramSecrets } = cloud.world;
    const other = cloud.world.createCluster({
      name: 'other',
      vpcConnectivity: cluster.connectivity.vpcConnectivity,
      scramSecretArns: [scramSecrets[0]?.arn ?? ''],
    });
    await Promise.all([watched.tag(), watched.tag(undefined, other.arn)]);
    for (const arn of [clusterArn, other.arn]) msk.deleteCluster(arn);
    assert.deepEqual(await watched.sweepFor(6), []);
    assert.deepEqual(await watched.subjects(), []);
    assert.deepEqual(watched.alarms(), ['clusters-vanished']);
  });
});
