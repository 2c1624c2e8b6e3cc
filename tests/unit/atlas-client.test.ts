import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import type { KafkaConnectionRequest } from '../../shared/atlas/types.ts';
import { AtlasRefused, AtlasThrottled, AtlasUnavailable } from '../../shared/errors.ts';
import { forgetPasswords, usePassword } from '../../shared/secrets/in-use.ts';
import {
  type Answer,
  apiError,
  atlasClient,
  bootstrapServers,
  connection,
  cut,
  fakeAtlas,
  left,
  list,
  ok,
  privateLink,
  privateLinkId,
  reset,
  workspaceOf,
} from '../fixtures/atlas.ts';
import { clusterArn, projectId } from '../fixtures/request.ts';

const password = 'hunter2';
const wanted: KafkaConnectionRequest = {
  name: 'orders.*-_',
  type: 'Kafka',
  bootstrapServers,
  authentication: { mechanism: 'SCRAM-512', username: 'atlas', password },
  security: { protocol: 'SASL_SSL' },
  networking: { access: { type: 'PRIVATE_LINK', connectionId: privateLinkId } },
};
const { networking: _, ...patch } = wanted;

describe('AtlasClient', () => {
  const calls: [
    call: string,
    run: (atlas: AtlasClient) => Promise<unknown>,
    answer: unknown,
    sent?: { query?: object; body?: object; version?: string },
  ][] = [
    [
      'GET /accountDetails',
      (atlas) => atlas.accountDetails(projectId, 'US_EAST_1'),
      { awsAccountId: '123456789012' },
      { query: { cloudProvider: 'aws', regionName: 'US_EAST_1' }, version: '2024-11-13' },
    ],
    [
      'POST /privateLinkConnections',
      (atlas) => atlas.createPrivateLink(projectId, clusterArn, 'SASL_SCRAM'),
      { _id: privateLinkId },
      { body: { provider: 'AWS', vendor: 'MSK', arn: clusterArn, authenticationScheme: 'SASL_SCRAM' } },
    ],
    [
      `GET /privateLinkConnections/${privateLinkId}`,
      (atlas) => atlas.getPrivateLink(projectId, privateLinkId),
      { _id: privateLinkId, state: 'FAILED', errorMessage: 'No policy.' },
    ],
    [
      'GET /my.streams-1',
      (atlas) => atlas.getWorkspace(projectId, 'my.streams-1'),
      { name: 'my.streams-1', dataProcessRegion: { cloudProvider: 'AWS', region: 'VIRGINIA_USA' } },
    ],
    [
      'GET /streams/connections/orders.*-_',
      (atlas) => atlas.getConnection(projectId, 'streams', 'orders.*-_'),
      { name: 'orders.*-_', state: 'READY', config: null },
    ],
    [
      'POST /streams/connections',
      (atlas) => atlas.createConnection(projectId, 'streams', wanted),
      { name: 'orders.*-_', state: 'PENDING' },
      { body: wanted },
    ],
    [
      'PATCH /streams/connections/orders.*-_',
      (atlas) => atlas.updateConnection(projectId, 'streams', wanted),
      { name: 'orders.*-_', state: 'PENDING' },
      { body: patch },
    ],
    [
      'DELETE /streams/connections/orders.*-_',
      (atlas) => atlas.deleteConnection(projectId, 'streams', 'orders.*-_').then(() => ({})),
      {},
    ],
    [
      `DELETE /privateLinkConnections/${privateLinkId}`,
      (atlas) => atlas.deletePrivateLink(projectId, privateLinkId).then(() => ({})),
      {},
    ],
  ];
  for (const [call, run, answer, { query = {}, body = '', version = '2023-02-01' } = {}] of calls)
    it(`sends ${call}`, async (t) => {
      const { atlas, requests } = await fakeAtlas(t, { [call]: ok(answer) });
      assert.deepEqual(await run(atlas), answer);
      const [request] = requests;
      assert.deepEqual(
        { call: request?.call, query: request?.query, body: request?.body, accept: request?.headers.accept },
        { call, query, body, accept: `application/vnd.atlas.${version}+json` },
      );
      assert.equal(request?.headers['content-type'], body ? 'application/vnd.atlas.2023-02-01+json' : undefined);
    });

  it('sends nothing if a name would make the path that of something else', async (t) => {
    const { atlas, requests } = await fakeAtlas(t, { 'GET ': list([{ name: '..' }]) });
    for (const name of ['', '.', '..'])
      for (const send of [
        () => atlas.getWorkspace(projectId, name),
        () => atlas.deleteConnection(projectId, 'streams', name),
        () => atlas.deleteConnection(projectId, name, 'orders'),
        () => atlas.deletePrivateLink(projectId, name),
        () => atlas.listStreamProcessors(projectId, name),
        () => atlas.listPrivateLinks(name),
      ])
        await assert.rejects(send(), {
          name: 'InvalidRequest',
          message: `"${name}" cannot be a name in a request to Atlas: it must not be empty, "." or "..". Correct workspace and connectionName in the input or in the tags.`,
        });
    assert.deepEqual(requests, []);
    await assert.rejects(atlas.listWorkspaces(projectId), { message: /cannot be read \(results\.0\.name\)\.$/ });
  });

  it('ignores fields that it does not know', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /streams': ok(workspaceOf({ newField: { a: 1 } })) });
    assert.deepEqual(Object.keys(await atlas.getWorkspace(projectId, 'streams')), ['name', 'dataProcessRegion']);
  });

  it('treats a deletion as accepted with or without a body', async (t) => {
    for (const body of ['{}', '']) {
      const { atlas } = await fakeAtlas(t, {
        'DELETE /streams/connections/orders': (response) => response.writeHead(202).end(body),
      });
      assert.equal(await atlas.deleteConnection(projectId, 'streams', 'orders'), undefined);
    }
  });

  it("does not treat another server's page as an accepted deletion", async (t) => {
    const { atlas } = await fakeAtlas(t, {
      'DELETE /streams/connections/orders': (response) => response.writeHead(200).end('<html>Please log in.</html>'),
    });
    await assert.rejects(atlas.deleteConnection(projectId, 'streams', 'orders'), { name: 'AtlasUnavailable' });
  });

  it('reads all pages of a list', async (t) => {
    const page = (from: number, to: number) =>
      list(
        Array.from({ length: to - from }, (_, i) => privateLink({ _id: String(from + i).padStart(24, '0') })),
        1001,
      );
    const route = 'GET /privateLinkConnections';
    const { atlas, requests } = await fakeAtlas(t, { [route]: [page(0, 500), page(500, 1000), page(1000, 1001)] });
    assert.equal(new Set((await atlas.listPrivateLinks(projectId)).map(({ _id }) => _id)).size, 1001);
    assert.deepEqual(
      requests.map(({ query }) => query),
      ['1', '2', '3'].map((pageNum) => ({ itemsPerPage: '500', pageNum })),
    );
  });

  it('stops at an empty page if Atlas counts more than it lists', async (t) => {
    const { atlas, calls } = await fakeAtlas(t, {
      'GET /privateLinkConnections': [list([privateLink()], 2), list([], 2)],
    });
    assert.equal((await atlas.listPrivateLinks(projectId)).length, 1);
    assert.equal(calls().length, 2);
  });
});

