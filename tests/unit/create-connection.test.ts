import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { GetBootstrapBrokersCommand } from '@aws-sdk/client-kafka';
import { createConnection } from '../../functions/create-connection/create-connection.ts';
import {
  type Answer,
  apiError,
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
import { awsError, fakeMsk, signal } from '../fixtures/aws.ts';
import { clusterArn, later, now, projectId, secretArn, wait, workspace } from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';

const [get, post, patch] = [
  'GET /streams/connections/orders',
  'POST /streams/connections',
  'PATCH /streams/connections/orders',
];
const absent = apiError(404, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME');
const pending = ok(connection({ state: 'PENDING' }));

interface Situation {
  deadline?: string;
  sentVersion?: string;
  existedBefore?: boolean;
  routes?: Record<string, Answer | Answer[]>;
  config?: Record<string, string> | null;
  mechanism?: 'SCRAM-512' | 'PLAIN';
  secret?: string;
  secretVersion?: string | null;
  brokers?: object;
}

async function creator(t: TestContext, { routes = {}, config = null, mechanism = 'SCRAM-512', ...rest }: Situation) {
  const { secretVersion = 'version-1', deadline = '', sentVersion = '', existedBefore = true } = rest;
  const { secret = '{"username":"atlas","password":"hunter2"}' } = rest;
  const { brokers = { BootstrapBrokerStringVpcConnectivitySaslScram: bootstrapServers } } = rest;
  const { kafka, msk } = fakeMsk();
  msk.on(GetBootstrapBrokersCommand, { ClusterArn: clusterArn }).resolves(brokers);
  const { secretsManager } = fakeSecretsManager({ [secretArn]: secret });
  const { atlas, calls, requests } = await fakeAtlas(t, routes);
  const input = { projectId, workspace, connectionName: 'orders', clusterArn, mechanism, config, secretArn };
  const run = async () => {
    const timing = { secretVersion, sentVersion, existedBefore, privateLinkId, wait, deadline, now };
    const result = await createConnection({ ...input, ...timing }, { kafka, secretsManager, atlas, signal }).catch(
      (error: Error) => error,
    );
    // Whatever happens, the password is nowhere but in the request to Atlas.
    assert.doesNotMatch(inspect(result, { depth: 9, showHidden: true }), /hunter2/);
    if (result instanceof Error) throw result;
    const { pollSeconds, ...rest } = result;
    assert.ok(rest.outcome === 'unchanged' ? [20, 60].includes(pollSeconds) : pollSeconds >= 20 && pollSeconds <= 60);
    return rest;
  };
  return { run, calls, requests, msk };
}

const result = {
  name: 'orders',
  state: 'READY',
  isReady: true,
  deadline: '2026-11-23T13:30:00.000Z',
  outcome: 'unchanged',
  bootstrapServers,
  secretVersionId: 'version-1',
};

const wanted = {
  name: 'orders',
  type: 'Kafka',
  bootstrapServers,
  authentication: { mechanism: 'SCRAM-512', username: 'atlas', password: 'hunter2' },
  security: { protocol: 'SASL_SSL' },
};
const networking = { access: { type: 'PRIVATE_LINK', connectionId: privateLinkId } };

describe('CreateConnection', () => {
  it('keeps the deadline of an earlier visit of the same run', async (t) => {
    const { run } = await creator(t, { routes: { [get]: pending }, secretVersion: null, deadline: later });
    assert.equal((await run()).deadline, later);
  });

  it('creates the connection over the private link, with the private bootstrap servers as MSK spells them', async (t) => {
    const { run, calls, requests } = await creator(t, { routes: { [get]: absent, [post]: pending } });
    assert.deepEqual(await run(), { ...result, state: 'PENDING', isReady: false, outcome: 'created' });
    assert.deepEqual(calls(), [get, post]);
    assert.deepEqual(requests[1]?.body, { ...wanted, networking });
  });

  it('hands on mechanism and config', async (t) => {
    const config = { 'auto.offset.reset': 'earliest' };
    const routes = { [get]: absent, [post]: pending };
    const { run, requests } = await creator(t, { routes, config, mechanism: 'PLAIN' });
    await run();
    const authentication = { ...wanted.authentication, mechanism: 'PLAIN' };
    assert.deepEqual(requests[1]?.body, { ...wanted, authentication, networking, config });
  });

  it('leaves an equal one alone', async (t) => {
    const shuffled = bootstrapServers.split(',').reverse().join(',');
    const { run, calls } = await creator(t, { routes: { [get]: ok(connection({ bootstrapServers: shuffled })) } });
    assert.deepEqual(await run(), result);
    assert.deepEqual(calls(), [get]);
  });

  it('patches one that differs, without its networking', async (t) => {
    const other = ok(connection({ authentication: { mechanism: 'SCRAM-512', username: 'other' } }));
    const { run, calls, requests } = await creator(t, { routes: { [get]: other, [patch]: pending } });
    assert.deepEqual(await run(), { ...result, state: 'PENDING', isReady: false, outcome: 'updated' });
    assert.deepEqual(calls(), [get, patch]);
    assert.deepEqual(requests[1]?.body, wanted);
  });

  const foreign: [what: string, overrides: Record<string, unknown>, reason: RegExp][] = [
    ['of another type', { type: 'Cluster' }, /of type Cluster, not Kafka/],
    ['with other networking', { networking: { access: { type: 'PUBLIC' } } }, /PUBLIC networking, not PRIVATE_LINK/],
    [
      'through another private link',
      { networking: { access: { type: 'PRIVATE_LINK', connectionId: 'f'.repeat(24) } } },
      /through private link f{24}, which is not the one to this cluster/,
    ],
  ];
  for (const [what, overrides, reason] of foreign)
    it(`refuses one of the same name ${what}, with the reason`, async (t) => {
      const { run, calls } = await creator(t, { routes: { [get]: ok(connection(overrides)) } });
      await assert.rejects(run(), (error: Error) => {
        assert.equal(error.name, 'ConnectionRefused');
        assert.match(error.message, reason);
        assert.match(error.message, /Atlas lets nobody change that\. Choose another connectionName, or delete/);
        return true;
      });
      assert.deepEqual(calls(), [get]);
    });

  it('tells why Atlas refuses a patch', async (t) => {
    const other = ok(connection({ security: { protocol: 'SSL' } }));
    const refusal = apiError(400, 'STREAM_KAFKA_CONNECTION_INVALID', 'Not so.');
    const { run } = await creator(t, { routes: { [get]: other, [patch]: refusal } });
    await assert.rejects(run(), { name: 'AtlasRefused', message: /STREAM_KAFKA_CONNECTION_INVALID: Not so\./ });
  });

  it('comes again when Atlas is busy with the connection that is to be patched', async (t) => {
    const other = ok(connection({ security: { protocol: 'SSL' } }));
    const busy = apiError(409, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING', 'Wait.');
    const { run } = await creator(t, { routes: { [get]: other, [patch]: [busy, pending] } });
    await assert.rejects(run(), {
      name: 'AtlasUnavailable',
      message: /^Atlas is busy with connection "orders"\..*STREAM_KAFKA_CONNECTION_IS_DEPLOYING: Wait\./,
    });
    assert.equal((await run()).outcome, 'updated');
  });

  it('names the stream processors because of which Atlas refuses a patch', async (t) => {
    const processor = { name: 'to-atlas', state: 'STARTED', pipeline: [{ $source: { connectionName: 'orders' } }] };
    const routes = {
      [get]: ok(connection({ security: { protocol: 'SSL' } })),
      [patch]: apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS'),
      'GET /streams/processors': list([processor]),
    };
    const { run } = await creator(t, { routes });
    await assert.rejects(run(), { name: 'ConnectionInUse', message: /stream processor "to-atlas"/ });
  });

  for (const [status, errorCode] of [
    [409, 'DUPLICATE'],
    [400, 'STREAM_CONNECTION_ALREADY_EXISTS'],
  ] as const)
    it(`adopts one that another run has created meanwhile: ${status} ${errorCode}`, async (t) => {
      const routes = { [get]: [absent, pending], [post]: apiError(status, errorCode) };
      const { run, calls } = await creator(t, { routes, secretVersion: null });
      assert.deepEqual(await run(), { ...result, state: 'PENDING', isReady: false, secretVersionId: '' });
      assert.deepEqual(calls(), [get, post, get]);
    });

  it('comes again when Atlas has one that it does not show yet', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: absent, [post]: apiError(409, 'DUPLICATE') } });
    await assert.rejects(run(), { name: 'AtlasUnavailable', message: /"orders".* does not show it yet/ });
    assert.deepEqual(calls(), [get, post, get]);
  });

  for (const [what, lost] of [
    ['no answer', reset],
    ['half an answer', cut],
    ['HTTP 500', apiError(500, 'UNEXPECTED_ERROR')],
  ] as const)
    it(`adopts its own when it comes again after ${what}`, async (t) => {
      const { run, calls } = await creator(t, { routes: { [get]: [absent, pending], [post]: lost } });
      await assert.rejects(run(), { name: 'AtlasUnavailable' });
      assert.equal((await run()).outcome, 'unchanged');
      assert.deepEqual(calls(), [get, post, get]);
    });

  it('creates nothing when Atlas refuses to say whether there is one', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: apiError(403, 'USER_UNAUTHORIZED') } });
    await assert.rejects(run(), { name: 'AtlasRefused', status: 403 });
    assert.deepEqual(calls(), [get]);
  });

  it('sends everything once more to a connection that is FAILED: its password may be an old one', async (t) => {
    const failed = ok(connection({ state: 'FAILED' }));
    const { run, calls } = await creator(t, { routes: { [get]: failed, [patch]: failed } });
    // Whether that has mended it, CheckConnection finds out.
    assert.deepEqual(await run(), { ...result, state: 'FAILED', isReady: false, outcome: 'updated' });
    assert.deepEqual(calls(), [get, patch]);
  });

  it('ends the run when a connection that differs is being deleted, and does not update it', async (t) => {
    const going = connection({ state: 'DELETING', authentication: { mechanism: 'PLAIN', username: 'atlas' } });
    const { run, calls } = await creator(t, { routes: { [get]: ok(going) } });
    await assert.rejects(run(), { name: 'ConnectionFailed', message: /is being deleted/ });
    assert.deepEqual(calls(), [get]);
  });

  it('ends the run when Atlas refuses, without the password that it repeats', async (t) => {
    const refusal = apiError(400, 'VALIDATION_ERROR', 'authentication.password "hunter2" is too short');
    const { run } = await creator(t, { routes: { [get]: absent, [post]: refusal } });
    await assert.rejects(run(), { name: 'AtlasRefused', message: /authentication\.password "\*\*\*" is too short/ });
  });

  for (const secret of ['hunter2', '{"username":"atlas","password":["hunter2"]}', '{"user":"x","password":"hunter2"}'])
    it(`ends the run when the secret has become ${secret}`, async (t) => {
      const { run, calls } = await creator(t, { secret });
      await assert.rejects(run(), { name: 'PrerequisitesNotMet', message: /it must be JSON such as/ });
      assert.deepEqual(calls(), []);
    });

  it('comes again when MSK does not show the private bootstrap servers yet, and takes no others', async (t) => {
    const brokers = {
      BootstrapBrokerStringSaslScram: bootstrapServers,
      BootstrapBrokerStringVpcConnectivityTls: 'b-1:1',
    };
    const { run, calls } = await creator(t, { brokers });
    await assert.rejects(run(), { name: 'AwsUnavailable', message: /does not show the private SASL\/SCRAM bootstrap/ });
    assert.deepEqual(calls(), []);
  });

  it('comes again while MSK is busy with the cluster', async (t) => {
    const { run, msk } = await creator(t, {});
    msk.on(GetBootstrapBrokersCommand).rejects(awsError('ConflictException', 409));
    await assert.rejects(run(), { name: 'AwsUnavailable' });
  });
});

