import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { endProbe } from '../../functions/end-probe/end-probe.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { type Answer, apiError, fakeAtlas, ok } from '../fixtures/atlas.ts';
import { fakeRegistry, lost, record } from '../fixtures/fake-registry.ts';
import { probeCalls, recordedProbe, shownProbe, startedProbe } from '../fixtures/probe.ts';
import { before, disconnectExecutionArn, later, now, request } from '../fixtures/request.ts';

const { get, stop, remove } = probeCalls;
const gone = apiError(404, 'STREAM_PROCESSOR_NOT_FOUND');
const refused = apiError(400, 'STREAM_PROCESSOR_NOT_RUNNING');

interface Situation {
  routes?: Record<string, Answer | Answer[]>;
  recorded?: Partial<RegistryRecord>;
  held?: RegistryRecord;
  probe?: object;
}

async function ender(t: TestContext, { routes = {}, recorded, held, probe }: Situation = {}) {
  const { atlas, calls } = await fakeAtlas(t, routes);
  const { registry, writes, item } = fakeRegistry(held ?? record(recorded ?? { probe: recordedProbe }));
  const input = { run: { request: request(), ...(probe && { probe }) }, executionArn: disconnectExecutionArn, now };
  const wait = { pollSeconds: 10, timeoutMinutes: 10 };
  return { visit: () => endProbe(input, { atlas, registry, wait }), calls, writes, item };
}

describe('EndProbe', () => {
  it('stops a probe that runs', async (t) => {
    const { visit, calls, item } = await ender(t, { routes: { [get]: shownProbe('STARTED'), [stop]: ok({}) } });
    assert.equal((await visit()).isEnded, false);
    assert.deepEqual(calls(), [get, stop]);
    assert.ok(item()?.probe);
  });

  for (const state of ['STOPPED', 'CREATED', 'FAILED'])
    it(`deletes a probe that is ${state}, and forgets it when Atlas no longer has it`, async (t) => {
      const routes = { [get]: [shownProbe(state), gone], [remove]: ok({}) };
      const { visit, calls, item, writes } = await ender(t, { routes });
      assert.equal((await visit()).isEnded, true);
      assert.deepEqual(calls(), [get, remove, get]);
      assert.deepEqual(writes, ['confirm', '-probe']);
      assert.equal(item()?.probe, undefined);
    });

  it('looks again later if Atlas still shows it after the deletion', async (t) => {
    const { visit, item } = await ender(t, { routes: { [get]: shownProbe('STOPPED'), [remove]: ok({}) } });
    assert.equal((await visit()).isEnded, false);
    assert.ok(item()?.probe);
  });

  it('forgets a probe that is gone', async (t) => {
    const { visit, calls, item } = await ender(t, { routes: { [get]: gone } });
    assert.equal((await visit()).isEnded, true);
    assert.deepEqual(calls(), [get]);
    assert.equal(item()?.probe, undefined);
  });

  it('waits for one that is STOPPING, and for one that Atlas does not stop or delete yet', async (t) => {
    for (const [routes, expected] of [
      [{ [get]: shownProbe('STOPPING') }, [get]],
      [{ [get]: shownProbe('PROVISIONING'), [stop]: refused }, [get, stop]],
      [{ [get]: shownProbe('STOPPED'), [remove]: apiError(409, 'STREAM_BUSY') }, [get, remove, get]],
    ] as const) {
      const { visit, calls } = await ender(t, { routes });
      assert.equal((await visit()).isEnded, false);
      assert.deepEqual(calls(), expected);
    }
  });

  it('fails when the deadline has passed', async (t) => {
    const { visit } = await ender(t, {
      routes: { [get]: shownProbe('STOPPING') },
      probe: { ...startedProbe, endDeadline: before },
    });
    await assert.rejects(visit(), {
      name: 'WaitTimedOut',
      message: /Stream processor aspprobe\w+ in workspace streams is still STOPPING/,
    });
  });

  it('asks Atlas to stop the probe also when the deadline has passed', async (t) => {
    const { visit, calls } = await ender(t, {
      routes: { [get]: shownProbe('STARTED'), [stop]: ok({}) },
      probe: { ...startedProbe, endDeadline: before },
    });
    await assert.rejects(visit(), { name: 'WaitTimedOut' });
    assert.deepEqual(calls(), [get, stop]);
  });

  it('has its whole time for the probe of this run, after it has ended that of an earlier one', async (t) => {
    const { visit } = await ender(t, {
      routes: { [get]: shownProbe('STARTED'), [stop]: ok({}) },
      probe: { isEnded: true, endDeadline: before },
    });
    const { isEnded, endDeadline } = await visit();
    assert.equal(isEnded, false);
    assert.ok(endDeadline > now);
  });

  it('needs no request to Atlas if the registry names no probe', async (t) => {
    const { visit, calls, writes } = await ender(t, { recorded: {} });
    assert.equal((await visit()).isEnded, true);
    assert.deepEqual(calls(), []);
    assert.deepEqual(writes, ['confirm']);
  });

  it('touches no stream processor of another name', async (t) => {
    const { visit, calls, item } = await ender(t, { recorded: { probe: { ...recordedProbe, name: 'orders-to-db' } } });
    assert.equal((await visit()).isEnded, true);
    assert.deepEqual(calls(), []);
    assert.equal(item()?.probe, undefined);
  });

  it('ends the probe where it was started, whatever the settings say now', async (t) => {
    const elsewhere = { ...recordedProbe, workspace: 'other' };
    const { visit, calls } = await ender(t, { recorded: { probe: elsewhere } });
    await visit();
    assert.deepEqual(calls(), [get.replace('/streams/', '/other/')]);
  });

  it('does nothing if another execution has claimed the cluster', async (t) => {
    const { visit, calls } = await ender(t, { held: lost({ probe: recordedProbe }) });
    await assert.rejects(visit(), { name: 'ClaimLost' });
    assert.deepEqual(calls(), []);
  });

  it('keeps what CheckProbe has found out', async (t) => {
    const probe = { ...startedProbe, isDone: true, result: 'read' as const, records: 3, endDeadline: later };
    const { visit } = await ender(t, { recorded: {}, probe });
    assert.deepEqual(await visit(), { ...probe, isEnded: true, pollSeconds: 10 });
  });
});
