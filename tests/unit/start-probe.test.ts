import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { startProbe } from '../../functions/start-probe/start-probe.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { type Answer, apiError, connection, fakeAtlas, list, ok, reset } from '../fixtures/atlas.ts';
import { fakeRegistry, record } from '../fixtures/fake-registry.ts';
import { probeCalls, probeName, recordedProbe, shownProbe, startedProbe } from '../fixtures/probe.ts';
import { executionArn, login, network, now, request } from '../fixtures/request.ts';

const { create, get, start, stop, remove } = probeCalls;
const connections = 'GET /streams/connections';
const exists = apiError(409, 'STREAM_PROCESSOR_ALREADY_EXISTS');
const refused = apiError(400, 'STREAM_CONNECTION_NOT_FOUND', 'Connection __testLog does not exist.');
const sweepArn = executionArn.replace('run-1', 'sweep-connect-1');
const id = connection().id;

interface Situation {
  routes?: Record<string, Answer | Answer[]>;
  recorded?: Partial<RegistryRecord>;
  partitions?: number | null;
  result?: 'created' | 'updated' | 'unchanged';
  holder?: string;
  topics?: string[];
  secretVersionId?: string;
  /** Of an earlier visit. */
  refusedSink?: string;
}

/** Atlas accepts everything, unless the situation differs. */
async function starter(t: TestContext, situation: Situation = {}) {
  const { routes = {}, recorded = {}, partitions = 6, result = 'unchanged', holder = executionArn } = situation;
  const { topics = ['orders', 'payments'], secretVersionId = 'version-1', refusedSink } = situation;
  const { atlas, calls, requests } = await fakeAtlas(t, { [create]: ok({}), [start]: ok({}), ...routes });
  const { registry, writes, item } = fakeRegistry(record({ ...recorded, holder, action: 'connect' }));
  const run = {
    request: request({ topics, probe: true }),
    plan: { login, topics: [{ name: 'orders', partitions }] },
    connection: { id, result, ownership: 'created' as const, secretVersionId },
    ...(refusedSink !== undefined && { probe: { isEnded: true, refusedSink } }),
    ...network,
  };
  const wait = { pollSeconds: 15, timeoutMinutes: 13 };
  const visit = () => startProbe({ run, executionArn: holder, now }, { atlas, registry, wait });
  return { visit, calls, requests, writes, item };
}

