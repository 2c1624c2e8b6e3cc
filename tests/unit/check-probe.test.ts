import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkProbe } from '../../functions/check-probe/check-probe.ts';
import type { ProbeProgress } from '../../shared/atlas/probe-progress.ts';
import type { Login } from '../../shared/login.ts';
import { type Answer, apiError, fakeAtlas, ok } from '../fixtures/atlas.ts';
import { probeCalls, probeName, shownProbe, startedProbe } from '../fixtures/probe.ts';
import { byRole, login as bySecret, network, request } from '../fixtures/request.ts';

const { get, stop, log } = probeCalls;
const waits = {
  probe: { pollSeconds: 15, timeoutMinutes: 13 },
  probeRecord: { pollSeconds: 15, timeoutMinutes: 6 },
  probeLog: { pollSeconds: 15, timeoutMinutes: 6 },
};
const at = (minutes: number) => new Date(Date.parse(startedProbe.startedAt) + minutes * 60_000).toISOString();

const logged =
  (...messages: string[]): Answer =>
  (response) =>
    response
      .writeHead(200, { 'content-type': 'application/vnd.atlas.2025-03-12+gzip' })
      .end(gzipSync(messages.map((message) => JSON.stringify({ level: 'ERROR', message })).join('\n')));

interface Situation {
  minutes?: number;
  routes?: Record<string, Answer>;
  probe?: Partial<ProbeProgress>;
  login?: Login;
  partitions?: number | null;
}

async function checker(t: TestContext, shown: Answer, situation: Situation = {}) {
  const { minutes = 4, routes = {}, probe = {}, login = bySecret, partitions = null } = situation;
  const { atlas, calls, requests } = await fakeAtlas(t, { [get]: shown, ...routes });
  const run = {
    request: request({ topics: ['orders'], probe: true }),
    plan: { login, ...(partitions !== null && { topics: [{ name: 'orders', partitions }] }) },
    connection: { ownership: 'created' as const },
    probe: { ...startedProbe, ...probe },
    ...network,
  };
  return { result: checkProbe({ run, now: at(minutes) }, { atlas, waits }), calls, requests };
}

const six = Array.from({ length: 6 }, (_, partition) => ({ partition, currentOffset: 0 }));

