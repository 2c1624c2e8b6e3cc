import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DigestClient } from 'digest-fetch';
import { apiKey, projectId, serviceAccount, startAtlas } from '../../fixtures/emulators.ts';

const headers = { accept: 'application/vnd.atlas.2023-02-01+json' };

const basicOf = ({ clientId, clientSecret }: typeof serviceAccount) =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;

async function start(t: TestContext, options: Parameters<typeof startAtlas>[1] = {}) {
  const started = await startAtlas(t, options);
  const workspaces = `${started.url}/api/atlas/v2/groups/${projectId}/streams`;
  const token = (init: RequestInit = {}) => {
    const authorization = basicOf(serviceAccount);
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    return fetch(`${started.url}/api/oauth/token`, { method: 'POST', headers: { authorization }, body, ...init });
  };
  // As MongoDB's Go SDK does: mongodb/atlas-sdk-go, auth/clientcredentials.
  const revoke = (value: string, account = serviceAccount) => {
    const body = new URLSearchParams({ token: value, token_type_hint: 'access_token' });
    return fetch(`${started.url}/api/oauth/revoke`, {
      method: 'POST',
      headers: { authorization: basicOf(account) },
      body,
    });
  };
  const bearer = (value: string) => fetch(workspaces, { headers: { ...headers, authorization: `Bearer ${value}` } });
  return { ...started, workspaces, token, revoke, bearer };
}

function digestClient({ publicKey, privateKey } = apiKey) {
  const client = new DigestClient(publicKey, privateKey);
  return (url: string): Promise<Response> => client.fetch(url, { headers: { ...headers } });
}

test('a request without credentials is challenged', async (t) => {
  const { workspaces } = await start(t);
  const first = await fetch(workspaces, { headers });
  assert.equal(first.status, 401);
  const challenge = first.headers.get('www-authenticate') ?? '';
  const nonce = /nonce="(\w+)"/.exec(challenge)?.[1];
  assert.equal(
    challenge,
    `Digest realm="MMS Public API", domain="", nonce="${nonce}", algorithm=MD5, qop="auth", stale=false`,
  );
  assert.deepEqual(await first.json(), {
    detail: 'You are not authorized for this resource.',
    error: 401,
    errorCode: 'UNEXPECTED_ERROR',
    reason: 'Unauthorized',
  });
  const second = await fetch(workspaces, { headers });
  assert.notEqual(second.headers.get('www-authenticate'), challenge);
});

test('an API key is accepted by digest, and may use its nonce again', async (t) => {
  const { workspaces, recorder } = await start(t);
  const get = digestClient();
  assert.equal((await get(workspaces)).status, 200);
  assert.equal((await get(`${workspaces}?pageNum=1`)).status, 200);
  assert.deepEqual(
    recorder.exchanges.map(({ status, caller }) => [status, caller]),
    [
      [401, undefined],
      [200, apiKey.publicKey],
      [200, apiKey.publicKey],
    ],
  );
});

test('a wrong key, a repeated nonce count and a header for another URL are refused', async (t) => {
  const { workspaces } = await start(t);
  assert.equal((await digestClient({ ...apiKey, privateKey: 'wrong' })(workspaces)).status, 401);
  const client = new DigestClient(apiKey.publicKey, apiKey.privateKey);
  const init = { headers: { ...headers } };
  await client.fetch(workspaces, init);
  const replay = await fetch(workspaces, init);
  assert.equal(replay.status, 400);
  assert.equal(((await replay.json()) as { errorCode: string }).errorCode, 'REPEATED_NONCE_COUNT');
  const signed = client.addAuth(`${workspaces}/elsewhere`, { headers: { ...headers } });
  assert.equal((await fetch(workspaces, signed)).status, 401);
});

test('an expired nonce is answered as stale', async (t) => {
  const { workspaces, atlas, recorder } = await start(t);
  const get = digestClient();
  await get(workspaces);
  atlas.auth.expireNonces();
  assert.equal((await get(workspaces)).status, 200);
  assert.deepEqual(
    recorder.exchanges.map(({ status }) => status),
    [401, 200, 401, 200],
  );
});

