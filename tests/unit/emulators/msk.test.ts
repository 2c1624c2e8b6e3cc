import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  BadRequestException,
  BatchAssociateScramSecretCommand,
  BatchDisassociateScramSecretCommand,
  type ClientAuthentication,
  ConflictException,
  CreateClusterCommand,
  DeleteClusterPolicyCommand,
  DescribeClusterOperationV2Command,
  DescribeClusterV2Command,
  DescribeConfigurationRevisionCommand,
  GetBootstrapBrokersCommand,
  GetClusterPolicyCommand,
  KafkaClient,
  ListClustersV2Command,
  ListScramSecretsCommand,
  ListTagsForResourceCommand,
  NotFoundException,
  PutClusterPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateConnectivityCommand,
} from '@aws-sdk/client-kafka';
import type { Intercept } from '../../../emulators/emulator.ts';
import type { ApiCall } from '../../../emulators/event-bridge.ts';
import type { MskOptions } from '../../../emulators/msk/msk.ts';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import { startMsk } from '../../fixtures/emulators.ts';

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/0a1b2c3d-1111-2222-3333-444455556666-2';
const scramOn: ClientAuthentication = { Sasl: { Scram: { Enabled: true } } };

async function start(t: TestContext, seed: Partial<ClusterSeed> = {}, options: Partial<MskOptions> = {}) {
  const started = await startMsk(t, options);
  const cluster = started.msk.addCluster({ arn, ...seed });
  const { kafka } = started;
  const describe = async () => (await kafka.send(new DescribeClusterV2Command({ ClusterArn: arn }))).ClusterInfo;
  const update = async (VpcConnectivity = scramOn, CurrentVersion?: string) =>
    kafka.send(
      new UpdateConnectivityCommand({
        ClusterArn: arn,
        CurrentVersion: CurrentVersion ?? (await describe())?.CurrentVersion,
        ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: VpcConnectivity } },
      }),
    );
  return { ...started, cluster, describe, update };
}

function policyOf(
  accountId = '210987654321',
  actions = ['kafka:CreateVpcConnection', 'kafka:Describe*', 'kafka:Get*'],
) {
  const statement = { Sid: 'Atlas', Effect: 'Allow', Principal: { AWS: accountId }, Action: actions, Resource: arn };
  return { Version: '2012-10-17', Statement: [statement] };
}

test('an operation that the local MSK does not implement is refused by its name', async (t) => {
  const { kafka } = await start(t);
  const command = new CreateClusterCommand({} as never);
  await assert.rejects(kafka.send(command), {
    name: 'NotImplementedException',
    message: 'The local MSK does not implement CreateCluster.',
  });
});

test('an unknown cluster is refused with NotFoundException', async (t) => {
  const { kafka } = await start(t);
  await assert.rejects(kafka.send(new DescribeClusterV2Command({ ClusterArn: `${arn}0` })), (error) => {
    assert.ok(error instanceof NotFoundException);
    assert.equal(error.$metadata.httpStatusCode, 404);
    assert.equal(error.InvalidParameter, 'clusterArn');
    return true;
  });
});

test('a request without a signature, or signed for another service, is refused', async (t) => {
  const { url } = await start(t);
  const unsigned = await fetch(`${url}/api/v2/clusters`);
  assert.equal(unsigned.status, 403);
  assert.equal(unsigned.headers.get('x-amzn-errortype'), 'MissingAuthenticationTokenException');
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIA/20261123/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
  const misdirected = await fetch(`${url}/api/v2/clusters`, { headers: { authorization } });
  assert.match(await misdirected.text(), /scoped to correct service: 'kafka'/);
});

test('an unauthorized caller gets the name of the action, and the condition keys are checked', async (t) => {
  const asked: unknown[] = [];
  const authorize: MskOptions['authorize'] = (...question) => {
    asked.push(question);
    return question[1] === 'kafka:DescribeClusterV2';
  };
  const { kafka, update } = await start(t, {}, { authorize });
  await assert.rejects(kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags: { a: '1', b: '2' } })), {
    name: 'AccessDeniedException',
    message: new RegExp(`^User: AKIATEST is not authorized to perform: kafka:TagResource on resource: ${arn} `),
  });
  assert.deepEqual(asked[0], [
    'AKIATEST',
    'kafka:TagResource',
    arn,
    { tagKeys: ['a', 'b'], publicAccessEnabled: undefined },
  ]);
  await assert.rejects(kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: arn })), /on resource: \*/);
  await assert.rejects(update(), { name: 'AccessDeniedException' });
});

