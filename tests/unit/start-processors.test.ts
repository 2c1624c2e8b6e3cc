import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { startProcessors } from '../../functions/start-processors/start-processors.ts';
import type { RestartProgress } from '../../shared/atlas/restart.ts';
import { StreamProcessor } from '../../shared/atlas/types.ts';
import type { StoppedProcessor } from '../../shared/registry/record.ts';
import { type Answer, apiError, fakeAtlas, ok, processor, reset } from '../fixtures/atlas.ts';
import { fakeRegistry, record } from '../fixtures/fake-registry.ts';
import { executionArn, later, now, projectId, request } from '../fixtures/request.ts';

const get = (name: string) => `GET /streams/processor/${name}`;
const start = (name: string) => `POST /streams/processor/${name}:startWith`;
const deadline = '2026-11-23T12:15:00.000Z';

const shown = (name: string, state: string, overrides: Record<string, unknown> = {}) =>
  ok(processor(name, { state, tier: 'SP10', ...overrides }));

const { pipelineHash } = StreamProcessor.parse(processor('a'));

const stopped = (name: string, overrides: Partial<StoppedProcessor> = {}): StoppedProcessor => ({
  ...{ name, tier: 'SP10', pipelineHash, stoppedAt: '2026-11-23T11:58:00.000Z' },
  ...overrides,
});

/** A start that Atlas has accepted. */
const requested = { a: { at: '2026-11-23T11:59:00.000Z' } };

interface Situation {
  routes?: Record<string, Answer | Answer[]>;
  recorded?: StoppedProcessor[];
  before?: Partial<RestartProgress>;
  at?: string;
  /** Whether the run is on its way to a failure. */
  isFailing?: boolean;
}

async function starter(t: TestContext, situation: Situation) {
  const { routes = {}, recorded = [stopped('a')], before, at = now, isFailing } = situation;
  const { atlas, calls, requests } = await fakeAtlas(t, routes);
  const { registry, item } = fakeRegistry(
    record({ ...(recorded.length > 0 && { stoppedProcessors: recorded }), holder: executionArn, action: 'connect' }),
  );
  const none = { requested: {}, refusals: {}, restarted: [], notRestarted: [] };
  const run = {
    request: request(),
    ...(isFailing && { failed: { CreateConnection: { Error: 'AtlasRefused' } } }),
    ...(before && { processors: { phase: 'starting' as const, deadline, ...none, ...before } }),
  };
  const wait = { pollSeconds: 10, timeoutMinutes: 15 };
  const lines: string[] = [];
  const log = (message: string, details: object) => lines.push(`${message} ${JSON.stringify(details)}`);
  const visit = () => startProcessors({ run, executionArn, now: at }, { atlas, registry, wait, log });
  const inRegistry = () => (item()?.stoppedProcessors ?? []) as StoppedProcessor[];
  const left = () => inRegistry().map(({ name }) => name);
  return { visit, calls, requests, left, recorded: inRegistry, lines };
}

