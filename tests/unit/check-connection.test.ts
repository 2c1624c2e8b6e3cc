import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { checkConnection } from '../../functions/check-connection/check-connection.ts';
import { type Answer, apiError, bootstrapServers, connection, fakeAtlas, left, ok } from '../fixtures/atlas.ts';
import { before, later, now, projectId, wait, workspace } from '../fixtures/request.ts';

const given = { name: 'orders', deadline: later, outcome: 'created', bootstrapServers, secretVersionId: 'version-1' };

async function check(t: TestContext, answer: Answer, deadline = later) {
  const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': answer });
  return checkConnection({ projectId, workspace, connection: { ...given, deadline }, wait, now }, { atlas });
}

describe('CheckConnection', () => {
  it('finds the connection ready when it is READY, also after the deadline', async (t) => {
    assert.deepEqual(await check(t, ok(connection())), {
      ...given,
      state: 'READY',
      isReady: true,
      isIncomplete: false,
      pollSeconds: 20,
    });
    assert.equal((await check(t, ok(connection()), before)).isReady, true);
  });

  const inProgress: [what: string, answer: Answer, state: string][] = [
    ['is PENDING', ok(connection({ state: 'PENDING' })), 'PENDING'],
    ['is in a state that nobody knows', ok(connection({ state: 'SOMETHING_NEW' })), 'SOMETHING_NEW'],
    ['has no state', ok(connection({ state: undefined })), 'PENDING'],
  ];
  for (const [what, answer, state] of inProgress)
    it(`waits while the connection ${what}, until the deadline`, async (t) => {
      assert.deepEqual(await check(t, answer), {
        ...given,
        state,
        isReady: false,
        isIncomplete: false,
        pollSeconds: 20,
      });
      await assert.rejects(check(t, answer, before), {
        name: 'WaitTimedOut',
        message: new RegExp(`Connection "orders" is still ${state}, and the deadline .*start again`),
      });
    });

  const lost: [what: string, answer: Answer, state: string, still: RegExp][] = [
    ['is not shown', apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME'), 'not shown', /still not shown/],
    ['has other bootstrap servers', ok(connection({ bootstrapServers: 'b-1.old:14001' })), 'READY', /an older one/],
  ];
  for (const [what, answer, state, still] of lost)
    it(`has it written again when the connection ${what}, until the deadline`, async (t) => {
      assert.deepEqual(await check(t, answer), {
        ...given,
        state,
        isReady: false,
        isIncomplete: true,
        pollSeconds: 20,
      });
      await assert.rejects(check(t, answer, before), { name: 'WaitTimedOut', message: still });
    });

  it('polls less often where Atlas has few requests left', async (t) => {
    const { pollSeconds } = await check(t, ok(connection({ state: 'PENDING' }), left(600)));
    assert.equal(pollSeconds, 80);
  });

  it('has the password sent to a connection that is READY, when nobody knows which one it has', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': ok(connection()) });
    const input = { projectId, workspace, connection: { ...given, secretVersionId: '' }, wait, now };
    const { isReady, isIncomplete } = await checkConnection(input, { atlas });
    assert.deepEqual([isReady, isIncomplete], [false, true]);
  });

  for (const state of ['FAILED', 'DELETING'])
    it(`ends the run when the connection is ${state}`, async (t) => {
      await assert.rejects(check(t, ok(connection({ state }))), { name: 'ConnectionFailed', message: /"orders"/ });
    });

  it('is tried again when Atlas does not answer', async (t) => {
    await assert.rejects(check(t, apiError(500, 'UNEXPECTED_ERROR')), { name: 'AtlasUnavailable' });
  });

  it('ends the run when Atlas refuses', async (t) => {
    await assert.rejects(check(t, apiError(403, 'USER_UNAUTHORIZED')), { name: 'AtlasRefused' });
  });
});
