import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { authenticate } from '../../shared/atlas/authentication.ts';
import type { AtlasFetch } from '../../shared/atlas/http.ts';
import { withoutSecrets } from '../../shared/secrets/in-use.ts';
import { tokenSecret } from '../fixtures/access-token.ts';
import { atlasClient } from '../fixtures/atlas.ts';
import { answer, frontDoor, serviceAccount } from '../fixtures/credentials.ts';
import { projectId } from '../fixtures/request.ts';

const { signal } = new AbortController();
const get = { method: 'GET', headers: {}, signal };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

/** Atlas, the secret, and containers with these credentials. */
async function start(t: TestContext) {
  const door = await frontDoor(t, serviceAccount);
  const secret = await tokenSecret(t);
  const container = (account = serviceAccount, version?: string): AtlasFetch =>
    authenticate(account, door.url, secret.shared(version));
  const statusOf = async (call: AtlasFetch) => (await call(`${door.url}/a`, get)).status;
  return { door, secret, container, statusOf };
}

describe('the containers of a service account', () => {
  it('share one token, also if all start at once', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    const containers = Array.from({ length: 24 }, () => container());
    assert.deepEqual(new Set(await Promise.all(containers.map(statusOf))), new Set([200]));
    assert.equal(door.tokenRequests.length, 1);
    assert.equal(await statusOf(container()), 200);
    assert.equal(door.tokenRequests.length, 1);
    assert.equal(secret.value().token, [...door.tokens][0]);
  });

  it('read the secret once each, while the token lasts', async (t) => {
    const { secret, container, statusOf } = await start(t);
    await statusOf(container());
    const call = container();
    const before = secret.count('GetSecretValue');
    for (let i = 0; i < 3; i++) await statusOf(call);
    assert.equal(secret.count('GetSecretValue') - before, 1);
    assert.equal(secret.count('PutSecretValue'), 2, 'the claim and the token');
  });

  it('send one token request for simultaneous calls', async (t) => {
    const { door, container, statusOf } = await start(t);
    const call = container();
    await Promise.all(Array.from({ length: 9 }, () => statusOf(call)));
    assert.equal(door.tokenRequests.length, 1);
  });

  it('wait for the token that another one is requesting', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    const second = Promise.withResolvers<number>();
    door.tokenAnswer = (response) => {
      const reads = secret.count('GetSecretValue');
      secret.before.GetSecretValue = async () => {
        if (secret.count('GetSecretValue') - reads !== 2) return;
        door.tokenAnswer = undefined;
        door.issueToken(response);
      };
      second.resolve(statusOf(container()));
    };
    assert.equal(await statusOf(container()), 200);
    assert.equal(await second.promise, 200);
    assert.equal(door.tokenRequests.length, 1);
  });

  it('request a token if the one that claimed it ended without one', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    secret.put({ credentialsVersionId: 'credentials-1', claimedUntil: inSeconds(-1) });
    assert.equal(await statusOf(container()), 200);
    assert.equal(door.tokenRequests.length, 1);
  });

  it('ignore a claim for longer than any lasts', async (t) => {
    const { secret, container, statusOf } = await start(t);
    secret.put({ credentialsVersionId: 'credentials-1', claimedUntil: inAnHour() });
    assert.equal(await statusOf(container()), 200);
  });

  it('give up for now while another one has claimed the request', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    const claimedUntil = inSeconds(9);
    secret.put({ credentialsVersionId: 'credentials-1', claimedUntil });
    await assert.rejects(statusOf(container()), {
      name: 'AtlasThrottled',
      message: `The functions have no access token of the Atlas service account at the moment. Another function has requested one. The next request for a token is allowed after ${claimedUntil}.`,
    });
    assert.equal(secret.count('GetSecretValue'), 10);
    assert.equal(door.tokenRequests.length, 0);
  });

  const failures: [what: string, fail: (response: Parameters<ReturnType<typeof answer>>[0]) => unknown][] = [
    ['HTTP 500', answer(500, {})],
    ['HTTP 401', answer(401, { error: 'invalid_client' })],
    ['HTTP 429 without Retry-After', answer(429, {})],
    ['no usable token', answer(200, {})],
    ['no answer', (response) => response.socket?.resetAndDestroy()],
  ];
  for (const [what, fail] of failures)
    it(`claim the request for longer after each that has failed (${what})`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      door.tokenAnswer = (response) => void fail(response);
      for (const seconds of [10, 60, 120, 300, 600, 1200, 1200]) {
        const before = door.tokenRequests.length;
        await statusOf(container()).catch(() => undefined);
        assert.ok(door.tokenRequests.length > before);
        assert.equal(secret.value().claimedUntil, inSeconds(seconds));
        t.mock.timers.tick(seconds * 1000);
      }
      door.tokenAnswer = undefined;
      assert.equal(await statusOf(container()), 200);
      secret.put({ ...secret.value(), expiresAt: inSeconds(1) });
      door.tokenAnswer = answer(500, {});
      await assert.rejects(statusOf(container()), { name: 'AtlasUnavailable' });
      assert.equal(secret.value().claimedUntil, inSeconds(10), 'a token ends the failures');
    });

  it('say how many requests have failed', async (t) => {
    const { secret, container, statusOf } = await start(t);
    const claimedUntil = inSeconds(600);
    secret.put({ credentialsVersionId: 'credentials-1', claimedUntil, requests: 5 });
    await assert.rejects(statusOf(container()), {
      name: 'AtlasThrottled',
      message: `The functions have no access token of the Atlas service account at the moment. Another function has requested one, after 4 requests that failed. The next request for a token is allowed after ${claimedUntil}.`,
    });
    assert.equal(secret.count('GetSecretValue'), 1, 'it does not wait for so long');
  });

  it('do not wait for a claim after failures if the credentials were rotated', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    secret.put({ credentialsVersionId: 'credentials-1', claimedUntil: inSeconds(600), requests: 5 });
    secret.isCurrent = false;
    await assert.rejects(statusOf(container()), { name: 'AtlasCredentialsRefused', status: 401, message: /rotated/ });
    assert.equal(door.tokenRequests.length, 0);
  });

  for (const [what, fail] of [
    ['HTTP 500', answer(500, {})],
    [
      'HTTP 429 with Retry-After',
      (response: Parameters<ReturnType<typeof answer>>[0]) => {
        response.setHeader('retry-after', '60');
        answer(429, {})(response);
      },
    ],
  ] as const)
    it(`still share after an outage of a day in which one of them asks every ten seconds (${what})`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      door.tokenAnswer = fail;
      const call = container();
      for (let seconds = 0; seconds < 86_400; seconds += 10) {
        const until = Date.parse(secret.value().claimedUntil ?? '');
        if (!(until > Date.now())) await statusOf(call).catch(() => undefined);
        t.mock.timers.tick(10_000);
      }
      const versions = secret.emulator.secret(secret.secretArn)?.versions.length ?? 0;
      assert.ok(versions > 70 && versions < 90, `${versions} versions`);
    });

  it('request a token if the secret has no good one', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    const token = 'not-known-to-atlas';
    const values = [
      {},
      [],
      { token: 1 },
      { token, expiresAt: inAnHour() },
      { token, expiresAt: inAnHour(), credentialsVersionId: 'credentials-0' },
      { token, expiresAt: inSeconds(50), credentialsVersionId: 'credentials-1' },
      { token, expiresAt: 'soon', credentialsVersionId: 'credentials-1' },
      { token: 'a\nb', expiresAt: inAnHour(), credentialsVersionId: 'credentials-1' },
      { token: 'x'.repeat(4097), expiresAt: inAnHour(), credentialsVersionId: 'credentials-1' },
    ];
    for (const [index, value] of values.entries()) {
      secret.put(value);
      assert.equal(await statusOf(container()), 200, JSON.stringify(value));
      assert.equal(door.tokenRequests.length, index + 1);
    }
    assert.ok(!door.statuses.includes(401), 'no such token was sent');
  });

  // Each at a time of its own, so that not all renew it at once.
  for (const [random, seconds] of [
    [0, 60],
    [1, 300],
  ] as const)
    it(`renew the token between one and five minutes before it expires (${seconds} s)`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      t.mock.method(Math, 'random', () => random);
      await statusOf(container());
      for (const [left, requests] of [
        [seconds + 1, 1],
        [seconds, 2],
      ] as const) {
        secret.put({ ...secret.value(), expiresAt: inSeconds(left) });
        assert.equal(await statusOf(container()), 200);
        assert.equal(door.tokenRequests.length, requests, `${left} s are left`);
      }
    });

  for (const [seconds, lasts] of [
    [1e300, 86_400],
    [1e13, 86_400],
    [86_401, 86_400],
    [0, 0],
    [-5, 0],
  ] as const)
    it(`believe that a token lasts between nothing and a day (${seconds} s)`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      door.tokens.add('issued-by-atlas');
      door.tokenAnswer = answer(200, { access_token: 'issued-by-atlas', expires_in: seconds });
      assert.equal(await statusOf(container()), 200);
      assert.equal(secret.value().expiresAt, inSeconds(lasts));
    });

  it('use a token of 4,096 characters', async (t) => {
    const { door, container, statusOf } = await start(t);
    const token = 'a1b2'.repeat(1024);
    door.tokens.add(token);
    door.tokenAnswer = answer(200, { access_token: token, expires_in: 3600 });
    assert.equal(await statusOf(container()), 200);
    assert.equal(await statusOf(container()), 200);
    assert.equal(door.tokenRequests.length, 1);
  });

  it('get a token of their own if the credentials were rotated', async (t) => {
    const { door, container, statusOf } = await start(t);
    await statusOf(container());
    const rotated = { ...serviceAccount, clientSecret: 'another' };
    door.change(rotated);
    assert.equal(await statusOf(container(rotated, 'credentials-2')), 200);
    assert.equal(door.tokenRequests.length, 2);
    assert.ok(!door.statuses.includes(401));
  });

  it('do not wait for a claim that was made with other credentials', async (t) => {
    const { secret, container, statusOf } = await start(t);
    secret.put({ credentialsVersionId: 'credentials-0', claimedUntil: inAnHour() });
    assert.equal(await statusOf(container()), 200);
  });

  it('replace a token that Atlas refuses once for all', async (t) => {
    const { door, container, statusOf } = await start(t);
    const containers = Array.from({ length: 6 }, () => container());
    await Promise.all(containers.map(statusOf));
    door.tokens.clear();
    assert.deepEqual(new Set(await Promise.all(containers.map(statusOf))), new Set([200]));
    assert.equal(door.tokenRequests.length, 2);
  });

  it('replace it once for a call, and return the 401 if Atlas refuses the next one as well', async (t) => {
    const { door, container, statusOf } = await start(t);
    const call = container();
    await statusOf(call);
    door.tokens.clear();
    door.tokenAnswer = answer(200, { access_token: 'of-no-use', expires_in: 3600 });
    assert.equal(await statusOf(call), 401);
    assert.equal(door.tokenRequests.length, 2);
  });

  it('do not replace it if the credentials were rotated', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    const call = container();
    await statusOf(call);
    door.tokens.clear();
    secret.isCurrent = false;
    assert.equal(await statusOf(call), 401);
    assert.equal(door.tokenRequests.length, 1);
  });

  it('blot out a token that another one has requested', async (t) => {
    const { secret, container, statusOf, door } = await start(t);
    const token = 'a-token-of-another-container';
    door.tokens.add(token);
    secret.put({ credentialsVersionId: 'credentials-1', token, expiresAt: inAnHour() });
    assert.equal(await statusOf(container()), 200);
    assert.equal(door.tokenRequests.length, 0);
    assert.equal(withoutSecrets(`Atlas said ${token}.`), 'Atlas said ***.');
  });

  for (const [what, other] of [
    ['that is too near its end', { expiresAt: inSeconds(50) }],
    ['of other credentials', { credentialsVersionId: 'credentials-0' }],
  ] as const)
    it(`blot out a token ${what}`, async (t) => {
      const { secret, container, statusOf, door } = await start(t);
      const token = `a-token-${what.replaceAll(' ', '-')}`;
      secret.put({ credentialsVersionId: 'credentials-1', token, expiresAt: inAnHour(), ...other });
      door.tokenAnswer = answer(400, { error: 'invalid_request', error_description: `You have ${token} already.` });
      await assert.rejects(statusOf(container()), { message: /You have \*\*\* already/ });
    });
});

