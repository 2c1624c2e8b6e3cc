import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { marshall } from '@aws-sdk/util-dynamodb';
import { parameters, readStageFile } from '../../packaging/settings.ts';
import { listen } from '../fixtures/loopback.ts';
import { serverlessWithoutBuild, serviceFolder, writeStageFile } from './serverless.ts';

const project = join(import.meta.dirname, '../..');

const own = {
  atlasProjectId: '64b7f1d2e5a9c80011223344',
  atlasWorkspace: 'streams',
  atlasCredentialsSecretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-x1Y2z3',
};

describe('npm run package', () => {
  it('writes nothing, and says everything that is wrong with the settings', async (t) => {
    const folder = serviceFolder(t);
    const { atlasWorkspace: _, ...settings } = own;
    writeStageFile(folder, 'production-europe', { ...settings, sweepAlarmHours: '0', pollSeconds: '20' });
    const { code, output } = await serverlessWithoutBuild(folder, [
      ...['package', '--package', 'packaged', '--stage', 'production-europe', '--region', 'eu-west-1'],
      ...['--param=disconnectOnUntag=yes', '--param=workspace=streams'],
    ]);
    assert.equal(code, 1, output);
    assert.doesNotMatch(output, /Environment|Docs:|osls|Error/);
    for (const sentence of [
      'The stage "production-europe" cannot be used, because its default of prefix is "msk-atlas-privatelink-production-europe"; it must be at most 38 ',
      'sweepAlarmHours in stages/production-europe.yml is "0"; it must be a whole number from 1 to 48, for example 1.\n',
      '"pollSeconds" in stages/production-europe.yml is not a setting. The settings are atlasProjectId, ',
      'disconnectOnUntag is "yes"; it must be true or false.\n',
      '"workspace" is not a setting. Did you mean atlasWorkspace?\n',
      '; it must be in Region eu-west-1, where this is deployed, ',
      'atlasWorkspace is missing in stages/production-europe.yml; it must be the name of an Atlas ',
    ])
      assert.ok(output.includes(sentence), output);
    for (const name of ['packaged', '.serverless']) assert.equal(existsSync(join(folder, name)), false, name);
  });

  it('refuses a --param without a value', async (t) => {
    const { code, output } = await serverlessWithoutBuild(serviceFolder(t), ['package', '--param=notificationEmail']);
    assert.equal(code, 1, output);
    assert.match(output, /^--param needs NAME=VALUE, such as atlasWorkspace=streams, not "notificationEmail"\.\n/);
  });

  it('refuses a Region without Atlas Stream Processing, with and without a stage file', async (t) => {
    const folder = serviceFolder(t);
    const sentence =
      'Atlas offers no Stream Processing in Region eu-north-1, so no cluster there can be connected. Deploy with --region in';
    const atAll = await serverlessWithoutBuild(folder, ['package', '--region', 'eu-north-1']);
    assert.deepEqual([atAll.code, atAll.output.startsWith(sentence)], [1, true], atAll.output);
    writeStageFile(folder, 'prod', {
      ...own,
      atlasCredentialsSecretArn: own.atlasCredentialsSecretArn.replace('us-east-1', 'eu-north-1'),
    });
    const ofStage = await deploy(t, folder, '--stage', 'prod', '--region', 'eu-north-1');
    assert.deepEqual([ofStage.code, ofStage.output.startsWith(sentence)], [1, true], ofStage.output);
    assert.equal(ofStage.isAwsAsked, false);
  });

  it('says that a package with values of the example can be reviewed, but not deployed', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', { ...readStageFile('example'), atlasWorkspace: 'streams' });
    const { code, output } = await serverlessWithoutBuild(folder, ['package', '--stage', 'prod']);
    assert.equal(code, 0, output);
    assert.ok(
      output.includes(
        'This package can be reviewed, but not deployed:\natlasProjectId in stages/prod.yml is still the example value; replace it with your own.\natlasCredentialsSecretArn in stages/prod.yml is still',
      ),
      output,
    );
  });

  it('passes the settings of the stage to CloudFormation, and every parameter exists when the stack is created', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', {
      ...own,
      prefix: 'atlas',
      sweepAlarmHours: '2',
      tags: 'team=streaming,cost center=42',
    });
    const { code, output } = await serverlessWithoutBuild(folder, [
      'package',
      '--stage',
      'prod',
      '--param=sweepAlarmHours=3',
    ]);
    assert.equal(code, 0, output);
    const state = JSON.parse(readFileSync(join(folder, '.serverless/serverless-state.json'), 'utf8'));
    const { stackParameters, stackTags, coreCloudFormationTemplate } = state.service.provider;
    assert.deepEqual(stackTags, { team: 'streaming', 'cost center': '42' });
    const passed = Object.fromEntries(
      stackParameters.map(({ ParameterKey, ParameterValue }: Record<string, string>) => [ParameterKey, ParameterValue]),
    );
    assert.deepEqual(Object.keys(passed).sort(), Object.keys(parameters).sort());
    assert.equal(passed.atlasProjectId, own.atlasProjectId);
    assert.deepEqual([passed.prefix, passed.sweepAlarmHours, passed.notificationEmail], ['atlas', '3', '']);
    // CloudFormation refuses a parameter that the template does not declare.
    assert.deepEqual(Object.keys(coreCloudFormationTemplate.Parameters), Object.keys(parameters));
  });
});

