import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  BadRequestException,
  BatchAssociateScramSecretCommand,
  BatchDisassociateScramSecretCommand,
  type ConnectivityInfo,
  DescribeClusterV2Command,
  GetBootstrapBrokersCommand,
  ListClustersV2Command,
  ListScramSecretsCommand,
  ListTagsForResourceCommand,
  UpdateConnectivityCommand,
} from '@aws-sdk/client-kafka';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import { startMsk } from '../../fixtures/emulators.ts';

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/0a1b2c3d-1111-2222-3333-444455556666-2';
const serverlessArn = arn.replace(/2$/, 's1');
const kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/k1';

/** A call that is refused with HTTP 400, these words and this parameter. */
const refused = (message: string, parameter?: string) => (error: Error) => {
  assert.ok(error instanceof BadRequestException, String(error));
  assert.deepEqual([error.message, error.InvalidParameter], [message, parameter]);
  return true;
};

async function start(t: TestContext, seed: Partial<ClusterSeed> = {}) {
  const started = await startMsk(t, {});
  const { kafka } = started;
  started.msk.addCluster({ arn, ...seed });
  const ClusterArn = seed.arn ?? arn;
  return {
    ...started,
    associate: (...SecretArnList: string[]) =>
      kafka.send(new BatchAssociateScramSecretCommand({ ClusterArn, SecretArnList })),
    disassociate: (...SecretArnList: string[]) =>
      kafka.send(new BatchDisassociateScramSecretCommand({ ClusterArn, SecretArnList })),
    brokers: () => kafka.send(new GetBootstrapBrokersCommand({ ClusterArn })),
    update: async (connectivity: ConnectivityInfo) => {
      const { ClusterInfo } = await kafka.send(new DescribeClusterV2Command({ ClusterArn }));
      const CurrentVersion = ClusterInfo?.CurrentVersion;
      return kafka.send(new UpdateConnectivityCommand({ ClusterArn, CurrentVersion, ConnectivityInfo: connectivity }));
    },
    secret: (name: string) => started.secrets.addSecret({ name, secretString: '{}', kmsKeyId }).arn,
  };
}

