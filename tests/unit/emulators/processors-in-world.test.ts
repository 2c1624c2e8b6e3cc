import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Cloud } from '../../../emulators/cloud.ts';
import { iamSettings, iamWorld } from '../../../emulators/iam-world.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { authenticate } from '../../../shared/atlas/authentication.ts';
import { atlasClient } from '../../fixtures/atlas.ts';

const workspace = 'streams';
const pipeline = [
  { $source: { connectionName: 'orders', topic: 'orders', config: { auto_offset_reset: 'earliest' } } },
  { $match: { aspProbe: 'x' } },
  { $emit: { connectionName: '__testLog' } },
];

/** A world with a READY connection and the project's client of Atlas. */
async function connected(t: TestContext, seed: WorldSeed = {}, settings: Record<string, string> = {}) {
  const scheme = settings.streamsRoleTrustedArn ? 'iam' : 'scram';
  const vpcConnectivity = { scram: false, iam: false, tls: false, [scheme]: true };
  const cloud = await Cloud.start({
    speed: 0,
    settings,
    world: { ...seed, cluster: { vpcConnectivity, ...seed.cluster }, atlas: { mayConnect: () => true, ...seed.atlas } },
  });
  t.after(() => cloud.close());
  const { project, cluster, scramSecrets, apiKey } = cloud.world;
  const link = project.createLink({
    provider: 'AWS',
    vendor: 'MSK',
    arn: cluster.arn,
    authenticationScheme: scheme === 'iam' ? 'IAM' : 'SASL_SCRAM',
  });
  cloud.clock.advance(1);
  assert.equal(link.state, 'WORKING');
  cloud.clock.advance(40);
  const { username, password } = JSON.parse(scramSecrets[0]?.versions[0]?.secretString ?? '{}');
  project.createConnection(workspace, {
    name: 'orders',
    type: 'Kafka',
    bootstrapServers: `b-1.${link.dnsDomain}:14001`,
    authentication:
      scheme === 'iam'
        ? { mechanism: 'AWS_MSK_IAM', aws: { roleArn: cloud.deployment.streamsRole?.arn ?? '' } }
        : { mechanism: 'SCRAM-512', username, password },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: link.id } },
  });
  cloud.clock.advance(40);
  assert.equal(project.connection(workspace, 'orders').state, 'READY');
  const { url } = cloud.listeners.atlas;
  const atlas = atlasClient(url, 59_000, authenticate(apiKey, url, {} as never));
  /** Starts a probe and lets minutes pass. */
  const probe = async (minutes: number, tier = 'SP2') => {
    await atlas.createStreamProcessor(project.id, workspace, { name: 'probe', pipeline });
    await atlas.startStreamProcessor(project.id, workspace, 'probe', { tier, resumeFromCheckpoint: false });
    cloud.clock.advance(minutes);
    return atlas.getStreamProcessor(project.id, workspace, 'probe');
  };
  const errors = async () => {
    const to = cloud.clock.now();
    const from = new Date(to.getTime() - 3_600_000);
    const times = { from: from.toISOString(), to: to.toISOString() };
    const lines = (await atlas.operationalLogs(project.id, workspace, 'probe', times)).trim().split('\n');
    return lines
      .map((line) => JSON.parse(line) as { level: string; message: string })
      .filter(({ level }) => level === 'ERROR')
      .map(({ message }) => message);
  };
  return { cloud, atlas, project, probe, errors };
}