const getLink = (atlas: AtlasClient) => atlas.getPrivateLink(projectId, privateLinkId);
const route = `GET /privateLinkConnections/${privateLinkId}`;

describe('an answer of Atlas', () => {
  const withoutAnswer: Record<string, Answer> = {
    'with HTTP 408': apiError(408, 'REQUEST_TIMEOUT'),
    'with HTTP 425': apiError(425, 'TOO_EARLY'),
    'with HTTP 500': apiError(500, 'UNEXPECTED_ERROR'),
    'with HTTP 302, because Atlas never redirects': (response) => response.writeHead(302, { location: '/login' }).end(),
    'with HTTP 502 and the page of a proxy': (response) => response.writeHead(502).end('<html>Bad gateway</html>'),
    'with HTTP 503': apiError(503, 'UNAVAILABLE'),
    'that never comes': reset,
    'that is cut short': cut,
    'that is not JSON': (response) => response.end('<html>'),
    'that lacks the id': ok({ state: 'DONE' }),
    'that is null': ok(null),
  };
  for (const [what, answer] of Object.entries(withoutAnswer))
    it(`${what} is AtlasUnavailable`, async (t) => {
      const { atlas, calls } = await fakeAtlas(t, { [route]: answer });
      await assert.rejects(getLink(atlas), (error: Error) => {
        assert.ok(error instanceof AtlasUnavailable, String(error));
        assert.match(error.message, /GET \/api\/atlas\/v2\/groups\/.*\/privateLinkConnections\//);
        return true;
      });
      assert.equal(calls().length, 1);
    });

  it('of a server that does not exist is AtlasUnavailable, with the reason', async () => {
    await assert.rejects(getLink(atlasClient('http://127.0.0.1:1')), {
      name: 'AtlasUnavailable',
      message: /did not answer GET .* \(.+\)\./,
    });
  });

  it('that takes too long is AtlasUnavailable, with the time limit', async () => {
    const timeout = () => Promise.reject(new DOMException('The operation timed out.', 'TimeoutError'));
    await assert.rejects(getLink(atlasClient('http://atlas', 59_000, timeout)), {
      name: 'AtlasUnavailable',
      message: /\(no answer within 15 s\)/,
    });
  });

  it('that fails by our own mistake, a TypeError without a cause, is thrown unchanged', async () => {
    const impossible = new TypeError('Invalid header value');
    await assert.rejects(getLink(atlasClient('http://atlas', 59_000, () => Promise.reject(impossible))), impossible);
  });

  it('with 4xx is AtlasRefused, with what Atlas said and its code', async (t) => {
    const { atlas } = await fakeAtlas(t, { [route]: apiError(404, 'STREAM_X_NOT_FOUND', 'There is no such link.') });
    await assert.rejects(getLink(atlas), (error: Error) => {
      assert.ok(error instanceof AtlasRefused);
      assert.deepEqual([error.status, error.errorCode], [404, 'STREAM_X_NOT_FOUND']);
      assert.match(error.message, /HTTP 404 \(STREAM_X_NOT_FOUND: "There is no such link\."\)\.$/);
      return true;
    });
  });

  it('with 4xx that is not an ApiError is AtlasRefused without a code', async (t) => {
    const { atlas } = await fakeAtlas(t, { [route]: (response) => response.writeHead(406).end('Not acceptable') });
    await assert.rejects(getLink(atlas), {
      name: 'AtlasRefused',
      status: 406,
      errorCode: '',
      message: /no reason given/,
    });
  });

  it('with 401 is AtlasUnavailable if only the nonce is stale', async (t) => {
    const stale = apiError(401, 'UNEXPECTED_ERROR', 'Not authorized.', { 'www-authenticate': 'Digest stale=true' });
    const { atlas } = await fakeAtlas(t, { [route]: stale });
    await assert.rejects(getLink(atlas), { name: 'AtlasUnavailable' });
  });

  const remedies: [status: number, errorCode: string, remedy: RegExp][] = [
    [401, 'UNEXPECTED_ERROR', /Check the keys in the Atlas credentials secret/],
    [403, 'USER_UNAUTHORIZED', /the role Project Stream Processing Owner for this project/],
    [403, 'IP_ADDRESS_NOT_ON_ACCESS_LIST', /access list/],
    [403, 'ORG_REQUIRES_ACCESS_LIST', /access list/],
  ];
  for (const [status, errorCode, remedy] of remedies)
    it(`with ${status} ${errorCode} has a remedy`, async (t) => {
      const { atlas } = await fakeAtlas(t, { [route]: apiError(status, errorCode) });
      await assert.rejects(getLink(atlas), { name: 'AtlasCredentialsRefused', message: remedy });
    });

  it("with GROUP_NOT_FOUND is about the credentials if the project is the deployment's own, and about the cluster if not", async (t) => {
    const refused = apiError(404, 'GROUP_NOT_FOUND', 'No group with ID X exists.');
    const { url, atlas } = await fakeAtlas(t, { [route]: refused });
    await assert.rejects(getLink(atlas), { name: 'AtlasRefused', errorCode: 'GROUP_NOT_FOUND' });
    const own = atlasClient(url, undefined, undefined, projectId);
    await assert.rejects(getLink(own), {
      name: 'AtlasCredentialsRefused',
      message: /Check the parameter atlasProjectId, and that the API key or service account belongs to this project/,
    });
    const { url: elsewhere } = await fakeAtlas(t, { [route]: apiError(404, 'STREAM_X_NOT_FOUND') });
    await assert.rejects(getLink(atlasClient(elsewhere, undefined, undefined, projectId)), { name: 'AtlasRefused' });
  });

  it('that repeats the password becomes an error without it', async (t) => {
    usePassword(password);
    t.after(forgetPasswords);
    for (const [status, name] of [[400, 'AtlasRefused'] as const, [500, 'AtlasUnavailable'] as const]) {
      const answer = apiError(status, 'VALIDATION_ERROR', `The password "${password}" is too weak.`);
      const { atlas } = await fakeAtlas(t, {
        'POST /streams/connections': answer,
        'PATCH /streams/connections/orders.*-_': answer,
      });
      const message = /The password '\*\*\*' is too weak/;
      await assert.rejects(atlas.createConnection(projectId, 'streams', wanted), { name, message });
      await assert.rejects(atlas.updateConnection(projectId, 'streams', wanted), { name, message });
    }
  });

  it('that is an authentication error is thrown unchanged', async () => {
    const refused = new AtlasRefused('The secret has expired.', { status: 401, errorCode: 'invalid_client' });
    await assert.rejects(getLink(atlasClient('http://atlas', 59_000, () => Promise.reject(refused))), refused);
  });
});

describe('a throttled request', () => {
  const throttled = (retryAfter?: string) =>
    apiError(429, 'RATE_LIMITED', 'Too many requests.', retryAfter === undefined ? {} : { 'retry-after': retryAfter });

  /** The client of a function that has had an answer. */
  const startedClient = async (url: string, remainingMs?: number) => {
    const atlas = atlasClient(url, remainingMs);
    await atlas.listPrivateLinks(projectId);
    return atlas;
  };
  const routes = (...answers: Answer[]) => ({ [route]: answers, 'GET /privateLinkConnections': list([]) });

  it('is left to the machine if it is the first of a function, because nothing is lost', async (t) => {
    const { atlas, calls } = await fakeAtlas(t, routes(throttled('0.01'), ok(privateLink())));
    await assert.rejects(getLink(atlas), { name: 'AtlasThrottled' });
    assert.equal(calls().length, 1);
  });

  it('is repeated after the time that Atlas requests', async (t) => {
    const { url, calls } = await fakeAtlas(t, routes(throttled('0.2'), ok(privateLink())));
    const atlas = await startedClient(url);
    const start = performance.now();
    assert.equal((await getLink(atlas))._id, privateLinkId);
    assert.ok(performance.now() - start >= 190);
    assert.equal(calls().length, 3);
  });

  it('is repeated at different times by functions that were refused together', async (t) => {
    const { url } = await fakeAtlas(t, routes(...Array(8).fill(throttled('0.05')), ok(privateLink())));
    const crowd = await Promise.all(Array.from({ length: 8 }, () => startedClient(url)));
    const start = performance.now();
    const ends = crowd.map((atlas) => getLink(atlas).then(() => performance.now() - start));
    const times = (await Promise.all(ends)).toSorted((a, b) => a - b);
    assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) > 20, times.join());
    assert.ok((times[0] ?? 0) >= 45, times.join());
  });

  it('is repeated after a 503 with a time', async (t) => {
    const busy = apiError(503, 'BUSY', 'Later.', { 'retry-after': '0.01' });
    const { url } = await fakeAtlas(t, routes(busy, busy, ok(privateLink())));
    assert.equal((await getLink(await startedClient(url)))._id, privateLinkId);
  });

  it('is left to the caller after a 503 to a write, which may have happened', async (t) => {
    const busy = apiError(503, 'BUSY', 'Later.', { 'retry-after': '0.01' });
    const post = 'POST /privateLinkConnections';
    const { url, calls } = await fakeAtlas(t, { ...routes(ok(privateLink())), [post]: [busy, ok(privateLink())] });
    const atlas = await startedClient(url);
    await assert.rejects(atlas.createPrivateLink(projectId, clusterArn, 'SASL_SCRAM'), { name: 'AtlasUnavailable' });
    assert.equal(calls().filter((call) => call === post).length, 1);
  });

  it('is left to the machine if Atlas keeps throttling', async (t) => {
    const { url, calls } = await fakeAtlas(t, routes(throttled('0.01')));
    await assert.rejects(getLink(await startedClient(url)), { name: 'AtlasThrottled' });
    assert.equal(calls().filter((call) => call === route).length, 5);
  });

  const leftToTheMachine: [what: string, retryAfter: string | undefined, remainingMs: number, message: RegExp][] = [
    ['the time is longer than the function has', '40', 59_000, /throttles GET .* for 40 s \(RATE_LIMITED: "Too many/],
    ['the function has no time left', '1', 20_500, /for 1 s/],
    ['Atlas sends no time', undefined, 59_000, /privateLinkConnections\/[0-9a-f]+ \(RATE_LIMITED/],
    ['Atlas sends a date', 'Mon, 23 Nov 2026 12:00:00 GMT', 59_000, /RATE_LIMITED/],
    ['Atlas sends zero', '0', 59_000, /RATE_LIMITED/],
  ];
  for (const [what, retryAfter, remainingMs, message] of leftToTheMachine)
    it(`is left to the machine if ${what}`, async (t) => {
      const { url, calls } = await fakeAtlas(t, routes(throttled(retryAfter), ok(privateLink())));
      await assert.rejects(getLink(await startedClient(url, remainingMs)), (error: Error) => {
        assert.ok(error instanceof AtlasThrottled, String(error));
        assert.match(error.message, message);
        return true;
      });
      assert.equal(calls().length, 2);
    });
});

describe('the share of requests that Atlas has left', () => {
  const shareAfter = async (t: TestContext, ...answers: Answer[]) => {
    const { atlas } = await fakeAtlas(t, { [route]: answers });
    for (const _ of answers) await getLink(atlas).catch(() => undefined);
    return atlas.remainingShare;
  };

  it('is that of the last answer, also of a refusal', async (t) => {
    assert.equal(await shareAfter(t, ok(privateLink(), left(900)), ok(privateLink(), left(300))), 0.25);
    assert.equal(await shareAfter(t, apiError(429, 'RATE_LIMITED', 'Too many.', left(0))), 0);
  });

  it('does not change if Atlas does not send it, and is 1 at first', async (t) => {
    assert.equal(await shareAfter(t, ok(privateLink())), 1);
    assert.equal(await shareAfter(t, ok(privateLink(), left(300)), ok(privateLink())), 0.25);
    for (const odd of [{ 'ratelimit-limit': '0', 'ratelimit-remaining': '0' }, { 'ratelimit-remaining': '5' }])
      assert.equal(await shareAfter(t, ok(privateLink(), odd)), 1);
  });
});

describe("the time of Atlas's last answer", () => {
  it('is that of its own clock, also of a refusal, and undefined until it says one', async (t) => {
    const date = 'Mon, 23 Nov 2026 12:00:07 GMT';
    const answers = [ok({}, { date: 'now' }), apiError(404, 'X', 'No.', { date }), ok(privateLink(), { date: '' })];
    const { atlas } = await fakeAtlas(t, { [route]: answers });
    const times: unknown[] = [atlas.answeredAt];
    for (const _ of answers) {
      await getLink(atlas).catch(() => undefined);
      times.push(atlas.answeredAt);
    }
    const time = '2026-11-23T12:00:07.000Z';
    assert.deepEqual(times, [undefined, undefined, time, time]);
  });
});

describe("Atlas's answer about a connection", () => {
  it('is reduced to what we need', async (t) => {
    const { atlas } = await fakeAtlas(t, { 'GET /streams/connections/orders': ok(connection()) });
    const { region: _region, ...needed } = connection();
    assert.deepEqual(await atlas.getConnection(projectId, 'streams', 'orders'), needed);
  });
});