test('a service account gets a token for an hour, and the token is accepted', async (t) => {
  const { token, bearer, atlas, recorder } = await start(t);
  const answer = await token();
  const { access_token, ...rest } = (await answer.json()) as { access_token: string };
  assert.deepEqual(rest, { expires_in: 3600, token_type: 'Bearer' });
  assert.equal((await bearer(access_token)).status, 200);
  assert.deepEqual(
    recorder.exchanges.map(({ operation, caller }) => [operation, caller]),
    [
      ['createToken', serviceAccount.clientId],
      ['listGroupStreamWorkspaces', serviceAccount.clientId],
    ],
  );
  assert.equal((await bearer('made-up')).status, 401);
  atlas.auth.expireTokens();
  assert.equal((await bearer(access_token)).status, 401);
});

test('a token lasts an hour', async (t) => {
  const { token, bearer, clock } = await start(t);
  const { access_token } = (await (await token()).json()) as { access_token: string };
  clock.advance(59.9);
  assert.equal((await bearer(access_token)).status, 200);
  clock.advance(0.1);
  assert.equal((await bearer(access_token)).status, 401);
});

test('wrong credentials and wrong requests for a token are refused with the errors of OAuth', async (t) => {
  const { token } = await start(t);
  const authorization = `Basic ${Buffer.from(`${serviceAccount.clientId}:wrong`).toString('base64')}`;
  const wrong = await token({ headers: { authorization } });
  assert.equal(wrong.status, 401);
  assert.deepEqual(await wrong.json(), {
    error: 'invalid_client',
    error_description: 'Invalid credentials provided.',
  });
  const password = await token({ body: new URLSearchParams({ grant_type: 'password' }) });
  assert.deepEqual(
    [password.status, ((await password.json()) as { error: string }).error],
    [400, 'unsupported_grant_type'],
  );
  const json = await token({ body: '{"grant_type":"client_credentials"}' });
  assert.deepEqual([json.status, ((await json.json()) as { error: string }).error], [400, 'invalid_request']);
});

test('a service account has at most 100 live tokens', async (t) => {
  const { token, atlas, clock } = await start(t);
  for (let i = 0; i < 100; i++) {
    if (i > 0 && i % 10 === 0) clock.advance(1);
    await token().then((answer) => answer.arrayBuffer());
  }
  assert.equal(atlas.auth.liveTokens.length, 100);
  clock.advance(1);
  const refused = await token();
  assert.equal(refused.status, 403);
  assert.deepEqual(await refused.json(), {
    error: 'access_denied',
    error_description:
      'Access Token limit reached. Please use the existing Access Tokens or create a new Service Account.',
  });
  clock.advance(50);
  assert.equal((await token()).status, 200, 'the first ones have expired');
});

test('a service account may request ten tokens in a minute', async (t) => {
  const { token, clock } = await start(t);
  const statuses = async (count: number) => {
    const all: number[] = [];
    for (let i = 0; i < count; i++) all.push((await token()).status);
    return all;
  };
  assert.deepEqual(await statuses(4), Array(4).fill(200));
  clock.advance(0.5);
  assert.deepEqual(await statuses(6), Array(6).fill(200));
  const refused = await token();
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '30']);
  assert.deepEqual(await refused.json(), {
    detail: 'Resource /api/oauth/token is limited to 10 requests every 1 minutes.',
    error: 429,
    errorCode: 'RATE_LIMITED',
    parameters: ['/api/oauth/token', 10, 1],
    reason: 'Too Many Requests',
  });
  clock.advance(0.5);
  assert.deepEqual(await statuses(5), [200, 200, 200, 200, 429]);
});

test('a token can be revoked by the service account that it was issued to', async (t) => {
  const other = { clientId: 'mdb_sa_id_64b000000000000000000010', clientSecret: 'mdb_sa_sk_other' };
  const { token, revoke, bearer, recorder } = await start(t, { serviceAccounts: [serviceAccount, other] });
  const { access_token } = (await (await token()).json()) as { access_token: string };
  const outcome = async (answer: Response) => {
    const text = await answer.text();
    return [answer.status, text && JSON.parse(text).error];
  };
  assert.deepEqual(await outcome(await revoke(access_token, other)), [400, 'invalid_request']);
  assert.deepEqual(await outcome(await revoke(access_token, { ...serviceAccount, clientSecret: 'wrong' })), [
    401,
    'invalid_client',
  ]);
  assert.deepEqual(await outcome(await revoke('')), [400, 'invalid_request']);
  assert.equal((await bearer(access_token)).status, 200);
  assert.deepEqual(await outcome(await revoke(access_token)), [200, '']);
  assert.equal((await bearer(access_token)).status, 401);
  assert.deepEqual(await outcome(await revoke(access_token)), [200, ''], 'an unknown token is no error');
  assert.ok(recorder.exchangesOf('atlas', 'revokeToken').length > 0);
});
