import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { firehoseStatement } from '../fixtures/cluster-policy.ts';
import {
  assertConnected,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  ended,
  privateConnectivityIsOn,
  recordOf,
} from './local-cloud.ts';
import { isByIam, otherWayIsOn, scramOnly } from './way.ts';

suite('a run that connects', () => {
  const foreign = (clusterArn: string) => ({
    Version: '2012-10-17',
    Id: 'kept',
    Statement: [
      firehoseStatement(clusterArn),
      { Effect: 'Allow', Principal: { AWS: ['210987654321'] }, Action: ['kafka:describecluster'], Resource: '*' },
    ],
  });

  test('creates one link, one connection and one statement, and changes nothing else', async () => {
    const cloud = await cloudWith({
      cluster: {
        policy: foreign,
        ...otherWayIsOn(),
        publicAccess: 'SERVICE_PROVIDED_EIPS',
        tags: { owner: 'payments' },
      },
    });
    assertConnected(await connectByTag(cloud));

    const { Statement, ...others } = cloud.world.cluster.policy?.document ?? assert.fail('no policy');
    assert.deepEqual(others, { Version: '2012-10-17', Id: 'kept' });
    assert.deepEqual([Statement].flat().slice(0, 2), foreign(cloud.world.cluster.arn).Statement);
    assert.deepEqual([Statement].flat().slice(2), [
      {
        Sid: 'AtlasStreamProcessing821274765805',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::821274765805:root' },
        Action: [
          'kafka:CreateVpcConnection',
          'kafka:GetBootstrapBrokers',
          'kafka:DescribeCluster',
          'kafka:DescribeClusterV2',
        ],
        Resource: cloud.world.cluster.arn,
      },
    ]);
    assert.deepEqual(cloud.world.cluster.connectivity, {
      vpcConnectivity: { scram: true, iam: true, tls: false },
      publicAccess: 'SERVICE_PROVIDED_EIPS',
    });
    assert.equal(cloud.world.project.links.length, 1);
    assert.equal(cloud.world.project.connections('streams').length, 1);
    assert.equal(cloud.world.cluster.tags.all.owner, 'payments');
  });

  test(
    'gives Atlas the user and password of the secret, the private link and the private brokers',
    scramOnly,
    async () => {
      const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
      assertConnected(await connectByTag(cloud));
      const [connection] = cloud.world.project.connections('streams');
      const { settings } = connection ?? assert.fail('no connection');
      assert.deepEqual(settings.networking.access, {
        type: 'PRIVATE_LINK',
        connectionId: cloud.world.project.links[0]?.id,
      });
      assert.match(settings.bootstrapServers, /^b-\d\.scram\.orders\..*:1400\d,/);
      const { username, password } = JSON.parse(cloud.world.scramSecrets[0]?.versions[0]?.secretString ?? '');
      assert.deepEqual(settings.authentication, { mechanism: 'SCRAM-512', username, password });
    },
  );

  test('writes the outcome on the tags of the cluster', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    const { execution } = await connectByTag(cloud);
    const { 'atlas-streaming/verified-at': verifiedAt, ...tags } = cloud.world.cluster.tags.all;
    assert.deepEqual(tags, {
      'atlas-streaming': 'connect',
      'atlas-streaming/status': 'connected',
      'atlas-streaming/detail': 'Connection orders in workspace streams is READY',
      'atlas-streaming/execution': `connect/${execution.name}`,
    });
    assert.match(verifiedAt ?? '', /^\d{8}T\d{6}Z$/);
  });

  test('records what it has created in the registry, and gives the cluster back', async () => {
    const cloud = await cloudWith();
    const { execution } = await connectByTag(cloud);
    const { cluster, project, scramSecrets } = cloud.world;
    const record = await recordOf(cloud);
    const { privateLink, connection, statement, turnedOn, verifiedAt, settings, ...others } = record;
    const principalArn = 'arn:aws:iam::821274765805:root';
    const [secret] = scramSecrets;
    const login = isByIam()
      ? { roleArn: cloud.deployment.streamsRole?.arn }
      : { secretArn: secret?.arn, secretVersionId: secret?.versions[0]?.id };
    const mechanism = isByIam() ? 'AWS_MSK_IAM' : 'SCRAM-512';
    assert.deepEqual(others, {
      clusterArn: cluster.arn,
      target: { projectId: project.id, workspace: 'streams', connectionName: 'orders', mechanism },
      principalArn,
      ...login,
      status: 'connected',
      detail: 'Connection orders in workspace streams is READY',
      lastExecution: execution.arn,
      wasTagged: true,
    });
    assert.deepEqual([privateLink?.id, privateLink?.ownership], [project.links[0]?.id, 'created']);
    assert.deepEqual([connection?.id, connection?.ownership], [project.connections('streams')[0]?.id, 'created']);
    assert.deepEqual(
      [statement?.sid, statement?.principalArn, statement?.ownership],
      ['AtlasStreamProcessing821274765805', principalArn, 'created'],
    );
    for (const time of [
      privateLink?.attemptedAt,
      connection?.attemptedAt,
      statement?.attemptedAt,
      turnedOn,
      verifiedAt,
    ])
      assert.ok(Number.isFinite(Date.parse(time ?? '')), time);
    assert.match(settings ?? '', /^[0-9a-f]{16}$/);
  });

  test('takes each setting from the input, else from the tag, else from the deployment', async () => {
    const dataProcessRegion = { cloudProvider: 'AWS', region: 'VIRGINIA_USA' };
    const cloud = await cloudWith({
      cluster: {
        ...privateConnectivityIsOn,
        tags: { 'atlas-streaming/workspace': 'tagged', 'atlas-streaming/connection-name': 'tagged-name' },
      },
      project: { workspaces: ['streams', 'tagged', 'asked'].map((name) => ({ name, dataProcessRegion })) },
    });
    assertConnected(await connectByHand(cloud, { workspace: 'asked', config: { 'auto.offset.reset': 'earliest' } }));
    const other = cloud.world.createCluster({
      ...privateConnectivityIsOn,
      name: 'pay',
      tags: { 'atlas-streaming/workspace': 'tagged' },
      scramSecretArns: cloud.world.cluster.scramSecretArns,
    });
    const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' }, other.arn);
    assertConnected(await ended(execution));
    const names = cloud.world.project.workspaces.map(({ name }) =>
      cloud.world.project.connections(name).map(({ settings }) => [name, settings.name, settings.config]),
    );
    assert.deepEqual(names.flat(), [
      ['tagged', 'pay', undefined],
      ['asked', 'tagged-name', { 'auto.offset.reset': 'earliest' }],
    ]);
  });

  test('associates the secret that the input names, and keeps others associated', scramOnly, async () => {
    const cloud = await cloudWith({
      cluster: privateConnectivityIsOn,
      scramSecrets: [{}, { name: 'AmazonMSK_named', isAssociated: false }],
    });
    const [other, named] = cloud.world.scramSecrets.map(({ arn }) => arn);
    assertConnected(await connectByHand(cloud, { secretArn: named }));
    assert.deepEqual(cloud.world.cluster.scramSecretArns, [other, named]);
  });

  test('uses the associated secret that a tag names', scramOnly, async () => {
    const cloud = await cloudWith({
      cluster: privateConnectivityIsOn,
      scramSecrets: [{}, { name: 'AmazonMSK_picked', secretString: '{"username":"picked","password":"p"}' }],
    });
    await cloud.tag({ 'atlas-streaming/secret': 'AmazonMSK_picked' });
    assertConnected(await connectByTag(cloud));
    assert.equal(cloud.world.project.connections('streams')[0]?.settings.authentication.username, 'picked');
  });

  test('updates the connection if the user in the secret has changed', scramOnly, async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    assertConnected(await connectByTag(cloud));
    cloud.world.secretsManager.rotate(
      cloud.world.scramSecrets[0]?.arn ?? '',
      '{"username":"rotated","password":"new"}',
    );
    assertConnected(await connectByHand(cloud));
    const connections = cloud.world.project.connections('streams');
    assert.deepEqual(
      connections.map(({ settings }) => settings.authentication.username),
      ['rotated'],
    );
  });

  test('waits for a cluster that is still being created', async () => {
    const cloud = await cloudWith({
      cluster: { ...privateConnectivityIsOn, state: 'CREATING', settlesAfterMinutes: 15 },
    });
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.ok(run.states.filter((state) => state === 'WaitForCluster').length > 2, run.states.join());
  });

  test('starts no other run by its own tags', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    assertConnected(await connectByTag(cloud));
    assert.equal(cloud.machine.executions.length, 1);
  });
});

suite('a dry run', () => {
  test('returns the plan and changes nothing, not even tags', async () => {
    const cloud = await cloudWith();
    const { endState, output } = await connectByHand(cloud, { dryRun: true });
    assert.equal(endState, 'Planned');
    assert.deepEqual(
      (output as { changes: { state: string }[] }).changes.map(({ state }) => state),
      ['EnablePrivateConnectivity', 'ApplyClusterPolicy', 'RequestPrivateLink', 'CreateConnection'],
    );
    assert.deepEqual(changes(cloud), []);
    assert.deepEqual(cloud.world.cluster.tags.all, {});
  });

  test('of a connected cluster plans no change', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    assertConnected(await connectByTag(cloud));
    const { output } = await connectByHand(cloud, { dryRun: true });
    assert.deepEqual((output as { changes: unknown[] }).changes, []);
  });
});
