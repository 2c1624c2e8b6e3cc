import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { NoAccess, UsageError } from '../../cli/exit.ts';
import type { Report } from '../../cli/preflight/report.ts';
import { atlasError } from '../../emulators/atlas/error.ts';
import { Cloud } from '../../emulators/cloud.ts';
import { dynamoDbError } from '../../emulators/dynamodb/dynamodb.ts';
import type { Answer } from '../../emulators/emulator.ts';
import { mskError } from '../../emulators/msk/router.ts';
import { secretsManagerError } from '../../emulators/secrets-manager/secret.ts';
import { preflightOf, preflightOfCluster, targetOptions } from '../fixtures/preflight.ts';

/** A port on which nothing listens. */
const closed = 'http://127.0.0.1:9';

let cloud: Cloud;
before(async () => {
  cloud = await Cloud.start({ speed: 1 });
});
after(() => cloud.close());
beforeEach(() => cloud.replaceWorld({}));

/** Answers one operation in the place of the service. */
function refuse(operation: string, answer: Answer): void {
  cloud.intercept = async (call, next) => (call.operation === operation ? answer : next());
}

const idsOf = ({ checks }: Report, result: string) =>
  checks.filter((check) => check.result === result).map(({ id }) => id);

describe('preflight without one permission', () => {
  const words = 'User: arn:aws:iam::123456789012:user/eve is not authorized to perform it.';
  for (const [operation, action, error, unknown] of [
    ['DescribeConfigurationRevision', 'kafka:DescribeConfigurationRevision', mskError, ['acls']],
    ['GetClusterPolicy', 'kafka:GetClusterPolicy', mskError, ['policy']],
    ['ListScramSecrets', 'kafka:ListScramSecrets', mskError, ['secretChoice', 'secretDescription', 'secretContent']],
    ['DescribeSecret', 'secretsmanager:DescribeSecret', secretsManagerError, ['secretDescription']],
    ['GetSecretValue', 'secretsmanager:GetSecretValue', secretsManagerError, ['secretContent']],
    ['GetItem', 'dynamodb:GetItem', dynamoDbError, ['registry']],
  ] as const)
    it(`makes all other checks, and names ${action}`, async () => {
      refuse(operation, error('AccessDeniedException', words).answer);
      const { report, text, exitCode } = await preflightOfCluster(cloud, ['--stage', 'local']);
      assert.deepEqual(idsOf(report, 'unknown'), unknown);
      assert.deepEqual(idsOf(report, 'unmet'), []);
      const reason = report.checks.find(({ result }) => result === 'unknown')?.text ?? '';
      assert.match(reason, new RegExp(`${action}\\b.*a policy denies it.*"User: arn:aws:iam::123456789012:user/eve`));
      assert.match(text, new RegExp(`\nNot known: ${unknown.length} prerequisite.* not checked\\.$`));
      assert.equal(exitCode, 2);
    });

  it('still asks Atlas and reads the policy if the cluster cannot be described', async () => {
    refuse('DescribeClusterV2', mskError('AccessDeniedException', words).answer);
    const { report, exitCode } = await preflightOfCluster(cloud);
    const met = idsOf(report, 'met');
    assert.deepEqual(met.slice(-8), [
      'accessList',
      'region',
      'workspace',
      'principal',
      'account',
      'privateLink',
      'connection',
      'policy',
    ]);
    assert.match(report.checks[0]?.text ?? '', /lack kafka:DescribeClusterV2/);
    assert.equal(report.plan, null);
    assert.equal(exitCode, 2);
  });
});

describe('preflight without access to AWS ends with one sentence', () => {
  for (const [code, sentence] of [
    ['ExpiredTokenException', /^The AWS credentials have expired\. Log in again, for example with "aws sso login"\.$/],
    [
      'UnrecognizedClientException',
      /^AWS does not accept the credentials \(UnrecognizedClientException\)\. Check AWS_PROFILE/,
    ],
    ['InvalidSignatureException', /^AWS does not accept the credentials \(InvalidSignatureException\)/],
  ] as const)
    it(`if AWS answers ${code}`, async () => {
      for (const operation of ['DescribeClusterV2', 'ListClustersV2']) {
        refuse(operation, { status: 403, headers: { 'x-amzn-errortype': code }, body: '{"message":"No."}' });
        const args = operation === 'ListClustersV2' ? ['--all'] : ['--cluster', cloud.world.cluster.arn];
        await assert.rejects(preflightOf(cloud, args), (error: Error) => {
          assert.ok(error instanceof NoAccess);
          assert.match(error.message, sentence);
          return true;
        });
      }
    });

  it('if a proxy answers in place of AWS', async () => {
    refuse('DescribeClusterV2', { status: 404, body: '' });
    await assert.rejects(
      preflightOf(cloud, ['--cluster', cloud.world.cluster.arn]),
      (error: Error) =>
        error instanceof NoAccess &&
        /This is not an answer of AWS\. Check the network of this machine/.test(error.message),
    );
  });

  it('if AWS cannot be reached', () =>
    assert.rejects(
      preflightOfCluster(cloud, [], { env: { AWS_ENDPOINT_URL_KAFKA: closed } }),
      (error: Error) =>
        error instanceof NoAccess &&
        /^AWS did not carry out kafka:DescribeClusterV2 \(ECONNREFUSED\)\. Check the network of this machine/.test(
          error.message,
        ),
    ));

  it('if MSK has no such cluster', () =>
    assert.rejects(
      preflightOf(cloud, ['--cluster', cloud.world.cluster.arn.replace('/orders/', '/others/')]),
      (error: Error) => error instanceof UsageError && /cluster\/others\/.* does not exist\./.test(error.message),
    ));

  it('if the Region has no cluster, or they may not be listed', async () => {
    refuse('ListClustersV2', { status: 200, body: '{"clusterInfoList":[]}' });
    await assert.rejects(preflightOf(cloud, ['--all']), {
      message: /^MSK has no cluster in Region us-east-1 of this account\./,
    });
    refuse('ListClustersV2', mskError('AccessDeniedException', 'No.').answer);
    await assert.rejects(preflightOf(cloud, ['--all']), { message: /^The AWS credentials lack kafka:ListClustersV2/ });
  });
});

