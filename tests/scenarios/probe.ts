import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { probeNameOf } from '../../shared/atlas/probe.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import {
  assertConnected,
  assertFailed,
  cloudWith,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByTag,
  type Ended,
  ended,
  entered,
  failFunction,
  privateConnectivityIsOn as isOn,
  recordOf,
  startOwnCloud,
  swept,
} from './local-cloud.ts';
import { isByIam, scramOnly } from './way.ts';

const asked = { [settingTags.topics]: 'orders', [settingTags.probe]: 'true' };

/** A world whose cluster asks for a probe. */
const world = (seed: WorldSeed = {}): WorldSeed => ({
  ...seed,
  cluster: { ...isOn, tags: asked, ...seed.cluster },
  atlas: { linkMinutes: 1, connectionMinutes: 1, ...seed.atlas },
});

/** A workspace that is connected to an Atlas cluster. */
const withCluster = { workspaces: [{ name: 'streams', clusterConnections: [{ name: 'db', clusterName: 'main' }] }] };

/** Without the topic API of MSK, a run does not know which topics exist. */
const withoutTopicApi = { kafkaVersion: '3.5.1' };

/** No probe exists, the registry knows none, and nothing was written to a sink. */
async function assertNoProbe(cloud: Cloud): Promise<void> {
  const { project } = cloud.world;
  const names = project.workspaces.flatMap(({ processors }) => processors.map(({ name }) => name));
  assert.deepEqual(
    names.filter((name) => name.startsWith('aspprobe')),
    [],
  );
  assert.equal(project.recordsWritten, 0);
  assert.equal((await cloud.registry.get(cloud.world.cluster.arn))?.probe, undefined);
}

const probeOf = ({ output }: Ended) => (output as { probe?: object }).probe;
const detailOf = ({ world: { cluster } }: Cloud) => cluster.tags.all['atlas-streaming/detail'];
const probesIn = ({ recorder }: Cloud) => recorder.exchangesOf('atlas', 'startGroupStreamProcessorWith').length;

/** Starts a run, and stops it while its probe is at work. */
async function leftover(cloud: Cloud, input?: object): Promise<void> {
  const { cluster, project } = cloud.world;
  const execution = input
    ? cloud.start({ clusterArn: cluster.arn, ...input })
    : ((await cloud.tag({ 'atlas-streaming': 'connect' }))[0] ?? assert.fail('not started'));
  await entered(execution, 'CheckProbe');
  execution.abort();
  await ended(execution);
  assert.ok(project.processor('streams', probeNameOf(cluster.arn)), 'the probe is left');
}