/** Runs npm in the project itself, which stays unchanged because every command here is refused. */
const npm = (...args: string[]) =>
  new Promise<string>((resolve) =>
    execFile('npm', args, { cwd: project }, (_, stdout, stderr) => resolve(stdout + stderr)),
  );

describe('the npm scripts of Serverless', () => {
  it('say which characters the name of a stage must have', async () =>
    assert.match(await npm('run', '--silent', 'package', '--', '--stage', 'a_b'), /^The stage "a_b" cannot be used; /));

  it('say how to write a parameter, and which name was meant', async () => {
    const wrong = [
      ['deploy', '--', '--stage', 'prod', '--param'],
      ['package', '--', '--param', 'name'],
      ['deploy', '--', '--stage', 'prod', '--param', 'wrkspace=x'],
    ];
    const printed = await Promise.all(wrong.map((args) => npm('run', '--silent', ...args)));
    assert.deepEqual(printed, [
      '--param needs NAME=VALUE, such as atlasWorkspace=streams, not "".\n',
      '--param needs NAME=VALUE, such as atlasWorkspace=streams, not "name".\n',
      '"wrkspace" is not a setting. Did you mean atlasWorkspace?\n',
    ]);
  });

  it('say that "--" is missing', async () =>
    assert.equal(
      await npm('run', '--silent', 'deploy', '--stage', 'prod'),
      'npm has used --stage itself; put "--" before all options: npm run deploy -- --stage …\n',
    ));
});

/** Runs `serverless deploy` until it ends or sends AWS a request: there is no AWS here. */
async function deploy(t: TestContext, folder: string, ...args: string[]) {
  const asked = new AbortController();
  const AWS_ENDPOINT_URL = await listen(t, () => asked.abort());
  const environment = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'none', AWS_ENDPOINT_URL };
  const run = await serverlessWithoutBuild(folder, ['deploy', ...args], { environment, signal: asked.signal });
  return { ...run, isAwsAsked: asked.signal.aborted };
}

const connectedByIam = marshall({
  clusterArn: 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5',
  target: { projectId: own.atlasProjectId, workspace: 'streams', connectionName: 'orders', mechanism: 'AWS_MSK_IAM' },
  connection: { ownership: 'created' },
});

/** CloudFormation's answer to DescribeStacks. */
const stackWithStreamsRole = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>stack</StackName>
<Parameters><member><ParameterKey>streamsRoleArn</ParameterKey><ParameterValue>arn:aws:iam::111122223333:role/mine</ParameterValue></member></Parameters>
<Outputs><member><OutputKey>StreamsRoleArn</OutputKey><OutputValue>arn:aws:iam::111122223333:role/mine</OutputValue></member></Outputs>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;

const stackWithoutStreamsRole = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>stack</StackName>
<Parameters><member><ParameterKey>notificationEmail</ParameterKey><ParameterValue></ParameterValue></member></Parameters>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;

