import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BatchAssociateScramSecretCommand,
  DeleteClusterPolicyCommand,
  DescribeClusterOperationV2Command,
  DescribeClusterV2Command,
  DescribeConfigurationRevisionCommand,
  DescribeTopicCommand,
  GetBootstrapBrokersCommand,
  GetClusterPolicyCommand,
  ListClustersV2Command,
  ListScramSecretsCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PutClusterPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateConnectivityCommand,
} from '@aws-sdk/client-kafka';
import { AwsRefused } from '../../shared/errors.ts';
import { awsError, cluster, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, secretArn } from '../fixtures/request.ts';
import { haveSignal } from '../fixtures/signals.ts';

const notFound = () => awsError('NotFoundException', 404);
const policy = '{"Version":"2012-10-17","Statement":[]}';

describe('MskClient', () => {
  it('throws our errors from every call, and passes its abort signal', async () => {
    const { client, msk } = fakeMsk();
    msk.onAnyCommand().rejects(awsError('InternalServerErrorException', 500));
    const calls: [action: string, call: Promise<unknown>][] = [
      ['DescribeClusterV2', client.describeCluster(clusterArn)],
      ['ListClustersV2', client.listClusters()],
      ['ListScramSecrets', client.listScramSecrets(clusterArn)],
      ['BatchAssociateScramSecret', client.associateScramSecret(clusterArn, secretArn)],
      ['UpdateConnectivity', client.updateConnectivity(clusterArn, 'K1', {})],
      ['DescribeClusterOperationV2', client.describeOperation('arn')],
      ['DescribeConfigurationRevision', client.serverProperties('arn', 1)],
      ['GetBootstrapBrokers', client.privateBootstrapServers(clusterArn, 'SASL_SCRAM')],
      ['GetClusterPolicy', client.getPolicy(clusterArn)],
      ['PutClusterPolicy', client.putPolicy(clusterArn, policy, undefined)],
      ['DeleteClusterPolicy', client.deletePolicy(clusterArn)],
      ['ListTagsForResource', client.listTags(clusterArn)],
      ['TagResource', client.tag(clusterArn, {})],
      ['UntagResource', client.untag(clusterArn, [])],
    ];
    for (const [action, call] of calls)
      await assert.rejects(call, { name: 'AwsUnavailable', message: new RegExp(`kafka:${action} `) });
    assert.deepEqual(commandsOf(msk).toSorted(), calls.map(([action]) => action).toSorted());
    assert.ok(haveSignal(msk).every(Boolean));
  });
});

describe('a cluster', () => {
  it('comes with the number of attempts that the SDK made', async () => {
    const { client, msk } = fakeMsk();
    msk
      .on(DescribeClusterV2Command, { ClusterArn: clusterArn })
      .resolvesOnce({ ClusterInfo: cluster(), $metadata: { attempts: 3 } })
      .resolvesOnce({ ClusterInfo: cluster() });
    assert.deepEqual(await client.describeCluster(clusterArn), { cluster: cluster(), attempts: 3 });
    assert.equal((await client.describeCluster(clusterArn)).attempts, 1);
  });

  it('that does not exist is unusable', async () => {
    const { client, msk } = fakeMsk();
    msk.on(DescribeClusterV2Command).rejectsOnce(notFound()).resolvesOnce({});
    const unusable = {
      name: 'ClusterUnusable',
      message: `Cluster ${clusterArn} does not exist. If it was deleted, the sweep disconnects it, unless the setting disconnectDeletedClusters is false. In that case, start the disconnect machine with the ARN of the cluster. Each connect with this ARN fails.`,
    };
    await assert.rejects(client.describeCluster(clusterArn), unusable);
    await assert.rejects(client.describeCluster(clusterArn), unusable);
  });

  it('that we may not read is a refusal, not an absent cluster', async () => {
    const { client, msk } = fakeMsk();
    msk.on(DescribeClusterV2Command).rejects(awsError('ForbiddenException', 403));
    await assert.rejects(client.describeCluster(clusterArn), { name: 'AwsRefused', code: 'ForbiddenException' });
  });
});