test('UpdateConnectivity needs the two ec2 permissions that it depends on', async (t) => {
  const authorize: MskOptions['authorize'] = (_, action) => action.startsWith('kafka:');
  const { update } = await start(t, {}, { authorize });
  await assert.rejects(update(), /perform: ec2:DescribeRouteTables/);
});

test("UpdateConnectivity needs the key of the cluster's data", async (t) => {
  for (const missing of ['kms:CreateGrant', 'kms:DescribeKey']) {
    const { update } = await start(t, {}, { authorize: (_, action) => action !== missing });
    await assert.rejects(
      update(),
      new RegExp(`perform: ${missing} on resource: arn:aws:kms:us-east-1:123456789012:key/`),
    );
  }
});

test('VPC connectivity for IAM has brokers of its own', async (t) => {
  const { kafka } = await start(t, {
    numberOfBrokerNodes: 2,
    clientAuthentication: { scram: false, iam: true, tls: false, unauthenticated: false },
    vpcConnectivity: { scram: false, iam: true, tls: false },
  });
  const brokers = await kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: arn }));
  assert.equal(brokers.BootstrapBrokerStringVpcConnectivitySaslScram, undefined);
  const domain = 'iam.orders.0a1b2c.c2.kafka.us-east-1.amazonaws.com';
  const string = brokers.BootstrapBrokerStringVpcConnectivitySaslIam ?? '';
  assert.deepEqual(string.split(',').sort(), [`b-1.${domain}:14001`, `b-2.${domain}:14002`]);
});

test('turning on VPC connectivity ends in a new version and the bootstrap string', async (t) => {
  const { kafka, clock, update, describe } = await start(t, { numberOfBrokerNodes: 2 });
  const before = await describe();
  const { ClusterOperationArn } = await update();
  const operation = async () =>
    (await kafka.send(new DescribeClusterOperationV2Command({ ClusterOperationArn }))).ClusterOperationInfo;
  const brokers = () => kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: arn }));
  assert.equal((await operation())?.OperationState, 'PENDING');
  clock.advance(44);
  assert.equal((await operation())?.OperationState, 'UPDATE_IN_PROGRESS');
  assert.equal((await describe())?.State, 'UPDATING');
  assert.equal((await describe())?.ActiveOperationArn, ClusterOperationArn);
  assert.equal((await brokers()).BootstrapBrokerStringVpcConnectivitySaslScram, undefined);
  clock.advance(1);
  const after = await describe();
  assert.equal((await operation())?.OperationState, 'UPDATE_COMPLETE');
  assert.equal(after?.State, 'ACTIVE');
  assert.match(after?.CurrentVersion ?? '', /^K[0-9A-Z]{13}$/);
  assert.notEqual(after?.CurrentVersion, before?.CurrentVersion);
  const connectivity = after?.Provisioned?.BrokerNodeGroupInfo?.ConnectivityInfo;
  assert.equal(connectivity?.VpcConnectivity?.ClientAuthentication?.Sasl?.Scram?.Enabled, true);
  const domain = 'scram.orders.0a1b2c.c2.kafka.us-east-1.amazonaws.com';
  const string = (await brokers()).BootstrapBrokerStringVpcConnectivitySaslScram ?? '';
  assert.deepEqual(string.split(',').sort(), [`b-1.${domain}:14001`, `b-2.${domain}:14002`]);
});

test('brokers have another order each time', async (t) => {
  const { kafka } = await start(t);
  const strings = new Set<string | undefined>();
  for (let i = 0; i < 3; i++) {
    const brokers = await kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: arn }));
    strings.add(brokers.BootstrapBrokerStringSaslScram);
  }
  assert.equal(strings.size, 3);
});

test('a failing update says why and changes nothing', async (t) => {
  const updateError = { ErrorCode: 'InternalFailure', ErrorString: 'Broker 2 did not come back.' };
  const { kafka, clock, update, describe } = await start(t, { updateError });
  const before = await describe();
  const { ClusterOperationArn } = await update();
  clock.advance(45);
  const { ClusterOperationInfo } = await kafka.send(new DescribeClusterOperationV2Command({ ClusterOperationArn }));
  assert.equal(ClusterOperationInfo?.OperationState, 'UPDATE_FAILED');
  assert.deepEqual(ClusterOperationInfo?.ErrorInfo, updateError);
  assert.deepEqual(await describe(), before);
});