suite('a probe', () => {
  test('proves that the topic can be read, in the output, the record and the tags, and is deleted', async () => {
    const cloud = await cloudWith(world());
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual(probeOf(run), { topic: 'orders', result: 'read', partitions: 6, records: 1204 });
    const words = 'topic orders can be read: 6 partitions, 1,204 records';
    const { detail, proof } = await recordOf(cloud);
    assert.equal(detail, `Connection orders in workspace streams is READY, and ${words}`);
    assert.deepEqual([proof?.topic, proof?.result, proof?.detail], ['orders', 'read', words]);
    assert.equal(
      detailOf(cloud),
      'Connection orders in workspace streams is READY and topic orders can be read - 6 partitions 1204 records',
    );
    await assertNoProbe(cloud);
    const [probe = assert.fail('no probe')] = cloud.world.project.workspace('streams').deletedProcessors;
    assert.deepEqual([probe.runs.length, probe.tier], [1, 'SP2']);
  });

  test('says that a topic without records is reachable', async () => {
    const cloud = await cloudWith(world({ cluster: { tags: { ...asked, [settingTags.topics]: 'payments orders' } } }));
    const run = await connectByTag(cloud);
    assert.deepEqual(probeOf(run), { topic: 'payments', result: 'reachable', partitions: 3, records: 0 });
    assert.match(detailOf(cloud) ?? '', /is READY topic payments is reachable no record to read$/);
    await assertNoProbe(cloud);
  });

  test('is not repeated by a verification of the sweep, which shows the same proof', async () => {
    const cloud = await cloudWith(world());
    await connectByTag(cloud);
    const { detail } = await recordOf(cloud);
    cloud.recorder.exchanges.splice(0);
    const { runs } = await swept(cloud, 6 * 60 + 1);
    const [run = assert.fail('not started')] = runs;
    assertConnected(run);
    assert.equal(probesIn(cloud), 0);
    assert.equal((await recordOf(cloud)).detail, detail);
    assert.equal((probeOf(run) as { result: string }).result, 'read');
    // A person who starts a run asks for a proof.
    assertConnected(await connectByHand(cloud));
    assert.equal(probesIn(cloud), 1);
    await assertNoProbe(cloud);
  });

  test('needs no request if it is not asked for, and a named topic alone does not ask for it', async () => {
    const cloud = await connectedCloud({ cluster: { tags: { [settingTags.topics]: 'orders' } } });
    assertConnected(await connectByHand(cloud));
    assert.deepEqual(
      cloud.recorder.exchanges.filter(({ operation }) => /StreamProcessor|Logs/.test(operation)),
      [],
    );
  });

  for (const [refusesTestLog, when] of [
    ['create', 'when it is created'],
    ['start', 'when it is started'],
    ['run', 'only in its log'],
  ] as const) {
    test(`uses a collection of a connected cluster if Atlas refuses its own sink ${when}, and writes nothing there`, async () => {
      const cloud = await cloudWith(world({ project: withCluster, atlas: { refusesTestLog } }));
      const run = await connectByTag(cloud);
      assert.deepEqual(probeOf(run), { topic: 'orders', result: 'read', partitions: 6, records: 1204 });
      await assertNoProbe(cloud);
    });

    test(`proves nothing, and says why, if Atlas refuses its sink ${when} and no cluster is connected`, async () => {
      const cloud = await cloudWith(world({ atlas: { refusesTestLog } }));
      const run = await connectByTag(cloud);
      assertConnected(run);
      const { result, note } = probeOf(run) as { result: string; note: string };
      assert.equal(result, 'notProved');
      assert.match(
        note,
        /^Atlas refuses the sink of the probe, and workspace streams has no connection of the type Cluster.*__testLog/,
      );
      assert.match(detailOf(cloud) ?? '', /is READY not proved - Atlas refuses the sink of the probe/);
      await assertNoProbe(cloud);
    });
  }
});

interface Failing {
  seed: WorldSeed;
  kind: string;
  remedy: RegExp;
}

const many = [{ name: 'orders', partitions: 40, records: 1 }];

