import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BatchAssociateScramSecretCommand,
  DeleteClusterPolicyCommand,
  DescribeClusterOperationV2Command,
  DescribeClusterV2Command,
  DescribeConfigurationRevisionCommand,
  GetBootstrapBrokersCommand,
  GetClusterPolicyCommand,
  ListClustersV2Command,
  ListScramSecretsCommand,
  ListTagsForResourceCommand,
  PutClusterPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateConnectivityCommand,
} from '@aws-sdk/client-kafka';
import { AwsRefused } from '../../shared/errors.ts';
import { awsError, cluster, commandsOf } from '../fixtures/aws.ts';
import { fakeMskClient, signalsOf } from '../fixtures/clients.ts';
import { clusterArn, secretArn } from '../fixtures/request.ts';

const notFound = () => awsError('NotFoundException', 404);
const policy = '{"Version":"2012-10-17","Statement":[]}';

describe('MskClient', () => {
  it('throws our errors from every call', async () => {
    const { msk, mock } = fakeMskClient();
    mock.onAnyCommand().rejects(awsError('InternalServerErrorException', 500));
    const calls: [action: string, call: Promise<unknown>][] = [
      ['DescribeClusterV2', msk.describeCluster(clusterArn)],
      ['ListClustersV2', msk.listClusters()],
      ['ListScramSecrets', msk.listScramSecrets(clusterArn)],
      ['BatchAssociateScramSecret', msk.associateScramSecret(clusterArn, secretArn)],
      ['UpdateConnectivity', msk.updateConnectivity(clusterArn, 'K1', {})],
      ['DescribeClusterOperationV2', msk.describeOperation('arn')],
      ['DescribeConfigurationRevision', msk.serverProperties('arn', 1)],
      ['GetBootstrapBrokers', msk.privateBootstrapServers(clusterArn)],
      ['GetClusterPolicy', msk.getPolicy(clusterArn)],
      ['PutClusterPolicy', msk.putPolicy(clusterArn, policy, undefined)],
      ['DeleteClusterPolicy', msk.deletePolicy(clusterArn)],
      ['ListTagsForResource', msk.listTags(clusterArn)],
      ['TagResource', msk.tag(clusterArn, {})],
      ['UntagResource', msk.untag(clusterArn, [])],
    ];
    for (const [action, call] of calls)
      await assert.rejects(call, { name: 'AwsUnavailable', message: new RegExp(`kafka:${action} `) });
    assert.deepEqual(commandsOf(mock).toSorted(), calls.map(([action]) => action).toSorted());
  });

  it('passes its abort signal to every call', async () => {
    const { signal } = new AbortController();
    const { msk, mock } = fakeMskClient(signal);
    mock.onAnyCommand().resolves({ $metadata: {} });
    await Promise.allSettled([
      msk.describeCluster(clusterArn),
      msk.listClusters(),
      msk.listScramSecrets(clusterArn),
      msk.associateScramSecret(clusterArn, secretArn),
      msk.updateConnectivity(clusterArn, 'K1', {}),
      msk.describeOperation('arn'),
      msk.serverProperties('arn', 1),
      msk.privateBootstrapServers(clusterArn),
      msk.getPolicy(clusterArn),
      msk.putPolicy(clusterArn, policy, undefined),
      msk.deletePolicy(clusterArn),
      msk.listTags(clusterArn),
      msk.tag(clusterArn, {}),
      msk.untag(clusterArn, []),
    ]);
    // deletePolicy also reads the policy.
    assert.equal(mock.calls().length, 15);
    for (const passed of signalsOf(mock)) assert.equal(passed, signal);
  });
});

describe('a cluster', () => {
  it('comes with the number of attempts that the SDK made', async () => {
    const { msk, mock } = fakeMskClient();
    mock
      .on(DescribeClusterV2Command, { ClusterArn: clusterArn })
      .resolvesOnce({ ClusterInfo: cluster(), $metadata: { attempts: 3 } })
      .resolvesOnce({ ClusterInfo: cluster() });
    assert.deepEqual(await msk.describeCluster(clusterArn), { cluster: cluster(), attempts: 3 });
    assert.equal((await msk.describeCluster(clusterArn)).attempts, 1);
  });

  it('that does not exist is unusable', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(DescribeClusterV2Command).rejectsOnce(notFound()).resolvesOnce({});
    const unusable = {
      name: 'ClusterUnusable',
      message: `Cluster ${clusterArn} does not exist. It may have been deleted.`,
    };
    await assert.rejects(msk.describeCluster(clusterArn), unusable);
    await assert.rejects(msk.describeCluster(clusterArn), unusable);
  });

  it('that we may not read is a refusal, not an absent cluster', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(DescribeClusterV2Command).rejects(awsError('ForbiddenException', 403));
    await assert.rejects(msk.describeCluster(clusterArn), { name: 'AwsRefused', code: 'ForbiddenException' });
  });
});

