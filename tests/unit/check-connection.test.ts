import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { checkConnection } from '../../functions/check-connection/check-connection.ts';
import type { Login } from '../../shared/login.ts';
import type { Ownership } from '../../shared/registry/record.ts';
import { type Answer, apiError, bootstrapServers, connection, fakeAtlas, left, ok } from '../fixtures/atlas.ts';
import {
  before,
  byRole,
  later,
  network,
  networkWords,
  request,
  taskInput,
  wait,
  login as withSecret,
} from '../fixtures/request.ts';

/** The connection as CreateConnection passes it on. */
const given = {
  id: '6a7941e0c0eb9e7a17723361',
  name: 'orders',
  deadline: later,
  result: 'created' as const,
  ownership: 'created' as Ownership,
  bootstrapServers,
  secretVersionId: 'version-1',
  rewrites: 0,
};

async function check(t: TestContext, answer: Answer, overrides: Partial<typeof given> = {}, login: Login = withSecret) {
  const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': answer });
  const input = taskInput({ request: request(), plan: { login }, ...network, connection: { ...given, ...overrides } });
  return checkConnection(input, { atlas, wait });
}

describe('CheckConnection', () => {
  it('finds that a READY connection is ready, even after the deadline', async (t) => {
    assert.deepEqual(await check(t, ok(connection())), {
      ...given,
      state: 'READY',
      isReady: true,
      isIncomplete: false,
      pollSeconds: 20,
    });
    assert.equal((await check(t, ok(connection()), { deadline: before })).isReady, true);
  });

  const inProgress: [what: string, answer: Answer, state: string][] = [
    ['is PENDING', ok(connection({ state: 'PENDING' })), 'PENDING'],
    ['is in an unknown state', ok(connection({ state: 'SOMETHING_NEW' })), 'UNKNOWN'],
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
      await assert.rejects(check(t, answer, { deadline: before }), {
        name: 'WaitTimedOut',
        message: new RegExp(`Connection "orders" is still ${state}, and the deadline .*start a new execution`),
      });
    });

  it('ends the run if the key no longer sees the project, and does not take the connection for absent', async (t) => {
    await assert.rejects(check(t, apiError(404, 'GROUP_NOT_FOUND')), { name: 'AtlasRefused', status: 404 });
  });

  const incomplete: [what: string, answer: Answer, state: string, still: RegExp][] = [
    [
      'is not shown',
      apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME'),
      'not shown',
      /"orders" is still not shown by Atlas, and/,
    ],
    [
      'has other bootstrap servers',
      ok(connection({ bootstrapServers: 'b-1.old:14001' })),
      'READY',
      /"orders" still has old bootstrap servers, and/,
    ],
  ];
  for (const [what, answer, state, still] of incomplete)
    it(`lets CreateConnection write a connection again that ${what}, until the deadline`, async (t) => {
      assert.deepEqual(await check(t, answer), {
        ...given,
        state,
        isReady: false,
        isIncomplete: true,
        pollSeconds: 20,
      });
      await assert.rejects(check(t, answer, { deadline: before }), { name: 'WaitTimedOut', message: still });
    });

  it('polls less often if Atlas has few requests left', async (t) => {
    const { pollSeconds } = await check(t, ok(connection({ state: 'PENDING' }), left(600)));
    assert.equal(pollSeconds, 80);
  });

  it('lets CreateConnection send the password to a READY connection if it is unknown which one Atlas has', async (t) => {
    const { isReady, isIncomplete } = await check(t, ok(connection()), { secretVersionId: '' });
    assert.deepEqual([isReady, isIncomplete], [false, true]);
  });

  it('lets CreateConnection write it again at most three times if Atlas spells the bootstrap servers differently', async (t) => {
    const other = ok(connection({ bootstrapServers: 'B-1.ORDERS:14001' }));
    for (const rewrites of [0, 1, 2]) assert.equal((await check(t, other, { rewrites })).isIncomplete, true);
    await assert.rejects(check(t, other, { rewrites: 3 }), (error: Error) => {
      assert.equal(error.name, 'ConnectionFailed');
      assert.ok(error.message.includes(`4 times with the bootstrap servers "${bootstrapServers}"`), error.message);
      assert.ok(error.message.includes('Atlas still shows "B-1.ORDERS:14001"'), error.message);
      return true;
    });
    assert.equal((await check(t, ok(connection()), { rewrites: 3 })).isReady, true);
  });

  for (const ownership of ['adopted', 'unknown'] as const)
    it(`never lets CreateConnection write a connection whose ownership is ${ownership}`, async (t) => {
      const other = ok(connection({ bootstrapServers: 'b-1.old:14001' }));
      const { isReady, isIncomplete } = await check(t, other, { ownership, secretVersionId: '' });
      assert.deepEqual([isReady, isIncomplete], [true, false]);
    });

  it('needs no password if the connection logs in as a role', async (t) => {
    const { isReady, isIncomplete } = await check(t, ok(connection()), { secretVersionId: '' }, byRole);
    assert.deepEqual([isReady, isIncomplete], [true, false]);
  });

  it('passes on what a person should know', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': ok(connection()) });
    const input = taskInput({
      request: request(),
      plan: { login: withSecret },
      ...network,
      connection: { ...given, note: 'not ours' },
    });
    assert.equal((await checkConnection(input, { atlas, wait })).note, 'not ours');
  });

  for (const state of ['FAILED', 'DELETING'])
    it(`ends the run if the connection is ${state}`, async (t) => {
      await assert.rejects(check(t, ok(connection({ state }))), {
        name: 'ConnectionFailed',
        message: state === 'FAILED' ? networkWords : /"orders"/,
      });
    });

  it('lets the machine retry if Atlas fails', async (t) => {
    await assert.rejects(check(t, apiError(500, 'UNEXPECTED_ERROR')), { name: 'AtlasUnavailable' });
  });

  it('ends the run if Atlas refuses', async (t) => {
    await assert.rejects(check(t, apiError(403, 'USER_UNAUTHORIZED')), { name: 'AtlasCredentialsRefused' });
  });
});
