import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UsageError } from '../../cli/exit.ts';
import { parseArguments, usage } from '../../cli/preflight/arguments.ts';
import { settingsOf } from '../../cli/preflight/setup.ts';
import { clusterArn, projectId, secretArn } from '../fixtures/request.ts';

const cluster = ['--cluster', clusterArn];

describe('the arguments of preflight', () => {
  it('name a cluster, its Region, the target, the secret and the mechanism', () => {
    const args = [
      ...cluster,
      '--project',
      projectId,
      '--workspace',
      'streams',
      '--connection-name',
      'o-1',
      '--secret',
      secretArn,
      '--mechanism',
      'PLAIN',
      '--topics',
      'orders, payments',
    ];
    assert.deepEqual(parseArguments(args), {
      clusterArn,
      region: 'us-east-1',
      project: projectId,
      workspace: 'streams',
      connectionName: 'o-1',
      secretArn,
      secretName: undefined,
      streamsRole: undefined,
      topics: ['orders', 'payments'],
      mechanism: 'PLAIN',
      stage: undefined,
      record: undefined,
      credentialsSecret: undefined,
      json: false,
      help: false,
    });
    assert.equal(parseArguments([...cluster, '--secret', 'AmazonMSK_orders']).secretName, 'AmazonMSK_orders');
  });

  for (const [args, sentence] of [
    [[], /^Give either --cluster with the ARN of an Amazon MSK cluster, for example "arn:.*", or --all\.$/],
    [[...cluster, '--all'], /^Give either --cluster/],
    [['--cluster', 'orders'], /^--cluster is "orders"; it must be the ARN of an Amazon MSK cluster, for example/],
    [
      ['--cluster', clusterArn.replace('kafka', 'sqs')],
      /^--cluster is "arn:aws:sqs:.*; it must be the ARN of an Amazon MSK/,
    ],
    [
      [...cluster, '--region', 'eu-west-1'],
      /^--region is eu-west-1, but the cluster is in us-east-1\. Leave --region out\.$/,
    ],
    [['--all', '--region', 'EU West'], /^--region is "EU West"; it must be the name of an AWS Region/],
    [[...cluster, '--project', 'orders'], /^--project is "orders"; it must be the 24 hexadecimal characters/],
    [
      [...cluster, '--workspace', '..'],
      /^--workspace is "\.\."; it must be the name of an Atlas Stream Processing workspace/,
    ],
    [
      [...cluster, '--secret', 'orders'],
      /^--secret is "orders"; it must be the name of .* that starts with AmazonMSK_/,
    ],
    [
      [...cluster, '--secret', secretArn.replace('us-east-1', 'eu-west-1')],
      /is in Region eu-west-1; it must be in us-east-1, the cluster's/,
    ],
    [
      [...cluster, '--mechanism', 'iam'],
      /^--mechanism is "iam"; it must be one of "auto", "SCRAM-512", "PLAIN", "AWS_MSK_IAM"\.$/,
    ],
    [
      [...cluster, '--mechanism', 'AWS_MSK_IAM', '--secret', 'AmazonMSK_orders'],
      /^--mechanism AWS_MSK_IAM uses no secret\. Leave --secret out\.$/,
    ],
    [
      ['--all', '--secret', 'AmazonMSK_orders'],
      /^--all cannot be combined with --connection-name, --secret or --topics/,
    ],
    [['--all', '--topics', 'orders'], /^--all cannot be combined with --connection-name, --secret or --topics/],
    [[...cluster, '--topics', 'a/b'], /^--topics has the topic "a\/b"; it must be a list of the names of/],
    [[...cluster, '--topics', ','], /^--topics is \[\]; it must be a list of the names of/],
    [
      [...cluster, '--credentials-secret', 'hunter2'],
      /^--credentials-secret is not an ARN \(value hidden.*; it must be the whole ARN/,
    ],
    [[...cluster, '--clustre', 'x'], /^Unknown option '--clustre'\. Did you mean --cluster\?$/],
    [[...cluster, '--verbose'], /^Unknown option '--verbose'\. npm run preflight -- --help lists the options\.$/],
    [[...cluster, 'orders'], /^Unexpected argument 'orders'\./],
    [['--cluster'], /^--cluster needs a value\.$/],
    [['--cluster', '--all'], /^--cluster needs a value\.$/],
  ] as const)
    it(`are refused: ${args.join(' ')}`, () =>
      assert.throws(
        () => parseArguments([...args]),
        (error: Error) =>
          error instanceof UsageError && sentence.test(error.message) && !/hunter2|\n/.test(error.message),
      ));

  it('are refused if npm has used them itself', () =>
    assert.throws(() => parseArguments([], { npm_config_cluster: clusterArn, npm_lifecycle_event: 'preflight' }), {
      message: 'npm has used --cluster itself; put "--" before all options: npm run preflight -- --cluster …',
    }));

  it('are all in the usage', () => {
    for (const option of Object.keys(parseArguments(['--all'])))
      if (!['clusterArn', 'secretArn', 'secretName'].includes(option))
        assert.ok(usage.includes(`--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} `), option);
  });
});

describe('the settings of preflight', () => {
  const target = ['--project', projectId, '--workspace', 'streams'];

  it('are the defaults, the options, and those of the stage', () => {
    assert.equal(settingsOf(parseArguments(cluster), {}).atlasProjectId, undefined);
    const ofExample = settingsOf(parseArguments([...cluster, '--stage', 'example', '--workspace', 'mine']), {});
    assert.deepEqual([ofExample.atlasWorkspace, ofExample.mechanism], ['mine', 'auto']);
    const base = { MONGODB_ATLAS_BASE_URL: 'https://cloud.mongodb.com/' };
    assert.equal(settingsOf(parseArguments(cluster), base).atlasBaseUrl, 'https://cloud.mongodb.com');
  });

  it('need no file of the stage if the options name the target', () => {
    assert.equal(settingsOf(parseArguments([...cluster, '--stage', 'new', ...target]), {}).atlasProjectId, projectId);
    assert.throws(() => settingsOf(parseArguments([...cluster, '--stage', 'new']), {}), {
      message: /^stages\/new\.yml does not exist\. Create it from the example/,
    });
  });

  it('have the streams role that an option names, unless it is wrong', () => {
    const arn = 'arn:aws:iam::123456789012:role/streams';
    assert.equal(settingsOf(parseArguments([...cluster, '--streams-role', arn]), {}).streamsRoleArn, arn);
    assert.throws(
      () => settingsOf(parseArguments([...cluster, '--streams-role', 'streams']), {}),
      /^Error: streamsRoleArn is "streams"; it must be empty, or the ARN of an IAM role/,
    );
  });

  it('are refused if one is wrong', () => {
    assert.throws(
      () => settingsOf(parseArguments([...cluster, '--stage', 'a b']), {}),
      /The stage "a b" cannot be used/,
    );
    const http = { MONGODB_ATLAS_BASE_URL: 'http://example.com' };
    assert.throws(() => settingsOf(parseArguments(cluster), http), UsageError);
  });
});

describe('npm run preflight', () => {
  const main = join(import.meta.dirname, '../../cli/preflight/main.ts');
  // Nothing of the developer's own configuration.
  const env = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const run = (args: string[], more: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: { ...env, ...more } });

  it('prints one sentence on standard error and exits with 2 for wrong arguments and without AWS credentials', () => {
    const wrong = run(['--cluster', 'orders']);
    assert.deepEqual([wrong.status, wrong.stdout, wrong.stderr.split('\n').length], [2, '', 2]);
    const without = run(cluster);
    assert.deepEqual([without.status, without.stdout], [2, '']);
    assert.match(
      without.stderr,
      /^The AWS SDK finds no usable credentials \(.*\)\. Log in, for example with "aws sso login".*\n$/,
    );
    const unknown = run(cluster, { AWS_PROFILE: 'staging' });
    assert.match(unknown.stderr, /AWS_PROFILE is "staging": check that this profile exists, and log in/);
    assert.equal(unknown.status, 2);
  });
});