describe("Atlas's limit of token requests", () => {
  const detail = 'Resource /api/oauth/token is limited to 10 requests every 1 minutes.';
  const limited = (retryAfter: string | undefined) => (response: Parameters<ReturnType<typeof answer>>[0]) => {
    if (retryAfter) response.setHeader('retry-after', retryAfter);
    answer(429, { detail, error: 429, errorCode: 'RATE_LIMITED', parameters: ['/api/oauth/token', 10, 1] })(response);
  };

  it("is reported in Atlas's words, with the time that it names", async (t) => {
    const { door, container } = await start(t);
    door.tokenAnswer = limited('42');
    const atlas = atlasClient(door.url, 59_000, container());
    await assert.rejects(atlas.getWorkspace(projectId, 'streams'), {
      name: 'AtlasThrottled',
      message: new RegExp(
        `^Atlas throttles the request for an access token for 42 s \\(RATE_LIMITED: "${detail.replaceAll('.', '\\.')}"\\)\\.$`,
      ),
    });
    assert.equal(door.tokenRequests.length, 1);
  });

  it('repeats no secret', async (t) => {
    const { door, container } = await start(t);
    const basic = Buffer.from(`${serviceAccount.clientId}:${serviceAccount.clientSecret}`).toString('base64');
    door.tokenAnswer = answer(429, { detail: `${serviceAccount.clientSecret} ${basic}`, errorCode: basic });
    const call = atlasClient(door.url, 59_000, container()).getWorkspace(projectId, 'streams');
    await assert.rejects(call, (error: Error) => {
      const all = inspect(error, { depth: 9, showHidden: true });
      return ![serviceAccount.clientSecret, basic].some((it) => all.includes(it));
    });
  });

  it('keeps all containers from another request until Retry-After', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    door.tokenAnswer = limited('42');
    assert.equal(await statusOf(container()), 429);
    assert.equal(secret.value().claimedUntil, inSeconds(42));
    door.tokenAnswer = undefined;
    const reads = secret.count('GetSecretValue');
    await assert.rejects(statusOf(container()), { name: 'AtlasThrottled', message: new RegExp(inSeconds(42)) });
    assert.equal(secret.count('GetSecretValue') - reads, 1, 'it does not wait for so long');
    t.mock.timers.tick(42_000);
    assert.equal(await statusOf(container()), 200);
    assert.equal(door.tokenRequests.length, 2);
  });

  for (const retryAfter of ['31536000', '1e13', '1e300', '121'])
    it(`keeps them from it for two minutes at most (Retry-After: ${retryAfter})`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      door.tokenAnswer = limited(retryAfter);
      assert.equal(await statusOf(container()), 429);
      assert.equal(secret.value().claimedUntil, inSeconds(120));
      door.tokenAnswer = undefined;
      t.mock.timers.tick(120_000);
      assert.equal(await statusOf(container()), 200);
    });

  it('is waited out if a token runs out in the middle of an invocation and there is time', async (t) => {
    const { door, container } = await start(t);
    t.mock.method(Math, 'random', () => 0);
    const atlas = atlasClient(door.url, 59_000, container());
    const call = () => atlas.getWorkspace(projectId, 'streams').catch(({ name }: Error) => name);
    // The front door answers `{}`, which is no workspace.
    assert.equal(await call(), 'AtlasUnavailable');
    door.tokens.clear();
    door.tokenAnswer = (response) => {
      door.tokenAnswer = undefined;
      limited('0.01')(response);
    };
    assert.equal(await call(), 'AtlasUnavailable');
    assert.equal(door.tokenRequests.length, 3);
  });
});