describe('CheckProbe', () => {
  for (const state of ['CREATED', 'INIT', 'PROVISIONING', 'STARTED', 'SOMETHING_NEW'])
    it(`waits while the probe is ${state}`, async (t) => {
      const { result, calls } = await checker(t, shownProbe(state));
      assert.deepEqual(await result, startedProbe);
      assert.deepEqual(calls(), [get]);
    });

  it('finds that the topic can be read, also at the deadline', async (t) => {
    const { result } = await checker(t, shownProbe('STARTED', { inputMessageCount: 1204, kafkaPartitions: six }), {
      minutes: 14,
    });
    assert.deepEqual(await result, {
      ...{ ...startedProbe, isDone: true, result: 'read', partitions: 6, records: 1204, pollSeconds: 1 },
    });
  });

  it('finds that the topic is reachable if its partitions are visible for six minutes, and has no record', async (t) => {
    const shown = shownProbe('STARTED', { inputMessageCount: 0, kafkaPartitions: six });
    const first = await (await checker(t, shown)).result;
    assert.deepEqual(first, { ...startedProbe, visibleSince: at(4) });
    const later = async (minutes: number) =>
      (await checker(t, shown, { minutes, probe: { visibleSince: at(4) } })).result;
    assert.equal((await later(10)).isDone, false);
    const { isDone, result, partitions } = await later(10.1);
    assert.deepEqual({ isDone, result, partitions }, { isDone: true, result: 'reachable', partitions: 6 });
  });

  const unproved: [what: string, shown: Answer, note: RegExp][] = [
    ['Atlas shows no statistics until the deadline', shownProbe('STARTED'), /neither partitions nor records/],
    [
      'the partitions are visible only at the deadline',
      shownProbe('STARTED', { kafkaPartitions: six }),
      /too late to read a record/,
    ],
    ['another party has deleted the probe', apiError(404, 'STREAM_PROCESSOR_NOT_FOUND'), /another party has deleted/],
    ['another party has stopped the probe', shownProbe('STOPPED'), /another party has stopped/],
  ];
  for (const [what, shown, note] of unproved)
    it(`says that nothing is proved if ${what}`, async (t) => {
      const { isDone, result, note: said = '' } = await (await checker(t, shown, { minutes: 13.1 })).result;
      assert.deepEqual({ isDone, result }, { isDone: true, result: 'notProved' });
      assert.match(said, note);
    });

  it('reads the log of a probe that has failed until the log says why, and then ends in ProbeFailed', async (t) => {
    const failed = shownProbe('FAILED');
    const { result, requests } = await checker(t, failed, { minutes: 9, routes: { [log]: logged() } });
    assert.deepEqual(await result, { ...startedProbe, logDeadline: at(15) });
    const { query, headers } = requests[1] ?? {};
    const seconds = (minutes: number) => String(Date.parse(at(minutes)) / 1000);
    assert.deepEqual(query, { spName: probeName, startDate: seconds(-1), endDate: seconds(10) });
    assert.equal(headers?.accept, 'application/vnd.atlas.2025-03-12+gzip');
    const routes = { [log]: logged('SASL authentication error: Authentication failed') };
    const { result: second } = await checker(t, failed, { minutes: 14, routes, probe: { logDeadline: at(15) } });
    await assert.rejects(second, {
      name: 'ProbeFailed',
      message:
        /\(login refused\)\. .*"SASL authentication error: Authentication failed"\.\n.*\nThe connection stays\.$/,
    });
  });

  const unknown: [what: string, answer: Answer, words: RegExp][] = [
    ['stays empty', logged(), /\(unknown reason\).*or the log could not be read/],
    ['has only words that are not known', logged('Fatal error: something new'), /"Fatal error: something new"/],
  ];
  for (const [what, answer, words] of unknown)
    it(`ends in ProbeFailed without a known reason if the log ${what} until its deadline`, async (t) => {
      const routes = { [log]: answer };
      const probe = { logDeadline: at(15) };
      const during = await checker(t, shownProbe('FAILED'), { minutes: 14, routes, probe });
      assert.equal((await during.result).isDone, false);
      const { result } = await checker(t, shownProbe('FAILED'), { minutes: 15.1, routes, probe });
      await assert.rejects(result, { name: 'ProbeFailed', message: words });
    });

  it('ends in ProbeFailed at once if the deployment may not read the log', async (t) => {
    const routes = { [log]: apiError(403, 'USER_UNAUTHORIZED') };
    const { result } = await checker(t, shownProbe('FAILED'), { routes });
    await assert.rejects(result, {
      name: 'ProbeFailed',
      message: /\(unknown reason\).*HTTP 403.*\n.*role Project Data Access Read Only/,
    });
  });

  it('says that Atlas refuses its own sink, so that the machine tries another; a collection that fails ends in ProbeFailed', async (t) => {
    const routes = { [log]: logged('Error: the sink __testLog is not available.') };
    const { result } = await checker(t, shownProbe('FAILED'), { routes });
    const { isDone, isEnded, result: found, refusedSink } = await result;
    assert.deepEqual([isDone, isEnded, found], [true, false, undefined]);
    assert.equal(refusedSink, 'Atlas says: "Error: the sink __testLog is not available.".');
    const denied = { [log]: logged('MongoServerError: not authorized on aspProbe to execute command') };
    const second = await checker(t, shownProbe('FAILED'), { routes: denied, probe: { sinkConnection: 'warehouse' } });
    await assert.rejects(second.result, { message: /\(sink refused\).*\nCheck .*connection "warehouse"/ });
  });

  describe('at the deadline of a probe that has not started', () => {
    const routes = { [log]: logged(), [stop]: ok({}) };

    it('stops it before it waits for the log', async (t) => {
      const { result, calls } = await checker(t, shownProbe('PROVISIONING'), { minutes: 13.1, routes });
      assert.deepEqual((await result).logDeadline, at(19.1));
      assert.deepEqual(calls(), [get, stop, log]);
    });

    it('stops it again while it waits for the log, if Atlas has not stopped it', async (t) => {
      for (const [state, expected] of [
        ['STARTED', [get, stop, log]],
        ['STOPPING', [get, log]],
        ['STOPPED', [get, log]],
      ] as const) {
        const refusing = { ...routes, [stop]: apiError(400, 'STREAM_PROCESSOR_HAS_WRONG_STATE') };
        const probe = { logDeadline: at(19) };
        const { result, calls } = await checker(t, shownProbe(state), { minutes: 13.5, routes: refusing, probe });
        assert.equal((await result).isDone, false);
        assert.deepEqual(calls(), expected);
      }
    });

    it('proves nothing if the log does not say why it has not started', async (t) => {
      const probe = { logDeadline: at(19) };
      const { result } = await checker(t, shownProbe('STOPPED'), { minutes: 19.1, routes, probe });
      const { isDone, result: found, note } = await result;
      assert.deepEqual([isDone, found], [true, 'notProved']);
      assert.match(note ?? '', /^Atlas did not start the probe in time/);
    });

    it('ends in ProbeFailed with the reason in the log', async (t) => {
      const reason = { ...routes, [log]: logged('Local: Broker transport failure') };
      const { result } = await checker(t, shownProbe('PROVISIONING'), { minutes: 13.1, routes: reason });
      await assert.rejects(result, { name: 'ProbeFailed', message: /\(unreachable\)/ });
    });
  });

  it('counts the time without a record from the last start: Atlas restarts a probe that may not read', async (t) => {
    const visibleSince = at(4);
    for (const shown of [shownProbe('PROVISIONING'), shownProbe('STARTED')]) {
      const { result } = await checker(t, shown, { minutes: 8, probe: { visibleSince } });
      assert.equal((await result).visibleSince, undefined);
    }
  });

  it('finds that the topic can be read if the probe has failed after it has read records', async (t) => {
    const { result, calls } = await checker(t, shownProbe('FAILED', { inputMessageCount: 7, kafkaPartitions: six }));
    const { isDone, result: found, records } = await result;
    assert.deepEqual({ isDone, found, records }, { isDone: true, found: 'read', records: 7 });
    assert.deepEqual(calls(), [get]);
  });

  it('takes a topic that exists, and that Atlas does not see, for one that is denied', async (t) => {
    const routes = { [log]: logged('no partitions found') };
    const missing = await checker(t, shownProbe('FAILED'), { routes });
    await assert.rejects(missing.result, { message: /\(topic missing\)/ });
    const denied = await checker(t, shownProbe('FAILED'), { routes, partitions: 6 });
    await assert.rejects(denied.result, { message: /\(topic denied by a Kafka ACL\).*which exists/ });
    const byIam = await checker(t, shownProbe('FAILED'), { routes, partitions: 6, login: byRole });
    await assert.rejects(byIam.result, { message: /\(topic denied by IAM\).*\n.*DescribeTopic.*streamsRoleTopics/ });
  });
});
