import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { GetBootstrapBrokersCommand } from '@aws-sdk/client-kafka';
import { createConnection } from '../../functions/create-connection/create-connection.ts';
import type { Login } from '../../shared/login.ts';
import type { Result } from '../../shared/outcomes.ts';
import {
  type Answer,
  apiError,
  atlasClient,
  bootstrapServers,
  connection,
  cut,
  fakeAtlas,
  list,
  ok,
  privateLinkId,
  processor,
  reset,
} from '../fixtures/atlas.ts';
import { awsError, fakeMsk } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import {
  byRole,
  clusterArn,
  deadline,
  later,
  login,
  network,
  networkWords,
  request,
  roleArn,
  secretArn,
  taskInput,
  wait,
} from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';

const [get, post, patch] = [
  'GET /streams/connections/orders',
  'POST /streams/connections',
  'PATCH /streams/connections/orders',
];
const absent = apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME');
const pending = ok(connection({ state: 'PENDING' }));

const connectionId = connection().id;
/** When Atlas created the connection of the fixtures, by its id, and an answer some seconds before or after. */
const createdAt = Number.parseInt(connectionId.slice(0, 8), 16) * 1000;
const iso = (seconds: number) => new Date(createdAt + seconds * 1000).toISOString();
const dated = (seconds: number) => ({ date: new Date(createdAt + seconds * 1000).toUTCString() });
const absentAt = (seconds: number) => apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME', 'No.', dated(seconds));

/** What the registry says about a connection that we have created. */
const ours = { id: connectionId, ownership: 'created', attemptedAt: iso(-2) };

interface Situation {
  /** Of this state's earlier visit. */
  earlier?: { deadline: string; result: Result; rewrites: number };
  /** The connection in the registry: ours, if nothing else is said; null if there is none. */
  recorded?: object | null;
  holder?: string;
  claim?: boolean;
  routes?: Record<string, Answer | Answer[]>;
  config?: Record<string, string> | null;
  mechanism?: 'SCRAM-512' | 'PLAIN';
  /** Given instead of a mechanism with the secret. */
  login?: Login;
  secret?: string;
  secretVersion?: string | null;
  /** The secret in the registry, with the version. */
  sent?: { secretArn: string; secretVersionId: string } | { roleArn: string };
  brokers?: object;
  /** The last proof that data can flow, in the registry. */
  proof?: object;
}

async function creator(t: TestContext, { routes = {}, config = null, mechanism = 'SCRAM-512', ...rest }: Situation) {
  const { secretVersion = 'version-1', earlier, recorded = ours, sent, proof, holder, claim = false } = rest;
  const { secret = '{"username":"atlas","password":"hunter2"}' } = rest;
  const { brokers = { BootstrapBrokerStringVpcConnectivitySaslScram: bootstrapServers } } = rest;
  const { client, msk } = fakeMsk();
  msk.on(GetBootstrapBrokersCommand, { ClusterArn: clusterArn }).resolves(brokers);
  const { secrets } = fakeSecretsManager({ [secretArn]: secret });
  const { url, calls, requests } = await fakeAtlas(t, routes);
  const attributes = {
    ...(recorded && { connection: recorded }),
    ...(secretVersion && { secretVersionId: secretVersion }),
    ...sent,
    ...(proof && { proof }),
  };
  const { registry, record } = await heldRegistry(t, attributes, holder);
  const input = taskInput({
    request: request({ config, claim }),
    plan: { login: rest.login ?? { mechanism, secretArn } },
    privateLink: { id: privateLinkId },
    ...network,
    ...(earlier && { connection: earlier }),
  });
  const run = async () => {
    // Each attempt has a client of its own, as each invocation of the function has.
    const deps = { msk: client, registry, secrets, atlas: atlasClient(url), wait };
    const result = await createConnection(input, deps).catch((error: Error) => error);
    assert.doesNotMatch(JSON.stringify(await record()), /hunter2/);
    // Whatever happens, only the request to Atlas holds the password.
    assert.doesNotMatch(inspect(result, { depth: 9, showHidden: true }), /hunter2/);
    if (result instanceof Error) throw result;
    const { pollSeconds, ...rest } = result;
    assert.ok(pollSeconds >= 20 && pollSeconds <= 40);
    return rest;
  };
  return { run, calls, requests, msk, record };
}