/** For each kind of failure, a world with it. */
const failing: Record<string, Failing & { only?: 'SCRAM' | 'IAM' }> = {
  'the brokers cannot be reached': {
    seed: { atlas: { brokersUnreachable: true } },
    kind: 'unreachable',
    remedy: /check the network yourself/,
  },
  'the topic is missing': {
    seed: { cluster: { ...withoutTopicApi, topics: [] } },
    kind: 'topic missing',
    remedy: /atlas-streaming\/topics=TOPIC\n/,
  },
  'an ACL denies to describe the topic': {
    seed: { cluster: { deniedAcls: ['topic:orders:Describe'] } },
    kind: 'topic denied by a Kafka ACL',
    remedy: /ACLs Describe and Read on topic "orders"/,
    only: 'SCRAM',
  },
  'an ACL denies to read the topic': {
    seed: { cluster: { deniedAcls: ['topic:orders:Read'] } },
    kind: 'topic denied by a Kafka ACL',
    remedy: /ACLs Describe and Read on topic "orders"/,
    only: 'SCRAM',
  },
  'an ACL denies the consumer group': {
    seed: { cluster: { deniedAcls: ['group:asp-*:Read'] } },
    kind: 'consumer group denied by a Kafka ACL',
    remedy: /ACL Read on all consumer groups that start with "asp-"/,
    only: 'SCRAM',
  },
  'the topic has too many partitions for the tier': {
    seed: { cluster: { ...withoutTopicApi, topics: many } },
    kind: 'too many partitions',
    remedy: /number of partitions is unknown[\s\S]*name a topic with at most 32 partitions first/,
  },
  'the workspace does not allow the tier that the topic needs': {
    seed: { cluster: { topics: many }, project: { workspaces: [{ name: 'streams', tier: 'SP2', maxTier: 'SP2' }] } },
    kind: 'too many partitions',
    remedy: /Raise the maximum tier of workspace streams/,
  },
  'Atlas has no payment method': {
    seed: { atlas: { billing: false } },
    kind: 'no billing',
    remedy: /Add a payment method/,
  },
  'the sink fails': {
    seed: { project: withCluster, atlas: { sinkFails: 'not authorized on aspProbe to execute command' } },
    kind: 'sink refused',
    remedy: /connection "db".* of the type Cluster/,
  },
  'the log may not be read': {
    seed: { atlas: { brokersUnreachable: true, mayReadLogs: false } },
    kind: 'unknown reason',
    remedy: /Project Data Access Read Only/,
  },
  'nothing says why': {
    seed: { atlas: { sinkFails: 'Error 1: something new' } },
    kind: 'unknown reason',
    remedy: /Read the operational log of the workspace streams/,
  },
};

suite('a probe that fails', () => {
  for (const [what, { seed, kind, remedy, only }] of Object.entries(failing))
    test(`because ${what} is deleted, and the Cause names the kind and the remedy`, {
      skip: only !== undefined && (only === 'IAM') !== isByIam(),
    }, async () => {
      const cloud = await cloudWith(world(seed));
      const run = await connectByTag(cloud);
      assertFailed(run, 'ProbeFailed', remedy);
      const { cause = '' } = run;
      assert.ok(cause.includes(`(${kind})`), cause);
      assert.match(cause, /\nThe connection stays\.\n/);
      assert.match(cause, /\nThe sweep starts a run after /);
      assert.doesNotMatch(cause, /EndProbe|probe created/);
      assertCopyable(cause);
      assert.match(detailOf(cloud) ?? '', /(Start|Check)Probe ProbeFailed - The probe could not read topic orders/);
      await assertNoProbe(cloud);
      const [connection] = cloud.world.project.connections('streams');
      assert.equal(connection?.state, 'READY');
    });

  test('because the password is wrong says that the login was refused', scramOnly, async () => {
    const cloud = await cloudWith(world());
    const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(execution, 'StartProbe');
    // Kafka forgets the user.
    cloud.world.cluster.scramSecretArns.splice(0);
    assertFailed(
      await ended(execution),
      'ProbeFailed',
      /\(login refused\)\. .*SASL authentication error.*\nMSK takes a changed/,
    );
    await assertNoProbe(cloud);
  });

  for (const [setting, value, kind] of [
    ['streamsRoleClusters', 'other', 'login refused'],
    ['streamsRoleTopics', 'other-*', 'topic denied by IAM'],
  ] as const)
    test(`because ${setting} does not match says: ${kind}`, { skip: !isByIam() }, async (t) => {
      const cloud = await startOwnCloud(t, { world: world(), settings: { [setting]: value } });
      const run = await connectByTag(cloud);
      assertFailed(run, 'ProbeFailed', new RegExp(setting));
      assert.ok(run.cause?.includes(`(${kind})`), run.cause);
      await assertNoProbe(cloud);
    });

  test('without the right to describe it is denied, because MSK says that the topic exists', scramOnly, async () => {
    const cloud = await cloudWith(world({ cluster: { deniedAcls: ['topic:orders:Describe'] } }));
    const { cause = '' } = await connectByTag(cloud);
    assert.match(cause, /\(topic denied by a Kafka ACL\)\. .* read the topic, which exists\./);
  });

  test('is repeated by the sweep, which succeeds when the reason is gone', async () => {
    const cloud = await cloudWith(world({ atlas: { brokersUnreachable: true } }));
    assertFailed(await connectByTag(cloud), 'ProbeFailed', /unreachable/);
    cloud.world.atlas.behaviour.brokersUnreachable = false;
    const { runs } = await swept(cloud, 20);
    assertConnected(runs[0] ?? assert.fail('not started'));
    await assertNoProbe(cloud);
  });

  test('leaves no earlier proof, so the sweep does not say that data can flow', async () => {
    const cloud = await cloudWith(world());
    assertConnected(await connectByTag(cloud));
    cloud.world.atlas.behaviour.brokersUnreachable = true;
    assertFailed(await connectByHand(cloud), 'ProbeFailed', /unreachable/);
    const { runs } = await swept(cloud, 20);
    assertFailed(runs[0] ?? assert.fail('not started'), 'ProbeFailed', /unreachable/);
    assert.equal((await recordOf(cloud)).status, 'failed');
    await assertNoProbe(cloud);
  });
});

