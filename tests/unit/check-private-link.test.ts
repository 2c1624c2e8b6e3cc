import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { checkPrivateLink } from '../../functions/check-private-link/check-private-link.ts';
import { type Answer, apiError, fakeAtlas, left, ok, privateLink, privateLinkId } from '../fixtures/atlas.ts';
import { before, later, login, network, request, taskInput, wait } from '../fixtures/request.ts';

async function check(t: TestContext, answer: Answer, deadline = later, policy = {}) {
  const { atlas } = await fakeAtlas(t, { [`GET /privateLinkConnections/${privateLinkId}`]: answer });
  const given = { id: privateLinkId, deadline, result: 'adopted' as const, ownership: 'adopted' as const };
  return checkPrivateLink(taskInput({ request: request(), plan: { login }, ...network, policy, privateLink: given }), {
    atlas,
    wait,
  });
}

const link = { id: privateLinkId, deadline: later, pollSeconds: 20, result: 'adopted', ownership: 'adopted' };

describe('CheckPrivateLink', () => {
  it('finds that a DONE link is ready, even after the deadline', async (t) => {
    assert.deepEqual(await check(t, ok(privateLink())), { ...link, state: 'DONE', isReady: true });
    assert.equal((await check(t, ok(privateLink()), before)).isReady, true);
  });

  for (const state of ['IDLE', 'WORKING', 'UNKNOWN', undefined])
    it(`waits while the link is ${state}, until the deadline`, async (t) => {
      const answer = ok(privateLink({ state }));
      assert.deepEqual(await check(t, answer), { ...link, state: state ?? 'IDLE', isReady: false });
      await assert.rejects(check(t, answer, before), {
        name: 'WaitTimedOut',
        message: new RegExp(
          `Private link ${privateLinkId} is still ${state ?? 'IDLE'}, and the deadline .*start a new execution`,
        ),
      });
    });

  it('polls less often if Atlas has few requests left', async (t) => {
    const { pollSeconds } = await check(t, ok(privateLink({ state: 'WORKING' }), left(840)));
    assert.equal(pollSeconds, 41);
  });

  it("ends the run if the link is FAILED, with Atlas's errorMessage", async (t) => {
    const failed = ok(privateLink({ state: 'FAILED', errorMessage: 'The policy is missing.' }));
    await assert.rejects(check(t, failed), {
      name: 'PrivateLinkFailed',
      message: /The policy is missing"\. .*use1-az1, use1-az2.*aws ec2 authorize-security-group-ingress/s,
    });
  });

  it('names the denials in the cluster policy that may be the cause of a FAILED link', async (t) => {
    const failed = ok(privateLink({ state: 'FAILED', errorMessage: 'Not authorized.' }));
    await assert.rejects(check(t, failed, later, { possibleDenials: 'The policy may deny it.' }), {
      name: 'PrivateLinkFailed',
      message:
        /: "Not authorized"\. The policy may deny it\. The cluster is in .*\nThis deployment did not create the link\./s,
    });
  });

  it('ends the run if the link is being deleted or no longer exists', async (t) => {
    await assert.rejects(check(t, ok(privateLink({ state: 'DELETING' }))), { name: 'PrivateLinkFailed' });
    const absent = apiError(404, 'STREAM_PRIVATE_LINK_NOT_FOUND');
    await assert.rejects(check(t, absent), { name: 'PrivateLinkFailed', message: /no longer exists/ });
  });

  it('ends the run if Atlas refuses', async (t) => {
    await assert.rejects(check(t, apiError(403, 'USER_UNAUTHORIZED')), {
      name: 'AtlasCredentialsRefused',
      status: 403,
    });
    // The link may well exist.
    await assert.rejects(check(t, apiError(404, 'GROUP_NOT_FOUND')), { name: 'AtlasRefused', status: 404 });
  });

  it('lets the machine retry if Atlas fails', async (t) => {
    await assert.rejects(check(t, apiError(500, 'UNEXPECTED_ERROR')), { name: 'AtlasUnavailable' });
  });
});