const unchanged = {
  id: connectionId,
  name: 'orders',
  state: 'READY',
  isReady: true,
  isIncomplete: false,
  deadline,
  result: 'unchanged',
  ownership: 'created',
  bootstrapServers,
  secretVersionId: 'version-1',
  rewrites: 0,
};

const wanted = {
  name: 'orders',
  type: 'Kafka',
  bootstrapServers,
  authentication: { mechanism: 'SCRAM-512', username: 'atlas', password: 'hunter2' },
  security: { protocol: 'SASL_SSL' },
};
const networking = { access: { type: 'PRIVATE_LINK', connectionId: privateLinkId } };

describe('CreateConnection by AWS_MSK_IAM', () => {
  const byIam = { mechanism: 'AWS_MSK_IAM', aws: { roleArn } };
  const servers = bootstrapServers.replaceAll('.scram.', '.iam.');
  const situation = {
    login: byRole,
    brokers: { BootstrapBrokerStringVpcConnectivitySaslIam: servers },
    secret: 'not read',
    secretVersion: null,
  };
  const existing = (roleOfConnection = roleArn) =>
    ok(
      connection({
        bootstrapServers: servers,
        authentication: { mechanism: 'AWS_MSK_IAM', aws: { roleArn: roleOfConnection } },
      }),
    );

  it('sends the role and neither user nor password, and records the role', async (t) => {
    const { run, requests, record } = await creator(t, {
      ...situation,
      routes: { [get]: absent, [post]: pending },
      recorded: null,
    });
    assert.equal((await run()).secretVersionId, '');
    assert.deepEqual(requests[1]?.body, { ...wanted, bootstrapServers: servers, authentication: byIam, networking });
    const { roleArn: recordedRole, secretArn, secretVersionId } = await record();
    assert.deepEqual([recordedRole, secretArn, secretVersionId], [roleArn, undefined, undefined]);
  });

  for (const [code, words] of [
    ['CLOUD_PROVIDER_ACCESS_ROLE_NOT_FOUND', 'No such role.'],
    ['VALIDATION_ERROR', `IAM role ARN not found: ${roleArn}.`],
  ] as const)
    it(`says how to register the role that Atlas refuses with ${code}, and has created nothing`, async (t) => {
      const routes = { [get]: absent, [post]: apiError(400, code, words) };
      const { run, record } = await creator(t, { ...situation, routes, recorded: null });
      await assert.rejects(run(), ({ name, message }: Error) => {
        assert.equal(name, 'PrerequisitesNotMet');
        assert.ok(message.includes(words), message);
        assert.match(message, /\n {5}atlas cloudProviders accessRoles aws create --projectId /);
        assert.ok(message.endsWith(`--iamAssumedRoleArn ${roleArn}`), message);
        return true;
      });
      assert.equal((await record()).connection, undefined);
    });

  it('leaves an equal connection unchanged, and records its role', async (t) => {
    const { run, calls, record } = await creator(t, { ...situation, routes: { [get]: existing() } });
    assert.equal((await run()).result, 'unchanged');
    assert.deepEqual(calls(), [get]);
    assert.equal((await record()).roleArn, roleArn);
  });

  it('updates a connection of ours that logs in as another role', async (t) => {
    const routes = { [get]: existing(`${roleArn}2`), [patch]: existing() };
    const { run, requests, record } = await creator(t, { ...situation, sent: { roleArn: `${roleArn}2` }, routes });
    const { result, note } = await run();
    assert.deepEqual([result, note], ['updated', 'role']);
    const body = requests[1]?.body as { authentication?: object } | undefined;
    assert.deepEqual(body?.authentication, byIam);
    assert.equal((await record()).roleArn, roleArn);
  });

  it('keeps an adopted connection, and promises no password', async (t) => {
    const adopted = { id: connectionId, ownership: 'adopted' as const };
    const { run } = await creator(t, { ...situation, recorded: adopted, routes: { [get]: existing(`${roleArn}2`) } });
    const { result, note } = await run();
    assert.equal(result, 'adopted');
    assert.match(note ?? '', /runs never change its role\. To/);
  });
});

