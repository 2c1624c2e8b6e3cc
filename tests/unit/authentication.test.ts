import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { authenticate as authenticateBy } from '../../shared/atlas/authentication.ts';
import { tokenSecret, unusedToken } from '../fixtures/access-token.ts';
import { answer, apiKey, frontDoor, serviceAccount } from '../fixtures/credentials.ts';

const { signal } = new AbortController();
const get = { method: 'GET', headers: {}, signal };

/** With an API key, or without a request. */
const authenticate = (secret: unknown, baseUrl: string) => authenticateBy(secret, baseUrl, unusedToken);

describe('the Atlas credentials secret', () => {
  for (const secret of [undefined, 'hunter2', {}, { publicKey: 'hunter2' }, { clientId: 'hunter2', clientSecret: '' }])
    it(`is refused if it is ${JSON.stringify(secret)}, with the right shapes and without its values`, () => {
      assert.throws(
        () => authenticate(secret, 'http://atlas'),
        (error: Error) =>
          error.name === 'DeploymentMisconfigured' &&
          error.message.includes('{"publicKey":"…","privateKey":"…"}') &&
          error.message.includes('"clientSecret"') &&
          !error.message.includes('hunter2'),
      );
    });
});

describe('the values of the Atlas credentials secret', () => {
  const wrong: [what: string, value: string][] = [
    ['the placeholder', '…'],
    ['letters beyond ASCII', 'hunter2ñ'],
    ['a space', 'hunter2 hunter2'],
    ['a newline at the end', 'hunter2\n'],
    ['quotes', '"hunter2"'],
  ];
  for (const [what, value] of wrong)
    it(`are refused with ${what}, without the value`, () => {
      for (const good of [apiKey, serviceAccount])
        for (const field of Object.keys(good))
          assert.throws(
            () => authenticate({ ...good, [field]: value }, 'http://atlas'),
            (error: Error) =>
              error.name === 'DeploymentMisconfigured' &&
              error.message.includes('ASCII without spaces and quotes') &&
              !error.message.includes('hunter2'),
            field,
          );
    });

  it('may hold any other character', () => {
    const value = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i))
      .join('')
      .replace('"', '');
    assert.doesNotThrow(() => authenticate({ publicKey: value, privateKey: value }, 'http://atlas'));
  });
});

describe('an API key', () => {
  it('is challenged once, and then uses the same nonce', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate(apiKey, door.url);
    for (let i = 0; i < 3; i++) assert.equal((await call(`${door.url}/a?b=c`, get)).status, 200);
    assert.deepEqual(door.statuses, [401, 200, 200, 200]);
  });

  it("sends method, headers and body, and does not change the caller's headers", async (t) => {
    const door = await frontDoor(t, apiKey);
    const headers = { Accept: 'application/vnd.atlas.2023-02-01+json', 'Content-Type': 'text/x' };
    await authenticate(apiKey, door.url)(`${door.url}/a`, { method: 'PATCH', headers, body: '{"a":1}', signal });
    const [request] = door.requests;
    assert.deepEqual(
      [request?.method, request?.body, request?.headers['content-type']],
      ['PATCH', '{"a":1}', 'text/x'],
    );
    assert.deepEqual(Object.keys(headers), ['Accept', 'Content-Type']);
  });

  it('serializes simultaneous calls, so that no nonce count is used twice', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate(apiKey, door.url);
    const responses = await Promise.all(Array.from({ length: 8 }, () => call(`${door.url}/a`, get)));
    assert.ok(responses.every(({ status }) => status === 200));
    assert.equal(door.statuses.length, 9);
  });

  it('counts the requests of each nonce from 1, in hexadecimal', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate(apiKey, door.url);
    const countsOf = (requests: string[]) => requests.map((it) => it.split(' ')[1]);
    for (let i = 0; i < 11; i++) await call(`${door.url}/a`, get);
    assert.deepEqual(countsOf(door.counts.slice(8)), ['00000009', '0000000a', '0000000b']);
    door.digest.nonces = [];
    await call(`${door.url}/a`, get);
    assert.deepEqual(countsOf(door.counts.slice(11)), ['0000000c', '00000001']);
  });

  it('never repeats a nonce count, also after a request whose answer never came', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate(apiKey, door.url);
    await call(`${door.url}/a`, get);
    for (const method of ['GET', 'POST', 'POST']) {
      door.breaks = true;
      // A GET is repeated on a new connection.
      await call(`${door.url}/a`, { ...get, method }).catch(() => undefined);
    }
    assert.equal((await call(`${door.url}/a`, get)).status, 200);
    assert.equal(new Set(door.counts).size, door.counts.length, door.counts.join());
    assert.deepEqual(door.statuses, [401, 200, 200, 200], 'no answer was a refusal');
  });

  it('gets a new nonce if the old one expires between two calls', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate(apiKey, door.url);
    await call(`${door.url}/a`, get);
    door.digest.nonces = [];
    assert.equal((await call(`${door.url}/a`, get)).status, 200);
  });

  it('retries once if a nonce expires at its first use', async (t) => {
    const door = await frontDoor(t, apiKey);
    door.beforeDigest = () => {
      door.digest.nonces = [];
      door.beforeDigest = () => {};
    };
    assert.equal((await authenticate(apiKey, door.url)(`${door.url}/a`, get)).status, 200);
    assert.deepEqual(door.statuses, [401, 401, 401, 200]);
  });

  it('gives up if every nonce expires at once', async (t) => {
    const door = await frontDoor(t, apiKey);
    door.beforeDigest = () => {
      door.digest.nonces = [];
    };
    assert.equal((await authenticate(apiKey, door.url)(`${door.url}/a`, get)).status, 401);
    assert.deepEqual(door.statuses, [401, 401, 401, 401]);
  });

  it('returns the 401 if Atlas does not know the key', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate({ ...apiKey, privateKey: 'wrong' }, door.url);
    assert.equal((await call(`${door.url}/a`, get)).status, 401);
    assert.deepEqual(door.statuses, [401, 401, 401, 401], 'a challenge and an answer, twice');
  });

  it('continues after a failed call', async (t) => {
    const door = await frontDoor(t, apiKey);
    const call = authenticate(apiKey, door.url);
    await assert.rejects(call('http://127.0.0.1:1/a', get), TypeError);
    assert.equal((await call(`${door.url}/a`, get)).status, 200);
  });
});