describe("a stream processor that the project's client starts in a world", () => {
  test('reads a topic, writes nothing that $match stops, and is stopped and deleted', async (t) => {
    const { atlas, project, probe, cloud } = await connected(t);
    const { state, tier, connectionNames, stats } = await probe(4);
    assert.deepEqual([state, tier, connectionNames], ['STARTED', 'SP2', ['orders', '__testLog']]);
    assert.deepEqual([stats?.inputMessageCount, stats?.kafkaPartitions?.length], [1204, 6]);
    await atlas.stopStreamProcessor(project.id, workspace, 'probe');
    cloud.clock.advance(1);
    await atlas.deleteStreamProcessor(project.id, workspace, 'probe');
    assert.deepEqual(await atlas.listStreamProcessors(project.id, workspace), []);
    assert.equal(project.recordsWritten, 0);
  });

  test('fails with the text of what is wrong', async (t) => {
    for (const [seed, says, settings = {}] of [
      [{ cluster: { topics: [] } }, /no partitions found/],
      [{ cluster: { deniedAcls: ['topic:orders:Read'] } }, /Topic authorization failed/],
      [{ cluster: { deniedAcls: ['group:asp-*:Read'] } }, /Group authorization failed/],
      [{ cluster: { topics: [{ name: 'orders', partitions: 40, records: 1 }] } }, /Operator parallelism requested/],
      [{ atlas: { brokersUnreachable: true } }, /Broker transport failure/],
      [iamWorld(), /Topic authorization failed/, { ...iamSettings, streamsRoleTopics: 'payments' }],
    ] as [WorldSeed, RegExp, Record<string, string>?][]) {
      const { probe, errors } = await connected(t, seed, settings);
      assert.equal((await probe(8.1)).state, 'FAILED', String(says));
      assert.match((await errors()).join(), says);
    }
  });

  test('reads several topics as one, and may have been there before', async (t) => {
    const [source, ...others] = pipeline;
    const ofBoth = { $source: { ...source?.$source, topic: ['orders', 'payments'] } };
    const processors = [{ name: 'reader', state: 'STOPPED' as const, pipeline: [ofBoth, ...others] }];
    const { atlas, cloud, project } = await connected(t, {
      project: { workspaces: [{ name: workspace, processors }] },
    });
    const reader = project.processor(workspace, 'reader');
    assert.equal(reader.state, 'STOPPED');
    await atlas.startStreamProcessor(project.id, workspace, 'reader', { resumeFromCheckpoint: false });
    cloud.clock.advance(4);
    const { stats } = await atlas.getStreamProcessor(project.id, workspace, 'reader');
    assert.deepEqual([stats?.inputMessageCount, stats?.kafkaPartitions?.length], [1204, 9]);
    const payments = cloud.world.cluster.topics.find(({ name }) => name === 'payments') ?? assert.fail();
    payments.records += 2;
    assert.equal(reader.checkpoint, 1206);
  });

  test('reads a topic by the role of the deployment', async (t) => {
    const { probe } = await connected(t, iamWorld(), iamSettings);
    assert.equal((await probe(4)).stats?.inputMessageCount, 1204);
  });

  test('keeps its open connection when the password changes, and logs in anew when it is started', async (t) => {
    const { atlas, cloud, project } = await connected(t);
    const processor = project.addProcessor(workspace, { name: 'reader', pipeline, tier: 'SP10' });
    cloud.world.secretsManager.rotate(cloud.world.scramSecrets[0]?.arn ?? '', '{"username":"atlas","password":"new"}');
    cloud.clock.advance(60);
    assert.equal(processor.state, 'STARTED');
    await atlas.stopStreamProcessor(project.id, workspace, 'reader');
    cloud.clock.advance(1);
    await atlas.startStreamProcessor(project.id, workspace, 'reader', { resumeFromCheckpoint: true });
    cloud.clock.advance(4);
    assert.equal(processor.state, 'PROVISIONING');
    cloud.clock.advance(5);
    assert.deepEqual([processor.state, processor.startedFrom], ['FAILED', 'checkpoint']);
    project.updateConnection(workspace, 'orders', {
      authentication: { mechanism: 'SCRAM-512', username: 'atlas', password: 'new' },
    });
    await atlas.startStreamProcessor(project.id, workspace, 'reader', { resumeFromCheckpoint: true });
    cloud.clock.advance(4);
    assert.deepEqual([processor.state, processor.tier, processor.checkpoint], ['STARTED', 'SP10', 1204]);
  });
});