describe('CreateConnection', () => {
  it('keeps the deadline of an earlier visit', async (t) => {
    const { run } = await creator(t, {
      routes: { [get]: pending },
      earlier: { deadline: later, result: 'unchanged', rewrites: 0 },
    });
    assert.equal((await run()).deadline, later);
  });

  it('creates the connection over the private link, with the private bootstrap servers as MSK spells them', async (t) => {
    const { run, calls, requests } = await creator(t, { routes: { [get]: absent, [post]: pending } });
    assert.deepEqual(await run(), { ...unchanged, state: 'PENDING', isReady: false, result: 'created' });
    assert.deepEqual(calls(), [get, post]);
    assert.deepEqual(requests[1]?.body, { ...wanted, networking });
  });

  it('sends mechanism and config', async (t) => {
    const config = { 'auto.offset.reset': 'earliest' };
    const routes = { [get]: absent, [post]: pending };
    const { run, requests } = await creator(t, { routes, config, mechanism: 'PLAIN' });
    await run();
    const authentication = { ...wanted.authentication, mechanism: 'PLAIN' };
    assert.deepEqual(requests[1]?.body, { ...wanted, authentication, networking, config });
  });

  it('leaves an equal connection unchanged', async (t) => {
    const shuffled = bootstrapServers.split(',').reverse().join(',');
    const { run, calls } = await creator(t, { routes: { [get]: ok(connection({ bootstrapServers: shuffled })) } });
    assert.deepEqual(await run(), unchanged);
    assert.deepEqual(calls(), [get]);
  });

  it('updates a connection that differs, without its networking', async (t) => {
    const other = ok(connection({ authentication: { mechanism: 'SCRAM-512', username: 'other' } }));
    const { run, calls, requests } = await creator(t, { routes: { [get]: other, [patch]: pending } });
    assert.deepEqual(await run(), { ...unchanged, state: 'PENDING', isReady: false, result: 'updated', note: 'user' });
    assert.deepEqual(calls(), [get, patch]);
    assert.deepEqual(requests[1]?.body, wanted);
  });

  it('forgets the proof that data can flow before an update, whose answer may be lost', async (t) => {
    const other = ok(connection({ authentication: { mechanism: 'SCRAM-512', username: 'other' } }));
    const proof = {
      topic: 'orders',
      connectionId,
      secretVersionId: 'version-1',
      at: later,
      result: 'read',
      detail: '',
    };
    const { run, record } = await creator(t, { proof, routes: { [get]: other, [patch]: reset } });
    assert.ok((await record()).proof);
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.equal((await record()).proof, undefined);
  });

  it('keeps the proof that data can flow if nothing differs', async (t) => {
    const proof = {
      topic: 'orders',
      connectionId,
      secretVersionId: 'version-1',
      at: later,
      result: 'read',
      detail: '',
    };
    const { run, record } = await creator(t, { proof, routes: { [get]: ok(connection()) } });
    await run();
    assert.ok((await record()).proof);
  });

  const foreign: [what: string, overrides: Record<string, unknown>, reason: RegExp][] = [
    ['that has another type', { type: 'Cluster' }, /of type Cluster, not Kafka/],
    [
      'that has other networking',
      { networking: { access: { type: 'PUBLIC' } } },
      /PUBLIC networking, not PRIVATE_LINK/,
    ],
    [
      'that uses another private link',
      { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } },
      /through private link f{24}, which is not the one to this cluster/,
    ],
  ];
  for (const [what, overrides, reason] of foreign)
    it(`refuses a connection of the same name ${what}, with the reason`, async (t) => {
      const { run, calls } = await creator(t, { routes: { [get]: ok(connection(overrides)) } });
      await assert.rejects(run(), (error: Error) => {
        assert.equal(error.name, 'ConnectionRefused');
        assert.match(error.message, reason);
        assert.match(error.message, /Atlas cannot change that\. Choose another connectionName, or delete/);
        return true;
      });
      assert.deepEqual(calls(), [get]);
    });

  it('ends the run if Atlas refuses an update, with the reason', async (t) => {
    const other = ok(connection({ security: { protocol: 'SSL' } }));
    const refusal = apiError(400, 'STREAM_KAFKA_CONNECTION_INVALID', 'Not so.');
    const { run } = await creator(t, { routes: { [get]: other, [patch]: refusal } });
    await assert.rejects(run(), { name: 'AtlasRefused', message: /STREAM_KAFKA_CONNECTION_INVALID: "Not so\."/ });
  });

  it('lets the machine retry while Atlas is busy with the connection', async (t) => {
    const other = ok(connection({ security: { protocol: 'SSL' } }));
    const busy = apiError(409, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING', 'Wait.');
    const { run } = await creator(t, { routes: { [get]: other, [patch]: [busy, pending] } });
    await assert.rejects(run(), {
      name: 'AtlasUnavailable',
      message: /^Atlas is busy with connection "orders"\..*STREAM_KAFKA_CONNECTION_IS_DEPLOYING: "Wait\."/,
    });
    assert.equal((await run()).result, 'updated');
  });

  it('names the stream processors that prevent an update', async (t) => {
    const processor = { name: 'to-atlas', state: 'STARTED', pipeline: [{ $source: { connectionName: 'orders' } }] };
    const routes = {
      [get]: ok(connection({ security: { protocol: 'SSL' } })),
      [patch]: apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'),
      'GET /streams/processors': list([processor]),
    };
    const { run } = await creator(t, { routes });
    await assert.rejects(run(), { name: 'ConnectionInUse', message: /stream processor "to-atlas"/ });
  });

  it('lets the machine retry if Atlas does not show an existing connection yet', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: absent, [post]: apiError(409, 'DUPLICATE') } });
    await assert.rejects(run(), { name: 'AtlasUnavailable', message: /"orders".* does not show it yet/ });
    assert.deepEqual(calls(), [get, post, get]);
  });

  it('creates nothing if Atlas refuses to say whether the connection exists', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: apiError(403, 'USER_UNAUTHORIZED') } });
    await assert.rejects(run(), { name: 'AtlasCredentialsRefused', status: 403 });
    assert.deepEqual(calls(), [get]);
    const hidden = await creator(t, { routes: { [get]: apiError(404, 'GROUP_NOT_FOUND') } });
    await assert.rejects(hidden.run(), { name: 'AtlasRefused', message: /GROUP_NOT_FOUND/ });
    assert.deepEqual(hidden.calls(), [get]);
  });

  it('sends everything again to a FAILED connection, whose password may be old', async (t) => {
    const failed = ok(connection({ state: 'FAILED' }));
    const { run, calls } = await creator(t, { routes: { [get]: failed, [patch]: failed } });
    // CheckConnection finds out whether that has repaired it.
    assert.deepEqual(await run(), {
      ...unchanged,
      state: 'FAILED',
      isReady: false,
      result: 'updated',
      note: 'sent again',
    });
    assert.deepEqual(calls(), [get, patch]);
  });

  it('ends the run if a connection that differs is being deleted, and does not update it', async (t) => {
    const deleting = connection({ state: 'DELETING', authentication: { mechanism: 'PLAIN', username: 'atlas' } });
    const { run, calls } = await creator(t, { routes: { [get]: ok(deleting) } });
    await assert.rejects(run(), { name: 'ConnectionFailed', message: /is being deleted/ });
    assert.deepEqual(calls(), [get]);
  });

  it('ends the run if Atlas refuses, without the password that Atlas repeats', async (t) => {
    const refusal = apiError(400, 'VALIDATION_ERROR', 'authentication.password "hunter2" is too short');
    const { run } = await creator(t, { routes: { [get]: absent, [post]: refusal } });
    await assert.rejects(run(), { name: 'AtlasRefused', message: /authentication\.password '\*\*\*' is too short/ });
  });

  for (const secret of ['hunter2', '{"username":"atlas","password":["hunter2"]}', '{"user":"x","password":"hunter2"}'])
    it(`ends the run if the secret has become ${secret}`, async (t) => {
      const { run, calls } = await creator(t, { secret });
      await assert.rejects(run(), { name: 'PrerequisitesNotMet', message: /it must be JSON such as/ });
      assert.deepEqual(calls(), []);
    });

  it('lets the machine retry while MSK does not show the private bootstrap servers, and uses no others', async (t) => {
    const brokers = {
      BootstrapBrokerStringSaslScram: bootstrapServers,
      BootstrapBrokerStringVpcConnectivityTls: 'b-1:1',
    };
    const { run, calls } = await creator(t, { brokers });
    await assert.rejects(run(), { name: 'AwsUnavailable', message: /does not show the private SASL\/SCRAM bootstrap/ });
    assert.deepEqual(calls(), []);
  });

  it('lets the machine retry while MSK is busy with the cluster', async (t) => {
    const { run, msk } = await creator(t, {});
    msk.on(GetBootstrapBrokersCommand).rejects(awsError('ConflictException', 409));
    await assert.rejects(run(), { name: 'AwsUnavailable' });
  });
});

