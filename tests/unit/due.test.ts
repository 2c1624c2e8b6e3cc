import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextRun } from '../../shared/registry/due.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { clusterArn, disconnectExecutionArn, now, principalArn } from '../fixtures/request.ts';
import {
  cluster,
  connected,
  connectTags,
  disconnectTags,
  failure,
  hoursAgo,
  minutesAgo,
  neverConnected,
  sweeper,
} from '../fixtures/sweep.ts';

const settings = { verifyEveryHours: 6, disconnectOnUntag: false, restartProcessors: false };
const minute = 60_000;
const around = (time: string, minutes: number) => new Date(Date.parse(time) + minutes * minute).toISOString();

/** What is left of a disconnected cluster. */
const left: RegistryRecord = {
  clusterArn,
  status: 'disconnected',
  statement: { sid: 'A', principalArn, ownership: 'created' },
  verifiedAt: hoursAgo(1),
};

describe('the time of the next run', () => {
  for (const [what, tags, record, action] of [
    ['of a connected cluster', connectTags, connected(), 'connect'],
    ['of a cluster that was connected from the console', { status: 'connected' }, connected(), 'connect'],
    ['after the first failure', { '': 'connect' }, neverConnected(minutesAgo(1)), 'connect'],
    ['after the third failure in a row', { '': 'connect' }, neverConnected(minutesAgo(100), {}, 3), 'connect'],
    ['of a connected cluster whose verification failed', connectTags, connected(failure(minutesAgo(5))), 'connect'],
    [
      'after the fourth failure in a row, if processors are stopped',
      connectTags,
      connected({
        ...failure(minutesAgo(1), {}, 4),
        stoppedProcessors: [{ name: 'a', tier: null, pipelineHash: 'h', stoppedAt: hoursAgo(1) }],
      }),
      'connect',
    ],
    ['of what a disconnect could not remove', disconnectTags, left, 'disconnect'],
    ['of a record that is empty', {}, neverConnected(minutesAgo(1)), 'disconnect'],
  ] as const)
    it(`${what} is when the sweep starts it, and not before`, async () => {
      const { at = '', action: next } = nextRun({ cluster: cluster(tags), record }, now, settings) ?? {};
      assert.equal(next, action);
      assert.ok(at > now, at);
      const { sweep } = sweeper({ clusters: [cluster(tags)], records: [record] });
      const startedAt = async (time: string) => (await sweep(time)).started.map((it) => it.action);
      assert.deepEqual(await startedAt(around(at, -1)), []);
      assert.deepEqual(await startedAt(around(at, 1)), [action]);
    });

  it('is after 15 minutes if processors are stopped, also after the fourth failure in a row', () => {
    const stoppedProcessors = [{ name: 'a', tier: null, pipelineHash: 'h', stoppedAt: hoursAgo(1) }];
    const record = connected({ ...failure(minutesAgo(1), {}, 4), stoppedProcessors });
    const { at } = nextRun({ cluster: cluster(connectTags), record }, now, settings) ?? {};
    assert.equal(at, around(now, 14));
  });

  it('is none after ConnectionInUse, unless the run was allowed to stop stream processors', () => {
    const next = (mayRestart: boolean) => {
      const record = connected(failure(minutesAgo(1), { error: 'ConnectionInUse', mayRestart }));
      return nextRun({ cluster: cluster(connectTags), record }, now, settings)?.at;
    };
    assert.deepEqual([next(false), next(true)], [undefined, around(now, 14)]);
  });

  it('is at once for a cluster that is tagged and not recorded', async () =>
    assert.deepEqual(nextRun({ cluster: cluster({ '': 'connect' }), record: undefined }, now, settings), {
      action: 'connect',
      reason: 'it is not connected, and its tag says connect',
      at: undefined,
    }));

  it('is at once after ConnectionInUse if the sweep starts it at once, and otherwise none', async () => {
    const inUse = (more = {}) => connected(failure(minutesAgo(5), { error: 'ConnectionInUse', ...more }));
    const ofDisconnect = { executionArn: disconnectExecutionArn };
    const allowing = { ...connectTags, 'restart-processors': 'true' };
    for (const [tags, record, restartProcessors, isDue] of [
      [connectTags, inUse({ mayRestart: false }), false, false],
      [connectTags, inUse(ofDisconnect), false, true],
      [allowing, inUse({ mayRestart: false }), false, true],
      [connectTags, inUse({ mayRestart: false }), true, true],
    ] as const) {
      const next = nextRun({ cluster: cluster(tags), record }, now, { ...settings, restartProcessors });
      assert.deepEqual(next && [next.action, next.at], isDue ? ['connect', undefined] : undefined);
      const world = { settings: { RESTART_PROCESSORS: String(restartProcessors) } };
      const { sweep } = sweeper({ clusters: [cluster(tags)], records: [record], ...world });
      assert.equal((await sweep()).started.length, isDue ? 1 : 0);
    }
  });

  it('is none while MSK deletes a cluster, or if a disconnect has no record', () => {
    const deleting = cluster(connectTags, 'orders', { State: 'DELETING' });
    assert.equal(nextRun({ cluster: deleting, record: connected() }, now, settings), undefined);
    assert.equal(nextRun({ cluster: cluster(disconnectTags), record: undefined }, now, settings), undefined);
  });
});
