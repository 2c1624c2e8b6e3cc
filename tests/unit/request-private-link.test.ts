import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { requestPrivateLink } from '../../functions/request-private-link/request-private-link.ts';
import {
  type Answer,
  apiError,
  atlasClient,
  cut,
  fakeAtlas,
  list,
  ok,
  privateLink,
  privateLinkId,
  reset,
} from '../fixtures/atlas.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import { deadline, login, network, now, request, taskInput, wait } from '../fixtures/request.ts';

const [get, post] = ['GET /privateLinkConnections', 'POST /privateLinkConnections'];

interface Situation {
  /** The private link in the registry. */
  recorded?: object;
  holder?: string;
  claim?: boolean;
  policy?: { possibleDenials?: string };
}

async function requester(
  t: TestContext,
  listed: Answer | Answer[],
  requested: Answer | Answer[] = [],
  { recorded, holder, claim = false, policy = {} }: Situation = {},
) {
  const { registry, record } = await heldRegistry(t, recorded && { privateLink: recorded }, holder);
  const recordedLink = async () => (await record()).privateLink;
  const { url, calls, requests } = await fakeAtlas(t, { [get]: listed, [post]: requested });
  // Each attempt has a client of its own, as each invocation of the function has.
  const run = () =>
    requestPrivateLink(taskInput({ request: request({ claim }), plan: { login }, ...network, policy }), {
      atlas: atlasClient(url),
      registry,
      wait,
    });
  return { run, calls, requests, recordedLink };
}

/** When Atlas created the link of the fixtures, by its id, and the header of an answer some seconds before or after. */
const createdAt = Number.parseInt(privateLinkId.slice(0, 8), 16) * 1000;
const dated = (seconds: number) => ({ date: new Date(createdAt + seconds * 1000).toUTCString() });
const iso = (seconds: number) => new Date(createdAt + seconds * 1000).toISOString();
const listedAt = (seconds: number, ...links: object[]) =>
  ok({ results: links, totalCount: links.length }, dated(seconds));

const dying = ['DELETE_REQUESTED', 'DELETING', 'DELETED'].map((state) => privateLink({ _id: 'd'.repeat(24), state }));
const alreadyExists = apiError(400, 'STREAM_PRIVATE_LINK_ALREADY_EXISTS');
// Atlas's answer to the request has no state.
const requested = ok({ ...privateLink(), state: undefined });

