import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { DigestClient } from 'digest-fetch';
import type { AtlasBehaviour } from '../../../emulators/atlas/behaviour.ts';
import type { TopicAnswer } from '../../../emulators/atlas/kafka-source.ts';
import { connections, refusal, startWithLink } from '../../fixtures/atlas-emulator.ts';
import { apiKey, projectId } from '../../fixtures/emulators.ts';

const processors = '/streams/analytics/processor';
const topic = { name: 'orders', partitions: 2, records: 7 };

const pipelineTo = (sink: object, match: object = {}): Record<string, unknown>[] => [
  { $source: { connectionName: 'orders', topic: 'orders', config: { auto_offset_reset: 'earliest' } } },
  { $match: match },
  { ...sink },
];
const pipelineOf = (connectionName: string) => [{ $source: { connectionName, topic: 'orders' } }, testLog];
/** A connection without a private link. */
const open = {
  type: 'Kafka',
  bootstrapServers: 'broker.example.com:9092',
  authentication: { mechanism: 'PLAIN', username: 'u', password: 'p' },
  security: { protocol: 'SASL_SSL' },
};
const testLog = { $emit: { connectionName: '__testLog' } };

/** A workspace with a READY connection, and how to call the endpoints of processors. */
async function startReady(t: TestContext, behaviour: Partial<AtlasBehaviour> = {}, found: TopicAnswer = { topic }) {
  const workspaces = [
    {
      name: 'analytics',
      maxTier: 'SP30' as const,
      clusterConnections: [{ name: 'warehouse', clusterName: 'Cluster0' }],
    },
  ];
  const started = await startWithLink(t, {
    projects: [{ id: projectId, awsAccountId: '210987654321', workspaces }],
    behaviour: { readTopic: () => found, ...behaviour },
  });
  await started.post(connections, started.request);
  started.clock.advance(26);
  const { call, atlas, clock } = started;
  const version = '2024-05-30';
  const create = (body: object = {}) =>
    call(processors, { method: 'POST', version, body: { name: 'probe', pipeline: pipelineTo(testLog), ...body } });
  const act = (action: string, name = 'probe') => call(`${processors}/${name}:${action}`, { method: 'POST', version });
  const startWith = (body: object, name = 'probe') =>
    call(`${processors}/${name}:startWith`, { method: 'POST', version: '2025-03-12', body });
  const get = (name = 'probe') => call(`${processors}/${name}`, { version });
  const remove = (name = 'probe') => call(`${processors}/${name}`, { method: 'DELETE', version });
  const state = async () => (await get()).body.state;
  const project = atlas.projects.get(projectId) ?? assert.fail();
  const states = async (minutes: number[]) => {
    const seen: string[] = [];
    for (const it of minutes) {
      clock.advance(it);
      seen.push(await state());
    }
    return seen;
  };
  return { ...started, create, act, startWith, get, remove, state, states, project };
}

