import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deleteConnection } from '../../functions/delete-connection/delete-connection.ts';
import type { Result } from '../../shared/outcomes.ts';
import type { Request } from '../../shared/request/request.ts';
import {
  type Answer,
  accepted,
  apiError,
  connection,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
  processor,
  reset,
} from '../fixtures/atlas.ts';
import { before, clusterArn, later, deadline as newDeadline, request, taskInput, wait } from '../fixtures/request.ts';

const [get, links, remove, processors] = [
  'GET /streams/connections/orders',
  'GET /privateLinkConnections',
  'DELETE /streams/connections/orders',
  'GET /streams/processors',
];
const absent = apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME');
const deploying = apiError(409, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING', 'Please retry the request later.');
const inUse = apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS', 'It has active processors.');

interface Visit {
  /** Of this state's earlier visit. */
  result?: Result;
  deadline?: string;
  request?: Partial<Request>;
}

/** Atlas has our connection and the link that it uses, unless `routes` say otherwise. */
async function deleter(t: TestContext, routes: Record<string, Answer | Answer[]> = {}) {
  const ours = { [get]: ok(connection()), [links]: list([privateLink()]), [remove]: accepted };
  const { atlas, calls } = await fakeAtlas(t, { ...ours, ...routes });
  const visit = async ({ result = 'absent', deadline = later, request: overrides = {} }: Visit = {}) => {
    const input = taskInput({ request: request(overrides), connection: { result, deadline } });
    const { pollSeconds, deadline: kept, ...found } = await deleteConnection(input, { atlas, wait });
    // Just after the deadline, if that is earlier.
    assert.deepEqual([pollSeconds, kept], [deadline === before ? 1 : 20, deadline]);
    return found;
  };
  return { visit, calls };
}

describe('DeleteConnection', () => {
  it('sets the deadline for connection and link at its first visit', async (t) => {
    const { atlas } = await fakeAtlas(t, { [get]: absent });
    const { deadline, result } = await deleteConnection(taskInput({ request: request() }), { atlas, wait });
    assert.deepEqual([deadline, result], [newDeadline, 'absent']);
  });

  it('asks Atlas to delete the connection that uses the link to this cluster', async (t) => {
    const { visit, calls } = await deleter(t);
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', result: 'removed' });
    assert.deepEqual(calls(), [get, links, remove]);
  });

  it('treats an already deleted connection as done, and keeps the result of an earlier visit', async (t) => {
    const { visit, calls } = await deleter(t, { [get]: absent });
    assert.deepEqual(await visit(), { isGone: true, state: 'absent', result: 'absent' });
    assert.deepEqual(await visit({ result: 'removed', deadline: before }), {
      isGone: true,
      state: 'absent',
      result: 'removed',
    });
    assert.deepEqual(calls(), [get, get]);
  });

  it('treats a deleted workspace as done', async (t) => {
    const { visit } = await deleter(t, { [get]: apiError(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME') });
    assert.equal((await visit()).isGone, true);
  });

  it('treats a connection that another party has just deleted as done', async (t) => {
    const { visit } = await deleter(t, { [remove]: absent });
    assert.deepEqual(await visit(), { isGone: true, state: 'absent', result: 'absent' });
  });

  const foreign: [what: string, overrides: Record<string, unknown>, reason: RegExp][] = [
    ['is of another type', { type: 'Cluster' }, /of type Cluster, not Kafka/],
    ['has other networking', { networking: { access: { type: 'PUBLIC' } } }, /PUBLIC networking, not PRIVATE_LINK/],
    [
      'uses the link to another cluster',
      { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } },
      /through private link f{24}, which is not the one to this cluster/,
    ],
  ];
  for (const [what, overrides, reason] of foreign)
    it(`keeps a connection of the same name that ${what}, and says why`, async (t) => {
      const { visit, calls } = await deleter(t, { [get]: ok(connection(overrides)) });
      const { note = '', ...found } = await visit();
      assert.deepEqual(found, { isGone: true, state: 'kept', result: 'kept' });
      assert.match(note, /^connection "orders" exists/);
      assert.match(note, reason);
      assert.deepEqual(calls(), [get, links]);
    });

  it('recognizes its connection by a link that is being deleted, too', async (t) => {
    const { visit } = await deleter(t, { [links]: list([privateLink({ state: 'DELETING' })]) });
    assert.equal((await visit()).result, 'removed');
  });

  it('recognizes its connection by the recorded link if Atlas no longer lists that link', async (t) => {
    const { visit } = await deleter(t, { [links]: list([]) });
    assert.equal((await visit()).result, 'kept');
    assert.equal((await visit({ request: { privateLinkId } })).result, 'removed');
  });

  it('ignores a tag that names the link to another cluster', async (t) => {
    const other = privateLink({ arn: clusterArn.replace('orders', 'payroll') });
    const { visit, calls } = await deleter(t, { [links]: list([other]) });
    const { result, note = '' } = await visit({ request: { privateLinkId } });
    assert.equal(result, 'kept');
    assert.match(note, / is not the one to this cluster/);
    assert.ok(!calls().includes(remove));
  });

  it('waits for a connection that is being deleted, until the deadline', async (t) => {
    const { visit, calls } = await deleter(t, { [get]: ok(connection({ state: 'DELETING' })) });
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', result: 'removed' });
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Connection "orders" is still DELETING, and the deadline of this wait/,
    });
    assert.ok(!calls().includes(remove));
  });

  it('reads only the connection while Atlas deletes it', async (t) => {
    const { visit, calls } = await deleter(t, { [get]: ok(connection({ state: 'DELETING' })) });
    const visited: Visit = { result: 'removed' };
    assert.deepEqual(await visit(visited), { isGone: false, state: 'DELETING', result: 'removed' });
    await assert.rejects(visit({ ...visited, deadline: before }), { name: 'WaitTimedOut' });
    assert.deepEqual(calls(), [get, get]);
  });

  it('checks again whether the connection is ours if another party has created a new one', async (t) => {
    const other = { state: 'PENDING', networking: { access: { type: 'PUBLIC' } } };
    const { visit, calls } = await deleter(t, { [get]: ok(connection(other)) });
    assert.equal((await visit({ result: 'removed' })).state, 'kept');
    assert.deepEqual(calls(), [get, links]);
  });

  it('waits for a connection that is still deploying, then deletes it', async (t) => {
    const { visit, calls } = await deleter(t, {
      [get]: ok(connection({ state: 'PENDING' })),
      [remove]: [deploying, accepted],
    });
    assert.deepEqual(await visit(), { isGone: false, state: 'PENDING', result: 'absent' });
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', result: 'removed' });
    assert.deepEqual(calls(), [get, links, remove, get, links, remove]);
  });

  it('gives up on a connection that is still deploying at the deadline', async (t) => {
    const { visit } = await deleter(t, { [get]: ok(connection({ state: 'PENDING' })), [remove]: deploying });
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /"orders" is still deploying, and Atlas deletes it only after that, and the deadline/,
    });
  });

  it('deletes a connection that is FAILED or has no state', async (t) => {
    for (const state of ['FAILED', undefined]) {
      const { visit } = await deleter(t, { [get]: ok(connection({ state })) });
      assert.equal((await visit()).result, 'removed', state);
    }
  });

  it('gives up at the deadline on a connection that stays although Atlas keeps accepting its deletion', async (t) => {
    const { visit } = await deleter(t);
    assert.equal((await visit({ result: 'removed' })).isGone, false);
    await assert.rejects(visit({ result: 'removed', deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Connection "orders" is still READY/,
    });
  });

  it('names the stream processors that use the connection', async (t) => {
    const known = [
      processor('reader'),
      processor('writer', { pipeline: [{ $source: {} }, { $emit: { connectionName: 'orders', topic: 'x' } }] }),
      processor('stopping', { state: 'STOPPING' }),
      processor('stopped', { state: 'STOPPED' }),
      processor('failed', { state: 'FAILED' }),
      processor('created', { state: 'CREATED' }),
      processor('elsewhere', {}, 'orders2'),
    ];
    const { visit } = await deleter(t, { [remove]: inUse, [processors]: list(known) });
    await assert.rejects(visit(), {
      name: 'ConnectionInUse',
      message:
        /^Connection "orders" in workspace streams is in use by stream processor "reader", "writer", "stopping", and/,
    });
  });

  it('says that a stream processor uses the connection if it can name none', async (t) => {
    const { visit } = await deleter(t, { [remove]: inUse, [processors]: list([processor('x', { state: 'STOPPED' })]) });
    await assert.rejects(visit(), { name: 'ConnectionInUse', message: /in use by a running stream processor, and/ });
  });

  it('ends the run if Atlas refuses for another reason, and repeats the reason', async (t) => {
    const { visit } = await deleter(t, { [remove]: apiError(409, 'SOMETHING_NEW', 'No.') });
    await assert.rejects(visit(), { name: 'AtlasRefused', message: /SOMETHING_NEW: No\./ });
    const unauthorized = await deleter(t, { [get]: apiError(403, 'USER_UNAUTHORIZED') });
    await assert.rejects(unauthorized.visit(), { name: 'AtlasRefused' });
  });

  it('lets the machine retry if the answer to the deletion is lost, and then finds that Atlas deletes the connection', async (t) => {
    const routes = { [get]: [ok(connection()), ok(connection({ state: 'DELETING' }))], [remove]: reset };
    const { visit } = await deleter(t, routes);
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', result: 'removed' });
  });
});