test('UpdateConnectivity refuses a stale version, a cluster that is not ACTIVE, and an update that changes nothing', async (t) => {
  const { clock, update, describe } = await start(t);
  const version = (await describe())?.CurrentVersion;
  await update();
  await assert.rejects(update(), /The cluster is in the UPDATING state/);
  clock.advance(45);
  await assert.rejects(update(scramOn, version), (error) => {
    assert.ok(error instanceof BadRequestException);
    assert.match(error.message, /^The version of the cluster isn't current\./);
    return true;
  });
  await assert.rejects(update(), (error) => {
    assert.ok(error instanceof BadRequestException);
    assert.match(error.message, /is identical to the current value/);
    assert.equal(error.InvalidParameter, 'connectivityInfo');
    return true;
  });
});

const impossible: [string, Partial<ClusterSeed>, RegExp][] = [
  [
    'a scheme that is off',
    { clientAuthentication: { scram: false, iam: true, tls: false, unauthenticated: false } },
    /scram/,
  ],
  [
    'open clusters',
    { clientAuthentication: { scram: true, iam: false, tls: false, unauthenticated: true } },
    /unauthent/,
  ],
  ['kafka.t3.small', { instanceType: 'kafka.t3.small' }, /t3\.small/],
  ['old Kafka', { kafkaVersion: '2.6.2' }, /2\.7\.1/],
  ['serverless clusters', { clusterType: 'SERVERLESS' }, /serverless/],
];
for (const [what, seed, text] of impossible) {
  test(`UpdateConnectivity refuses ${what}`, async (t) => {
    const { update } = await start(t, seed);
    await assert.rejects(update(), text);
  });
}

test('UpdateConnectivity turns off a scheme that it leaves out', async (t) => {
  const seed = {
    clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false },
    vpcConnectivity: { scram: false, iam: true, tls: false },
  };
  const { clock, cluster, update } = await start(t, seed);
  await update();
  clock.advance(45);
  assert.deepEqual(cluster.connectivity.vpcConnectivity, { scram: true, iam: false, tls: false });
});

test('a new cluster is CREATING until it has settled, and has no bootstrap brokers', async (t) => {
  const { kafka, clock, describe } = await start(t, { state: 'CREATING', settlesAfterMinutes: 20 });
  await assert.rejects(kafka.send(new GetBootstrapBrokersCommand({ ClusterArn: arn })), ConflictException);
  clock.advance(20);
  assert.equal((await describe())?.State, 'ACTIVE');
});

test('clusters are listed by page, by the beginning of their name and by type, with their tags', async (t) => {
  const { msk, kafka } = await startMsk(t);
  for (const name of ['orders-1', 'orders-2', 'orders-3', 'payments']) msk.addCluster({ name, tags: { name } });
  msk.addCluster({ name: 'orders-serverless', clusterType: 'SERVERLESS' });
  const query = { ClusterNameFilter: 'orders', ClusterTypeFilter: 'PROVISIONED', MaxResults: 2 };
  const first = await kafka.send(new ListClustersV2Command(query));
  const second = await kafka.send(new ListClustersV2Command({ ...query, NextToken: first.NextToken }));
  const names = [first, second].map((page) => page.ClusterInfoList?.map(({ Tags }) => Tags?.name));
  assert.deepEqual(names, [['orders-1', 'orders-2'], ['orders-3']]);
  assert.equal(second.NextToken, undefined);
});