suite('the probe of a run that died', () => {
  test('is removed by the run that the next sweep starts, which then probes', async () => {
    const cloud = await cloudWith(world());
    await leftover(cloud);
    const { runs } = await swept(cloud, 10);
    assertConnected(runs[0] ?? assert.fail('not started'));
    assert.equal(probesIn(cloud), 2);
    await assertNoProbe(cloud);
  });

  test('is removed by a disconnect, which then removes the connection', async () => {
    const cloud = await cloudWith(world());
    await leftover(cloud);
    const run = await disconnectByTag(cloud);
    assert.equal(run.endState, 'Disconnected', run.cause);
    await assertNoProbe(cloud);
    assert.deepEqual(cloud.world.project.connections('streams'), []);
  });

  test('is removed for a cluster without a tag that was connected from the console', async () => {
    const cloud = await cloudWith(world({ cluster: { tags: {} } }));
    assertConnected(await connectByHand(cloud));
    await leftover(cloud, { topics: ['orders'], probe: true });
    const { runs } = await swept(cloud, 10);
    assertConnected(runs[0] ?? assert.fail('not started'));
    assert.equal(probesIn(cloud), 1);
    await assertNoProbe(cloud);
  });

  test('stays recorded if it cannot be removed, and the Cause of a connect says so beside the failure', async () => {
    const cloud = await cloudWith(world({ atlas: { brokersUnreachable: true } }));
    failFunction(cloud, 'EndProbe', { errorType: 'AtlasRefused', errorMessage: 'Atlas refused it.' });
    assertFailed(
      await connectByTag(cloud),
      'ProbeFailed',
      /\(unreachable\)[\s\S]*\nAlso, EndProbe failed: Atlas refused it\./,
    );
    cloud.interceptInvocation = (_, next) => next();
    cloud.world.atlas.behaviour.brokersUnreachable = false;
    const { runs } = await swept(cloud, 20);
    assertConnected(runs[0] ?? assert.fail('not started'));
    await assertNoProbe(cloud);
  });

  test('stays recorded if a disconnect cannot remove it, and the next one removes it', async () => {
    const cloud = await cloudWith(world());
    await leftover(cloud);
    failFunction(cloud, 'EndProbe', { errorType: 'AtlasRefused', errorMessage: 'Atlas refused it.' });
    const failed = await disconnectByTag(cloud);
    assert.equal(failed.endState, 'RemovalFailed');
    assert.match(failed.cause ?? '', /^EndProbe failed: Atlas refused it\./);
    cloud.interceptInvocation = (_, next) => next();
    const { ends } = await swept(cloud, 20);
    assert.deepEqual(ends, ['Disconnected']);
    await assertNoProbe(cloud);
  });
});