describe('CreateConnection, after the SCRAM secret has rotated,', () => {
  const equal = ok(connection());

  it('sends Atlas the new password even if nothing else differs', async (t) => {
    const { run, calls, requests } = await creator(t, {
      routes: { [get]: equal, [patch]: ok(connection()) },
      secretVersion: 'version-0',
    });
    assert.deepEqual(await run(), {
      ...unchanged,
      isReady: false,
      result: 'updated',
      note: 'password',
      secretVersionId: 'version-1',
    });
    assert.deepEqual(calls(), [get, patch]);
    assert.deepEqual(requests[1]?.body, wanted);
  });

  it('leaves an equal connection unchanged if Atlas has the current version', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: equal }, secretVersion: 'version-1' });
    assert.deepEqual(await run(), unchanged);
    assert.deepEqual(calls(), [get]);
  });

  it('sends the password if no version is recorded', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: equal, [patch]: equal }, secretVersion: null });
    assert.deepEqual(await run(), { ...unchanged, isReady: false, result: 'updated', note: 'password' });
    assert.deepEqual(calls(), [get, patch]);
  });

  it('does not fail over a stream processor if the old password is only suspected, and claims no version', async (t) => {
    const inUse = apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS');
    const { run } = await creator(t, { routes: { [get]: equal, [patch]: inUse }, secretVersion: null });
    assert.deepEqual(await run(), { ...unchanged, secretVersionId: '' });
  });

  it('claims a new version only after Atlas has accepted it, and sends it again until then', async (t) => {
    const routes = { [get]: equal, [patch]: [reset, apiError(500, 'UNEXPECTED_ERROR'), ok(connection())] };
    const { run, calls } = await creator(t, { routes, secretVersion: 'version-0' });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.equal((await run()).secretVersionId, 'version-1');
    assert.deepEqual(calls(), [get, patch, get, patch, get, patch]);
  });

  it('waits for the connection if Atlas deploys it again', async (t) => {
    const { run } = await creator(t, { routes: { [get]: equal, [patch]: pending }, secretVersion: 'version-0' });
    assert.deepEqual(await run(), {
      ...unchanged,
      state: 'PENDING',
      isReady: false,
      result: 'updated',
      note: 'password',
    });
  });

  it('sends the new password to a FAILED connection, which may have failed because of the old one', async (t) => {
    const routes = { [get]: ok(connection({ state: 'FAILED' })), [patch]: pending };
    const { run } = await creator(t, { routes, secretVersion: 'version-0' });
    assert.equal((await run()).result, 'updated');
  });

  it('names the stream processors that prevent a new password', async (t) => {
    const routes = {
      [get]: equal,
      [patch]: apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'),
      'GET /streams/processors': list([processor('reader')]),
    };
    const { run } = await creator(t, { routes, secretVersion: 'version-0' });
    await assert.rejects(run(), { name: 'ConnectionInUse', message: /in use by stream processor "reader"/ });
  });

  it('sends nothing to a connection that is not ours', async (t) => {
    const routes = { [get]: ok(connection({ networking: { access: { type: 'PUBLIC' } } })) };
    const { run, calls } = await creator(t, { routes, secretVersion: 'version-0' });
    await assert.rejects(run(), { name: 'ConnectionRefused' });
    assert.deepEqual(calls(), [get]);
  });
});