describe('a stream processor in the emulator of Atlas', () => {
  test('is created, started, stopped and deleted', async (t) => {
    const { create, act, startWith, get, remove, states } = await startReady(t);
    const created = await create({ tier: 'SP2' });
    assert.equal(created.status, 200);
    const { _id, ...shown } = created.body;
    assert.match(_id, /^[a-f0-9]{24}$/);
    assert.deepEqual(shown, { name: 'probe', state: 'CREATED', pipeline: pipelineTo(testLog), tier: 'SP2' });
    const started = await startWith({ tier: 'SP5', resumeFromCheckpoint: false });
    assert.deepEqual([started.status, started.headers.get('content-type'), started.body], [200, null, {}]);
    assert.deepEqual(await states([0, 2.9, 0.2]), ['PROVISIONING', 'PROVISIONING', 'STARTED']);
    assert.equal((await get()).body.tier, 'SP5');
    assert.equal((await act('stop')).status, 200);
    assert.deepEqual(await states([0, 0.3, 0.1]), ['STOPPING', 'STOPPING', 'STOPPED']);
    assert.equal((await remove()).status, 204);
    assert.deepEqual(refusal(await get()), [404, 'STREAM_PROCESSOR_NOT_FOUND']);
  });

  test('needs a source, a sink, connections that exist, a new name, and a tier that the workspace allows', async (t) => {
    const { create } = await startReady(t);
    const warehouse = { $merge: { into: { connectionName: 'warehouse', db: 'd', coll: 'c' } } };
    for (const [wrong, status] of [
      [{ pipeline: [{ $match: {} }, testLog] }, 400],
      [{ pipeline: [{ $source: { connectionName: 'orders' } }] }, 400],
      [{ pipeline: pipelineTo({ $emit: { connectionName: 'other' } }) }, 400],
      [{ options: { dlq: { connectionName: 'other', db: 'd', coll: 'c' } } }, 400],
      [{ name: 'a b' }, 400],
      [{ tier: 'SP50' }, 400],
      [{ tier: 'SP1' }, 400],
      [{ state: 'STARTED' }, 400],
      [{}, 200],
      [{}, 409],
      [{ name: 'into-warehouse', pipeline: pipelineTo(warehouse) }, 200],
    ] as const)
      assert.equal((await create(wrong)).status, status, JSON.stringify(wrong));
  });

  test('may be refused the sink without a connection, when it is created, started or run', async (t) => {
    const refused = [400, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME'];
    const { create } = await startReady(t, { refusesTestLog: 'create' });
    assert.deepEqual(refusal(await create()), refused);
    const late = await startReady(t, { refusesTestLog: 'start' });
    assert.equal((await late.create()).status, 200);
    assert.deepEqual(refusal(await late.startWith({})), refused);
    const last = await startReady(t, { refusesTestLog: 'run' });
    await last.create();
    assert.equal((await last.startWith({})).status, 200);
    assert.deepEqual(await last.states([8.1]), ['FAILED']);
  });

  test('is neither started twice, nor stopped or deleted in the wrong state', async (t) => {
    const { create, act, startWith, remove, clock } = await startReady(t);
    const wrongState = [400, 'STREAM_PROCESSOR_HAS_WRONG_STATE'];
    await create();
    assert.deepEqual(refusal(await act('stop')), wrongState);
    assert.deepEqual(refusal(await startWith({ tier: 'SP50' })), [400, 'STREAM_PROCESSOR_TIER_TOO_LARGE']);
    assert.equal((await act('start')).status, 200);
    for (const minutes of [0, 4]) {
      clock.advance(minutes);
      assert.deepEqual(refusal(await act('start')), wrongState);
      assert.deepEqual(refusal(await startWith({})), wrongState);
      assert.deepEqual(refusal(await remove()), wrongState);
    }
    await act('stop');
    for (const again of [() => act('stop'), () => act('start'), remove])
      assert.deepEqual(refusal(await again()), wrongState);
  });

  test('is not started if its source names no topic, or its connection is gone', async (t) => {
    const { create, act, post, project } = await startReady(t);
    const pipeline = [{ $source: { connectionName: 'orders' } }, testLog];
    assert.equal((await create({ pipeline })).status, 200);
    assert.deepEqual(refusal(await act('start')), [400, 'VALIDATION_ERROR']);
    await post(connections, { ...open, name: 'open' });
    const other = project.addProcessor('analytics', { name: 'other', state: 'STOPPED', pipeline: pipelineOf('gone') });
    assert.deepEqual(refusal(await act('start', 'other')), [400, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME']);
    other.pipeline = pipelineOf('open');
    assert.equal((await act('start', 'other')).status, 200, 'what a public connection reads is not emulated');
  });

  test('is not started without a payment method', async (t) => {
    const { create, startWith, state } = await startReady(t, { billing: false });
    await create();
    assert.deepEqual(refusal(await startWith({})), [402, 'NO_PAYMENT_INFORMATION_FOUND']);
    assert.equal(await state(), 'CREATED');
  });

  test('counts what it reads and writes after its first heartbeat, and continues at its checkpoint', async (t) => {
    const readable = { ...topic };
    const { create, act, startWith, get, clock, project } = await startReady(t, {}, { topic: readable });
    await create();
    const processor = project.processor('analytics', 'probe');
    await act('start');
    clock.advance(3.1);
    assert.deepEqual((await get()).body.stats, {
      name: 'probe',
      status: 'running',
      inputMessageCount: 0,
      outputMessageCount: 0,
    });
    clock.advance(0.5);
    assert.deepEqual((await get()).body.stats, {
      name: 'probe',
      status: 'running',
      inputMessageCount: 7,
      outputMessageCount: 7,
      kafkaPartitions: [
        { partition: 0, currentOffset: 4, checkpointOffset: 0, isIdle: false },
        { partition: 1, currentOffset: 3, checkpointOffset: 0, isIdle: false },
      ],
    });
    await act('stop');
    assert.deepEqual([processor.checkpoint, processor.startedFrom, project.recordsWritten], [7, 'beginning', 7]);
    readable.records = 10;
    clock.advance(1);
    assert.equal((await get()).body.stats, undefined);
    await startWith({ resumeFromCheckpoint: true });
    clock.advance(4);
    assert.deepEqual([processor.checkpoint, processor.startedFrom, project.recordsWritten], [10, 'checkpoint', 10]);
    await act('stop');
    clock.advance(1);
    await startWith({ resumeFromCheckpoint: false });
    assert.deepEqual([processor.checkpoint, processor.startedFrom], [undefined, 'beginning']);
  });

  test('writes no record that an equality in $match stops', async (t) => {
    for (const [match, written] of [
      [{ probe: 'x' }, 0],
      [{ probe: { $exists: false } }, 7],
    ] as const) {
      const { create, act, get, remove, clock, project } = await startReady(t);
      await create({ pipeline: pipelineTo(testLog, match) });
      await act('start');
      clock.advance(4);
      const { inputMessageCount, outputMessageCount } = (await get()).body.stats as Record<string, number>;
      assert.deepEqual([inputMessageCount, outputMessageCount], [7, written]);
      await act('stop');
      clock.advance(1);
      await remove();
      assert.equal(project.recordsWritten, written);
    }
  });

  test('is tried again for 5 minutes if it finds something wrong, and then is FAILED', async (t) => {
    const fault = { errorCode: 1, message: 'wrong' };
    for (const [found, states] of [
      [{ fault }, ['PROVISIONING', 'PROVISIONING', 'FAILED']],
      [{ topic, fault }, ['STARTED', 'STARTED', 'FAILED']],
      [{ fault: { ...fault, isFinal: true } }, ['FAILED', 'FAILED', 'FAILED']],
    ] as const) {
      const started = await startReady(t, {}, found);
      await started.create();
      await started.act('start');
      assert.deepEqual(await started.states([3.1, 4.8, 0.2]), states);
    }
  });

  test('has read nothing if it failed after it had seen the partitions', async (t) => {
    const { create, act, get, clock } = await startReady(t, {}, { topic, fault: { errorCode: 1, message: 'denied' } });
    await create();
    await act('start');
    clock.advance(4);
    const { inputMessageCount, kafkaPartitions } = (await get()).body.stats as Record<string, unknown>;
    assert.deepEqual([inputMessageCount, (kafkaPartitions as unknown[]).length], [0, 2]);
  });

  test('fails if the topic has more partitions than its tier reads', async (t) => {
    for (const [tier, partitions, state] of [
      ['SP2', 32, 'STARTED'],
      ['SP2', 33, 'FAILED'],
      ['SP5', 65, 'FAILED'],
      ['SP10', 65, 'STARTED'],
    ] as const) {
      const started = await startReady(t, {}, { topic: { ...topic, partitions } });
      await started.create();
      await started.startWith({ tier });
      assert.deepEqual(await started.states([4]), [state], tier);
    }
  });

  test('fails if the brokers cannot be reached, if its connection is not READY, and because of its sink', async (t) => {
    for (const behaviour of [
      { brokersUnreachable: true },
      { connectionMinutes: 60 },
      { sinkFails: 'not authorized' },
    ]) {
      const started = await startReady(t, behaviour);
      await started.create();
      await started.act('start');
      assert.deepEqual(await started.states([8.1]), ['FAILED']);
    }
  });

  test('holds its connections in every state but four, by their exact names', async (t) => {
    const { project, patch, call } = await startReady(t);
    const processor = project.addProcessor('analytics', { name: 'enrich', pipeline: pipelineTo(testLog) });
    project.addProcessor('analytics', { name: 'other', pipeline: [{ $source: { connectionName: 'orders-2' } }] });
    const change = () => patch(`${connections}/orders`, { config: { acks: 'all' } });
    for (const state of ['INIT', 'CREATING', 'PROVISIONING', 'STARTED', 'STOPPING'] as const) {
      processor.state = state;
      assert.deepEqual(refusal(await change()), [403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'], state);
    }
    for (const state of ['CREATED', 'STOPPED', 'FAILED', 'DROPPED'] as const) {
      processor.state = state;
      assert.equal((await change()).status, 200, state);
    }
    const listed = await call('/streams/analytics/processors', { version: '2024-05-30' });
    assert.deepEqual(
      listed.body.results.map(({ state }) => state),
      ['DROPPED', 'STARTED'],
    );
  });

  test('that runs from the start can be stopped, and continues at its checkpoint', async (t) => {
    const { project, act, states } = await startReady(t);
    const processor = project.addProcessor('analytics', { name: 'probe', pipeline: pipelineTo(testLog), tier: 'SP10' });
    assert.equal((await act('stop')).status, 200);
    assert.deepEqual(await states([1]), ['STOPPED']);
    assert.equal((await act('start')).status, 200);
    assert.deepEqual(await states([4]), ['STARTED']);
    assert.deepEqual([processor.startedFrom, processor.tier, processor.runs.length], ['checkpoint', 'SP10', 2]);
  });
});

describe('the operational logs of a stream processor', () => {
  const path = '/streams/analytics:downloadOperationalLogs';
  const version = 'application/vnd.atlas.2025-03-12+gzip';

  test('are compressed lines, and can be read 5 minutes after they were written', async (t) => {
    const fault = { errorCode: 419, message: 'no partitions found' };
    const { create, act, url, clock } = await startReady(t, {}, { fault });
    await create();
    await act('start');
    const client = new DigestClient(apiKey.publicKey, apiKey.privateKey);
    const errors = async (query = 'spName=probe') => {
      const address = `${url}/api/atlas/v2/groups/${projectId}${path}?${query}`;
      const response: Response = await client.fetch(address, { headers: { accept: version } });
      assert.equal(response.headers.get('content-type'), version);
      const text = gunzipSync(await response.arrayBuffer()).toString();
      const lines = text.split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'ERROR');
    };
    const startedAt = clock.now().getTime();
    clock.advance(7.9);
    assert.deepEqual(await errors(), []);
    clock.advance(0.2);
    const line = {
      t: new Date(startedAt + 3 * 60_000).toISOString(),
      level: 'ERROR',
      streamProcessorName: 'probe',
      message: 'no partitions found',
      errorCode: 419,
    };
    assert.deepEqual(await errors(), [line]);
    assert.deepEqual(await errors('spName=other'), []);
    const second = Math.ceil(startedAt / 1000);
    assert.deepEqual(await errors(`spName=probe&endDate=${second}`), []);
    clock.advance(5);
    assert.equal((await errors(`startDate=${second}&endDate=${second + 3600}`)).length, 2);
  });

  test('need their own media type, a role, and dates in seconds', async (t) => {
    const { call, atlas } = await startReady(t);
    assert.deepEqual(refusal(await call(path, { version: '2025-03-12' })), [406, 'INVALID_VERSION_DATE']);
    const headers = { accept: version };
    assert.equal((await call(`${path}?startDate=2026-11-28`, { headers })).status, 400);
    atlas.behaviour.mayReadLogs = false;
    assert.deepEqual(refusal(await call(path, { headers })), [403, 'USER_UNAUTHORIZED']);
  });
});

test('a connection to a cluster is shown beside those to Kafka', async (t) => {
  const { call } = await startReady(t);
  const { results } = (await call(connections)).body;
  assert.deepEqual(
    results.map(({ name, type }) => [name, type]),
    [
      ['orders', 'Kafka'],
      ['warehouse', 'Cluster'],
    ],
  );
  assert.equal((await call(`${connections}/warehouse`)).body.clusterName, 'Cluster0');
});
