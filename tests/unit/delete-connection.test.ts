import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deleteConnection } from '../../functions/delete-connection/delete-connection.ts';
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
import { before, clusterArn, later, now, request } from '../fixtures/request.ts';

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
  outcome?: string;
  deadline?: string;
  request?: Partial<Request>;
}

/** Atlas has our connection and the link that it goes through, as far as `routes` say nothing else. */
async function deleter(t: TestContext, routes: Record<string, Answer | Answer[]> = {}) {
  const ours = { [get]: ok(connection()), [links]: list([privateLink()]), [remove]: accepted };
  const { atlas, calls } = await fakeAtlas(t, { ...ours, ...routes });
  const visit = async ({ outcome = 'absent', deadline = later, request: overrides = {} }: Visit = {}) => {
    const input = { request: request(overrides), outcome, deadline, pollSeconds: 30, now };
    const { pollSeconds, ...found } = await deleteConnection(input, { atlas });
    // Just after the deadline, where that is earlier.
    assert.equal(pollSeconds, deadline === before ? 1 : 30);
    return found;
  };
  return { visit, calls };
}

describe('DeleteConnection', () => {
  it('asks Atlas to delete the connection that goes through the link to this cluster', async (t) => {
    const { visit, calls } = await deleter(t);
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', outcome: 'deleted' });
    assert.deepEqual(calls(), [get, links, remove]);
  });

  it('takes one that is gone already for done, and keeps what this run has done', async (t) => {
    const { visit, calls } = await deleter(t, { [get]: absent });
    assert.deepEqual(await visit(), { isGone: true, state: 'absent', outcome: 'absent' });
    assert.deepEqual(await visit({ outcome: 'deleted', deadline: before }), {
      isGone: true,
      state: 'absent',
      outcome: 'deleted',
    });
    assert.deepEqual(calls(), [get, get]);
  });

  it('takes a workspace that is gone for done', async (t) => {
    const { visit } = await deleter(t, { [get]: apiError(404, 'STREAM_TENANT_NOT_FOUND_FOR_NAME') });
    assert.equal((await visit()).isGone, true);
  });

  it('takes one for done that goes between the look and the deletion', async (t) => {
    const { visit } = await deleter(t, { [remove]: absent });
    assert.deepEqual(await visit(), { isGone: true, state: 'absent', outcome: 'absent' });
  });

  const foreign: [what: string, overrides: Record<string, unknown>, reason: RegExp][] = [
    ['is of another type', { type: 'Cluster' }, /of type Cluster, not Kafka/],
    ['has other networking', { networking: { access: { type: 'PUBLIC' } } }, /PUBLIC networking, not PRIVATE_LINK/],
    [
      'goes through the link to another cluster',
      { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } },
      /through private link f{24}, which is not the one to this cluster/,
    ],
  ];
  for (const [what, overrides, reason] of foreign)
    it(`leaves one of the same name alone that ${what}, and says so`, async (t) => {
      const { visit, calls } = await deleter(t, { [get]: ok(connection(overrides)) });
      const { isGone, state, outcome } = await visit();
      assert.deepEqual([isGone, state], [true, 'kept']);
      assert.match(outcome, /^kept: connection "orders" exists/);
      assert.match(outcome, reason);
      assert.deepEqual(calls(), [get, links]);
    });

  it('knows its connection by a link that is going away, too', async (t) => {
    const { visit } = await deleter(t, { [links]: list([privateLink({ state: 'DELETING' })]) });
    assert.equal((await visit()).outcome, 'deleted');
  });

  it('knows its connection by the recorded link when Atlas lists that no more', async (t) => {
    const { visit } = await deleter(t, { [links]: list([]) });
    assert.match((await visit()).outcome, /^kept/);
    assert.equal((await visit({ request: { privateLinkId } })).outcome, 'deleted');
  });

  it('does not believe a tag that names the link to another cluster', async (t) => {
    const other = privateLink({ arn: clusterArn.replace('orders', 'payroll') });
    const { visit, calls } = await deleter(t, { [links]: list([other]) });
    assert.match((await visit({ request: { privateLinkId } })).outcome, /^kept: .* is not the one to this cluster/);
    assert.ok(!calls().includes(remove));
  });

  it('waits for one that is being deleted, until the deadline', async (t) => {
    const { visit, calls } = await deleter(t, { [get]: ok(connection({ state: 'DELETING' })) });
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', outcome: 'deleted' });
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Connection "orders" is still DELETING, and the deadline of this wait/,
    });
    assert.ok(!calls().includes(remove));
  });

  it('asks for nothing but the connection while the one goes that it has deleted', async (t) => {
    const { visit, calls } = await deleter(t, { [get]: ok(connection({ state: 'DELETING' })) });
    const visited = { outcome: 'deleted' };
    assert.deepEqual(await visit(visited), { isGone: false, state: 'DELETING', outcome: 'deleted' });
    await assert.rejects(visit({ ...visited, deadline: before }), { name: 'WaitTimedOut' });
    assert.deepEqual(calls(), [get, get]);
  });

  it('looks anew at whose it is when somebody has made another one meanwhile', async (t) => {
    const other = { state: 'PENDING', networking: { access: { type: 'PUBLIC' } } };
    const { visit, calls } = await deleter(t, { [get]: ok(connection(other)) });
    assert.equal((await visit({ outcome: 'deleted' })).state, 'kept');
    assert.deepEqual(calls(), [get, links]);
  });

  it('waits for one that is still deploying, and deletes it afterwards', async (t) => {
    const { visit, calls } = await deleter(t, {
      [get]: ok(connection({ state: 'PENDING' })),
      [remove]: [deploying, accepted],
    });
    assert.deepEqual(await visit(), { isGone: false, state: 'PENDING', outcome: 'absent' });
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', outcome: 'deleted' });
    assert.deepEqual(calls(), [get, links, remove, get, links, remove]);
  });

  it('gives up on one that is still deploying at the deadline', async (t) => {
    const { visit } = await deleter(t, { [get]: ok(connection({ state: 'PENDING' })), [remove]: deploying });
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /"orders" is still deploying, and cannot be deleted before, and the deadline/,
    });
  });

  it('deletes one that has FAILED, and one whose state Atlas does not tell', async (t) => {
    for (const state of ['FAILED', undefined]) {
      const { visit } = await deleter(t, { [get]: ok(connection({ state })) });
      assert.equal((await visit()).outcome, 'deleted', state);
    }
  });

  it('gives up at the deadline on one that stays although Atlas accepts its deletion again and again', async (t) => {
    const { visit } = await deleter(t);
    assert.equal((await visit({ outcome: 'deleted' })).isGone, false);
    await assert.rejects(visit({ outcome: 'deleted', deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Connection "orders" is still READY/,
    });
  });

  it('names the stream processors that use it', async (t) => {
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

  it('says that some stream processor uses it when none can be named', async (t) => {
    const { visit } = await deleter(t, { [remove]: inUse, [processors]: list([processor('x', { state: 'STOPPED' })]) });
    await assert.rejects(visit(), { name: 'ConnectionInUse', message: /in use by a running stream processor, and/ });
  });

  it('ends the run when Atlas refuses for another reason, with what it said', async (t) => {
    const { visit } = await deleter(t, { [remove]: apiError(409, 'SOMETHING_NEW', 'No.') });
    await assert.rejects(visit(), { name: 'AtlasRefused', message: /SOMETHING_NEW: No\./ });
    const unauthorized = await deleter(t, { [get]: apiError(403, 'USER_UNAUTHORIZED') });
    await assert.rejects(unauthorized.visit(), { name: 'AtlasRefused' });
  });

  it('comes again when the answer to the deletion is lost, and finds it going', async (t) => {
    const routes = { [get]: [ok(connection()), ok(connection({ state: 'DELETING' }))], [remove]: reset };
    const { visit } = await deleter(t, routes);
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await visit(), { isGone: false, state: 'DELETING', outcome: 'deleted' });
  });
});