describe('a list of MSK', () => {
  it('has the clusters of all pages', async () => {
    const { msk, mock } = fakeMskClient();
    const [one, two] = [cluster({ ClusterName: 'one' }), cluster({ ClusterName: 'two' })];
    mock
      .on(ListClustersV2Command, { MaxResults: 100 })
      .resolves({ ClusterInfoList: [one], NextToken: 'next' })
      .on(ListClustersV2Command, { NextToken: 'next' })
      .resolves({ ClusterInfoList: [two] });
    assert.deepEqual(await msk.listClusters(), [one, two]);
  });

  it('has the SCRAM secrets of all pages, also if a page has none', async () => {
    const { msk, mock } = fakeMskClient();
    mock
      .on(ListScramSecretsCommand, { ClusterArn: clusterArn, MaxResults: 100 })
      .resolves({ SecretArnList: ['one'], NextToken: 'next' })
      .on(ListScramSecretsCommand, { NextToken: 'next' })
      .resolves({ NextToken: 'last' })
      .on(ListScramSecretsCommand, { NextToken: 'last' })
      .resolves({ SecretArnList: ['two'] });
    assert.deepEqual(await msk.listScramSecrets(clusterArn), ['one', 'two']);
  });
});

describe('the association of a SCRAM secret', () => {
  it('returns nothing if MSK associates the secret', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(BatchAssociateScramSecretCommand).resolves({ ClusterArn: clusterArn, UnprocessedScramSecrets: [] });
    assert.equal(await msk.associateScramSecret(clusterArn, secretArn), undefined);
    assert.deepEqual(mock.commandCalls(BatchAssociateScramSecretCommand)[0]?.args[0].input, {
      ClusterArn: clusterArn,
      SecretArnList: [secretArn],
    });
  });

  it('returns the secret that MSK did not process, with the reason', async () => {
    const { msk, mock } = fakeMskClient();
    const unprocessed = { SecretArn: secretArn, ErrorCode: '400', ErrorMessage: 'The secret has the default key.' };
    mock.on(BatchAssociateScramSecretCommand).resolves({ UnprocessedScramSecrets: [unprocessed] });
    assert.deepEqual(await msk.associateScramSecret(clusterArn, secretArn), unprocessed);
  });
});

describe('an update of connectivity', () => {
  it('sends all schemes and the version, and returns the operation', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(UpdateConnectivityCommand).resolvesOnce({ ClusterOperationArn: 'operation' }).resolvesOnce({});
    const schemes = { Sasl: { Scram: { Enabled: true }, Iam: { Enabled: true } } };
    assert.equal(await msk.updateConnectivity(clusterArn, 'K1', schemes), 'operation');
    assert.equal(await msk.updateConnectivity(clusterArn, 'K1', schemes), '');
    assert.deepEqual(mock.commandCalls(UpdateConnectivityCommand)[0]?.args[0].input, {
      ClusterArn: clusterArn,
      CurrentVersion: 'K1',
      ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: schemes } },
    });
  });

  it('is an operation that can be read', async () => {
    const { msk, mock } = fakeMskClient();
    const ClusterOperationInfo = { OperationState: 'UPDATE_FAILED' };
    mock.on(DescribeClusterOperationV2Command, { ClusterOperationArn: 'operation' }).resolves({ ClusterOperationInfo });
    assert.deepEqual(await msk.describeOperation('operation'), ClusterOperationInfo);
  });
});

describe("a cluster's configuration", () => {
  it('is text', async () => {
    const { msk, mock } = fakeMskClient();
    const ServerProperties = new TextEncoder().encode('allow.everyone.if.no.acl.found=false\n# ü');
    mock.on(DescribeConfigurationRevisionCommand, { Arn: 'arn', Revision: 2 }).resolves({ ServerProperties });
    assert.equal(await msk.serverProperties('arn', 2), 'allow.everyone.if.no.acl.found=false\n# ü');
  });
});