describe('UpdateConnectivity', () => {
  it('takes one setting in a request', async (t) => {
    const { update } = await start(t);
    const VpcConnectivity = { ClientAuthentication: { Sasl: { Scram: { Enabled: true } } } };
    await assert.rejects(
      update({ VpcConnectivity, PublicAccess: { Type: 'DISABLED' } }),
      refused(
        "You can't update multiple connectivity settings in the same request. Modify your request to update only NetworkType, VpcConnectivity, or PublicAccess connectivity setting, and try again.",
        'connectivityInfo',
      ),
    );
  });

  it('takes only the documented types of public access', async (t) => {
    const { update } = await start(t);
    for (const Type of ['FOO', 'disabled', ''])
      await assert.rejects(update({ PublicAccess: { Type } }), { name: 'BadRequestException' }, Type);
    await assert.rejects(update({ PublicAccess: {} }), { name: 'BadRequestException' });
    await update({ PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' } });
  });
});

describe('BatchAssociateScramSecret', () => {
  it('refuses a list that has an ARN twice', async (t) => {
    const { associate, secret } = await start(t);
    const twice = secret('AmazonMSK_a');
    await assert.rejects(
      associate(twice, secret('AmazonMSK_b'), twice),
      refused('The list provided contains duplicate items.', 'secretArnList'),
    );
  });

  it('refuses a secret of another account, even for a cluster that does not exist', async (t) => {
    const { associate, msk } = await start(t);
    msk.deleteCluster(arn);
    await assert.rejects(
      associate('arn:aws:secretsmanager:us-east-1:210987654321:secret:AmazonMSK_a-a1B2c3'),
      refused('The provided secret ARN is invalid.', 'secretArnList'),
    );
  });

  it('returns a secret as unprocessed that is already associated', async (t) => {
    const { associate, secret } = await start(t);
    const [a, b] = [secret('AmazonMSK_a'), secret('AmazonMSK_b')];
    await associate(a);
    assert.deepEqual((await associate(a, b)).UnprocessedScramSecrets, [
      {
        ErrorCode: 'InvalidSecretArn',
        ErrorMessage:
          'The provided secret is already associated with this cluster. To update the association, first disassociate the secret.',
        SecretArn: a,
      },
    ]);
    assert.deepEqual((await associate(b)).UnprocessedScramSecrets?.length, 1);
  });

  it('names the prefix that is missing', async (t) => {
    const { associate, secret } = await start(t);
    assert.equal(
      (await associate(secret('other'))).UnprocessedScramSecrets?.[0]?.ErrorMessage,
      "The provided secret arn cannot be used with Amazon MSK. Secret names must have the prefix 'AmazonMSK_'",
    );
  });

  it('cannot read a secret for a while if the scenario says so', async (t) => {
    const { associate, secret, clock } = await start(t, { secretsReadableAfterMinutes: 1 });
    const arnOfNew = secret('AmazonMSK_new');
    const messages = async () =>
      (await associate(arnOfNew)).UnprocessedScramSecrets?.map(({ ErrorMessage }) => ErrorMessage);
    assert.deepEqual(await messages(), ["Amazon MSK wasn't able to access the provided secret."]);
    clock.advance(1);
    assert.deepEqual(await messages(), []);
  });
});

it('BatchDisassociateScramSecret calls a secret invalid that is not associated', async (t) => {
  const { disassociate, secret } = await start(t);
  const SecretArn = secret('AmazonMSK_a');
  assert.deepEqual((await disassociate(SecretArn)).UnprocessedScramSecrets, [
    { ErrorCode: 'InvalidSecretArn', ErrorMessage: 'The provided secret ARN is invalid.', SecretArn },
  ]);
});

for (const state of ['FAILED', 'DELETING'] as const)
  it(`GetBootstrapBrokers refuses a ${state} cluster`, async (t) => {
    const { brokers } = await start(t, { state });
    await assert.rejects(
      brokers(),
      refused(`You can't get bootstrap broker nodes for a cluster in ${state} state.`, 'clusterArn'),
    );
  });

describe('A serverless cluster', () => {
  it('is known by its ARN, and has nothing but IAM', async (t) => {
    const { kafka } = await start(t, { arn: serverlessArn });
    const { ClusterInfo } = await kafka.send(new DescribeClusterV2Command({ ClusterArn: serverlessArn }));
    assert.equal(ClusterInfo?.ClusterType, 'SERVERLESS');
    assert.deepEqual(ClusterInfo?.Serverless?.ClientAuthentication, { Sasl: { Iam: { Enabled: true } } });
    assert.equal(ClusterInfo?.Provisioned, undefined);
  });

  it('has one bootstrap string, for IAM', async (t) => {
    const { brokers } = await start(t, { arn: serverlessArn });
    const { $metadata: _, ...strings } = await brokers();
    assert.deepEqual(strings, {
      BootstrapBrokerStringSaslIam: 'boot-0a1b2c.c1.kafka-serverless.us-east-1.amazonaws.com:9098',
    });
  });

  it('takes no connectivity and no SCRAM secrets', async (t) => {
    const { update, associate, disassociate, secret } = await start(t, { arn: serverlessArn });
    const text = 'This operation cannot be performed on serverless clusters.';
    await assert.rejects(update({ PublicAccess: { Type: 'DISABLED' } }), refused(text, 'clusterArn'));
    await assert.rejects(associate(secret('AmazonMSK_a')), refused(text, 'clusterArn'));
    await assert.rejects(disassociate(secret('AmazonMSK_b')), refused(text, 'clusterArn'));
  });
});

it('a cluster without any authentication has no ClientAuthentication', async (t) => {
  const clientAuthentication = { scram: false, iam: false, tls: false, unauthenticated: true };
  const { kafka } = await start(t, { clientAuthentication });
  const { ClusterInfo } = await kafka.send(new DescribeClusterV2Command({ ClusterArn: arn }));
  assert.equal(ClusterInfo?.Provisioned && 'ClientAuthentication' in ClusterInfo.Provisioned, false);
});

it('ListClustersV2 refuses a type of clusters that does not exist', async (t) => {
  const { kafka } = await start(t);
  const list = (ClusterTypeFilter: string) => kafka.send(new ListClustersV2Command({ ClusterTypeFilter }));
  await assert.rejects(list('FOO'), { name: 'BadRequestException', InvalidParameter: 'clusterTypeFilter' });
  assert.equal((await list('PROVISIONED')).ClusterInfoList?.length, 1);
});

describe('A page', () => {
  const token = (text: string) => Buffer.from(text).toString('base64url');

  it('begins only at a token that MSK has given', async (t) => {
    const { kafka, msk } = await start(t);
    msk.addCluster({ name: 'payments' });
    for (const NextToken of [
      'garbage',
      '!!!',
      token(''),
      token('-1'),
      token('0'),
      token('1.0'),
      token('01'),
      token('9'),
    ]) {
      const command = new ListClustersV2Command({ NextToken, MaxResults: 1 });
      await assert.rejects(
        kafka.send(command),
        { name: 'BadRequestException', InvalidParameter: 'nextToken' },
        NextToken,
      );
    }
    const secrets = new ListScramSecretsCommand({ ClusterArn: arn, NextToken: 'garbage' });
    await assert.rejects(kafka.send(secrets), { name: 'BadRequestException', InvalidParameter: 'nextToken' });
    const { NextToken } = await kafka.send(new ListClustersV2Command({ MaxResults: 1 }));
    const { ClusterInfoList } = await kafka.send(new ListClustersV2Command({ NextToken, MaxResults: 1 }));
    assert.equal(ClusterInfoList?.length, 1);
  });

  it('has 1 to 100 results', async (t) => {
    const { kafka } = await start(t);
    for (const MaxResults of [0, -1, 101, 1.5, Number.NaN])
      await assert.rejects(kafka.send(new ListClustersV2Command({ MaxResults })), {
        name: 'BadRequestException',
        InvalidParameter: 'maxResults',
      });
  });
});

describe('A malformed ARN of a cluster is refused, not missing:', () => {
  for (const malformed of [
    'orders',
    'arn:aws:kafka:us-east-1:123456789012:cluster/orders',
    `${arn} `,
    arn.replace('kafka', 's3'),
  ])
    it(malformed, async (t) => {
      const { kafka } = await start(t);
      await assert.rejects(kafka.send(new DescribeClusterV2Command({ ClusterArn: malformed })), {
        name: 'BadRequestException',
        InvalidParameter: 'clusterArn',
      });
      await assert.rejects(kafka.send(new ListTagsForResourceCommand({ ResourceArn: malformed })), {
        name: 'BadRequestException',
        InvalidParameter: 'resourceArn',
      });
    });
});

it('a request that is signed for another Region is refused', async (t) => {
  const { url } = await start(t);
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIA/20261123/eu-west-1/kafka/aws4_request, SignedHeaders=host, Signature=0';
  const answer = await fetch(`${url}/api/v2/clusters`, { headers: { authorization } });
  assert.deepEqual([answer.status, answer.headers.get('x-amzn-errortype')], [403, 'InvalidSignatureException']);
  assert.match(await answer.text(), /Credential should be scoped to a valid region, not 'eu-west-1'\./);
});