describe('npm run deploy', () => {
  it('says which file to copy and what to set before it does anything else', async (t) => {
    const { code, output, isAwsAsked } = await deploy(t, serviceFolder(t), '--stage', 'prod');
    assert.equal(code, 1);
    assert.equal(isAwsAsked, false);
    assert.ok(
      output.includes(
        'stages/prod.yml does not exist. Create it from the example, then set atlasProjectId, atlasWorkspace and atlasCredentialsSecretArn:\n\n  cp stages/example.yml stages/prod.yml\n',
      ),
      output,
    );
  });

  it('refuses the values of the example and wrong ones before it sends AWS a request', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', { ...readStageFile('example'), atlasWorkspace: 'my streams' });
    const { code, output, isAwsAsked } = await deploy(t, folder, '--stage', 'prod');
    assert.equal(code, 1);
    assert.equal(isAwsAsked, false);
    assert.match(output, /^atlasWorkspace in stages\/prod\.yml is "my streams"; it must be the name of .*\n/);
    assert.match(
      output,
      /\natlasProjectId in stages\/prod\.yml is still the example value; replace it with your own\./,
    );
  });

  it('says that there are no AWS credentials before it packages anything', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', own);
    const environment = { AWS_EC2_METADATA_DISABLED: 'true' };
    const runs = [
      serverlessWithoutBuild(folder, ['deploy', '--stage', 'prod'], { environment }),
      serverlessWithoutBuild(folder, ['remove', '--stage', 'prod'], {
        environment: { ...environment, AWS_PROFILE: 'mine' },
      }),
    ];
    const [deployed, removed] = await Promise.all(runs);
    const toDo =
      'Log in, for example with "aws sso login", and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\n';
    assert.deepEqual(deployed, { code: 1, output: `There are no usable AWS credentials. ${toDo}` });
    const why = `"AWS profile 'mine' doesn't seem to be configured"`;
    assert.deepEqual(removed, { code: 1, output: `There are no usable AWS credentials (${why}). ${toDo}` });
    assert.equal(existsSync(join(folder, '.serverless')), false);
  });

  it('continues to AWS with values of your own', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', own);
    const { output, isAwsAsked } = await deploy(t, folder, '--stage', 'prod');
    assert.ok(isAwsAsked, output);
  });

  it('deploys a package with the settings of that time, and refuses one with values of the example', async (t) => {
    const folder = serviceFolder(t);
    const pack = (name: string, ...args: string[]) =>
      serverlessWithoutBuild(folder, ['package', '--package', name, ...args]);
    assert.equal((await pack('without-settings')).code, 0);
    const { output, isAwsAsked } = await deploy(t, folder, '--package', 'without-settings');
    assert.equal(isAwsAsked, false);
    assert.match(
      output,
      /^atlasProjectId in without-settings\/serverless-state\.json is still .*\natlasWorkspace in without-settings\/serverless-state\.json is still the example value; /,
    );

    writeStageFile(folder, 'prod', own);
    assert.equal((await pack('with-settings', '--stage', 'prod')).code, 0);
    assert.ok((await deploy(t, folder, '--package', 'with-settings', '--stage', 'prod')).isAwsAsked);
    const late = await deploy(t, folder, '--package', 'with-settings', '--stage', 'prod', '--param=mechanism=PLAIN');
    assert.match(
      late.output,
      /--param has no effect on a package that exists\. Package again with it, or leave it out\./,
    );
    assert.equal(late.isAwsAsked, false);
  });

  it('refuses to drop the streams role with which clusters log in, also by an older package', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', own);
    assert.equal((await serverlessWithoutBuild(folder, ['package', '--package', 'older', '--stage', 'prod'])).code, 0);
    const asked: string[] = [];
    const AWS_ENDPOINT_URL = await listen(t, async (request, response) => {
      const body = await text(request);
      const isScan = request.headers['x-amz-target'] === 'DynamoDB_20120810.Scan';
      asked.push(isScan ? 'Scan' : String(new URLSearchParams(body).get('Action')));
      response.end(isScan ? JSON.stringify({ Items: [connectedByIam] }) : stackWithStreamsRole);
    });
    const environment = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'none', AWS_ENDPOINT_URL };
    for (const [args, more] of [
      [[], ''],
      [['--package', 'older'], ', and package again'],
    ] as const) {
      const { code, output } = await serverlessWithoutBuild(folder, ['deploy', '--stage', 'prod', ...args], {
        environment,
      });
      assert.deepEqual([code, asked.splice(0)], [1, ['DescribeStacks', 'Scan']], output);
      assert.match(
        output,
        /^The settings no longer have a streams role, but these clusters log in with it, .*:\n {2}orders\n/,
      );
      assert.ok(
        output.includes(
          `Keep the role by these settings in stages/prod.yml${more}:\n  streamsRoleArn: arn:aws:iam::111122223333:role/mine\n`,
        ),
        output,
      );
    }
  });

  it('shows what differs from the deployed stack, before it deploys', async (t) => {
    const folder = serviceFolder(t);
    writeStageFile(folder, 'prod', { ...own, notificationEmail: 'team@example.com', tags: 'team=streaming' });
    let described = 0;
    const controller = new AbortController();
    const AWS_ENDPOINT_URL = await listen(t, async (request, response) => {
      const action = new URLSearchParams(await text(request)).get('Action');
      if (action === 'DescribeStacks' && ++described <= 2) response.end(stackWithoutStreamsRole);
      // The deployment itself.
      else controller.abort();
    });
    const environment = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'none', AWS_ENDPOINT_URL };
    const { output } = await serverlessWithoutBuild(folder, ['deploy', '--stage', 'prod'], {
      environment,
      signal: controller.signal,
    });
    assert.match(
      output,
      /These settings differ from the stack msk-atlas-privatelink-prod:\n {2}notificationEmail: none → team@example\.com\n/,
    );
    assert.match(output, /\n {2}tag team: new → streaming\n/);
  });

  it('shows its help without any settings', async (t) => {
    const { code, output } = await deploy(t, serviceFolder(t), '--help');
    assert.equal(code, 0, output);
  });
});
