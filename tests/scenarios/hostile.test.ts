import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import { dynamoDbError } from '../../emulators/dynamodb/dynamodb.ts';
import type { Answer, Call } from '../../emulators/emulator.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { takeSnapshot } from '../../local/screen/report.ts';
import { secretsOf, spellings } from '../fixtures/leaks.ts';
import {
  assertFailed,
  cloudWith,
  connectByTag,
  disconnectByTag,
  type Ended,
  faultAt,
  privateConnectivityIsOn as isOn,
} from './local-cloud.ts';

/** An Atlas that repeats secrets wherever it can, or answers without end: taken over, or behind a proxy that rewrites its answers. */

/** Contains what JSON and URLs escape. */
const password = 'p"a\\s/s+wörd %41';
const scramSecrets = [{ secretString: JSON.stringify({ username: 'atlas', password }) }];
type Kind = 'api-key' | 'service-account';
const always = Number.POSITIVE_INFINITY;

const start = (world: WorldSeed = {}) => cloudWith({ cluster: isOn, scramSecrets, ...world });

/** What the function that waits for an answer must not repeat. Only a function that has read the password can recognize it. */
function secretsHeld(cloud: Cloud, kind: Kind, { operation, authorization = '' }: Call): string[] {
  const { projects } = cloud.world.atlas;
  const clientId = `mdb_sa_id_${[...projects.keys()][0]}`;
  const [, , privateKey = '', clientSecret = ''] = cloud.world.secretValues;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const held = kind === 'api-key' ? [privateKey] : [clientSecret, basic, authorization.replace(/^\w+ /, '')];
  return /GroupStreamConnections?$/.test(operation) ? [...held, password] : held;
}

/** All secrets in all spellings that they may have in an answer, as one text. */
const said = (secrets: string[]): string => secrets.flatMap((secret) => spellings(secret).slice(0, -1)).join(' and ');

/** The answer with secrets in every field that is a text for people, and in additional fields. */
const poisoned =
  (cloud: Cloud, status: number, kind: Kind = 'api-key') =>
  (call: Call): Answer => {
    const text = said(secretsHeld(cloud, kind, call));
    const body = {
      error: text,
      errorCode: text,
      detail: text,
      reason: text,
      error_description: text,
      parameters: [text],
    };
    return {
      status,
      headers: { 'content-type': 'application/json', 'x-request-id': 'a1' },
      body: JSON.stringify(body),
    };
  };