describe('preflight without access to Atlas makes the checks of AWS', () => {
  const inAtlas = ['accessList', 'region', 'workspace', 'principal', 'account', 'privateLink', 'connection', 'policy'];
  const none = { MONGODB_ATLAS_PUBLIC_KEY: '', MONGODB_ATLAS_PRIVATE_KEY: '' };

  async function reasonWith(args: string[], env: NodeJS.ProcessEnv, unknown = inAtlas): Promise<string> {
    const { report, exitCode } = await preflightOf(cloud, ['--cluster', cloud.world.cluster.arn, ...args], { env });
    assert.deepEqual(idsOf(report, 'unknown'), unknown);
    assert.equal(exitCode, idsOf(report, 'unmet').length > 0 ? 1 : 2);
    return report.checks.find(({ id }) => id === 'workspace')?.text ?? '';
  }

  it('and says how to give credentials', async () =>
    assert.match(
      await reasonWith(targetOptions, none),
      /^There are no credentials of Atlas\. Set MONGODB_ATLAS_PUBLIC_KEY and MONGODB_ATLAS_PRIVATE_KEY/,
    ));

  it('and says the reason once, for all of them', async () => {
    const { text } = await preflightOfCluster(cloud, [], { env: none });
    assert.match(
      text,
      /– Not checked: The cluster policy .*\n {4}The reason for these 8: There are no credentials of Atlas\. Set/,
    );
    assert.equal(text.split('There are no credentials').length, 2);
  });

  it('and says which project and workspace to give', async () => {
    assert.match(
      await reasonWith([], {}),
      /^The Atlas project or workspace is unknown\. Give --project ID and --workspace NAME/,
    );
    assert.match(await reasonWith(targetOptions.slice(0, 2), {}), /Give --workspace NAME/);
  });

  it('and says that Atlas does not accept the key', async () => {
    const env = { MONGODB_ATLAS_PUBLIC_KEY: 'wrong', MONGODB_ATLAS_PRIVATE_KEY: 'also-wrong' };
    assert.equal(
      await reasonWith(targetOptions, env),
      'Atlas does not accept the credentials from the environment (HTTP 401). Correct them.',
    );
  });

  it('and says that the key lacks its role', async () => {
    refuse('getGroupStreamWorkspace', {
      status: 403,
      body: JSON.stringify({ error: 403, errorCode: 'USER_UNAUTHORIZED' }),
    });
    assert.match(await reasonWith(targetOptions, {}), /lack a role in this project \(USER_UNAUTHORIZED\)\. Give them/);
  });

  it('and says that Atlas throttles', async () => {
    const headers = { 'retry-after': '60' };
    refuse('getGroupStreamWorkspace', atlasError(429, 'RATE_LIMITED_TOKEN_BUCKET', 'Too many.', { headers }).answer);
    assert.match(await reasonWith(targetOptions, {}), /^Atlas throttles GET .* for 60 s .* Try again later\.$/);
  });

  it('and says that Atlas cannot be reached', async () =>
    assert.match(
      await reasonWith(targetOptions, { MONGODB_ATLAS_BASE_URL: closed }),
      /^Atlas did not answer GET .* \(ECONNREFUSED\)\. Check the network of this machine and MONGODB_ATLAS_BASE_URL/,
    ));

  it('and says which secret with credentials cannot be read', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:none-a1B2c3';
    assert.match(
      await reasonWith([...targetOptions, '--credentials-secret', arn], none),
      /^The secret arn:.*:none-a1B2c3 with the credentials of Atlas cannot be used\. AWS refused secretsmanager:GetSecretValue/,
    );
  });

  it("and says what Atlas's access list means for a deployment", async () => {
    refuse('getGroupStreamWorkspace', atlasError(403, 'IP_ADDRESS_NOT_ON_ACCESS_LIST', 'No.').answer);
    const reason = await reasonWith(targetOptions, {}, inAtlas.slice(1));
    assert.match(reason, /access list does not allow this address/);
    const { report } = await preflightOfCluster(cloud);
    assert.match(
      report.checks.find(({ id }) => id === 'accessList')?.text ?? '',
      /functions of a deployment call from addresses/,
    );
    assert.deepEqual(idsOf(report, 'unmet'), ['accessList']);
  });
});
