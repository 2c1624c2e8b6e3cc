import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { stopProcessors } from '../../functions/stop-processors/stop-processors.ts';
import type { RestartProgress } from '../../shared/atlas/restart.ts';
import { StreamProcessor } from '../../shared/atlas/types.ts';
import type { RegistryRecord, StoppedProcessor } from '../../shared/registry/record.ts';
import { type Answer, apiError, fakeAtlas, list, ok, processor } from '../fixtures/atlas.ts';
import { fakeRegistry, record } from '../fixtures/fake-registry.ts';
import { executionArn, later, now, request } from '../fixtures/request.ts';

const processors = 'GET /streams/processors';
const stop = (name: string) => `POST /streams/processor/${name}:stop`;
const deadline = '2026-11-23T12:15:00.000Z';
/** A stop that Atlas has accepted. */
const requested = { a: { at: now } };

interface Situation {
  routes?: Record<string, Answer | Answer[]>;
  recorded?: Partial<RegistryRecord>;
  before?: Partial<RestartProgress>;
  at?: string;
}

async function stopper(t: TestContext, { routes = {}, recorded = {}, before, at = now }: Situation) {
  const { atlas, calls } = await fakeAtlas(t, routes);
  const { registry, writes, item } = fakeRegistry(record({ ...recorded, holder: executionArn, action: 'connect' }));
  const run = {
    request: request({ restartProcessors: true }),
    ...(before && { processors: { isDone: false, deadline, requested: {}, refusals: {}, ...before } }),
  };
  const wait = { pollSeconds: 10, timeoutMinutes: 15 };
  const lines: string[] = [];
  const log = (message: string, details: object) => lines.push(`${message} ${JSON.stringify(details)}`);
  const visit = () => stopProcessors({ run, executionArn, now: at }, { atlas, registry, wait, log });
  return { visit, calls, writes, item, lines };
}

const recordedIn = (item: () => Record<string, unknown> | undefined) =>
  (item()?.stoppedProcessors ?? []) as StoppedProcessor[];