describe('a service account', () => {
  const withToken = async (t: TestContext, url: string) =>
    authenticateBy(serviceAccount, url, (await tokenSecret(t)).shared());

  it('requests one token and uses it for every call', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    const call = await withToken(t, door.url);
    for (let i = 0; i < 3; i++) assert.equal((await call(`${door.url}/a`, get)).status, 200);
    assert.deepEqual(door.tokenRequests, [
      {
        authorization: `Basic ${Buffer.from(`${serviceAccount.clientId}:${serviceAccount.clientSecret}`).toString('base64')}`,
        contentType: 'application/x-www-form-urlencoded',
        body: 'grant_type=client_credentials',
      },
    ]);
  });

  it('requests another token a minute before the old one expires', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.mock.method(Math, 'random', () => 0);
    const call = await withToken(t, door.url);
    await call(`${door.url}/a`, get);
    t.mock.timers.setTime(Date.now() + 3539_000);
    await call(`${door.url}/a`, get);
    assert.equal(door.tokenRequests.length, 1);
    t.mock.timers.setTime(Date.now() + 1_000);
    await call(`${door.url}/a`, get);
    assert.equal(door.tokenRequests.length, 2);
  });

  it('requests another token if Atlas refuses the old one', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    const call = await withToken(t, door.url);
    await call(`${door.url}/a`, get);
    door.tokens.clear();
    assert.equal((await call(`${door.url}/a`, get)).status, 200);
    assert.deepEqual(door.statuses, [200, 401, 200]);
  });

  it('returns the 401 if Atlas refuses a new token', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    door.tokenAnswer = answer(200, { access_token: 'of-no-use', expires_in: 3600 });
    assert.equal((await (await withToken(t, door.url))(`${door.url}/a`, get)).status, 401);
    assert.equal(door.tokenRequests.length, 1);
  });

  const tokenAnswers: [status: number, body: unknown, name: string, message: RegExp][] = [
    [
      401,
      { error: 'invalid_client', error_description: 'Invalid credentials provided.' },
      'AtlasCredentialsRefused',
      /HTTP 401 \(invalid_client: "Invalid credentials provided\."\).*Check clientId and clientSecret.*expired/,
    ],
    [
      403,
      { error: 'access_denied', error_description: 'Access Token limit reached for this account.' },
      'AtlasThrottled',
      /issues no further access token for now \(access_denied: "Access Token limit reached/,
    ],
    [
      401,
      { error: 'invalid_client', error_description: 'The service account is limited to an IP access list.' },
      'AtlasCredentialsRefused',
      /HTTP 401 \(invalid_client: "The service account is limited to an IP access list\."\)/,
    ],
    [
      401,
      { error: 'invalid_client', error_description: 'Access Token limit reached.' },
      'AtlasCredentialsRefused',
      /HTTP 401/,
    ],
    [
      403,
      { error: 'access_denied', error_description: 'The limits of the organization deny it.' },
      'AtlasCredentialsRefused',
      /HTTP 403/,
    ],
    [403, { error: 'Access Token limit reached' }, 'AtlasThrottled', /Access Token limit reached/],
    [500, { error: 'no limit' }, 'AtlasUnavailable', /HTTP 500/],
    [500, 'no JSON object', 'AtlasUnavailable', /HTTP 500/],
    [200, { expires_in: 3600 }, 'AtlasUnavailable', /without a token/],
    [200, { access_token: 'a\nb', expires_in: 3600 }, 'AtlasUnavailable', /without a token/],
    [200, { access_token: 'a b', expires_in: 3600 }, 'AtlasUnavailable', /ASCII without spaces/],
    [200, { access_token: 'x', expires_in: '3600' }, 'AtlasUnavailable', /expires_in must be a number of seconds/],
    [200, { access_token: 'x' }, 'AtlasUnavailable', /expires_in must be a number of seconds/],
  ];
  for (const [status, body, name, message] of tokenAnswers)
    it(`fails as ${name} if the answer to its token request is ${status} ${JSON.stringify(body)}`, async (t) => {
      const door = await frontDoor(t, serviceAccount);
      door.tokenAnswer = answer(status, body);
      await assert.rejects((await withToken(t, door.url))(`${door.url}/a`, get), (error: Error) => {
        assert.equal(error.name, name);
        assert.match(error.message, message);
        assert.ok(!error.message.includes(serviceAccount.clientSecret));
        return true;
      });
    });

  it('repeats no secret that the token endpoint repeats', async (t) => {
    const { clientId, clientSecret } = serviceAccount;
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const escaped = JSON.stringify(clientSecret).slice(1, -1);
    const said = [clientSecret, basic, escaped, encodeURIComponent(basic)].join(' ');
    for (const status of [400, 401, 403, 500]) {
      const door = await frontDoor(t, serviceAccount);
      door.tokenAnswer = answer(status, { error: said, error_description: said });
      await assert.rejects((await withToken(t, door.url))(`${door.url}/a`, get), (error: Error) => {
        const all = inspect(error, { depth: 9, showHidden: true });
        for (const secret of [clientSecret, basic]) assert.ok(!all.includes(secret), all);
        return true;
      });
    }
  });

  it('fails with the limit if the answer of the token endpoint is too long', async (t) => {
    for (const status of [200, 400]) {
      const door = await frontDoor(t, serviceAccount);
      door.tokenAnswer = answer(status, { access_token: 'x'.repeat(2_000_000), expires_in: 3600 });
      await assert.rejects((await withToken(t, door.url))(`${door.url}/a`, get), {
        name: 'AtlasUnavailable',
        message: "Atlas's answer to the request for an access token is longer than 1 MB.",
      });
      door.tokenAnswer = answer(status, { error: 'e'.repeat(9999), error_description: 'x'.repeat(300_000) });
      await assert.rejects((await withToken(t, door.url))(`${door.url}/a`, get), ({ message }: Error) => {
        return message.length < 1500;
      });
    }
  });

  it('fails as AtlasUnavailable if the token has more than 4,096 characters, and does not keep it', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    const secret = await tokenSecret(t);
    door.tokenAnswer = answer(200, { access_token: 'x'.repeat(4097), expires_in: 3600 });
    await assert.rejects(authenticateBy(serviceAccount, door.url, secret.shared())(`${door.url}/a`, get), {
      name: 'AtlasUnavailable',
      message: /at most 4,096 characters/,
    });
    assert.equal(secret.value().token, undefined);
  });

  it('keeps the error code of the token endpoint', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    door.tokenAnswer = answer(400, { error: 'invalid_grant' });
    const refused = { name: 'AtlasCredentialsRefused', status: 400, errorCode: 'invalid_grant' };
    await assert.rejects((await withToken(t, door.url))(`${door.url}/a`, get), refused);
  });

  it("fails as AtlasUnavailable if the token endpoint's answer is cut short", async (t) => {
    const door = await frontDoor(t, serviceAccount);
    door.tokenAnswer = (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"access_token":', () => response.socket?.destroy());
    };
    await assert.rejects((await withToken(t, door.url))(`${door.url}/a`, get), { name: 'AtlasUnavailable' });
  });
});

describe('both kinds of credentials', () => {
  for (const credentials of [apiKey, serviceAccount])
    it(`do not use the global fetch, which would load another HTTP client (${Object.keys(credentials)[0]})`, async (t) => {
      const door = await frontDoor(t, credentials);
      const global = t.mock.method(globalThis, 'fetch');
      const call = authenticateBy(credentials, door.url, (await tokenSecret(t)).shared());
      assert.equal((await call(`${door.url}/a`, get)).status, 200);
      assert.equal(global.mock.callCount(), 0);
    });
});