describe('StartProcessors', () => {
  it('starts a processor from its checkpoint on the recorded tier', async (t) => {
    const { visit, calls, requests, left } = await starter(t, {
      routes: { [get('a')]: shown('a', 'STOPPED'), [start('a')]: ok({}) },
    });
    const { requested, areStopped } = await visit();
    assert.deepEqual({ requested, areStopped }, { requested: { a: { at: now } }, areStopped: true });
    assert.deepEqual(calls(), [get('a'), start('a')]);
    assert.deepEqual(requests[1]?.body, { tier: 'SP10', resumeFromCheckpoint: true });
    assert.deepEqual(left(), ['a']);
  });

  it('needs no request to Atlas if nothing is recorded', async (t) => {
    const { visit, calls } = await starter(t, { recorded: [] });
    assert.equal((await visit()).areStopped, false);
    assert.deepEqual(calls(), []);
  });

  const changed: [what: string, overrides: Record<string, unknown>, reason: RegExp][] = [
    ['with another pipeline', { pipeline: [] }, /changed its pipeline/],
    ['on another tier', { tier: 'SP30' }, /changed its tier from SP10 to SP30/],
    ['that was created anew', { state: 'CREATED' }, /created it anew/],
  ];
  for (const [what, overrides, reason] of changed)
    it(`does not start a processor ${what}`, async (t) => {
      const { visit, calls, left } = await starter(t, { routes: { [get('a')]: shown('a', 'STOPPED', overrides) } });
      const { notRestarted, areStopped } = await visit();
      assert.match(notRestarted[0]?.reason ?? '', reason);
      assert.deepEqual([notRestarted[0]?.isFailure, areStopped], [false, false]);
      assert.deepEqual(calls(), [get('a')]);
      assert.deepEqual(left(), []);
    });

  it('starts the others if Atlas refuses to show one, which it reports after the deadline', async (t) => {
    const routes = {
      [get('a')]: apiError(404, 'RESOURCE_NOT_FOUND'),
      [get('b')]: shown('b', 'STOPPED'),
      [start('b')]: ok({}),
    };
    const recorded = [stopped('a'), stopped('b')];
    const { visit, calls, left } = await starter(t, { routes, recorded });
    const { requested, refusals } = await visit();
    assert.deepEqual(requested, { b: { at: now } });
    assert.deepEqual(calls(), [get('a'), get('b'), start('b')]);
    assert.deepEqual(left(), ['a', 'b']);

    const late = await starter(t, {
      routes: { ...routes, [get('b')]: shown('b', 'STARTED') },
      recorded,
      before: { requested, refusals },
      at: later,
    });
    const { notRestarted } = await late.visit();
    assert.match(notRestarted[0]?.reason ?? '', /^Atlas refuses to show it: .*HTTP 404/);
    assert.equal(notRestarted[0]?.isFailure, true);
    assert.deepEqual(late.left(), ['a']);
  });

  it('fails if Atlas refuses the credentials, and keeps the record', async (t) => {
    const { visit, left } = await starter(t, { routes: { [get('a')]: apiError(401, 'UNAUTHORIZED') } });
    await assert.rejects(visit, { name: 'AtlasCredentialsRefused' });
    assert.deepEqual(left(), ['a']);
  });

  it('fails if the project is not found: what is in it may exist', async (t) => {
    const { visit, left } = await starter(t, { routes: { [get('a')]: apiError(404, 'GROUP_NOT_FOUND') } });
    await assert.rejects(visit, { name: 'AtlasRefused' });
    assert.deepEqual(left(), ['a']);
  });

  it('is repeated if Atlas gives no answer about the only one', async (t) => {
    const { visit, left } = await starter(t, { routes: { [get('a')]: reset }, at: later, before: {} });
    await assert.rejects(visit, { name: 'AtlasUnavailable' });
    assert.deepEqual(left(), ['a']);
  });

  it('starts one after the deadline that it could not start before, and waits for it as long as for the others', async (t) => {
    const { visit, requests } = await starter(t, {
      routes: { [get('a')]: shown('a', 'STOPPED'), [start('a')]: ok({}) },
      before: {},
      at: later,
    });
    const { requested, notRestarted, deadline: until } = await visit();
    assert.deepEqual({ requested, notRestarted }, { requested: { a: { at: later } }, notRestarted: [] });
    assert.equal(until, '2026-11-23T13:15:00.000Z');
    assert.equal(requests.length, 2);
  });

  it('does not ask again if Atlas requires a payment method', async (t) => {
    const { visit, left } = await starter(t, {
      routes: {
        [get('a')]: shown('a', 'STOPPED'),
        [start('a')]: apiError(402, 'PAYMENT_REQUIRED', 'No payment method.'),
      },
    });
    const { notRestarted } = await visit();
    assert.match(notRestarted[0]?.reason ?? '', /^Atlas refuses to start it: .*HTTP 402/);
    assert.equal(notRestarted[0]?.isFailure, true);
    assert.deepEqual(left(), ['a'], 'until it is reported');
  });

  it('reports what does not run when nothing is left to wait for, and then forgets it', async (t) => {
    const notRestarted = [{ name: 'a', reason: 'it is FAILED', isFailure: true }];
    const { visit, calls, left } = await starter(t, { before: { notRestarted } });
    await assert.rejects(visit, {
      name: 'ProcessorsNotStarted',
      message: /"a" did not start again, because it is FAILED/,
    });
    assert.deepEqual(calls(), []);
    assert.deepEqual(left(), []);
  });

  it('keeps what does not run on the way to a failure, for the next run', async (t) => {
    const notRestarted = [{ name: 'a', reason: 'it is FAILED', isFailure: true }];
    const { visit, left, recorded } = await starter(t, { before: { notRestarted }, isFailing: true });
    await assert.rejects(visit, { name: 'ProcessorsNotStarted', message: /The next run that updates/ });
    assert.deepEqual(left(), ['a']);
    assert.equal(recorded()[0]?.startedByFailedRun, true);
  });

  it('starts a FAILED processor only if a run that failed had started it, and it is unchanged', async (t) => {
    const routes = { [get('a')]: shown('a', 'FAILED'), [start('a')]: ok({}) };
    const startedByFailedRun = true;
    const by = async (situation: Situation) =>
      Object.keys((await (await starter(t, { routes, ...situation })).visit()).requested);
    assert.deepEqual(await by({}), []);
    assert.deepEqual(await by({ recorded: [stopped('a', { startedByFailedRun })] }), ['a']);
    assert.deepEqual(await by({ recorded: [stopped('a', { startedByFailedRun })], isFailing: true }), []);
    assert.deepEqual(await by({ recorded: [stopped('a', { startedByFailedRun, pipelineHash: 'another' })] }), []);
  });

  it('keeps one that is STARTED on the way to a failure, because it may fail later, and does not wait for that', async (t) => {
    const routes = { [get('a')]: shown('a', 'STARTED') };
    for (const before of [{ requested }, {}]) {
      const { visit, recorded } = await starter(t, { routes, before, isFailing: true });
      assert.equal((await visit()).areStopped, false);
      assert.deepEqual(recorded(), [stopped('a', { startedByFailedRun: true, seenStarted: true })]);
    }
  });

  it('looks no more at one that it has seen STARTED on the way to a failure, while it waits for others', async (t) => {
    const { visit, calls, left } = await starter(t, {
      recorded: [stopped('a', { startedByFailedRun: true, seenStarted: true }), stopped('b')],
      routes: { [get('b')]: shown('b', 'STARTED') },
      before: { requested, restarted: [{ name: 'a', tier: 'SP10', seconds: 1 }] },
      isFailing: true,
    });
    assert.equal((await visit()).areStopped, false);
    assert.deepEqual([calls(), left()], [[get('b')], ['a', 'b']]);
  });

  it('settles one that a run that failed has seen STARTED', async (t) => {
    const recorded = [stopped('a', { startedByFailedRun: true, seenStarted: true })];
    const running = await starter(t, { recorded, routes: { [get('a')]: shown('a', 'STARTED') } });
    assert.match((await running.visit()).notRestarted[0]?.reason ?? '', /^it runs already$/);
    assert.deepEqual(running.left(), []);
    const failed = await starter(t, { recorded, routes: { [get('a')]: shown('a', 'FAILED'), [start('a')]: ok({}) } });
    assert.deepEqual(Object.keys((await failed.visit()).requested), ['a']);
    assert.deepEqual(failed.recorded(), [stopped('a', { startedByFailedRun: true })]);
  });

  it('waits 2 minutes if one that a run that failed had started is still FAILED after its start', async (t) => {
    const routes = { [get('a')]: shown('a', 'FAILED') };
    const at = (time: string) => ({ routes, before: { requested: { a: { at: time } } } });
    const recorded = [stopped('a', { startedByFailedRun: true })];
    const isGivenUp = async (situation: Situation) =>
      (await (await starter(t, { recorded, ...situation })).visit()).notRestarted.length > 0;
    assert.equal(await isGivenUp(at('2026-11-23T11:58:30.000Z')), false);
    assert.equal(await isGivenUp(at('2026-11-23T11:57:30.000Z')), true);
    assert.equal(await isGivenUp({ ...at('2026-11-23T11:58:30.000Z'), recorded: [stopped('a')] }), true);
    assert.equal(await isGivenUp({ ...at('2026-11-23T11:58:30.000Z'), isFailing: true }), true);
  });

  it('gives each start a deadline of its own, after StopProcessors', async (t) => {
    const before = { phase: 'stopping' as const, deadline: '2026-11-23T11:59:00.000Z' };
    const { visit } = await starter(t, { before, routes: { [get('a')]: shown('a', 'PROVISIONING') } });
    assert.equal((await visit()).deadline, deadline);
  });

  it('takes a processor out of the record when it runs, and says and logs how long it did not', async (t) => {
    const { visit, left, lines } = await starter(t, {
      recorded: [stopped('a', { stoppedAt: '2026-11-23T11:56:48.000Z' })],
      before: { requested },
      routes: { [get('a')]: ok(processor('a'), { date: 'Mon, 23 Nov 2026 12:00:00 GMT' }) },
    });
    const { areStopped, restarted } = await visit();
    assert.deepEqual([areStopped, restarted], [false, [{ name: 'a', tier: 'SP10', seconds: 192 }]]);
    assert.deepEqual(left(), []);
    assert.deepEqual(lines, ['a stream processor that was stopped runs again {"processor":"a","seconds":192}']);
  });

  const leftAlone: [what: string, answer: Answer, reason: string][] = [
    ['was deleted', apiError(404, 'STREAM_PROCESSOR_NOT_FOUND'), 'it no longer exists'],
    ['was dropped', shown('a', 'DROPPED'), 'it no longer exists'],
    ['runs already', shown('a', 'STARTED'), 'it runs already'],
  ];
  for (const [what, answer, reason] of leftAlone)
    it(`leaves a processor alone that ${what}, and says so`, async (t) => {
      const { visit, calls, left } = await starter(t, { routes: { [get('a')]: answer } });
      assert.deepEqual((await visit()).notRestarted, [{ name: 'a', reason, isFailure: false }]);
      assert.deepEqual([calls(), left()], [[get('a')], []]);
    });

  for (const state of ['INIT', 'CREATING', 'PROVISIONING', 'STARTING', 'STOPPING', 'SOMETHING_NEW'])
    it(`waits for a processor that is ${state}`, async (t) => {
      const { visit, calls } = await starter(t, { routes: { [get('a')]: shown('a', state) } });
      assert.equal((await visit()).areStopped, true);
      assert.deepEqual(calls(), [get('a')]);
    });

  it('does not start a processor twice, unless Atlas has refused the first time', async (t) => {
    const routes = { [get('a')]: shown('a', 'STOPPED'), [start('a')]: apiError(400, 'NO', 'Not yet.') };
    const accepted = await starter(t, { before: { requested }, routes });
    await accepted.visit();
    assert.deepEqual(accepted.calls(), [get('a')]);
    const refused = await starter(t, { before: { refusals: { a: 'No.' } }, routes });
    const visit = await refused.visit();
    assert.match(visit.refusals.a ?? '', /"Not yet\."/);
    assert.deepEqual([visit.requested, refused.calls()], [{}, [get('a'), start('a')]]);
  });

  it('counts a start whose answer was lost as requested, and asks once more if it does not take effect', async (t) => {
    const lost = { [get('a')]: shown('a', 'STOPPED'), [start('a')]: reset };
    const first = await starter(t, { routes: lost });
    const { requested: unclear, areStopped } = await first.visit();
    assert.deepEqual([unclear, areStopped], [{ a: { at: now, isUnclear: true } }, true]);

    const running = await starter(t, { routes: { [get('a')]: shown('a', 'STARTED') }, before: { requested: unclear } });
    assert.deepEqual((await running.visit()).restarted.length, 1);

    const again = { [get('a')]: shown('a', 'STOPPED'), [start('a')]: ok({}) };
    const second = await starter(t, { routes: again, before: { requested: unclear } });
    assert.deepEqual((await second.visit()).requested, { a: { at: now } });

    // Then the state is retried like any other.
    const lostAgain = await starter(t, { routes: lost, before: { requested: unclear } });
    await assert.rejects(lostAgain.visit, { name: 'AtlasUnavailable' });
    assert.deepEqual(lostAgain.left(), ['a']);
  });

  it('asks once more for one that is FAILED if the answer to the first start was lost', async (t) => {
    const { visit } = await starter(t, {
      recorded: [stopped('a', { startedByFailedRun: true })],
      routes: { [get('a')]: shown('a', 'FAILED'), [start('a')]: ok({}) },
      before: { requested: { a: { at: '2026-11-23T11:59:50.000Z', isUnclear: true } } },
    });
    assert.deepEqual((await visit()).requested, { a: { at: now } });
  });

  it('starts the others if Atlas does not answer about one, and asks no more when Atlas throttles', async (t) => {
    const recorded = [stopped('a'), stopped('b')];
    const others = { [get('b')]: shown('b', 'STOPPED'), [start('b')]: ok({}) };
    const one = await starter(t, { recorded, routes: { [get('a')]: apiError(500, 'UNEXPECTED_ERROR'), ...others } });
    assert.deepEqual(Object.keys((await one.visit()).requested), ['b']);
    const throttled = await starter(t, { recorded, routes: { [get('a')]: apiError(429, 'RATE_LIMITED'), ...others } });
    await assert.rejects(throttled.visit, { name: 'AtlasThrottled' });
    assert.deepEqual(throttled.calls(), [get('a')]);
  });

  const failing: [what: string, state: string, situation: Situation, reason: RegExp][] = [
    ['is FAILED', 'FAILED', {}, /^it is FAILED$/],
    ['is still on its way after the deadline', 'PROVISIONING', { at: later }, /^it is still PROVISIONING$/],
    [
      'Atlas still refuses to start',
      'STOPPED',
      { at: later, before: { refusals: { a: 'HTTP 400.' } } },
      /: HTTP 400\.$/,
    ],
  ];
  for (const [what, state, situation, reason] of failing)
    it(`keeps a processor recorded that ${what}, until the next visit reports it`, async (t) => {
      const routes = { [get('a')]: shown('a', state) };
      const { visit, left } = await starter(t, { before: {}, ...situation, routes });
      const { areStopped, notRestarted } = await visit();
      assert.match(notRestarted[0]?.reason ?? '', reason);
      assert.deepEqual([areStopped, notRestarted[0]?.isFailure, left()], [true, true, ['a']]);
    });

  it('reports several in one message, with a command for each name that a shell reads as it is', async (t) => {
    const notRestarted = [
      { name: 'a', reason: 'it is FAILED', isFailure: true },
      { name: 'odd name', reason: 'it is still STOPPED', isFailure: true },
      { name: 'gone', reason: 'it no longer exists', isFailure: false },
    ];
    const { visit } = await starter(t, { recorded: [stopped('a'), stopped('odd name')], before: { notRestarted } });
    await assert.rejects(visit, {
      name: 'ProcessorsNotStarted',
      message: `2 stream processors did not start again: "a", because it is FAILED; "odd name", because it is still STOPPED. A run had stopped them to update the connection. If a processor is FAILED, its operational log in Atlas says why. Fix that, and start it; it continues at its checkpoint:\n  atlas streams processors start a --projectId ${projectId} --instance streams`,
    });
  });
});
