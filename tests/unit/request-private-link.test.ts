import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { requestPrivateLink } from '../../functions/request-private-link/request-private-link.ts';
import { type Answer, apiError, cut, fakeAtlas, list, ok, privateLink, privateLinkId } from '../fixtures/atlas.ts';
import { deadline, request, taskInput, wait } from '../fixtures/request.ts';

const [get, post] = ['GET /privateLinkConnections', 'POST /privateLinkConnections'];

async function requester(t: TestContext, listed: Answer | Answer[], requested: Answer | Answer[] = []) {
  const { atlas, calls, requests } = await fakeAtlas(t, { [get]: listed, [post]: requested });
  const run = () => requestPrivateLink(taskInput({ request: request() }), { atlas, wait });
  return { run, calls, requests };
}

const dying = ['DELETE_REQUESTED', 'DELETING', 'DELETED'].map((state) => privateLink({ _id: 'd'.repeat(24), state }));
const alreadyExists = apiError(400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS');
// Atlas's answer to the request has no state.
const requested = ok({ ...privateLink(), state: undefined });

describe('RequestPrivateLink', () => {
  it('requests a link if there is none, and sets the deadline', async (t) => {
    const { run, calls } = await requester(t, list([]), requested);
    const link = { id: privateLinkId, state: 'IDLE', isReady: false, deadline, pollSeconds: 20, result: 'created' };
    assert.deepEqual(await run(), link);
    assert.deepEqual(calls(), [get, post]);
  });

  for (const [state, isReady] of [
    ['DONE', true],
    ['WORKING', false],
    ['SOMETHING_NEW', false],
  ] as const)
    it(`adopts an existing link to the cluster that is ${state}`, async (t) => {
      const { run, calls } = await requester(t, list([privateLink({ arn: 'other' }), privateLink({ state })]));
      assert.deepEqual(await run(), {
        id: privateLinkId,
        state,
        isReady,
        deadline,
        pollSeconds: 20,
        result: 'adopted',
      });
      assert.deepEqual(calls(), [get]);
    });

  it('adopts a link that is on a later page', async (t) => {
    const first = list([privateLink({ _id: 'a'.repeat(24), arn: 'other' })], 2);
    const { run, calls } = await requester(t, [first, list([privateLink()], 2)]);
    assert.equal((await run()).id, privateLinkId);
    assert.deepEqual(calls(), [get, get]);
  });

  it('reads a list in which other links have nulls', async (t) => {
    const other = privateLink({ _id: 'a'.repeat(24), arn: null, state: null, errorMessage: null });
    const { run } = await requester(t, list([other, privateLink()]));
    assert.equal((await run()).id, privateLinkId);
  });

  it('ignores links that are being deleted', async (t) => {
    const { run, calls } = await requester(t, list(dying), requested);
    assert.equal((await run()).result, 'created');
    assert.deepEqual(calls(), [get, post]);
  });

  it('adopts a link that another party has just created', async (t) => {
    const { run, calls } = await requester(t, [list(dying), list([...dying, privateLink()])], alreadyExists);
    const { id, result } = await run();
    assert.deepEqual([id, result, calls()], [privateLinkId, 'adopted', [get, post, get]]);
  });

  it('lets the machine retry while Atlas deletes the previous link', async (t) => {
    const { run } = await requester(t, list(dying), alreadyExists);
    await assert.rejects(run(), { name: 'AtlasUnavailable', message: /still deleting the previous private link/ });
  });

  it('adopts its own link if the answer to the request was lost', async (t) => {
    const { run, calls } = await requester(t, [list([]), list([privateLink({ state: 'IDLE' })])], cut);
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.equal((await run()).result, 'adopted');
    assert.deepEqual(calls(), [get, post, get]);
  });

  it('ends the run if the link to the cluster is FAILED', async (t) => {
    const failed = privateLink({ state: 'FAILED', errorMessage: 'The policy is missing.' });
    const { run, calls } = await requester(t, list([failed]));
    await assert.rejects(run(), { name: 'PrivateLinkFailed', message: /The policy is missing\./ });
    assert.deepEqual(calls(), [get]);
  });

  it('ends the run if the link to the cluster has another authentication scheme', async (t) => {
    const { run } = await requester(t, list([privateLink({ authenticationScheme: 'TLS' })]));
    await assert.rejects(run(), { name: 'PrivateLinkFailed', message: /authentication scheme TLS/ });
  });

  it('ends the run if Atlas refuses with a 409 that is not about a duplicate', async (t) => {
    const { run, calls } = await requester(t, list([]), apiError(409, 'SOMETHING_NEW', 'No.'));
    await assert.rejects(run(), { name: 'AtlasRefused', message: /SOMETHING_NEW: No\./ });
    assert.deepEqual(calls(), [get, post]);
  });

  it('ends the run if Atlas refuses, with the reason', async (t) => {
    const detail = 'You must have an Atlas Cluster on AWS or AWS Network Peering configured.';
    const { run } = await requester(t, list([]), apiError(400, 'VALIDATION_ERROR', detail));
    await assert.rejects(run(), { name: 'AtlasRefused', message: /VALIDATION_ERROR: You must have an Atlas Cluster/ });
  });
});