describe('the secret of the access token', () => {
  for (const operation of ['GetSecretValue', 'PutSecretValue'])
    for (const code of ['AccessDeniedException', 'ResourceNotFoundException', 'DecryptionFailure'])
      it(`that refuses ${operation} with ${code} is a mistake of the deployment`, async (t) => {
        const { door, secret, container, statusOf } = await start(t);
        secret.refusals[operation] = code;
        await assert.rejects(statusOf(container()), (error: Error) => {
          assert.equal(error.name, 'DeploymentMisconfigured');
          assert.ok(error.message.includes(secret.secretArn) && error.message.includes(`secretsmanager:${operation}`));
          assert.match(error.message, /Deploy again\.$/);
          return true;
        });
        assert.equal(door.tokenRequests.length, 0);
      });

  for (const operation of ['GetSecretValue', 'PutSecretValue'])
    for (const [code, name] of [
      ['ThrottlingException', 'AwsThrottled'],
      ['InternalServiceError', 'AwsUnavailable'],
    ] as const)
      it(`that fails with ${code} at ${operation} passes by itself`, async (t) => {
        const { door, secret, container, statusOf } = await start(t);
        secret.refusals[operation] = code;
        await assert.rejects(statusOf(container()), { name });
        assert.equal(door.tokenRequests.length, 0);
        secret.refusals = {};
        assert.equal(await statusOf(container()), 200);
      });

  for (const code of ['AccessDeniedException', 'InternalServiceError', 'LimitExceededException'])
    it(`need not take the token (${code}): the container uses it, and the next one requests another when the claim has lapsed`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      door.tokenAnswer = (response) => {
        secret.refusals.PutSecretValue = code;
        door.tokenAnswer = undefined;
        door.issueToken(response);
      };
      const call = container();
      assert.equal(await statusOf(call), 200);
      assert.equal(await statusOf(call), 200);
      assert.equal(door.tokenRequests.length, 1);
      secret.refusals = {};
      t.mock.timers.tick(10_000);
      assert.equal(await statusOf(container()), 200);
      assert.equal(door.tokenRequests.length, 2);
    });

  const allVersions = (secret: Awaited<ReturnType<typeof start>>['secret']) => {
    for (let i = 0; i < 100; i++) secret.put({});
  };

  it('that has had too many versions in a day leaves each container a token of its own, at a random time', async (t) => {
    const { door, secret, container, statusOf } = await start(t);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    allVersions(secret);
    t.mock.method(Math, 'random', () => 0.5);
    const call = container();
    for (let i = 0; i < 2; i++)
      await assert.rejects(statusOf(call), { name: 'AtlasThrottled', message: /100 versions.* after \d{4}-.*Z\.$/ });
    t.mock.timers.tick(300_000);
    for (let i = 0; i < 2; i++) assert.equal(await statusOf(call), 200);
    assert.equal(door.tokenRequests.length, 1);
  });

  for (const isOutage of [false, true])
    it(`that has had too many versions lets 24 containers send few requests a minute (${isOutage ? 'all fail' : 'all succeed'})`, async (t) => {
      const { door, secret, container, statusOf } = await start(t);
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      allVersions(secret);
      if (isOutage) door.tokenAnswer = answer(500, {});
      const containers = Array.from({ length: 24 }, () => container());
      let drawn = 0;
      t.mock.method(Math, 'random', () => (drawn++ % 24) / 24);
      for (let minute = 0; minute < 12; minute++) {
        const before = door.tokenRequests.length;
        await Promise.all(containers.map((it) => statusOf(it).catch(() => undefined)));
        assert.ok(door.tokenRequests.length - before <= 10, `minute ${minute}: ${door.tokenRequests.length - before}`);
        t.mock.timers.tick(60_000);
      }
      if (!isOutage) assert.equal(door.tokenRequests.length, 24);
    });

  it('is never in an error', async (t) => {
    const { secret, container, statusOf, door } = await start(t);
    const token = 'a-token-that-aws-repeats';
    secret.put({ credentialsVersionId: 'credentials-1', token, expiresAt: inAnHour() });
    door.tokens.add(token);
    const call = container();
    await statusOf(call);
    door.tokens.clear();
    door.tokenAnswer = answer(400, { error: 'invalid_request', error_description: `You have ${token} already.` });
    await assert.rejects(statusOf(call), (error: Error) => !inspect(error, { depth: 9 }).includes(token));
  });
});