describe('a list of MSK', () => {
  it('has the clusters of all pages', async () => {
    const { client, msk } = fakeMsk();
    const [one, two] = [cluster({ ClusterName: 'one' }), cluster({ ClusterName: 'two' })];
    msk
      .on(ListClustersV2Command, { MaxResults: 100 })
      .resolves({ ClusterInfoList: [one], NextToken: 'next' })
      .on(ListClustersV2Command, { NextToken: 'next' })
      .resolves({ ClusterInfoList: [two] });
    assert.deepEqual(await client.listClusters(), [one, two]);
  });

  it('has the SCRAM secrets of all pages, also if a page has none', async () => {
    const { client, msk } = fakeMsk();
    msk
      .on(ListScramSecretsCommand, { ClusterArn: clusterArn, MaxResults: 100 })
      .resolves({ SecretArnList: ['one'], NextToken: 'next' })
      .on(ListScramSecretsCommand, { NextToken: 'next' })
      .resolves({ NextToken: 'last' })
      .on(ListScramSecretsCommand, { NextToken: 'last' })
      .resolves({ SecretArnList: ['two'] });
    assert.deepEqual(await client.listScramSecrets(clusterArn), ['one', 'two']);
  });
});

describe('the association of a SCRAM secret', () => {
  it('returns nothing if MSK associates the secret', async () => {
    const { client, msk } = fakeMsk();
    msk.on(BatchAssociateScramSecretCommand).resolves({ ClusterArn: clusterArn, UnprocessedScramSecrets: [] });
    assert.equal(await client.associateScramSecret(clusterArn, secretArn), undefined);
    assert.deepEqual(msk.commandCalls(BatchAssociateScramSecretCommand)[0]?.args[0].input, {
      ClusterArn: clusterArn,
      SecretArnList: [secretArn],
    });
  });

  it('returns the secret that MSK did not process, with the reason', async () => {
    const { client, msk } = fakeMsk();
    const unprocessed = { SecretArn: secretArn, ErrorCode: '400', ErrorMessage: 'The secret has the default key.' };
    msk.on(BatchAssociateScramSecretCommand).resolves({ UnprocessedScramSecrets: [unprocessed] });
    assert.deepEqual(await client.associateScramSecret(clusterArn, secretArn), unprocessed);
  });
});

describe('an update of connectivity', () => {
  it('sends all schemes and the version, and returns the operation', async () => {
    const { client, msk } = fakeMsk();
    msk.on(UpdateConnectivityCommand).resolvesOnce({ ClusterOperationArn: 'operation' }).resolvesOnce({});
    const schemes = { Sasl: { Scram: { Enabled: true }, Iam: { Enabled: true } } };
    assert.equal(await client.updateConnectivity(clusterArn, 'K1', schemes), 'operation');
    assert.equal(await client.updateConnectivity(clusterArn, 'K1', schemes), '');
    assert.deepEqual(msk.commandCalls(UpdateConnectivityCommand)[0]?.args[0].input, {
      ClusterArn: clusterArn,
      CurrentVersion: 'K1',
      ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: schemes } },
    });
  });

  it('is an operation that can be read', async () => {
    const { client, msk } = fakeMsk();
    const ClusterOperationInfo = { OperationState: 'UPDATE_FAILED' };
    msk.on(DescribeClusterOperationV2Command, { ClusterOperationArn: 'operation' }).resolves({ ClusterOperationInfo });
    assert.deepEqual(await client.describeOperation('operation'), ClusterOperationInfo);
  });
});

describe("a cluster's configuration", () => {
  it('is text', async () => {
    const { client, msk } = fakeMsk();
    const ServerProperties = new TextEncoder().encode('allow.everyone.if.no.acl.found=false\n# ü');
    msk.on(DescribeConfigurationRevisionCommand, { Arn: 'arn', Revision: 2 }).resolves({ ServerProperties });
    assert.equal(await client.serverProperties('arn', 2), 'allow.everyone.if.no.acl.found=false\n# ü');
  });
});

