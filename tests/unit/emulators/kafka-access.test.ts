import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { TopicQuestion } from '../../../emulators/atlas/kafka-source.ts';
import type { Statement } from '../../../emulators/deployment/iam.ts';
import { kafkaAccess } from '../../../emulators/kafka/access.ts';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import { startMsk } from '../../fixtures/emulators.ts';

const clusterArn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/0a1b2c3d-1111-2222-3333-444455556666-2';
const roleArn = 'arn:aws:iam::123456789012:role/streams';
const group = 'asp-probe-0a1b';

const [connect, describeTopic, readData, groups] = [
  { Action: 'kafka-cluster:Connect', Resource: '*' },
  { Action: 'kafka-cluster:DescribeTopic', Resource: '*:topic/orders/*/orders' },
  { Action: 'kafka-cluster:ReadData', Resource: '*:topic/orders/*/orders' },
  { Action: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], Resource: '*:group/orders/*/asp-*' },
].map((it): Statement => ({ Effect: 'Allow', ...it })) as [Statement, Statement, Statement, Statement];

interface World {
  seed?: Partial<ClusterSeed>;
  role?: Statement[] | 'everything' | undefined;
}

async function client(t: TestContext, { seed, role }: World = {}) {
  const { msk, secrets } = await startMsk(t);
  const secret = secrets.addSecret({
    name: 'AmazonMSK_orders',
    secretString: '{"username":"atlas","password":"one"}',
    kmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/k1',
  });
  const cluster = msk.addCluster({
    arn: clusterArn,
    vpcConnectivity: { scram: true, iam: true, tls: false },
    scramSecretArns: [secret.arn],
    ...seed,
  });
  const readTopic = kafkaAccess({
    cluster: (arn) => msk.clusters.get(arn),
    secret: (arn) => secrets.secret(arn),
    role: () => role,
    region: 'us-east-1',
  });
  const ask = (question: Partial<TopicQuestion> = {}) => {
    const login = { mechanism: 'SCRAM-512', username: 'atlas', password: 'one', roleArn: undefined };
    const { topic, fault } = readTopic({ clusterArn, ...login, topic: 'orders', group, ...question });
    return [topic?.partitions, fault?.message.split(': ').at(-1)];
  };
  const byIam = { mechanism: 'AWS_MSK_IAM', username: undefined, password: undefined, roleArn };
  return { ask, byIam, cluster, secrets, secret };
}

const denied = { topic: 'Topic authorization failed', group: 'Group authorization failed', login: 'Access denied' };
const wrongPassword =
  'Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512';

describe('a client of Kafka', () => {
  it('logs in with the password of the current version of an associated secret', async (t) => {
    const { ask, cluster, secrets, secret } = await client(t);
    assert.deepEqual(ask(), [6, undefined]);
    for (const wrong of [{ password: 'two' }, { username: 'other' }, { password: undefined }])
      assert.deepEqual(ask(wrong), [undefined, wrongPassword]);
    secrets.rotate(secret.arn, '{"username":"atlas","password":"two"}');
    assert.deepEqual(
      [ask(), ask({ password: 'two' })],
      [
        [undefined, wrongPassword],
        [6, undefined],
      ],
    );
    secrets.rotate(secret.arn, 'no JSON');
    assert.deepEqual(ask(), [undefined, wrongPassword]);
    cluster.scramSecretArns = [];
    assert.deepEqual(ask({ password: 'two' }), [undefined, wrongPassword]);
  });

  it('cannot reach a cluster that is gone, or whose multi-VPC connectivity is off for its scheme', async (t) => {
    const { ask, byIam } = await client(t, { seed: { vpcConnectivity: { scram: false, iam: true, tls: false } } });
    const unreachable = [undefined, 'Broker transport failure'];
    assert.deepEqual(
      [ask(), ask({ ...byIam, clusterArn: 'other' }), ask({ mechanism: '' })],
      Array(3).fill(unreachable),
    );
  });

  it('learns that a topic does not exist', async (t) => {
    const { ask } = await client(t);
    assert.match(String(ask({ topic: 'order' })[1]), /^no partitions found/);
  });

  it('needs ACLs for the topic and its group if it logs in by SCRAM', async (t) => {
    for (const [acl, answer] of [
      ['topic:orders:Describe', [undefined, denied.topic]],
      ['topic:*:Read', [6, denied.topic]],
      ['group:asp-*:Read', [6, denied.group]],
      ['group:asp-other-*:Read', [6, undefined]],
      ['topic:payments:Read', [6, undefined]],
    ] as const) {
      const { ask, byIam } = await client(t, { seed: { deniedAcls: [acl] }, role: 'everything' });
      assert.deepEqual(ask(), answer, acl);
      assert.deepEqual(ask(byIam), [6, undefined], 'no ACL applies to IAM');
    }
  });

  it('needs the permissions of its role if it logs in by IAM', async (t) => {
    for (const [role, answer] of [
      [undefined, [undefined, denied.login]],
      [
        [describeTopic, readData, groups],
        [undefined, denied.login],
      ],
      [
        [connect, readData, groups],
        [undefined, denied.topic],
      ],
      [
        [connect, describeTopic, readData],
        [6, denied.group],
      ],
      [
        [connect, describeTopic, groups],
        [6, denied.topic],
      ],
      [
        [connect, describeTopic, readData, groups],
        [6, undefined],
      ],
    ] as const) {
      const { ask, byIam } = await client(t, { role: role && [...role] });
      assert.deepEqual(ask(byIam), answer);
    }
  });

  it('needs the tag of the cluster if its role requires one', async (t) => {
    const Condition = { StringEquals: { 'aws:ResourceTag/atlas-streaming': 'connect' } };
    const role = [{ ...connect, Condition }, describeTopic, readData, groups];
    const { ask, byIam, cluster } = await client(t, { role });
    assert.deepEqual(ask(byIam), [undefined, denied.login]);
    cluster.tags.put({ 'atlas-streaming': 'connect' });
    assert.deepEqual(ask(byIam), [6, undefined]);
  });
});
