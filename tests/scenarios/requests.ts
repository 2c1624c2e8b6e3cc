import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import {
  assertFailed,
  changes,
  cloudWith,
  connectByTag,
  ended,
  privateConnectivityIsOn as isOn,
} from './local-cloud.ts';

const otherCluster = (region: string, accountId: string) =>
  `arn:aws:kafka:${region}:${accountId}:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5`;

/** Wrong inputs, and what the Cause says about each. */
const wrong: { because: string; input: (cloud: Cloud) => unknown; says: RegExp; isCounted?: true }[] = [
  {
    because: 'is empty',
    input: () => ({}),
    says: /ClusterArn is missing; it must be the ARN of an Amazon MSK cluster/i,
  },
  { because: 'is not an object', input: () => 'orders', says: /The input is "orders"; it must be a JSON object/ },
  { because: 'is a list', input: () => [], says: /The input is \[\]/ },
  {
    because: 'names a resource of another service',
    input: () => ({ clusterArn: 'arn:aws:s3:::orders' }),
    says: /clusterArn is "arn:aws:s3:::orders"; it must be the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:/i,
  },
  {
    because: 'names a cluster of another Region',
    input: () => ({ clusterArn: otherCluster('eu-west-1', '123456789012') }),
    says: /is in Region eu-west-1; it must be in us-east-1/,
  },
  {
    because: 'names a cluster of another account',
    input: () => ({ clusterArn: otherCluster('us-east-1', '999999999999') }),
    says: /is in account 999999999999; it must be in account 123456789012/,
  },
  {
    because: 'names a cluster that does not exist',
    input: () => ({ clusterArn: otherCluster('us-east-1', '123456789012') }),
    says: /MSK has no such cluster/,
  },
  {
    because: 'has an unknown field',
    input: ({ world }) => ({ clusterArn: world.cluster.arn, conectionName: 'x' }),
    says: /unknown field "conectionName"; the fields are clusterArn, projectId/,
  },
  {
    because: 'has a connection name that Atlas would refuse',
    input: ({ world }) => ({ clusterArn: world.cluster.arn, connectionName: 'a b' }),
    says: /connectionName is "a b"; it must be .*for example "orders-msk"/i,
  },
  {
    because: 'has an unsupported mechanism',
    input: ({ world }) => ({ clusterArn: world.cluster.arn, mechanism: 'SCRAM-256' }),
    says: /mechanism is "SCRAM-256"; it must be one of "auto", "SCRAM-512", "PLAIN", "AWS_MSK_IAM"/i,
  },
  {
    because: 'names a project that the deployment does not allow',
    input: ({ world }) => ({ clusterArn: world.cluster.arn, projectId: '0'.repeat(24) }),
    says: /projectId is "0{24}", so the target is "0{24}\/streams", which this deployment does not allow\. It allows only: "64b7e/i,
  },
  {
    because: 'names a workspace that the deployment does not allow',
    input: ({ world }) => ({ clusterArn: world.cluster.arn, workspace: 'payroll' }),
    says: /workspace is "payroll", so the target is "64b7e1c2d3f4a5968778695a\/payroll", which this deployment does not allow/i,
  },
  {
    because: 'names a secret of another account',
    input: ({ world }) => ({
      clusterArn: world.cluster.arn,
      secretArn: 'arn:aws:secretsmanager:us-east-1:999999999999:secret:AmazonMSK_orders-a1B2c3',
    }),
    says: /secretArn is in account 999999999999; it must be in account 123456789012, the cluster's/i,
  },
  {
    because: 'contains a credential',
    input: ({ world }) => ({ clusterArn: world.cluster.arn, config: { 'ssl.key.password': 'hidden' } }),
    says: /config has the key "ssl\.key\.password", which looks like a credential/i,
  },
  {
    because: 'is an event of another source',
    input: ({ world }) => ({ source: 'aws.ec2', 'detail-type': 'Other', resources: [world.cluster.arn], detail: {} }),
    says: /so it must be an event: "Tag Change on Resource" of aws\.tag/,
    // No person has typed it, so the failure is counted.
    isCounted: true,
  },
];

suite('an input is rejected, with a helpful sentence and before anything is changed,', () => {
  for (const { because, input, says, isCounted } of wrong) {
    test(`if it ${because}`, async () => {
      const cloud = await cloudWith({ cluster: isOn });
      const run = await ended(cloud.start(input(cloud)));
      assertFailed(run, 'InvalidRequest', says);
      assert.ok(!run.cause?.includes('hidden'), run.cause);
      assert.deepEqual(run.states.slice(-3), ['ResolveRequest', 'RecordFailure', 'SetupFailed']);
      assert.deepEqual(changes(cloud), []);
      assert.equal((await cloud.registry.all()).length, isCounted ? 1 : 0);
    });
  }
});

suite('a tag is not a key:', () => {
  test('it cannot name a project that is not allowed', async () => {
    const cloud = await cloudWith({ cluster: { ...isOn, tags: { 'atlas-streaming/project-id': 'f'.repeat(24) } } });
    assertFailed(await connectByTag(cloud), 'InvalidRequest', /The tag atlas-streaming\/project-id is "f{24}"/);
    assert.deepEqual(changes(cloud), []);
  });

  test('it cannot name a workspace that is not allowed, in the project that is', async () => {
    const dataProcessRegion = { cloudProvider: 'AWS', region: 'VIRGINIA_USA' };
    const workspaces = ['streams', 'payroll'].map((name) => ({ name, dataProcessRegion }));
    const tags = { 'atlas-streaming/workspace': 'payroll' };
    const cloud = await cloudWith({ cluster: { ...isOn, tags }, project: { workspaces } });
    const says =
      /The tag atlas-streaming\/workspace is "payroll", so the target is ".*\/payroll", which this deployment/;
    assertFailed(await connectByTag(cloud), 'InvalidRequest', says);
    assert.deepEqual(changes(cloud), []);
  });

  test('it cannot name a secret that is not associated with the cluster', async () => {
    const cloud = await cloudWith({
      cluster: isOn,
      scramSecrets: [{}, { name: 'AmazonMSK_payroll', isAssociated: false }],
    });
    const secretArn = cloud.world.scramSecrets[1]?.arn ?? '';
    await cloud.tag({ 'atlas-streaming/secret': 'AmazonMSK_payroll' });
    assertFailed(await connectByTag(cloud), 'PrerequisitesNotMet', /a tag may only pick an associated secret/);
    assert.deepEqual(changes(cloud), []);
    const read = cloud.recorder
      .exchangesOf('secretsmanager')
      .map(({ requestBody }) => JSON.parse(requestBody).SecretId);
    assert.ok(!read.includes(secretArn), 'the secret is not read');
  });
});