describe('the private bootstrap servers', () => {
  it('are those of SASL/SCRAM over VPC connectivity', async () => {
    const { client, msk } = fakeMsk();
    msk.on(GetBootstrapBrokersCommand, { ClusterArn: clusterArn }).resolves({
      BootstrapBrokerStringSaslScram: 'public:9096',
      BootstrapBrokerStringVpcConnectivitySaslIam: 'iam:14098',
      BootstrapBrokerStringVpcConnectivitySaslScram: 'private:14001',
    });
    assert.equal(await client.privateBootstrapServers(clusterArn, 'SASL_SCRAM'), 'private:14001');
  });

  for (const [state, remedy] of [
    ['FAILED', 'Check the cluster in the MSK console\\. .* ask AWS Support\\.'],
    ['DELETING', 'When it is deleted, the sweep disconnects it, .* Each connect with this ARN fails\\.'],
  ])
    it(`never come of a cluster that is ${state}`, async () => {
      const { client, msk } = fakeMsk();
      const text = `You can't get bootstrap broker nodes for a cluster in ${state} state.`;
      msk.on(GetBootstrapBrokersCommand).rejects(awsError('BadRequestException', 400, text));
      await assert.rejects(client.privateBootstrapServers(clusterArn, 'SASL_SCRAM'), {
        name: 'ClusterUnusable',
        message: RegExp(`^Cluster ${clusterArn} is ${state}; it must be ACTIVE\\. ${remedy}$`),
      });
    });

  it('never come of a cluster that does not exist', async () => {
    const { client, msk } = fakeMsk();
    msk.on(GetBootstrapBrokersCommand).rejects(notFound());
    await assert.rejects(client.privateBootstrapServers(clusterArn, 'SASL_SCRAM'), {
      name: 'ClusterUnusable',
      message: /does not exist\. If it was deleted, .* Each connect with this ARN fails\.$/,
    });
  });

  it('are refused for any other reason in the words of AWS', async () => {
    const { client, msk } = fakeMsk();
    msk.on(GetBootstrapBrokersCommand).rejects(awsError('BadRequestException', 400, 'Odd.'));
    await assert.rejects(client.privateBootstrapServers(clusterArn, 'SASL_SCRAM'), {
      name: 'AwsRefused',
      message: /Odd/,
    });
  });

  it('are not available until MSK shows them, which passes by itself', async () => {
    const { client, msk } = fakeMsk();
    msk.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringSaslScram: 'public:9096' });
    await assert.rejects(client.privateBootstrapServers(clusterArn, 'SASL_SCRAM'), {
      name: 'AwsUnavailable',
      message: /does not show .* yet/,
    });
  });
});

describe('a cluster policy', () => {
  it('is read with its version', async () => {
    const { client, msk } = fakeMsk();
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy: policy, CurrentVersion: 'K3' });
    assert.deepEqual(await client.getPolicy(clusterArn), { policy, version: 'K3' });
  });

  it('is absent if MSK does not find one, or answers with empty fields', async () => {
    const { client, msk } = fakeMsk();
    msk.on(GetClusterPolicyCommand).rejectsOnce(notFound()).resolvesOnce({ Policy: '', CurrentVersion: '' });
    assert.deepEqual(await client.getPolicy(clusterArn), { policy: undefined, version: undefined });
    assert.deepEqual(await client.getPolicy(clusterArn), { policy: undefined, version: undefined });
  });

  it('is written with the version that was read', async () => {
    const { client, msk } = fakeMsk();
    msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K4' });
    await client.putPolicy(clusterArn, policy, 'K3');
    await client.putPolicy(clusterArn, policy, undefined);
    assert.deepEqual(
      msk.commandCalls(PutClusterPolicyCommand).map(({ args }) => args[0].input),
      [
        { ClusterArn: clusterArn, CurrentVersion: 'K3', Policy: policy },
        { ClusterArn: clusterArn, CurrentVersion: undefined, Policy: policy },
      ],
    );
  });

  const conflicts = [
    'Current cluster policy version needed for Update',
    'The current version of the policy does not match.',
    'The version is stale.',
  ];
  for (const said of conflicts)
    it(`conflicts with another writer if MSK says: ${said}`, async () => {
      const { client, msk } = fakeMsk();
      msk.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, said));
      await assert.rejects(client.putPolicy(clusterArn, policy, 'K3'), (error: Error) => {
        assert.equal(error.name, 'VersionConflict');
        assert.ok(error.message.includes(said), error.message);
        assert.ok(error.cause instanceof AwsRefused);
        return true;
      });
    });

  for (const said of [
    'The policy language Version 2020-01-01 is not valid.',
    'The cluster policy is not valid. The IAM Principal was not found.',
    'The cluster policy is not valid. Invalid cluster arn: "arn:aws:kafka:us-east-1:123456789012:cluster/current-version/1-2"',
  ])
    it(`is refused, and does not conflict, after a BadRequestException: ${said}`, async () => {
      const { client, msk } = fakeMsk();
      msk.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, said));
      await assert.rejects(client.putPolicy(clusterArn, policy, 'K3'), (error: Error) => {
        assert.equal(error.name, 'PolicyRefused');
        const begin = `AWS refused kafka:PutClusterPolicy with HTTP 400 (BadRequestException: "${said.replaceAll('"', "'")}"). MSK does not say which`;
        assert.ok(error.message.startsWith(begin), error.message);
        assert.ok(error.cause instanceof AwsRefused);
        return true;
      });
    });

  it('is refused by AWS if the function may not write it', async () => {
    const { client, msk } = fakeMsk();
    const [code, said] = ['ForbiddenException', 'The current version is secret.'];
    msk.on(PutClusterPolicyCommand).rejects(awsError(code, 403, said));
    await assert.rejects(client.putPolicy(clusterArn, policy, 'K3'), { name: 'AwsRefused', code, said });
  });

  it("is deleted by AWS's own answer, which has a request id", async () => {
    const { client, msk } = fakeMsk();
    msk.on(DeleteClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ $metadata: { requestId: 'id' } });
    await client.deletePolicy(clusterArn);
    assert.deepEqual(commandsOf(msk), ['DeleteClusterPolicy']);
  });

  it('is read again after any other answer', async () => {
    const { client, msk } = fakeMsk();
    msk
      .on(DeleteClusterPolicyCommand)
      .resolvesOnce({ $metadata: {} })
      .rejectsOnce(notFound())
      .resolvesOnce({ $metadata: {} })
      .on(GetClusterPolicyCommand)
      .rejectsOnce(notFound())
      .rejectsOnce(notFound())
      .resolvesOnce({ Policy: policy });
    await client.deletePolicy(clusterArn);
    await client.deletePolicy(clusterArn);
    await assert.rejects(client.deletePolicy(clusterArn), {
      name: 'AwsUnavailable',
      message: /still shows the policy/,
    });
  });
});