test('the first policy needs no version, and later ones need the current version', async (t) => {
  const { kafka } = await start(t);
  const get = () => kafka.send(new GetClusterPolicyCommand({ ClusterArn: arn }));
  const put = (CurrentVersion?: string, Policy = JSON.stringify(policyOf(), null, 2)) =>
    kafka.send(new PutClusterPolicyCommand({ ClusterArn: arn, Policy, CurrentVersion }));
  await assert.rejects(get(), NotFoundException);
  await assert.rejects(put('K1'), /version/);
  const first = await put();
  assert.deepEqual(await get().then(({ CurrentVersion, Policy }) => ({ CurrentVersion, Policy })), {
    CurrentVersion: first.CurrentVersion,
    Policy: JSON.stringify(policyOf()),
  });
  await assert.rejects(put(), (error) => {
    assert.ok(error instanceof BadRequestException);
    assert.equal(error.message, 'Current cluster policy version needed for Update');
    return true;
  });
  const second = await put(first.CurrentVersion);
  await assert.rejects(put(first.CurrentVersion), /version of the cluster policy isn't current/);
  assert.notEqual(second.CurrentVersion, first.CurrentVersion);
  await kafka.send(new DeleteClusterPolicyCommand({ ClusterArn: arn }));
  await assert.rejects(get(), NotFoundException);
});

test('an account id may be returned as the ARN of its root', async (t) => {
  const { kafka } = await start(t, {}, { normalisesPrincipals: true });
  await kafka.send(new PutClusterPolicyCommand({ ClusterArn: arn, Policy: JSON.stringify(policyOf()) }));
  const { Policy } = await kafka.send(new GetClusterPolicyCommand({ ClusterArn: arn }));
  assert.deepEqual(JSON.parse(Policy ?? ''), policyOf('arn:aws:iam::210987654321:root'));
});

test('an account may connect if the scheme is on and the policy allows all four actions', async (t) => {
  const vpcConnectivity = { scram: true, iam: false, tls: false };
  const iamOnly = { scram: false, iam: true, tls: false };
  const deny = { Effect: 'Deny', Principal: '*', Action: 'kafka:CreateVpcConnection', Resource: '*' };
  const answers: [boolean, Partial<ClusterSeed>][] = [
    [true, { vpcConnectivity, policy: policyOf() }],
    [true, { vpcConnectivity, policy: policyOf('arn:aws:iam::210987654321:root') }],
    [false, { vpcConnectivity }],
    [false, { policy: policyOf() }],
    [false, { vpcConnectivity, policy: policyOf('123456789012') }],
    [false, { vpcConnectivity, policy: policyOf('210987654321', ['kafka:CreateVpcConnection']) }],
    [false, { vpcConnectivity, policy: { ...policyOf(), Statement: [...policyOf().Statement, deny] } }],
  ];
  const { msk } = await startMsk(t);
  for (const [expected, seed] of answers) {
    msk.addCluster({ arn, ...seed });
    assert.equal(msk.mayConnect(arn, '210987654321', 'scram'), expected, JSON.stringify(seed));
    assert.equal(msk.mayConnect(arn, '210987654321', 'iam'), false, JSON.stringify(seed));
    msk.addCluster({ arn, ...seed, ...(seed.vpcConnectivity && { vpcConnectivity: iamOnly }) });
    assert.equal(msk.mayConnect(arn, '210987654321', 'iam'), expected, JSON.stringify(seed));
  }
});

test('secrets are associated, listed by page and disassociated', async (t) => {
  const { kafka, secrets } = await start(t);
  const kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/k1';
  const SecretArnList = ['a', 'b', 'c'].map(
    (name) => secrets.addSecret({ name: `AmazonMSK_${name}`, secretString: '{}', kmsKeyId }).arn,
  );
  const associate = new BatchAssociateScramSecretCommand({ ClusterArn: arn, SecretArnList });
  assert.deepEqual((await kafka.send(associate)).UnprocessedScramSecrets, []);
  await kafka.send(associate);
  const first = await kafka.send(new ListScramSecretsCommand({ ClusterArn: arn, MaxResults: 2 }));
  const rest = await kafka.send(
    new ListScramSecretsCommand({ ClusterArn: arn, NextToken: first.NextToken, MaxResults: 2 }),
  );
  assert.deepEqual([first.SecretArnList, rest.SecretArnList], [SecretArnList.slice(0, 2), SecretArnList.slice(2)]);
  await kafka.send(new BatchDisassociateScramSecretCommand({ ClusterArn: arn, SecretArnList: SecretArnList.slice(1) }));
  const left = await kafka.send(new ListScramSecretsCommand({ ClusterArn: arn }));
  assert.deepEqual(left.SecretArnList, SecretArnList.slice(0, 1));
});

test('a secret under the default key, by its alias, and one that is scheduled for deletion are not associated', async (t) => {
  const { kafka, secrets } = await start(t);
  const alias = secrets.addSecret({ name: 'AmazonMSK_a', secretString: '{}', kmsKeyId: 'alias/aws/secretsmanager' });
  const deleted = secrets.addSecret({ name: 'AmazonMSK_b', secretString: '{}', kmsKeyId: 'k' });
  deleted.deletedAt = new Date();
  const SecretArnList = [alias.arn, deleted.arn];
  const answer = await kafka.send(new BatchAssociateScramSecretCommand({ ClusterArn: arn, SecretArnList }));
  assert.equal(answer.UnprocessedScramSecrets?.length, 2);
});

test('secrets that MSK cannot use are returned as unprocessed, with HTTP 200', async (t) => {
  const authorize: MskOptions['authorize'] = (_, action) => action !== 'kms:CreateGrant';
  const { kafka, secrets } = await start(t, {}, { authorize });
  const badName = secrets.addSecret({ name: 'other', secretString: '{}', kmsKeyId: 'k' });
  const noKey = secrets.addSecret({ name: 'AmazonMSK_default', secretString: '{}' });
  const noGrant = secrets.addSecret({ name: 'AmazonMSK_grant', secretString: '{}', kmsKeyId: 'k' });
  const unknown = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_none-abcdef';
  const SecretArnList = [badName.arn, noKey.arn, noGrant.arn, unknown];
  const answer = await kafka.send(new BatchAssociateScramSecretCommand({ ClusterArn: arn, SecretArnList }));
  assert.deepEqual(
    answer.UnprocessedScramSecrets?.map(({ SecretArn }) => SecretArn),
    SecretArnList,
  );
  const texts = answer.UnprocessedScramSecrets?.map(({ ErrorMessage }) => ErrorMessage) ?? [];
  for (const [i, text] of [
    /prefix 'AmazonMSK_'/,
    /customer managed/,
    /CreateGrant/,
    /wasn't able to access/,
  ].entries()) {
    assert.match(texts[i] ?? '', text);
  }
  assert.deepEqual((await kafka.send(new ListScramSecretsCommand({ ClusterArn: arn }))).SecretArnList, []);
});

test('one call associates at most ten secrets', async (t) => {
  const { kafka } = await start(t);
  const command = new BatchAssociateScramSecretCommand({ ClusterArn: arn, SecretArnList: Array(11).fill('a') });
  await assert.rejects(kafka.send(command), BadRequestException);
});

test('a tag change has only the keys whose values have changed', async (t) => {
  const { kafka, changes } = await start(t, { tags: { team: 'a', env: 'prod' } });
  await kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags: { team: 'a', env: 'test', new: '' } }));
  await kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags: { team: 'a' } }));
  await kafka.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: ['env', 'none'] }));
  const reported = changes.map(({ changedTagKeys, tags, version }) => ({ changedTagKeys, tags, version }));
  assert.deepEqual(reported, [
    { changedTagKeys: ['env', 'new'], tags: { team: 'a', env: 'test', new: '' }, version: 1 },
    { changedTagKeys: ['env'], tags: { team: 'a', new: '' }, version: 2 },
  ]);
  const { Tags } = await kafka.send(new ListTagsForResourceCommand({ ResourceArn: arn }));
  assert.deepEqual(Tags, { team: 'a', new: '' });
});

