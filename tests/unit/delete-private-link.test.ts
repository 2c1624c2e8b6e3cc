import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deletePrivateLink } from '../../functions/delete-private-link/delete-private-link.ts';
import type { Result } from '../../shared/outcomes.ts';
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
import { before, clusterArn, later, request, taskInput, wait } from '../fixtures/request.ts';

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

interface Visit {
  /** Of this state's earlier visit. */
  result?: Result;
  deadline?: string;
}

/** Atlas has our link, and one workspace without connections, unless `routes` say otherwise. */
async function deleter(t: TestContext, routes: Record<string, Answer | Answer[]> = {}) {
  const { atlas, calls } = await fakeAtlas(t, {
    [links]: list([privateLink({ _id: 'f'.repeat(24), arn: `${clusterArn}0` }), privateLink()]),
    [remove]: accepted,
    [workspaces]: list([workspaceOf()]),
    [connectionsOf('streams')]: list([]),
    ...routes,
  });
  const visit = async ({ result, deadline = later }: Visit = {}) => {
    const input = taskInput({
      request: request(),
      connection: { deadline },
      ...(result && { privateLink: { result } }),
    });
    const { pollSeconds, ...found } = await deletePrivateLink(input, { atlas, wait });
    // Just after the deadline, if that is earlier.
    assert.equal(pollSeconds, deadline === before ? 1 : 20);
    return found;
  };
  return { visit, calls };
}

const found = { isGone: false, isInUse: false, usedBy: [], state: 'DONE', result: 'absent' };

describe('DeletePrivateLink', () => {
  it('asks Atlas to delete the link to this cluster, and no other', async (t) => {
    const { visit, calls } = await deleter(t);
    assert.deepEqual(await visit(), { ...found, state: 'DELETE_REQUESTED', result: 'removed' });
    assert.deepEqual(calls(), [links, remove]);
  });

  it('treats an already deleted link as done, and keeps the result of an earlier visit', async (t) => {
    for (const left of [[], [privateLink({ state: 'DELETED' })], [privateLink({ arn: `${clusterArn}0` })]]) {
      const { visit, calls } = await deleter(t, { [links]: list(left) });
      assert.deepEqual(await visit(), { ...found, isGone: true, state: 'absent' });
      assert.deepEqual(await visit({ result: 'removed', deadline: before }), {
        ...found,
        isGone: true,
        state: 'absent',
        result: 'removed',
      });
      assert.deepEqual(calls(), [links, links]);
    }
  });

  it('treats a link that another party has just deleted as done', async (t) => {
    const { visit } = await deleter(t, { [remove]: apiError(404, 'STREAM_PRIVATE_LINK_NOT_FOUND') });
    assert.deepEqual(await visit(), { ...found, isGone: true, state: 'absent' });
  });

  for (const state of ['DELETE_REQUESTED', 'DELETING'])
    it(`waits for a link that is ${state}, until the deadline`, async (t) => {
      const { visit, calls } = await deleter(t, { [links]: list([privateLink({ state })]) });
      assert.deepEqual(await visit(), { ...found, state, result: 'removed' });
      await assert.rejects(visit({ deadline: before }), {
        name: 'WaitTimedOut',
        message: new RegExp(`^Private link ${privateLinkId} is still ${state}, and the deadline of this wait`),
      });
      assert.ok(!calls().includes(remove));
    });

  for (const state of ['IDLE', 'WORKING', 'FAILED', undefined])
    it(`deletes a link that is ${state}`, async (t) => {
      const { visit } = await deleter(t, { [links]: list([privateLink({ state })]) });
      assert.equal((await visit()).result, 'removed');
    });

  it('deletes both links if an earlier one is still being deleted', async (t) => {
    const dying = privateLink({ _id: 'd'.repeat(24), state: 'DELETING' });
    const { visit, calls } = await deleter(t, { [links]: [list([dying, privateLink()]), list([privateLink()])] });
    for (const state of ['DELETING', 'DELETE_REQUESTED']) assert.deepEqual([(await visit()).state], [state]);
    assert.deepEqual(calls(), [links, links, remove]);
  });

  it('gives up at the deadline on a link that stays although Atlas keeps accepting its deletion', async (t) => {
    const { visit } = await deleter(t);
    assert.equal((await visit({ result: 'removed' })).isGone, false);
    await assert.rejects(visit({ result: 'removed', deadline: before }), {
      name: 'WaitTimedOut',
      message: /^Private link \w+ is still DONE/,
    });
  });

  it('keeps a link that other connections of the project use, in any workspace, and names them', async (t) => {
    const elsewhere = { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } };
    const { visit, calls } = await deleter(t, {
      [remove]: inUse,
      [workspaces]: list([workspaceOf(), workspaceOf({ name: 'other.ws' }), workspaceOf({ name: 'empty' })]),
      [connectionsOf('streams')]: list([
        through('invoices'),
        through('deleting', { state: 'DELETING' }),
        through('elsewhere', elsewhere),
        { name: 'sample', type: 'Sample', state: 'READY' },
      ]),
      [connectionsOf('other.ws')]: list([through('orders')]),
      [connectionsOf('empty')]: list([]),
    });
    assert.deepEqual(await visit(), {
      ...found,
      isInUse: true,
      usedBy: ['streams/invoices', 'other.ws/orders'],
      result: 'kept',
    });
    assert.deepEqual(calls(), [links, remove, workspaces, ...['streams', 'other.ws', 'empty'].map(connectionsOf)]);
  });

  it('waits until the deadline while Atlas says that the link is in use although no connection uses it', async (t) => {
    const deleting = list([through('orders', { state: 'DELETING' })]);
    const { visit } = await deleter(t, { [remove]: [inUse, inUse, accepted], [connectionsOf('streams')]: deleting });
    assert.deepEqual(await visit(), found);
    await assert.rejects(visit({ deadline: before }), {
      name: 'WaitTimedOut',
      message: /is still in use, although no connection uses it, and the deadline/,
    });
    assert.equal((await visit()).result, 'removed');
  });

  it('ends the run if Atlas refuses for another reason', async (t) => {
    const { visit } = await deleter(t, { [remove]: apiError(403, 'USER_UNAUTHORIZED') });
    await assert.rejects(visit(), { name: 'AtlasRefused', message: /USER_UNAUTHORIZED/ });
  });

  it('lets the machine retry if the answer to the deletion is lost, and then finds that Atlas deletes the link', async (t) => {
    const { visit } = await deleter(t, {
      [links]: [list([privateLink()]), list([privateLink({ state: 'DELETE_REQUESTED' })])],
      [remove]: reset,
    });
    await assert.rejects(visit(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await visit(), { ...found, state: 'DELETE_REQUESTED', result: 'removed' });
  });
});