describe('StartProbe', () => {
  it('records the probe, creates it with a sink that gets no record, and starts it on the smallest tier', async (t) => {
    const { visit, calls, requests, writes, item } = await starter(t);
    const { startedAt, ...started } = await visit();
    const { startedAt: _, ...expected } = startedProbe;
    assert.deepEqual(started, expected);
    assert.deepEqual(calls(), [create, start]);
    assert.deepEqual(writes, ['confirm', 'probe', 'confirm']);
    assert.deepEqual({ ...(item()?.probe as object), startedAt: now }, recordedProbe);
    const body = requests[0]?.body as { name: string; pipeline: object[] };
    assert.equal(body.name, probeName);
    assert.deepEqual(body.pipeline.at(-1), { $emit: { connectionName: '__testLog' } });
    assert.deepEqual(requests[1]?.body, { tier: 'SP2', resumeFromCheckpoint: false });
  });

  it('starts a probe of a topic with many partitions on a larger tier', async (t) => {
    const { visit, requests } = await starter(t, { partitions: 40 });
    assert.equal((await visit()).tier, 'SP5');
    assert.deepEqual(requests[1]?.body, { tier: 'SP5', resumeFromCheckpoint: false });
  });

  describe('if the registry has a proof', () => {
    const proof = {
      ...{ topic: 'orders', connectionId: id, secretVersionId: 'version-1', at: now },
      ...{ result: 'read' as const, detail: 'topic orders can be read: 6 partitions, 3 records' },
    };
    it('needs no request to Atlas in a run of the sweep that has not changed the connection', async (t) => {
      const { visit, calls, writes } = await starter(t, { recorded: { proof }, holder: sweepArn });
      const { isEnded, isSkipped, result } = await visit();
      assert.deepEqual({ isEnded, isSkipped, result }, { isEnded: true, isSkipped: true, result: 'read' });
      assert.deepEqual(calls(), []);
      assert.deepEqual(writes, ['confirm']);
    });

    const probed: [what: string, situation: Situation][] = [
      ['a person or a tag has started the run', { holder: executionArn }],
      ['the run has updated the connection', { result: 'updated' }],
      ['it is about another topic', { topics: ['payments'] }],
      ['it is about another password', { secretVersionId: 'version-2' }],
      ['it is about another connection', { recorded: { proof: { ...proof, connectionId: 'b'.repeat(24) } } }],
      ['there is none', { recorded: {} }],
    ];
    for (const [what, situation] of probed)
      it(`probes all the same if ${what}`, async (t) => {
        const { visit, calls } = await starter(t, { recorded: { proof }, holder: sweepArn, ...situation });
        assert.equal((await visit()).isEnded, false);
        assert.deepEqual(calls(), [create, start]);
      });
  });

  describe('if Atlas refuses its own sink', () => {
    const cluster = { name: 'warehouse', type: 'Cluster', state: 'READY' };
    it('uses a collection of a connected cluster', async (t) => {
      const routes = { [create]: [refused, ok({})], [connections]: list([connection(), cluster]) };
      const { visit, calls, requests } = await starter(t, { routes });
      const { isDone, sinkConnection } = await visit();
      assert.deepEqual({ isDone, sinkConnection }, { isDone: false, sinkConnection: 'warehouse' });
      assert.deepEqual(calls(), [create, connections, create, start]);
      assert.deepEqual((requests[2]?.body as { pipeline: object[] } | undefined)?.pipeline.at(-1), {
        $merge: { into: { connectionName: 'warehouse', db: 'aspProbe', coll: 'aspProbe' } },
      });
    });

    it('lets the machine delete the probe if Atlas refuses its sink only at the start, and then uses that collection', async (t) => {
      const { visit } = await starter(t, { routes: { [start]: refused } });
      const { isDone, isEnded, refusedSink = '', result } = await visit();
      assert.deepEqual({ isDone, isEnded, result }, { isDone: true, isEnded: false, result: undefined });
      assert.match(refusedSink, /__testLog does not exist/);
      const again = await starter(t, { routes: { [connections]: list([cluster]) }, refusedSink });
      const { refusedSink: gone, ...second } = await again.visit();
      assert.deepEqual([gone, second.isDone, second.sinkConnection], [undefined, false, 'warehouse']);
      assert.deepEqual(again.calls(), [connections, create, start]);
    });

    it('ends in ProbeFailed if Atlas refuses to write to that collection', async (t) => {
      const denied = apiError(400, 'STREAM_NEW', 'Error: $merge may not write to aspProbe.');
      const routes = { [connections]: list([cluster]), [start]: denied };
      const { visit } = await starter(t, { routes, refusedSink: 'Atlas says: "no"' });
      await assert.rejects(visit(), {
        name: 'ProbeFailed',
        message: /\(sink refused\).*\nCheck .*connection "warehouse"/,
      });
    });

    const unproved: [what: string, routes: Record<string, Answer | Answer[]>, note: RegExp, refusedSink?: string][] = [
      [
        'the workspace has no connection to a cluster',
        { [create]: refused, [connections]: list([connection()]) },
        /^Atlas refuses the sink of the probe, and workspace streams has no connection of the type Cluster .*__testLog/,
      ],
      [
        'Atlas refuses that, too',
        { [create]: refused, [connections]: list([cluster]) },
        /^Atlas accepts no probe, neither .* nor with connection "warehouse"\. .*__testLog/,
      ],
      [
        'Atlas has refused it in its log, and the workspace has no connection to a cluster',
        { [connections]: list([connection()]) },
        /^Atlas refuses the sink of the probe, and workspace streams has no connection of the type Cluster .*Atlas says: "no"/,
        'Atlas says: "no"',
      ],
      [
        'it is not the sink that Atlas refuses',
        { [create]: apiError(400, 'STREAM_NEW', 'Connection orders does not exist.') },
        /^Atlas accepts no probe\. .*Connection orders does not exist/,
      ],
    ];
    for (const [what, routes, note, refusedSink] of unproved)
      it(`says that nothing is proved if ${what}`, async (t) => {
        const { visit, item } = await starter(t, { routes, ...(refusedSink !== undefined && { refusedSink }) });
        const { isDone, isEnded, result, note: said = '' } = await visit();
        assert.deepEqual({ isDone, isEnded, result }, { isDone: true, isEnded: false, result: 'notProved' });
        assert.match(said, note);
        assert.ok(item()?.probe, 'EndProbe makes sure that there is none');
      });
  });

  it('replaces what an earlier attempt has created', async (t) => {
    const routes = { [create]: [exists, ok({})], [get]: shownProbe('CREATED'), [remove]: ok({}) };
    const { visit, calls } = await starter(t, { routes });
    await visit();
    assert.deepEqual(calls(), [create, get, remove, create, start]);
  });

  for (const duplicate of [exists, apiError(400, 'STREAM_PROCESSOR_NAME_ALREADY_EXISTS')])
    it('is retried if its name still exists after what an earlier attempt has created was deleted', async (t) => {
      const routes = { [create]: duplicate, [get]: shownProbe('CREATED'), [remove]: ok({}) };
      const { visit, calls, item } = await starter(t, { routes });
      await assert.rejects(visit(), { name: 'AtlasUnavailable', message: /still exists/ });
      assert.deepEqual(calls(), [create, get, remove, create]);
      assert.ok(item()?.probe);
    });

  it('stops what an earlier attempt has started, and is retried', async (t) => {
    const routes = { [create]: exists, [get]: shownProbe('STARTED'), [stop]: ok({}) };
    const { visit, calls } = await starter(t, { routes });
    await assert.rejects(visit(), { name: 'AtlasUnavailable', message: /from an earlier attempt\. It is STARTED/ });
    assert.deepEqual(calls(), [create, get, stop]);
  });

  const failing: [what: string, answer: Answer, message: RegExp][] = [
    [
      'the organization has no payment method',
      apiError(402, 'PAYMENT_REQUIRED'),
      /\(no billing\).*HTTP 402.*\nAdd a payment method/,
    ],
    [
      'the tier is too large',
      apiError(400, 'STREAM_PROCESSOR_INVALID_TIER', 'The tier exceeds the maximum tier of the workspace.'),
      /\(too many partitions\)/,
    ],
    ['there is a new reason', apiError(400, 'STREAM_NEW', 'Something new.'), /\(unknown reason\).*Something new/],
  ];
  for (const [what, answer, message] of failing)
    it(`ends in ProbeFailed if Atlas does not start it because ${what}`, async (t) => {
      const { visit, item } = await starter(t, { routes: { [start]: answer } });
      await assert.rejects(visit(), { name: 'ProbeFailed', message });
      assert.ok(item()?.probe, 'EndProbe finds it');
    });

  it('is retried if the answer is lost', async (t) => {
    const { visit, item } = await starter(t, { routes: { [create]: reset } });
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.ok(item()?.probe);
  });
});