describe('CreateConnection, after the SCRAM secret has rotated', () => {
  const equal = ok(connection());

  it('sends Atlas the new password, although nothing else differs', async (t) => {
    const { run, calls, requests } = await creator(t, {
      routes: { [get]: equal, [patch]: ok(connection()) },
      secretVersion: 'version-0',
    });
    assert.deepEqual(await run(), {
      ...result,
      isReady: false,
      outcome: 'updated',
      secretVersionId: 'version-1',
    });
    assert.deepEqual(calls(), [get, patch]);
    assert.deepEqual(requests[1]?.body, wanted);
  });

  it('leaves an equal connection alone when the secret is of the version that Atlas was sent last', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: equal }, secretVersion: 'version-1' });
    assert.deepEqual(await run(), result);
    assert.deepEqual(calls(), [get]);
  });

  it('sends the password when nobody has recorded which version Atlas has', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: equal, [patch]: equal }, secretVersion: null });
    assert.deepEqual(await run(), { ...result, isReady: false, outcome: 'updated' });
    assert.deepEqual(calls(), [get, patch]);
  });

  it('knows which version it has sent itself, when Atlas did not show the connection at first', async (t) => {
    const { run, calls } = await creator(t, {
      routes: { [get]: pending },
      secretVersion: null,
      sentVersion: 'version-1',
    });
    const { outcome, secretVersionId } = await run();
    assert.deepEqual([outcome, secretVersionId, calls()], ['unchanged', 'version-1', [get]]);
  });

  it('knows the version of a connection that was not there before: the answer to its creation was lost', async (t) => {
    const { run, calls } = await creator(t, { routes: { [get]: pending }, secretVersion: null, existedBefore: false });
    const { outcome, secretVersionId } = await run();
    assert.deepEqual([outcome, secretVersionId, calls()], ['unchanged', 'version-1', [get]]);
  });

  it('stops no stream processor for the mere suspicion of an old password, and claims no version', async (t) => {
    const inUse = apiError(403, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS');
    const { run } = await creator(t, { routes: { [get]: equal, [patch]: inUse }, secretVersion: null });
    assert.deepEqual(await run(), { ...result, secretVersionId: '' });
  });

  it('tells no new version before Atlas has accepted it, and sends it again the next time', async (t) => {
    const routes = { [get]: equal, [patch]: [reset, apiError(500, 'UNEXPECTED_ERROR'), ok(connection())] };
    const { run, calls } = await creator(t, { routes, secretVersion: 'version-0' });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    await assert.rejects(run(), { name: 'AtlasUnavailable' });
    assert.equal((await run()).secretVersionId, 'version-1');
    assert.deepEqual(calls(), [get, patch, get, patch, get, patch]);
  });

  it('waits for the connection when Atlas deploys it anew', async (t) => {
    const { run } = await creator(t, { routes: { [get]: equal, [patch]: pending }, secretVersion: 'version-0' });
    assert.deepEqual(await run(), { ...result, state: 'PENDING', isReady: false, outcome: 'updated' });
  });

  it('sends the new password to a connection that has FAILED, perhaps over the old one', async (t) => {
    const routes = { [get]: ok(connection({ state: 'FAILED' })), [patch]: pending };
    const { run } = await creator(t, { routes, secretVersion: 'version-0' });
    assert.equal((await run()).outcome, 'updated');
  });

  it('names the stream processors that keep Atlas from changing the password', async (t) => {
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
