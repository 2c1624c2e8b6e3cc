import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deletePrivateLink } from '../../functions/delete-private-link/delete-private-link.ts';
import {
  type Answer,
  accepted,
  apiError,
  connection,
  fakeAtlas,
  list,
  privateLink,
  privateLinkId,
  reset,
  workspaceOf,
} from '../fixtures/atlas.ts';
import { before, clusterArn, later, now, request } from '../fixtures/request.ts';

const [links, remove, workspaces] = [
  'GET /privateLinkConnections',
  `DELETE /privateLinkConnections/${privateLinkId}`,
  'GET ',
];
const connectionsOf = (workspace: string) => `GET /${workspace}/connections`;
const inUse = apiError(
  400,
  'STREAM_PRIVATE_LINK_IN_USE',
  `Private Link with connection ID ${privateLinkId} is in use.`,
);
const through = (name: string, overrides = {}) => connection({ name, ...overrides });

/** Atlas has our link, and one workspace without connections, as far as `routes` say nothing else. */
async function deleter(t: TestContext, routes: Record<string, Answer | Answer[]> = {}) {
  const { atlas, calls } = await fakeAtlas(t, {
    [links]: list([privateLink({ _id: 'f'.repeat(24), arn: `${clusterArn}0` }), privateLink()]),
    [remove]: accepted,
    [workspaces]: list([workspaceOf()]),
    [connectionsOf('streams')]: list([]),
    ...routes,
  });
  const visit = async ({ outcome = 'absent', deadline = later } = {}) => {
    const input = { request: request(), outcome, deadline, pollSeconds: 30, now };
    const { pollSeconds, ...found } = await deletePrivateLink(input, { atlas });
    // Just after the deadline, where that is earlier.
    assert.equal(pollSeconds, deadline === before ? 1 : 30);
    return found;
  };
  return { visit, calls };
}

const result = { isGone: false, isInUse: false, usedBy: [], state: 'DONE', outcome: 'absent' };

describe('DeletePrivateLink', () => {
  it('asks Atlas to delete the link to this cluster, and no other', async (t) => {
    const { visit, calls } = await deleter(t);
    assert.deepEqual(await visit(), { ...result, state: 'DELETE_REQUESTED', outcome: 'deleted' });
    assert.deepEqual(calls(), [links, remove]);
  });

  it('takes one that is gone already for done, and keeps what this run has done', async (t) => {
    for (const left of [[], [privateLink({ state: 'DELETED' })], [privateLink({ arn: `${clusterArn}0` })]]) {
      const { visit, calls } = await deleter(t, { [links]: list(left) });
      assert.deepEqual(await visit(), { ...result, isGone: true, state: 'absent' });
      assert.deepEqual(await visit({ outcome: 'deleted', deadline: before }), {
        ...result,
        isGone: true,
        state: 'absent',
        outcome: 'deleted',
      });
      assert.deepEqual(calls(), [links, links]);
    }
  });

  it('takes one for done that goes between the look and the deletion', async (t) => {
    const { visit } = await deleter(t, { [remove]: apiError(404, 'STREAM_PRIVATE_LINK_NOT_FOUND') });
    assert.deepEqual(await visit(), { ...result, isGone: true, state: 'absent' });
  });

  for (const state of ['DELETE_REQUESTED', 'DELETING'])
    it(`waits for one that is ${state}, until the deadline`, async (t) => {
      const { visit, calls } = await deleter(t, { [links]: list([privateLink({ state })]) });
      assert.deepEqual(await visit(), { ...result, state, outcome: 'deleted' });
      await assert.rejects(visit({ deadline: before }), {
        name: 'WaitTimedOut',
        message: new RegExp(`^Private link ${privateLinkId} is still ${state}, and the deadline of this wait`),
      });
      assert.ok(!calls().includes(remove));
    });

  for (const state of ['IDLE', 'WORKING', 'FAILED', undefined])
    it(`deletes one that is ${state}`, async (t) => {
      const { visit } = await deleter(t, { [links]: list([privateLink({ state })]) });
      assert.equal((await visit()).outcome, 'deleted');
    });

  it('deletes both, one after the other, when an earlier one is still going', async (t) => {
    const dying = privateLink({ _id: 'd'.repeat(24), state: 'DELETING' });
    const { visit, calls } = await deleter(t, { [links]: [list([dying, privateLink()]), list([privateLink()])] });
    for (const state of ['DELETING', 'DELETE_REQUESTED']) assert.deepEqual([(await visit()).state], [state]);
    assert.deepEqual(calls(), [links, links, remove]);
  });

  it('gives up at the deadline on one that stays although Atlas accepts its deletion again and again', async (t) => {
    const { visit } = await deleter(t);
    assert.equal((await visit({ outcome: 'deleted' })).isGone, false);
    await assert.rejects(visit({ outcome: 'deleted', deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Private link \w+ is still DONE/,
    });
  });

  it('leaves one that other connections of the project use, in any workspace, and names them', async (t) => {
    const elsewhere = { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } };
    const { visit, calls } = await deleter(t, {
      [remove]: inUse,
      [workspaces]: list([workspaceOf(), workspaceOf({ name: 'other.ws' }), workspaceOf({ name: 'empty' })]),
      [connectionsOf('streams')]: list([
        through('invoices'),
        through('going', { state: 'DELETING' }),
        through('elsewhere', elsewhere),
        { name: 'sample', type: 'Sample', state: 'READY' },
      ]),
      [connectionsOf('other.ws')]: list([through('orders')]),
      [connectionsOf('empty')]: list([]),
    });
    assert.deepEqual(await visit(), {
      ...result,
      isInUse: true,
      usedBy: ['streams/invoices', 'other.ws/orders'],
      outcome: 'kept: other connections use it',
    });
    assert.deepEqual(calls(), [links, remove, workspaces, ...['streams', 'other.ws', 'empty'].map(connectionsOf)]);
  });

  it('waits, until the deadline, while Atlas takes it for used and no connection uses it', async (t) => {
    const going = list([through('orders', { state: 'DELETING' })]);
    const { visit } = await deleter(t, { [remove]: [inUse, inUse, accepted], [connectionsOf('streams')]: going });
    assert.deepEqual(await visit(), result);
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /is still in use, though no connection uses it, and the deadline/,
    });
    assert.equal((await visit()).outcome, 'deleted');
  });

  it('ends the run when Atlas refuses for another reason', async (t) => {
    const { visit } = await deleter(t, { [remove]: apiError(403, 'USER_UNAUTHORIZED') });
    await assert.rejects(visit(), { name: 'AtlasRefused', message: /USER_UNAUTHORIZED/ });
  });

  it('comes again when the answer to the deletion is lost, and finds it going', async (t) => {
    const { visit } = await deleter(t, {
      [links]: [list([privateLink()]), list([privateLink({ state: 'DELETE_REQUESTED' })])],
      [remove]: reset,
    });
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await visit(), { ...result, state: 'DELETE_REQUESTED', outcome: 'deleted' });
  });
});