test('tags that MSK does not allow are refused', async (t) => {
  const { kafka, changes } = await start(t);
  const tag = (Tags: Record<string, string>) => kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags }));
  const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key-${i}`, '']));
  const inKeysAndValues = ['aws:x', 'a:b', 'a#b', 'a,b', 'a*', 'a\tb', 'a\nb', '½', 'Ⅷ', 'x²', '(a)', "it's"];
  for (const text of inKeysAndValues) {
    await assert.rejects(tag({ [text]: '' }), BadRequestException, `key ${text}`);
    await assert.rejects(tag({ key: text }), BadRequestException, `value ${text}`);
  }
  for (const Tags of [{ a: 'x'.repeat(256) }, { ['k'.repeat(129)]: '' }, { '': 'a' }, { ...fifty, another: '' }])
    await assert.rejects(tag(Tags), BadRequestException);
  assert.deepEqual(changes, []);
  await tag(fifty);
  await tag({ 'key-1': 'é_./=+-@ 1٣'.repeat(23), 'key-2': '' });
  await kafka.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: ['key-3'] }));
  await tag({ ['k'.repeat(128)]: 'x'.repeat(255) });
});

test('a cluster is described and listed with its tags', async (t) => {
  const { kafka, describe } = await start(t, { tags: { team: 'a' } });
  assert.deepEqual((await describe())?.Tags, { team: 'a' });
  const { ClusterInfoList } = await kafka.send(new ListClustersV2Command({}));
  assert.deepEqual(
    ClusterInfoList?.map(({ Tags }) => Tags),
    [{ team: 'a' }],
  );
});

test('a deleted cluster does not exist, and a new one of the same name has another ARN', async (t) => {
  const { kafka, msk } = await start(t, { name: 'orders' });
  msk.deleteCluster(arn);
  for (const command of [
    new DescribeClusterV2Command({ ClusterArn: arn }),
    new ListTagsForResourceCommand({ ResourceArn: arn }),
    new TagResourceCommand({ ResourceArn: arn, Tags: { team: 'a' } }),
  ])
    await assert.rejects(kafka.send(command as DescribeClusterV2Command), NotFoundException);
  assert.throws(() => msk.deleteCluster(arn), /There is no cluster/);
  const { arn: newArn } = msk.createCluster({ name: 'orders' });
  assert.notEqual(newArn, arn);
  const { ClusterInfoList } = await kafka.send(new ListClustersV2Command({ ClusterNameFilter: 'orders' }));
  assert.deepEqual(
    ClusterInfoList?.map(({ ClusterArn }) => ClusterArn),
    [newArn],
  );
});

test('calls that change tags or create a cluster are reported as a trail reports them, also refused ones', async (t) => {
  const calls: ApiCall[] = [];
  const { kafka, msk } = await startMsk(t, { onApiCall: (call) => calls.push(call) });
  msk.addCluster({ arn });
  await kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags: { team: 'a' } }));
  await kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags: { team: 'a' } }));
  await assert.rejects(kafka.send(new TagResourceCommand({ ResourceArn: arn, Tags: { team: ':' } })));
  await kafka.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: ['team'] }));
  await kafka.send(new ListTagsForResourceCommand({ ResourceArn: arn }));
  const { arn: created } = msk.createCluster({ tags: { team: 'b' } });
  assert.deepEqual(
    calls.map(({ operation, clusterArn, tags, tagKeys, error }) => [
      operation,
      clusterArn,
      tags ?? tagKeys,
      error?.code,
    ]),
    [
      ['TagResource', arn, { team: 'a' }, undefined],
      ['TagResource', arn, { team: 'a' }, undefined],
      ['TagResource', arn, { team: ':' }, 'BadRequestException'],
      ['UntagResource', arn, ['team'], undefined],
      ['CreateClusterV2', created, { team: 'b' }, undefined],
    ],
  );
});

test('a configuration revision has its properties, and a cluster with MSK’s defaults has no configuration', async (t) => {
  const { kafka, cluster, describe, msk } = await start(t);
  const software = (await describe())?.Provisioned?.CurrentBrokerSoftwareInfo;
  const { ServerProperties } = await kafka.send(
    new DescribeConfigurationRevisionCommand({
      Arn: software?.ConfigurationArn,
      Revision: software?.ConfigurationRevision,
    }),
  );
  assert.match(Buffer.from(ServerProperties ?? []).toString(), /^allow\.everyone\.if\.no\.acl\.found=false$/m);
  msk.addCluster({ arn, serverProperties: undefined });
  assert.equal((await describe())?.Provisioned?.CurrentBrokerSoftwareInfo?.ConfigurationArn, undefined);
  const revision = new DescribeConfigurationRevisionCommand({ Arn: cluster.configurationArn, Revision: 1 });
  await assert.rejects(kafka.send(revision), NotFoundException);
});

test('the SDK retries a request that an interceptor has throttled', async (t) => {
  const throttled = {
    status: 429,
    headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
    body: '{"message":"Slow down"}',
  };
  const answers = [throttled];
  const intercept: Intercept = async (_, next) => answers.pop() ?? next();
  const { msk, url, recorder } = await startMsk(t, { intercept });
  msk.addCluster({ arn });
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 's' };
  const kafka = new KafkaClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 2 });
  await kafka.send(new DescribeClusterV2Command({ ClusterArn: arn }));
  assert.deepEqual(
    recorder.exchangesOf('kafka', 'DescribeClusterV2').map(({ status }) => status),
    [429, 200],
  );
});