describe('CreateConnection and the registry:', () => {
  const equal = ok(connection());
  const attempt = { attemptedAt: iso(-2) };

  it('an execution that has lost its claim creates and changes nothing', async (t) => {
    for (const found of [absent, ok(connection({ security: { protocol: 'SSL' } }))]) {
      const { run, calls } = await creator(t, { routes: { [get]: found, [post]: pending }, holder: takenOverBy });
      await assert.rejects(run(), { name: 'ClaimLost' });
      assert.deepEqual(calls(), []);
    }
  });

  it('an execution that loses its claim after it has read the connection does not update it', async (t) => {
    const { registry, put } = await heldRegistry(t, { connection: ours });
    const { client, msk } = fakeMsk();
    msk.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringVpcConnectivitySaslScram: bootstrapServers });
    const takeOver: Answer = async (response, sent) => {
      await put({ clusterArn, holder: takenOverBy, connection: ours });
      equal(response, sent);
    };
    const { atlas, calls } = await fakeAtlas(t, { [get]: takeOver });
    const { secrets } = fakeSecretsManager({ [secretArn]: '{"username":"atlas","password":"hunter2"}' });
    const run = { request: request(), plan: { login }, privateLink: { id: privateLinkId }, ...network };
    const input = taskInput(run);
    await assert.rejects(createConnection(input, { msk: client, registry, secrets, atlas, wait }), {
      name: 'ClaimLost',
    });
    assert.deepEqual(calls(), [get]);
  });

  it("the attempt is recorded before the request, by Atlas's clock, and the connection after the answer", async (t) => {
    const before: unknown[] = [];
    const answer: Answer = async (response, sent) => {
      before.push(await record());
      pending(response, sent);
    };
    const routes = { [get]: absentAt(-2), [post]: answer };
    const { run, record } = await creator(t, { routes, recorded: null, secretVersion: null });
    await run();
    const sent = { secretArn, secretVersionId: 'version-1' };
    assert.deepEqual(before, [{ connection: attempt, ...sent }]);
    assert.deepEqual(await record(), { connection: { id: connectionId, ownership: 'created', ...attempt }, ...sent });
  });

  for (const [what, lost] of [
    ['no answer', reset],
    ['half an answer', cut],
    ['HTTP 500', apiError(500, 'UNEXPECTED_ERROR')],
  ] as const)
    it(`a connection whose creation got ${what} is found by its time, and is ours with its password`, async (t) => {
      const routes = { [get]: [absentAt(-2), pending], [post]: lost };
      const { run, calls, record } = await creator(t, { routes, recorded: null, secretVersion: null });
      await assert.rejects(run(), { name: 'AtlasUnavailable' });
      assert.deepEqual(await run(), { ...unchanged, state: 'PENDING', isReady: false, result: 'created' });
      assert.deepEqual(calls(), [get, post, get]);
      assert.deepEqual((await record()).connection, { id: connectionId, ownership: 'created', ...attempt });
    });

  it('a connection that was created outside an unclear attempt is used as it is, and is not ours', async (t) => {
    const recorded = { attemptedAt: iso(-3600) };
    const { run, calls, record } = await creator(t, { routes: { [get]: equal }, recorded });
    const { result, ownership } = await run();
    assert.deepEqual([result, ownership, calls()], ['adopted', 'unknown', [get]]);
    assert.deepEqual(await record(), { connection: { id: connectionId, ownership: 'unknown', ...recorded } });
  });

  for (const [status, errorCode] of [
    [409, 'DUPLICATE'],
    [400, 'STREAM_CONNECTION_ALREADY_EXISTS'],
  ] as const)
    it(`a connection that another party was quicker to create is adopted: ${status} ${errorCode}`, async (t) => {
      const routes = { [get]: [absentAt(-2), pending], [post]: apiError(status, errorCode) };
      const { run, calls, record } = await creator(t, { routes, recorded: null, secretVersion: null });
      const { result, ownership } = await run();
      assert.deepEqual([result, ownership, calls()], ['adopted', 'adopted', [get, post, get]]);
      assert.deepEqual(await record(), { connection: { id: connectionId, ownership: 'adopted' } });
    });

  it('a refusal leaves no attempt: a connection that a person makes after it is not ours', async (t) => {
    const routes = { [get]: [absentAt(-2), equal], [post]: apiError(400, 'VALIDATION_ERROR') };
    const { run, record } = await creator(t, { routes, recorded: null, secretVersion: null });
    await assert.rejects(run(), { name: 'AtlasRefused' });
    assert.deepEqual(await record(), {});
    assert.equal((await run()).ownership, 'adopted');
  });

  it('a connection of an unclear attempt that Atlas shows late is still ours', async (t) => {
    const gets = [absentAt(-2), absentAt(300), absentAt(300), pending];
    const routes = { [get]: gets, [post]: [cut, apiError(409, 'DUPLICATE')] };
    const { run } = await creator(t, { routes, recorded: null, secretVersion: null });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    await assert.rejects(run(), { name: 'AtlasUnavailable', message: /does not show it yet/ });
    const { result, ownership, secretVersionId } = await run();
    assert.deepEqual([result, ownership, secretVersionId], ['created', 'created', 'version-1']);
  });

  it('a connection of ours that Atlas shows late is still ours after another attempt without a clear answer', async (t) => {
    const routes = { [get]: [absentAt(300), pending], [post]: apiError(503, 'UNAVAILABLE') };
    const { run, record } = await creator(t, { routes });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.deepEqual((await record()).connection, { id: connectionId, attemptedAt: iso(300) });
    assert.deepEqual((await run()).ownership, 'created');
    assert.deepEqual((await record()).connection, { id: connectionId, ownership: 'created', attemptedAt: iso(300) });
  });

  it('the password of the first unclear attempt counts until Atlas accepts another one', async (t) => {
    const sent = { secretArn: `${secretArn}0`, secretVersionId: 'version-0' };
    const routes = { [get]: absentAt(300), [post]: [apiError(503, 'UNAVAILABLE'), pending] };
    const { run, record } = await creator(t, { routes, recorded: attempt, sent });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    const { connection: piece, ...rest } = await record();
    assert.deepEqual([piece, rest], [{ attemptedAt: iso(300), earlierAttempts: [iso(-2)] }, sent]);
    await run();
    const { connection: _, ...after } = await record();
    assert.deepEqual(after, { secretArn, secretVersionId: 'version-1' });
  });

  it('a secret that Atlas was not sent does not replace the recorded one', async (t) => {
    const sent = { secretArn: `${secretArn}0`, secretVersionId: 'version-0' };
    for (const [route, refusal] of [
      [post, apiError(400, 'VALIDATION_ERROR')],
      [patch, apiError(400, 'VALIDATION_ERROR')],
    ] as const) {
      const routes = { [get]: route === post ? absent : equal, [route]: refusal };
      const { run, record } = await creator(t, { routes, sent });
      await assert.rejects(run(), { name: 'AtlasRefused' });
      assert.deepEqual(await record(), { connection: ours, ...sent });
    }
  });

  const adopted = { id: connectionId, ownership: 'adopted' };
  const different = { bootstrapServers: 'b-1.old:14001', authentication: { mechanism: 'PLAIN', username: 'theirs' } };
  for (const [what, overrides, note] of [
    ['is equal', {}, /^not created by this deployment: runs never change it, and send it no rotated password$/],
    [
      'differs',
      different,
      /runs never change its brokers, mechanism, user, and send it no rotated password.*"claim": true/,
    ],
  ] as const)
    it(`an adopted connection that ${what} never gets our credentials, not even after a rotation`, async (t) => {
      for (const recorded of [adopted, null])
        for (const secretVersion of [null, 'version-0']) {
          const { run, calls, record } = await creator(t, {
            routes: { [get]: ok(connection(overrides)) },
            recorded,
            secretVersion,
          });
          const { result, ownership, isReady, note: found } = await run();
          assert.deepEqual([result, ownership, isReady, calls()], ['adopted', 'adopted', true, [get]]);
          assert.match(found ?? '', note);
          assert.deepEqual((await record()).connection, adopted);
        }
    });

  it('an adopted connection that is FAILED ends the run', async (t) => {
    const { run } = await creator(t, { routes: { [get]: ok(connection({ state: 'FAILED' })) }, recorded: adopted });
    await assert.rejects(run(), { name: 'ConnectionFailed', message: networkWords });
  });

  it('a connection that replaces ours is adopted, and its password is unknown', async (t) => {
    const recorded = { ...ours, id: 'a'.repeat(24) };
    const { run, record } = await creator(t, { routes: { [get]: equal }, recorded });
    assert.equal((await run()).result, 'adopted');
    assert.equal((await record()).secretVersionId, undefined);
  });

  it('a connection that a person claims gets our credentials, and is recorded as adopted until the run has succeeded', async (t) => {
    const routes = { [get]: equal, [patch]: ok({ ...connection(), id: undefined }) };
    for (const recorded of [adopted, null]) {
      const { run, requests, record } = await creator(t, { routes, recorded, secretVersion: null, claim: true });
      const { id, result, ownership } = await run();
      assert.deepEqual([id, result, ownership], [connectionId, 'updated', 'created']);
      assert.deepEqual(requests[1]?.body, wanted);
      assert.deepEqual(await record(), { connection: adopted, secretArn, secretVersionId: 'version-1' });
    }
  });

  it('a claim of a connection that Atlas refuses to change leaves the record as it was', async (t) => {
    const routes = {
      [get]: ok(connection({ authentication: { mechanism: 'PLAIN', username: 'theirs' } })),
      [patch]: apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'),
      'GET /streams/processors': list([processor('reader')]),
    };
    const { run, record } = await creator(t, { routes, recorded: adopted, secretVersion: null, claim: true });
    await assert.rejects(run(), { name: 'ConnectionInUse' });
    assert.deepEqual(await record(), { connection: adopted });
  });

  it('the sent version is recorded only after Atlas has accepted it', async (t) => {
    const routes = { [get]: equal, [patch]: [reset, equal] };
    const { run, record } = await creator(t, { routes, secretVersion: 'version-0' });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.equal((await record()).secretVersionId, 'version-0');
    await run();
    assert.equal((await record()).secretVersionId, 'version-1');
  });

  it('a connection that is written twice in a run was created by it, and the writes are counted', async (t) => {
    const routes = { [get]: ok(connection({ bootstrapServers: 'b-1.old:14001' })), [patch]: pending };
    const { run } = await creator(t, { routes, earlier: { deadline: later, result: 'created', rewrites: 1 } });
    const { result, rewrites } = await run();
    assert.deepEqual([result, rewrites], ['created', 2]);
  });
});