/** A successful answer in which these fields hold something else. */
const altered =
  (fields: Record<string, unknown>) =>
  async (_: Call, next: () => Promise<Answer>): Promise<Answer> => {
    const answer = await next();
    const alter = (_key: string, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? {
            ...value,
            ...Object.fromEntries(Object.entries(fields).filter(([field]) => field in value || 'state' in value)),
          }
        : value;
    return { ...answer, body: JSON.stringify(JSON.parse(answer.body || '{}', alter)) };
  };

/** Could be the name of a state, a resource, a Region or an error code. */
const word = 'HUNTER2_PASSWORD';

/** An answer in which every text is the password. */
const repeating: Record<string, (call: Call, next: () => Promise<Answer>) => Promise<Answer>> = {
  'every field': async (_, next) => {
    const fields = {
      name: word,
      type: word,
      state: word,
      bootstrapServers: `${word}:1`,
      id: word,
      config: { [word]: 1 },
    };
    const answer = await next();
    const inEachText = (_key: string, value: unknown) => (typeof value === 'string' ? word : value);
    return { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body || '{}', inEachText), ...fields }) };
  },
  'the name, state and brokers': altered({ name: word, state: 'FAILED', bootstrapServers: word }),
  'the type': altered({ type: word }),
  'the networking': altered({ networking: { access: { type: word, connectionId: word } } }),
  'a refusal': async () => ({
    status: 400,
    body: JSON.stringify({ errorCode: word, detail: `No, ${word}.`, reason: word }),
  }),
  'a refusal with a known code': async () => ({
    status: 409,
    body: JSON.stringify({ errorCode: 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING', detail: word }),
  }),
  'HTTP 500': async () => ({ status: 500, body: JSON.stringify({ errorCode: word, reason: word }) }),
};

async function assertNothingLeaks(cloud: Cloud, used = password): Promise<void> {
  const places = {
    history: cloud.executions.map(({ history }) => history),
    registry: await cloud.registry.all(),
    messages: await cloud.messages(),
    'tags, policy, links and connections': takeSnapshot(cloud),
    'requests to AWS': cloud.recorder.exchanges
      // PutSecretValue shares the access token.
      .filter(({ service, operation }) => service !== 'atlas' && operation !== 'PutSecretValue')
      .map((it) => it.requestBody),
  };
  for (const [place, content] of Object.entries({ ...places, logs: [...cloud.lambda.logs] }))
    for (const secret of [used, ...secretsOf(cloud)])
      for (const spelling of spellings(secret))
        assert.ok(!JSON.stringify(content).includes(spelling), `a secret is in ${place}: ${spelling}`);
}

suite('a hostile Atlas makes no function tell a secret:', () => {
  const operations: [operation: string, kind: Kind, status: number, error: RegExp][] = [
    ['createToken', 'service-account', 400, /^AtlasCredentialsRefused$/],
    ['getGroupStreamWorkspace', 'service-account', 403, /^AtlasRefused$/],
    ['createGroupStreamPrivateLinkConnection', 'api-key', 429, /^AtlasThrottled$/],
    ['createGroupStreamConnection', 'api-key', 400, /^AtlasRefused$/],
    ['createGroupStreamConnection', 'service-account', 500, /^AtlasUnavailable$/],
  ];
  for (const [operation, atlasCredentials, status, error] of operations)
    test(`${operation} is answered with HTTP ${status} that repeats every secret (${atlasCredentials})`, async () => {
      const cloud = await start({ atlasCredentials });
      cloud.intercept = faultAt(operation, poisoned(cloud, status, atlasCredentials), always);
      const run = await connectByTag(cloud);
      assert.equal(run.endState, 'SetupFailed');
      assert.match(run.error ?? '', error);
      assert.match(run.cause ?? '', /HTTP \d{3}|throttles|no further/);
      await assertNothingLeaks(cloud);
    });

  test('every state, id and message of links and connections is a secret', async () => {
    const cloud = await start();
    const text = said([password, ...secretsOf(cloud)]).slice(0, 900);
    const fields = { state: text, errorMessage: text, id: text, authenticationScheme: 'SASL_SCRAM' };
    cloud.intercept = async (call, next) =>
      call.service === 'atlas' && call.operation !== 'createToken' ? altered(fields)(call, next) : next();
    assertFailed(await connectByTag(cloud), 'WaitTimedOut', /is still UNKNOWN/);
    await assertNothingLeaks(cloud);
  });

  test('the link fails for a reason that is a secret', async () => {
    const cloud = await start();
    const { privateKey = '' } = { privateKey: cloud.world.secretValues[2] };
    const fields = { state: 'FAILED', errorMessage: `No, ${privateKey}.` };
    cloud.intercept = faultAt('getGroupStreamPrivateLinkConnection', altered(fields), always);
    assertFailed(await connectByTag(cloud), 'PrivateLinkFailed', /: "No, \*\*\*"\. .*\nDo this/s);
    await assertNothingLeaks(cloud);
  });

  test('the connection that it has created has a password as its state, name and type', async () => {
    const cloud = await start();
    const fields = { state: password, type: password, id: password, name: password };
    cloud.intercept = faultAt('createGroupStreamConnection', altered(fields), always);
    await connectByTag(cloud);
    await assertNothingLeaks(cloud);
  });

  for (const [what, answer] of Object.entries(repeating))
    test(`each answer after the password was sent repeats it, in ${what}`, async () => {
      const cloud = await start({
        scramSecrets: [{ secretString: JSON.stringify({ username: 'atlas', password: word }) }],
      });
      let isSent = false;
      cloud.intercept = async (call, next) => {
        isSent ||= call.operation === 'createGroupStreamConnection';
        return isSent && /GroupStreamConnections?$/.test(call.operation) ? answer(call, next) : next();
      };
      await connectByTag(cloud);
      await disconnectByTag(cloud);
      await assertNothingLeaks(cloud, word);
    });

  test('AWS repeats the password after it was read', async () => {
    const cloud = await start();
    cloud.intercept = async (call, next) =>
      call.operation === 'UpdateItem' && call.body.includes('secretVersionId')
        ? dynamoDbError('ValidationException', said([password])).answer
        : next();
    const run = await connectByTag(cloud);
    assert.equal(run.endState, 'SetupFailed', run.cause);
    assert.match(run.cause ?? '', /\*\*\*/);
    await assertNothingLeaks(cloud);
  });

  test('the disconnect is refused with the credentials', async () => {
    const cloud = await start();
    await connectByTag(cloud);
    cloud.intercept = faultAt('deleteGroupStreamConnection', poisoned(cloud, 400), always);
    assert.equal((await disconnectByTag(cloud)).error, 'AtlasRefused');
    await assertNothingLeaks(cloud);
  });
});

suite('a hostile Atlas cannot overflow a function or a state:', () => {
  const long = 'x'.repeat(300_000);
  const pages = async (_: Call, next: () => Promise<Answer>): Promise<Answer> => {
    const answer = await next();
    const link = { _id: 'a'.repeat(24), arn: 'arn:aws:kafka:elsewhere', state: 'DONE' };
    return { ...answer, body: JSON.stringify({ results: [link], totalCount: 1e9 }) };
  };
  const answers: [
    what: string,
    operation: string,
    fault: Parameters<typeof faultAt>[1],
    error: string,
    says: RegExp,
  ][] = [
    [
      'a state of 300 kB',
      'getGroupStreamPrivateLinkConnection',
      altered({ state: long }),
      'AtlasUnavailable',
      /\(state is longer than 1,000 characters\)/,
    ],
    [
      'a state of 300 kB in a connection',
      'getGroupStreamConnection',
      altered({ state: long }),
      'AtlasUnavailable',
      /\(state is longer than 1,000 characters\)/,
    ],
    [
      'a reason of 300 kB',
      'getGroupStreamPrivateLinkConnection',
      altered({ state: 'FAILED', errorMessage: long }),
      'PrivateLinkFailed',
      /: "x{1000}…"/,
    ],
    [
      'an answer of 2 MB',
      'getGroupStreamWorkspace',
      altered({ name: 'x'.repeat(2_000_000) }),
      'AtlasUnavailable',
      /is longer than 1 MB/,
    ],
    [
      'a refusal of 2 MB',
      'createGroupStreamConnection',
      () => ({ status: 400, body: 'x'.repeat(2_000_000) }),
      'AtlasUnavailable',
      /is longer than 1 MB/,
    ],
    [
      'a refusal with a detail of 300 kB',
      'createGroupStreamConnection',
      () => ({ status: 400, body: JSON.stringify({ errorCode: 'NO', detail: long }) }),
      'AtlasRefused',
      /NO: "x{1000}…"/,
    ],
    ['endless pages', 'listGroupStreamPrivateLinkConnections', pages, 'AtlasUnavailable', /has more than 100 pages/],
    [
      'a principal that is everyone',
      'getGroupStreamAccountDetails',
      altered({ awsAccountId: '*' }),
      'AtlasUnavailable',
      /cannot be read \(awsAccountId\)/,
    ],
    [
      'a principal that is an ARN',
      'getGroupStreamAccountDetails',
      altered({ awsAccountId: 'arn:aws:iam::111122223333:root' }),
      'AtlasUnavailable',
      /cannot be read \(awsAccountId\)/,
    ],
  ];
  for (const [what, operation, fault, error, says] of answers)
    test(`${what} (${operation}) ends in a clear error`, async () => {
      const cloud = await cloudWith({ cluster: isOn });
      cloud.intercept = faultAt(operation, fault, always);
      const run: Ended = await connectByTag(cloud);
      assertFailed(run, error, says);
      assert.ok((run.cause ?? '').length < 5_000, 'a person can read it');
    });
});