describe('the private bootstrap servers', () => {
  it('are those of SASL/SCRAM over VPC connectivity', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(GetBootstrapBrokersCommand, { ClusterArn: clusterArn }).resolves({
      BootstrapBrokerStringSaslScram: 'public:9096',
      BootstrapBrokerStringVpcConnectivitySaslIam: 'iam:14098',
      BootstrapBrokerStringVpcConnectivitySaslScram: 'private:14001',
    });
    assert.equal(await msk.privateBootstrapServers(clusterArn), 'private:14001');
  });

  it('are not available until MSK shows them, which passes by itself', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(GetBootstrapBrokersCommand).resolves({ BootstrapBrokerStringSaslScram: 'public:9096' });
    await assert.rejects(msk.privateBootstrapServers(clusterArn), {
      name: 'AwsUnavailable',
      message: /does not show .* yet/,
    });
  });
});

describe('a cluster policy', () => {
  it('is read with its version', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy: policy, CurrentVersion: 'K3' });
    assert.deepEqual(await msk.getPolicy(clusterArn), { policy, version: 'K3' });
  });

  it('is absent if MSK does not find one, or answers with empty fields', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(GetClusterPolicyCommand).rejectsOnce(notFound()).resolvesOnce({ Policy: '', CurrentVersion: '' });
    assert.deepEqual(await msk.getPolicy(clusterArn), { policy: undefined, version: undefined });
    assert.deepEqual(await msk.getPolicy(clusterArn), { policy: undefined, version: undefined });
  });

  it('is written with the version that was read', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K4' });
    await msk.putPolicy(clusterArn, policy, 'K3');
    await msk.putPolicy(clusterArn, policy, undefined);
    assert.deepEqual(
      mock.commandCalls(PutClusterPolicyCommand).map(({ args }) => args[0].input),
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
      const { msk, mock } = fakeMskClient();
      mock.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, said));
      await assert.rejects(msk.putPolicy(clusterArn, policy, 'K3'), (error: Error) => {
        assert.equal(error.name, 'VersionConflict');
        assert.ok(error.message.includes(said), error.message);
        assert.ok(error.cause instanceof AwsRefused);
        return true;
      });
    });

  const refusals: [code: string, status: number, said: string][] = [
    ['BadRequestException', 400, 'The policy language Version 2020-01-01 is not valid.'],
    ['ForbiddenException', 403, 'The current version is secret.'],
  ];
  for (const [code, status, said] of refusals)
    it(`is refused, and does not conflict, after ${code}: ${said}`, async () => {
      const { msk, mock } = fakeMskClient();
      mock.on(PutClusterPolicyCommand).rejects(awsError(code, status, said));
      await assert.rejects(msk.putPolicy(clusterArn, policy, 'K3'), { name: 'AwsRefused', code, said });
    });

  it("is deleted by AWS's own answer, which has a request id", async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(DeleteClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ $metadata: { requestId: 'id' } });
    await msk.deletePolicy(clusterArn);
    assert.deepEqual(commandsOf(mock), ['DeleteClusterPolicy']);
  });

  it('is read again after any other answer', async () => {
    const { msk, mock } = fakeMskClient();
    mock
      .on(DeleteClusterPolicyCommand)
      .resolvesOnce({ $metadata: {} })
      .rejectsOnce(notFound())
      .resolvesOnce({ $metadata: {} })
      .on(GetClusterPolicyCommand)
      .rejectsOnce(notFound())
      .rejectsOnce(notFound())
      .resolvesOnce({ Policy: policy });
    await msk.deletePolicy(clusterArn);
    await msk.deletePolicy(clusterArn);
    await assert.rejects(msk.deletePolicy(clusterArn), { name: 'AwsUnavailable', message: /still shows the policy/ });
  });
});

describe("a cluster's tags", () => {
  it('are read', async () => {
    const { msk, mock } = fakeMskClient();
    mock
      .on(ListTagsForResourceCommand, { ResourceArn: clusterArn })
      .resolvesOnce({ Tags: { team: 'orders' } })
      .resolvesOnce({});
    assert.deepEqual(await msk.listTags(clusterArn), { team: 'orders' });
    assert.deepEqual(await msk.listTags(clusterArn), {});
  });

  it('of a cluster that is gone are refused with NotFoundException', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(ListTagsForResourceCommand).rejects(notFound());
    await assert.rejects(msk.listTags(clusterArn), { name: 'AwsRefused', code: 'NotFoundException' });
  });

  it('are written and removed by key', async () => {
    const { msk, mock } = fakeMskClient();
    mock.on(TagResourceCommand).resolves({}).on(UntagResourceCommand).resolves({});
    await msk.tag(clusterArn, { team: 'orders' });
    await msk.untag(clusterArn, ['team']);
    assert.deepEqual(mock.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: { team: 'orders' },
    });
    assert.deepEqual(mock.commandCalls(UntagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      TagKeys: ['team'],
    });
  });
});