describe('RequestPrivateLink', () => {
  it('requests a link if there is none, and sets the deadline', async (t) => {
    const { run, calls } = await requester(t, list([]), requested);
    const link = {
      id: privateLinkId,
      state: 'IDLE',
      isReady: false,
      deadline,
      pollSeconds: 20,
      result: 'created',
      ownership: 'created',
    };
    assert.deepEqual(await run(), link);
    assert.deepEqual(calls(), [get, post]);
  });

  for (const [state, isReady] of [
    ['DONE', true],
    ['WORKING', false],
    ['UNKNOWN', false],
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
        ownership: 'adopted',
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

  it('names the denials in the cluster policy that may be the cause of a FAILED link', async (t) => {
    const failed = list([privateLink({ state: 'FAILED', errorMessage: 'Not authorized.' })]);
    const { run } = await requester(t, failed, [], { policy: { possibleDenials: 'The policy may deny it.' } });
    await assert.rejects(run(), {
      name: 'PrivateLinkFailed',
      message: /: "Not authorized"\. The policy may deny it\. /,
    });
  });

  it('ends the run if the link to the cluster is FAILED', async (t) => {
    const failed = privateLink({ state: 'FAILED', errorMessage: 'The policy is missing.' });
    const { run, calls } = await requester(t, list([failed]));
    await assert.rejects(run(), {
      name: 'PrivateLinkFailed',
      message: /The policy is missing"\. .*aws ec2 authorize-security-group-ingress/s,
    });
    assert.deepEqual(calls(), [get]);
  });

  it('ends the run if the link to the cluster has another authentication scheme', async (t) => {
    const { run } = await requester(t, list([privateLink({ authenticationScheme: 'TLS' })]));
    await assert.rejects(run(), { name: 'PrivateLinkFailed', message: /authentication scheme TLS/ });
  });

  it('ends the run if Atlas refuses with a 409 that is not about a duplicate', async (t) => {
    const { run, calls } = await requester(t, list([]), apiError(409, 'SOMETHING_NEW', 'No.'));
    await assert.rejects(run(), { name: 'AtlasRefused', message: /SOMETHING_NEW: "No\."/ });
    assert.deepEqual(calls(), [get, post]);
  });

  it('ends the run if Atlas refuses, with the reason', async (t) => {
    const { run } = await requester(t, list([]), apiError(400, 'VALIDATION_ERROR', 'The arn is wrong.'));
    await assert.rejects(run(), { name: 'AtlasRefused', message: /VALIDATION_ERROR: "The arn is wrong\."/ });
  });
});

describe('RequestPrivateLink and the registry:', () => {
  const attempt = { attemptedAt: iso(-2) };

  it('an execution that has lost its claim requests nothing', async (t) => {
    const { run, calls } = await requester(t, list([]), requested, { holder: takenOverBy });
    await assert.rejects(run(), { name: 'ClaimLost' });
    assert.deepEqual(calls(), []);
  });

  it("the attempt is recorded before the request, by Atlas's clock, and the link after the answer", async (t) => {
    const before: unknown[] = [];
    const answer: Answer = async (response, sent) => {
      before.push(await recordedLink());
      requested(response, sent);
    };
    const { run, recordedLink } = await requester(t, listedAt(-2), answer);
    await run();
    assert.deepEqual(before, [attempt]);
    assert.deepEqual(await recordedLink(), { id: privateLinkId, ownership: 'created', ...attempt });
  });

  it("the attempt has the state's time if Atlas does not say its own", async (t) => {
    const { run, recordedLink } = await requester(t, ok({ results: [] }, { date: 'yesterday' }), cut);
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.deepEqual(await recordedLink(), { attemptedAt: now });
  });

  for (const [what, lost] of [
    ['cut short', cut],
    ['lost', reset],
    ['HTTP 500', apiError(500, 'UNEXPECTED_ERROR')],
    ['HTTP 503 with a time to repeat it', apiError(503, 'BUSY', 'Later.', { 'retry-after': '0.01' })],
  ] as const)
    it(`a link whose answer was ${what} is found by its time, and is ours`, async (t) => {
      const { run, calls, recordedLink } = await requester(t, [listedAt(-2), listedAt(9, privateLink())], lost);
      await assert.rejects(run(), { name: 'AtlasUnavailable' });
      assert.deepEqual(await recordedLink(), attempt);
      const { result, ownership } = await run();
      assert.deepEqual([result, ownership], ['created', 'created']);
      assert.deepEqual(await recordedLink(), { id: privateLinkId, ownership: 'created', ...attempt });
      assert.deepEqual(calls(), [get, post, get]);
    });

  it('a link that was created outside an unclear attempt is used, and is not ours', async (t) => {
    const recorded = { attemptedAt: iso(-3600) };
    const { run, recordedLink } = await requester(t, list([privateLink()]), [], { recorded });
    const { result, ownership } = await run();
    assert.deepEqual([result, ownership], ['adopted', 'unknown']);
    assert.deepEqual(await recordedLink(), { id: privateLinkId, ownership: 'unknown', ...recorded });
  });

  it('a link that another party was quicker to create is adopted, although its time fits', async (t) => {
    const { run, recordedLink } = await requester(t, [listedAt(-2), listedAt(1, privateLink())], alreadyExists);
    assert.equal((await run()).ownership, 'adopted');
    assert.deepEqual(await recordedLink(), { id: privateLinkId, ownership: 'adopted' });
  });

  it('a link of an unclear attempt that Atlas shows only after the next attempts is still ours', async (t) => {
    const listed = [listedAt(-2), listedAt(300), listedAt(300), listedAt(600), listedAt(600, privateLink())];
    const { run, recordedLink } = await requester(t, listed, [cut, alreadyExists]);
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    await assert.rejects(run(), { name: 'AtlasUnavailable', message: /still deleting/ });
    assert.deepEqual(await recordedLink(), attempt);
    assert.equal((await run()).ownership, 'created');
  });

  it('says what the project lacks, and how to add it, if Atlas needs a cluster or a peering first', async (t) => {
    const words =
      'The request content produced the validation error: You must have an Atlas Cluster on AWS or AWS Network Peering configured to create a Private Link connection';
    const { run, recordedLink } = await requester(t, list([]), apiError(400, 'VALIDATION_ERROR', words));
    await assert.rejects(run(), (error: Error) => {
      assert.equal(error.name, 'PrerequisitesNotMet');
      assert.ok(error.message.includes(words), error.message);
      assert.match(
        error.message,
        /on AWS in US_EAST_1, for example:\n {2}atlas clusters create msk-private-link --projectId [0-9a-f]{24} --provider AWS --region US_EAST_1 --tier M10/,
      );
      return true;
    });
    assert.equal(await recordedLink(), undefined);
  });

  it('a refusal leaves no attempt: a link that a person makes after it is not ours', async (t) => {
    for (const refusal of [apiError(403, 'USER_UNAUTHORIZED'), apiError(429, 'RATE_LIMITED')]) {
      const { run, recordedLink } = await requester(t, [listedAt(-2), listedAt(9, privateLink())], refusal);
      await assert.rejects(run(), { name: /AtlasCredentialsRefused|AtlasThrottled/ });
      assert.equal(await recordedLink(), undefined);
      assert.equal((await run()).ownership, 'adopted');
    }
  });

  it('a link that replaces ours is adopted', async (t) => {
    const recorded = { id: 'a'.repeat(24), ownership: 'created', ...attempt };
    const { run } = await requester(t, list([privateLink()]), [], { recorded });
    assert.equal((await run()).ownership, 'adopted');
  });

  it('what is recorded already is not written again', async (t) => {
    for (const [recorded, result] of [
      [{ id: privateLinkId, ownership: 'created', ...attempt }, 'unchanged'],
      [{ id: privateLinkId, ownership: 'adopted' }, 'adopted'],
    ] as const) {
      const { run, recordedLink } = await requester(t, list([privateLink()]), [], { recorded });
      assert.equal((await run()).result, result);
      assert.deepEqual(await recordedLink(), recorded);
    }
  });

  it('a link that a person claims is treated as ours, and recorded as adopted until the run has succeeded', async (t) => {
    const adopted = { id: privateLinkId, ownership: 'adopted' };
    for (const recorded of [undefined, adopted]) {
      const situation = { ...(recorded && { recorded }), claim: true };
      const { run, recordedLink } = await requester(t, list([privateLink()]), [], situation);
      const { result, ownership } = await run();
      assert.deepEqual([result, ownership], ['unchanged', 'created']);
      assert.deepEqual(await recordedLink(), adopted);
    }
  });
});
