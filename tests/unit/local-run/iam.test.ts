import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDeployment } from '../../../emulators/deployment/deployment.ts';
import {
  accessKeyIdOf,
  iam,
  mayAssume,
  mayDo,
  personsAccessKeyId,
  type Statement,
} from '../../../emulators/deployment/iam.ts';
import { defaultSettings } from '../../../packaging/settings.ts';

const [clusterArn, otherArn] = ['orders', 'others'].map(
  (name) => `arn:aws:kafka:us-east-1:123456789012:cluster/${name}/6357e0b2-5`,
) as [string, string];
const settings = {
  atlasProjectId: '5f1a2b3c4d5e6f7a8b9c0d1e',
  atlasWorkspace: 'streams',
  atlasCredentialsSecretArn: 'arn:secret',
};
const cluster = { region: 'us-east-1', accountId: '123456789012', settings };
const deployed = iam(readDeployment(cluster).functions, 'us-east-1');
const keyOf = (name: string) => accessKeyIdOf({ name });

/** The IAM of one function with these statements, as the caller of it. */
function withRole(...statements: Statement[]) {
  const [anyFunction] = readDeployment(cluster).functions;
  assert.ok(anyFunction);
  const authorize = iam([{ ...anyFunction, name: 'Tried', statements }], 'us-east-1');
  return (action: string, resource: string | undefined, context = {}) =>
    authorize(keyOf('Tried'), action, resource, context);
}