describe("a cluster's tags", () => {
  it('are read', async () => {
    const { client, msk } = fakeMsk();
    msk
      .on(ListTagsForResourceCommand, { ResourceArn: clusterArn })
      .resolvesOnce({ Tags: { team: 'orders' } })
      .resolvesOnce({});
    assert.deepEqual(await client.listTags(clusterArn), { team: 'orders' });
    assert.deepEqual(await client.listTags(clusterArn), {});
  });

  it('of a cluster that is gone are refused with NotFoundException', async () => {
    const { client, msk } = fakeMsk();
    msk.on(ListTagsForResourceCommand).rejects(notFound());
    await assert.rejects(client.listTags(clusterArn), { name: 'AwsRefused', code: 'NotFoundException' });
  });

  it('are written and removed by key', async () => {
    const { client, msk } = fakeMsk();
    msk.on(TagResourceCommand).resolves({}).on(UntagResourceCommand).resolves({});
    await client.tag(clusterArn, { team: 'orders' });
    await client.untag(clusterArn, ['team']);
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: { team: 'orders' },
    });
    assert.deepEqual(msk.commandCalls(UntagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      TagKeys: ['team'],
    });
  });
});

describe("a cluster's topics", () => {
  it('are counted by their partitions, and a missing one is undefined', async () => {
    const { client, msk } = fakeMsk();
    msk
      .on(DescribeTopicCommand, { ClusterArn: clusterArn, TopicName: 'orders' })
      .resolvesOnce({ PartitionCount: 6 })
      .resolvesOnce({})
      .rejectsOnce(notFound())
      .resolvesOnce({ PartitionCount: 6, Status: 'DELETING' });
    assert.equal(await client.countPartitions(clusterArn, 'orders'), 6);
    assert.equal(await client.countPartitions(clusterArn, 'orders'), null);
    assert.equal(await client.countPartitions(clusterArn, 'orders'), undefined);
    assert.equal(await client.countPartitions(clusterArn, 'orders'), undefined, 'a topic that is being deleted');
  });

  it('are listed page by page, up to twenty pages', async () => {
    const { client, msk } = fakeMsk();
    msk.on(ListTopicsCommand).resolves({ Topics: [{ TopicName: 'orders' }, {}], NextToken: 'more' });
    assert.deepEqual(await client.listTopics(clusterArn), Array(20).fill('orders'));
    assert.equal(msk.commandCalls(ListTopicsCommand)[19]?.args[0].input.NextToken, 'more');
  });
});