describe('StopProcessors', () => {
  it('records a processor before it stops it', async (t) => {
    const { visit, calls, writes, item } = await stopper(t, {
      routes: { [processors]: list([processor('a', { tier: 'SP10' })]), [stop('a')]: ok({}) },
    });
    const { isDone, areStopped } = await visit();
    assert.deepEqual({ isDone, areStopped }, { isDone: false, areStopped: true });
    assert.deepEqual(calls(), [processors, stop('a')]);
    assert.deepEqual(writes, ['confirm', 'stoppedProcessors', 'confirm']);
    assert.deepEqual(
      recordedIn(item).map(({ name, tier }) => [name, tier]),
      [['a', 'SP10']],
    );
  });

  it('keeps what is recorded of a processor that it has asked to stop, and that still runs', async (t) => {
    const stopped = { name: 'a', tier: null, pipelineHash: '', stoppedAt: '2026-11-23T11:59:00.000Z' };
    const first = await stopper(t, { routes: { [processors]: list([processor('a')]), [stop('a')]: ok({}) } });
    await first.visit();
    const [{ pipelineHash } = stopped] = recordedIn(first.item);
    const { visit, item } = await stopper(t, {
      routes: { [processors]: list([processor('a')]), [stop('a')]: ok({}) },
      recorded: { stoppedProcessors: [{ ...stopped, pipelineHash }] },
      before: { requested },
    });
    await visit();
    assert.deepEqual(item()?.stoppedProcessors, [{ ...stopped, pipelineHash }]);
  });

  it('is done when no processor holds the connection', async (t) => {
    const others = [processor('a', { state: 'STOPPED' }), processor('b', {}, 'of-another')];
    const { visit, calls } = await stopper(t, { routes: { [processors]: list(others) }, before: {} });
    assert.equal((await visit()).isDone, true);
    assert.deepEqual(calls(), [processors]);
  });

  it('waits if Atlas has refused the update after that, as long as it says that the connection is in use', async (t) => {
    const routes = { [processors]: list([processor('a', { state: 'STOPPED' })]) };
    const { visit } = await stopper(t, { routes, before: { isDone: true } });
    const { isDone, pollSeconds } = await visit();
    assert.deepEqual({ isDone, pollSeconds }, { isDone: false, pollSeconds: 10 });
  });

  it('gives up after the deadline, although no processor holds the connection', async (t) => {
    const { visit } = await stopper(t, { routes: { [processors]: list([]) }, before: { isDone: true }, at: later });
    await assert.rejects(visit, {
      name: 'ConnectionInUse',
      message: /^15 minutes after .* Atlas still says that it is in use, and shows no stream processor that uses it\./,
    });
  });

  it('gives up after the deadline with the states of the processors, and with what Atlas said', async (t) => {
    const { visit } = await stopper(t, {
      routes: { [processors]: list([processor('a')]) },
      before: { requested, refusals: { a: 'Atlas refused it.' } },
      at: later,
    });
    await assert.rejects(visit, { name: 'ConnectionInUse', message: /in use by "a" \(STARTED\)\. Atlas refused it\./ });
  });

  it('passes a refusal on that fits into the state of the machine, and stops the others', async (t) => {
    const { visit, calls } = await stopper(t, {
      routes: {
        [processors]: list([processor('a'), processor('b')]),
        [stop('a')]: apiError(400, 'STREAM_PROCESSOR_ERROR', 'x'.repeat(900)),
        [stop('b')]: ok({}),
      },
    });
    const { refusals } = await visit();
    assert.match(refusals.a ?? '', /STREAM_PROCESSOR_ERROR/);
    assert.ok((refusals.a ?? '').length <= 301, refusals.a);
    assert.ok(calls().includes(stop('b')));
  });

  it('stops none if there are more than a record has room for', async (t) => {
    const many = Array.from({ length: 101 }, (_, index) => processor(`p${index}`));
    const pages = [list(many.slice(0, 50), 101), list(many.slice(50, 100), 101), list(many.slice(100), 101)];
    const { visit, calls, writes } = await stopper(t, { routes: { [processors]: pages } });
    await assert.rejects(visit, { name: 'ConnectionInUse', message: /^101 stream processors use connection "orders"/ });
    assert.deepEqual(calls(), [processors, processors, processors]);
    assert.deepEqual(writes, ['confirm']);
  });

  it('logs each processor that it stops, and leaves those of other connections alone', async (t) => {
    const all = [processor('a'), processor('b', {}, 'of-another'), processor('c', { state: 'FAILED' }), processor('d')];
    const { visit, lines } = await stopper(t, {
      routes: { [processors]: list(all), [stop('a')]: ok({}), [stop('d')]: ok({}) },
    });
    await visit();
    assert.deepEqual(lines, [
      'asked Atlas to stop a stream processor {"processor":"a"}',
      'asked Atlas to stop a stream processor {"processor":"d"}',
    ]);
  });

  for (const state of ['INIT', 'CREATING', 'PROVISIONING', 'STOPPING', 'SOMETHING_NEW'])
    it(`waits for a processor that is ${state}, and neither records nor stops it`, async (t) => {
      const { visit, calls, item } = await stopper(t, { routes: { [processors]: list([processor('a', { state })]) } });
      const { isDone, areStopped } = await visit();
      assert.deepEqual([isDone, areStopped, calls(), recordedIn(item)], [false, false, [processors], []]);
    });

  for (const state of ['PROVISIONING', 'STOPPING'])
    it(`stops none while another one is ${state}: it may never stop`, async (t) => {
      const routes = { [processors]: list([processor('a'), processor('b', { state })]), [stop('a')]: ok({}) };
      for (const before of [undefined, {}]) {
        const { visit, calls, item } = await stopper(t, { routes, ...(before && { before }) });
        const { isDone, areStopped } = await visit();
        assert.deepEqual([isDone, areStopped, calls(), recordedIn(item)], [false, false, [processors], []]);
      }
      const late = await stopper(t, { routes, before: {}, at: later });
      await assert.rejects(late.visit, {
        name: 'ConnectionInUse',
        message: /"b" \(\w+\)\. This run has stopped none: /,
      });
      assert.deepEqual(late.calls(), [processors]);
    });

  it('stops one that starts after this run has stopped another', async (t) => {
    const all = [processor('a', { state: 'STOPPING' }), processor('b')];
    const { visit, calls } = await stopper(t, {
      routes: { [processors]: list(all), [stop('b')]: ok({}) },
      before: { requested },
    });
    assert.deepEqual(Object.keys((await visit()).requested), ['a', 'b']);
    assert.deepEqual(calls(), [processors, stop('b')]);
  });

  it('records how a processor runs now also if it has waited before', async (t) => {
    const stoppedAt = '2026-11-22T12:00:00.000Z';
    const { pipelineHash } = StreamProcessor.parse(processor('a'));
    const { visit, item } = await stopper(t, {
      routes: { [processors]: list([processor('a')]), [stop('a')]: ok({}) },
      recorded: {
        stoppedProcessors: [
          { name: 'a', tier: null, pipelineHash, stoppedAt, startedByFailedRun: true, seenStarted: true },
        ],
      },
      before: {},
    });
    await visit();
    const [a] = recordedIn(item);
    assert.notEqual(a?.stoppedAt, stoppedAt);
    assert.deepEqual([a?.startedByFailedRun, a?.seenStarted], [true, undefined]);
  });

  it('records how a processor runs now if another party has started it since an earlier run', async (t) => {
    const stoppedAt = '2026-11-22T12:00:00.000Z';
    const known = { name: 'known', tier: null, pipelineHash: 'k', stoppedAt };
    const { visit, item } = await stopper(t, {
      routes: { [processors]: list([processor('a', { tier: 'SP10' })]), [stop('a')]: ok({}) },
      recorded: { stoppedProcessors: [{ name: 'a', tier: 'SP2', pipelineHash: 'old', stoppedAt }, known] },
    });
    await visit();
    const [kept, a] = recordedIn(item);
    assert.deepEqual([kept, a?.tier], [known, 'SP10']);
    assert.notEqual(a?.pipelineHash, 'old');
    assert.notEqual(a?.stoppedAt, stoppedAt);
  });

  it('fails at once if Atlas refuses the credentials, or gives no answer: the processor stays recorded', async (t) => {
    const refusals = [
      [apiError(401, 'USER_UNAUTHORIZED'), 'AtlasCredentialsRefused'],
      [apiError(500, 'UNEXPECTED_ERROR'), 'AtlasUnavailable'],
    ] as const;
    for (const [answer, name] of refusals) {
      const { visit, item } = await stopper(t, {
        routes: { [processors]: list([processor('a')]), [stop('a')]: answer },
      });
      await assert.rejects(visit, { name });
      assert.equal(recordedIn(item).length, 1);
    }
  });
});