suite('the local IAM', () => {
  test('denies what no statement allows', () => {
    const may = withRole({ Effect: 'Allow', Action: 'kafka:DescribeClusterV2', Resource: clusterArn });
    assert.equal(may('kafka:DescribeClusterV2', clusterArn), true);
    assert.equal(may('kafka:DescribeClusterV2', otherArn), false);
    assert.equal(may('kafka:DescribeCluster', clusterArn), false);
  });

  test('treats * and ? as wildcards, and ignores the case of actions', () => {
    const may = withRole({ Effect: 'Allow', Action: ['KAFKA:get*'], Resource: ['arn:aws:kafka:*:cluster/order?/*'] });
    assert.equal(may('kafka:GetClusterPolicy', clusterArn), true);
    assert.equal(may('kafka:GetClusterPolicy', clusterArn.replace('orders', 'orderers')), false);
    assert.equal(may('kafka:PutClusterPolicy', clusterArn), false);
  });

  test('lets a function read the credentials that the settings name by ARN or by name, and no others', () => {
    const secret = (name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}`;
    for (const atlasCredentialsSecretArn of [secret('atlas-a1B2c3'), 'atlas']) {
      const { functions } = readDeployment({ ...cluster, settings: { ...settings, atlasCredentialsSecretArn } });
      const authorize = iam(functions, 'us-east-1');
      const mayRead = (name: string) =>
        authorize(keyOf('CreateConnection'), 'secretsmanager:GetSecretValue', secret(name), {});
      assert.equal(mayRead('atlas-a1B2c3'), true, atlasCredentialsSecretArn);
      for (const other of ['atlas', 'atlas-prod-a1B2c3', 'my-atlas-a1B2c3']) assert.equal(mayRead(other), false, other);
    }
  });

  test('allows an action that supports no resource only by *', () => {
    const narrow = withRole({ Effect: 'Allow', Action: 'kafka:GetBootstrapBrokers', Resource: clusterArn });
    const wide = withRole({ Effect: 'Allow', Action: 'kafka:GetBootstrapBrokers', Resource: '*' });
    assert.equal(narrow('kafka:GetBootstrapBrokers', undefined), false);
    assert.equal(wide('kafka:GetBootstrapBrokers', undefined), true);
  });

  test('compares each tag key of a request, and requires that there is one', () => {
    const key = 'aws:TagKeys';
    const Condition = { 'ForAllValues:StringEquals': { [key]: ['status', 'detail'] }, Null: { [key]: 'false' } };
    const may = withRole({ Effect: 'Allow', Action: 'kafka:TagResource', Resource: '*', Condition });
    const tag = (tagKeys?: string[]) => may('kafka:TagResource', clusterArn, { tagKeys });
    assert.deepEqual([tag(['status', 'detail']), tag(['status', 'owner']), tag()], [true, false, false]);
  });

  test('throws on an unknown condition operator', () => {
    const Condition = { NumericEquals: { 'kafka:any': '1' } };
    const may = withRole({ Effect: 'Allow', Action: '*', Resource: '*', Condition });
    assert.throws(
      () => may('kafka:DescribeCluster', clusterArn),
      /does not know the condition operator 'NumericEquals'/,
    );
  });

  test('lets the user do everything, and a stranger nothing', () => {
    assert.equal(deployed(personsAccessKeyId, 'kafka:DeleteCluster', clusterArn, {}), true);
    assert.equal(deployed('AKIASTRANGER', 'kafka:DescribeClusterV2', clusterArn, {}), false);
  });
});

suite('the roles that deploy', () => {
  const may = (name: string, action: string, resource: string | undefined, context = {}) =>
    deployed(keyOf(name), action, resource, context);

  test('let a function write only status tags', () => {
    const write = (...tagKeys: string[]) => may('RecordSuccess', 'kafka:TagResource', clusterArn, { tagKeys });
    assert.equal(write('atlas-streaming/status', 'atlas-streaming/detail'), true);
    for (const key of ['atlas-streaming', 'atlas-streaming/workspace', 'atlas-streaming/status2', 'owner'])
      assert.equal(write('atlas-streaming/status', key), false, key);
    assert.equal(may('RecordSuccess', 'kafka:TagResource', clusterArn), false);
  });

  test('never let a function enable public access', () => {
    const update = (context: object) =>
      may('EnablePrivateConnectivity', 'kafka:UpdateConnectivity', clusterArn, context);
    assert.equal(update({}), true);
    assert.equal(update({ publicAccessEnabled: false }), true);
    assert.equal(update({ publicAccessEnabled: true }), false);
  });

  test('allow the keys of secrets only through AWS services of this Region', () => {
    const key = (region: string) => `arn:aws:kms:${region}:210987654321:key/1`;
    const secretArn = settings.atlasCredentialsSecretArn;
    assert.equal(may('CreateConnection', 'kms:Decrypt', key('us-east-1'), { secretArn }), true);
    assert.equal(may('CreateConnection', 'kms:Decrypt', key('eu-west-1'), { secretArn }), false);
    assert.equal(may('AssociateScramSecret', 'kms:CreateGrant', key('us-east-1')), true);
    assert.equal(may('AssociateScramSecret', 'kms:Decrypt', key('us-east-1')), false);
  });

  test('allow the key of a secret only for a secret that the function may read', () => {
    const decrypt = (name: string, secretArn?: string) =>
      may(name, 'kms:Decrypt', 'arn:aws:kms:us-east-1:123456789012:key/1', { secretArn });
    const scram = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_orders-a1B2c3';
    const other = scram.replace('AmazonMSK_', 'payroll_');
    assert.deepEqual([decrypt('CreateConnection', scram), decrypt('CheckConnection', scram)], [true, false]);
    assert.deepEqual([decrypt('CreateConnection', other), decrypt('CreateConnection')], [false, false]);
  });

  test('let a function read a SCRAM secret only if its tag allows it, and describe it in any case', () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_orders-a1B2c3';
    const read = (resourceTags?: Record<string, string>) =>
      may('CreateConnection', 'secretsmanager:GetSecretValue', arn, { resourceTags });
    assert.equal(read({ 'atlas-streaming': 'allow', team: 'orders' }), true);
    for (const tags of [
      undefined,
      {},
      { 'atlas-streaming': 'deny' },
      { 'Atlas-Streaming': 'allow' },
      { team: 'allow' },
    ])
      assert.equal(read(tags), false, JSON.stringify(tags));
    for (const name of ['CheckPrerequisites', 'SweepClusters'])
      assert.equal(may(name, 'secretsmanager:DescribeSecret', arn), true);
    const credentials = settings.atlasCredentialsSecretArn;
    assert.equal(may('CreateConnection', 'secretsmanager:GetSecretValue', credentials), true);
  });

  test('let only two functions have MSK grant the use of a key, and describe one machine or the other', () => {
    const key = 'arn:aws:kms:us-east-1:123456789012:key/1';
    for (const action of ['kms:CreateGrant', 'kms:DescribeKey']) {
      assert.equal(may('EnablePrivateConnectivity', action, key), true, action);
      assert.equal(may('ApplyClusterPolicy', action, key), false, action);
    }
    const describe = (machine: string) =>
      may(
        'SweepClusters',
        'states:DescribeExecution',
        `arn:aws:states:us-east-1:123456789012:execution:${machine}:one`,
      );
    const { prefix } = defaultSettings('local');
    assert.deepEqual([`${prefix}-connect`, `${prefix}-disconnect`, `${prefix}-other-connect`].map(describe), [
      true,
      true,
      false,
    ]);
  });

  test('do not reach clusters of another account or Region', () => {
    assert.equal(may('InspectCluster', 'kafka:DescribeClusterV2', clusterArn.replace('us-east-1', 'us-east-2')), false);
    assert.equal(may('InspectCluster', 'kafka:DescribeClusterV2', clusterArn.replace('1234', '4321')), false);
  });
});

suite('the streams role', () => {
  const [atlas, externalId] = ['arn:aws:iam::210987654321:root', '2f6c1f2e-5f0d-4f0e-9c3b-0a1b2c3d4e5f'];
  const roleWith = (own: Record<string, string> = {}) => {
    const trust = {
      streamsRoleTrustedArn: atlas,
      streamsRoleExternalIds: `8d0f3a6b-7c1e-4b2d-8f9a-1c2d3e4f5a6b,${externalId}`,
    };
    const { streamsRole } = readDeployment({ ...cluster, settings: { ...settings, ...trust, ...own } });
    assert.ok(streamsRole);
    return streamsRole;
  };
  const mayWith = (own: Record<string, string> = {}) => {
    const { statements } = roleWith(own);
    return ([action, resource]: readonly [string, string], resourceTags?: Record<string, string>) =>
      mayDo(statements, `kafka-cluster:${action}`, resource, { resourceTags }, 'us-east-1');
  };
  const topic = (name: string, of = clusterArn) => `${of.replace(':cluster/', ':topic/')}/${name}`;
  const group = (name: string, of = clusterArn) => `${of.replace(':cluster/', ':group/')}/${name}`;
  /** As MSK names them, each on a resource of the cluster. */
  const reads = (of: string) =>
    [
      ['Connect', of],
      ['DescribeCluster', of],
      ['DescribeTopic', topic('orders', of)],
      ['ReadData', topic('orders', of)],
      ['DescribeGroup', group('asp-1-consumer', of)],
      ['AlterGroup', group('asp-1-consumer', of)],
    ] as const;
  const writes = [
    ['WriteData', topic('orders')],
    ['WriteDataIdempotently', clusterArn],
  ] as const;

  test('may read from every cluster of this account and Region, and from no other', () => {
    const may = mayWith();
    for (const arn of [clusterArn, otherArn])
      assert.deepEqual(
        reads(arn).map((it) => may(it)),
        [true, true, true, true, true, true],
      );
    for (const arn of [clusterArn.replace('us-east-1', 'us-east-2'), clusterArn.replace('1234', '4321')])
      assert.deepEqual(
        reads(arn).map((it) => may(it)),
        [false, false, false, false, false, false],
      );
  });

  test('reaches only clusters of the pattern, and their topics and groups', () => {
    const may = mayWith({ streamsRoleClusters: 'order?', streamsRoleCanWrite: 'true' });
    assert.ok([...reads(clusterArn), ...writes].every((it) => may(it)));
    for (const it of reads(otherArn)) assert.equal(may(it), false, it[0]);
    for (const it of reads(clusterArn.replace('orders', 'orders-2'))) assert.equal(may(it), false, it[0]);
    assert.equal(may(['WriteData', topic('orders', otherArn)]), false);
    assert.equal(may(['WriteDataIdempotently', otherArn]), false);
  });

  test('reaches only topics of the pattern, and consumer groups of stream processors', () => {
    const may = mayWith({ streamsRoleTopics: 'orders.*', streamsRoleCanWrite: 'true' });
    for (const action of ['DescribeTopic', 'ReadData', 'WriteData']) {
      assert.equal(may([action, topic('orders.v1')]), true, action);
      for (const other of ['orders', 'payments.v1', '__consumer_offsets'])
        assert.equal(may([action, topic(other)]), false, `${action} ${other}`);
    }
    assert.equal(may(['AlterGroup', group('billing')]), false);
    assert.equal(may(['DescribeGroup', group('my-asp-1')]), false);
  });

  test('may write only if the setting says so, and never changes a cluster, a topic or a group of another', () => {
    assert.deepEqual(
      writes.map((it) => mayWith()(it)),
      [false, false],
    );
    const may = mayWith({ streamsRoleCanWrite: 'true' });
    assert.deepEqual(
      writes.map((it) => may(it)),
      [true, true],
    );
    for (const action of ['AlterCluster', 'AlterClusterDynamicConfiguration'])
      assert.equal(may([action, clusterArn]), false);
    for (const action of ['CreateTopic', 'DeleteTopic', 'AlterTopic', 'AlterTopicDynamicConfiguration'])
      assert.equal(may([action, topic('orders')]), false, action);
    assert.equal(may(['DeleteGroup', group('asp-1-consumer')]), false);
  });

  test('may, with streamsRoleRequiresTag, log in only to a cluster that is tagged atlas-streaming=connect', () => {
    const may = mayWith({ streamsRoleRequiresTag: 'true' });
    for (const action of ['Connect', 'DescribeCluster']) {
      assert.equal(may([action, clusterArn], { 'atlas-streaming': 'connect', team: 'orders' }), true);
      for (const tags of [undefined, {}, { 'atlas-streaming': 'disconnect' }, { team: 'connect' }])
        assert.equal(may([action, clusterArn], tags), false, JSON.stringify(tags));
    }
    // MSK knows no tags of a topic or a group.
    assert.equal(may(['ReadData', topic('orders')]), true);
  });

  test('is assumed only by the trusted principal, with an external id of the list', () => {
    const { trustPolicy } = roleWith();
    assert.equal(mayAssume(trustPolicy, atlas, externalId), true);
    assert.equal(mayAssume(trustPolicy, atlas), false);
    assert.equal(mayAssume(trustPolicy, atlas, externalId.replace('2', '3')), false);
    assert.equal(mayAssume(trustPolicy, clusterArn.replace(/:kafka.*/, ':iam::123456789012:root'), externalId), false);
    assert.equal(mayAssume(trustPolicy, 'arn:aws:iam::210987654321:role/other', externalId), true);
    const ofRole = roleWith({ streamsRoleTrustedArn: 'arn:aws:iam::210987654321:role/atlas' }).trustPolicy;
    assert.equal(mayAssume(ofRole, 'arn:aws:iam::210987654321:role/atlas', externalId), true);
    for (const other of ['role/other', 'root'])
      assert.equal(mayAssume(ofRole, `arn:aws:iam::210987654321:${other}`, externalId), false);
  });
});
