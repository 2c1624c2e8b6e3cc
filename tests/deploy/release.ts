import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { KafkaClient, TagResourceCommand } from '@aws-sdk/client-kafka';
import { SFNClient } from '@aws-sdk/client-sfn';
import { release } from '../../packaging/release.ts';
import { type AwsCli, awsCli } from '../fixtures/aws-cli.ts';
import { serviceFolder } from '../template/serverless.ts';
import { accountId, clientConfig, environment, region } from './account.ts';
import { adaptToMiniStack } from './adapt.ts';
import { executionsOf, follow } from './executions.ts';
import { inventory } from './inventory.ts';
import { startMiniStack } from './ministack.ts';
import { cfnLint, command, steps, unavailable } from './setup.ts';
import { createSecrets, emitTagEvents, startSurroundings } from './surroundings.ts';

/** A release, from the upload of its folder to the end of its stack, by the AWS CLI alone. */

const prefix = 'released';
const stack = 'atlas-streaming';
const assets = 'example-assets';
const bucket = `s3://${assets}-${region}`;
const folder = 'msk-atlas-privatelink/';
const table = 'msk-atlas-privatelink-registry';
const clusterArn = `arn:aws:kafka:${region}:${accountId}:cluster/orders/4c038240-bfb7-4b63-bbb0-f77f942caaa5-5`;

const cli = unavailable ? unavailable : await awsCli();
const skip = typeof cli === 'string' && cli;

/** As Lambda gives it. */
const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('base64');

interface Stack {
  StackStatus: string;
  Parameters: { ParameterKey: string; ParameterValue: string }[];
  Outputs: { OutputKey: string; OutputValue: string }[];
}

test('a release in MiniStack', { skip }, async (t) => {
  const surroundings = await startSurroundings();
  t.after(() => surroundings.close());
  const { msk, project } = surroundings;
  const ministack = await startMiniStack(command, { AWS_ENDPOINT_URL_KAFKA: surroundings.kafkaUrl });
  t.after(() => ministack.stop());
  const step = steps(t, ministack);

  const config = clientConfig(ministack.url);
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  const surroundingsOfCli = { ...environment(ministack.url), AWS_DEFAULT_REGION: region, HOME: home };
  const aws = (...args: string[]) => (cli as AwsCli)(args, surroundingsOfCli);
  const sfn = new SFNClient(config);
  const kafka = new KafkaClient({ ...config, endpoint: surroundings.kafkaUrl });
  const emit = () => emitTagEvents(surroundings, config);

  /** Tags the cluster, and follows the execution that this starts. */
  const run = async (machineArn: string, trigger: string) => {
    const earlier = await executionsOf(sfn, machineArn);
    await kafka.send(new TagResourceCommand({ ResourceArn: clusterArn, Tags: { 'atlas-streaming': trigger } }));
    await emit();
    const started = (await executionsOf(sfn, machineArn)).filter((it) => !earlier.includes(it));
    assert.equal(started.length, 1);
    return follow(sfn, started[0] ?? '', emit);
  };
  const describeStack = async () => {
    const { Stacks } = (await aws('cloudformation', 'describe-stacks', '--stack-name', stack)) as { Stacks: [Stack] };
    const [{ StackStatus, Parameters, Outputs }] = Stacks;
    return {
      status: StackStatus,
      parameters: Object.fromEntries(Parameters.map((it) => [it.ParameterKey, it.ParameterValue])),
      outputs: Object.fromEntries(Outputs.map((it) => [it.OutputKey, it.OutputValue])),
    };
  };
  const registered = async () => {
    const { Items } = (await aws('dynamodb', 'scan', '--table-name', table, '--consistent-read')) as {
      Items: { clusterArn: { S: string }; status: { S: string } }[];
    };
    return Items.map((it) => [it.clusterArn.S, it.status.S]);
  };

  const secrets = await createSecrets(surroundings, config);
  const before = await inventory(config);
  const out = join(mkdtempSync(join(tmpdir(), 'release-')), 'release');
  let outputs: Record<string, string> = {};

  const deploy = (...overrides: string[]) =>
    aws(
      ...['cloudformation', 'deploy', '--stack-name', stack, '--template-file', join(out, 'template.json')],
      ...['--capabilities', 'CAPABILITY_NAMED_IAM', '--s3-bucket', `${assets}-${region}`],
      ...['--s3-prefix', `${folder}deployed`, '--parameter-overrides', ...overrides],
    );

  await step('has a template about which cfn-lint reports nothing, in several partitions', async () => {
    const untouched = join(mkdtempSync(join(tmpdir(), 'release-')), 'release');
    await release(untouched, serviceFolder(t));
    const regions = [region, 'eu-central-1', 'us-gov-west-1'];
    const args = ['--template', join(untouched, 'template.json'), '--regions', ...regions];
    // It exits with another code than 0 if it has something to report.
    const { stdout } = await promisify(execFile)(cfnLint, args, { env: { PATH: process.env.PATH, HOME: home } });
    assert.equal(stdout, '');
  });

  await step('is uploaded to the bucket of the Region', async () => {
    const source = serviceFolder(t);
    adaptToMiniStack(source);
    await release(out, source);
    await aws('s3', 'mb', bucket);
    await aws('s3', 'cp', out, `${bucket}/${folder}`, '--recursive');
    const listed = String(await aws('s3', 'ls', `${bucket}/${folder}`)).split('\n');
    assert.deepEqual(listed.map((line) => line.split(' ').at(-1)).sort(), readdirSync(out).sort());
  });

  await step('is deployed from there, with its outputs', async () => {
    await deploy(
      `AssetBucket=${assets}`,
      `AssetPrefix=${folder}`,
      `prefix=${prefix}`,
      `atlasProjectId=${project.id}`,
      'atlasWorkspace=streams',
      `atlasCredentialsSecretArn=${secrets.credentialsArn}`,
      `atlasBaseUrl=${surroundings.atlasUrl}`,
      // A poll each second. The clock of Step Functions runs in real time.
      'waitSpeed=30',
    );
    const deployed = await describeStack();
    outputs = deployed.outputs;
    assert.equal(deployed.status, 'CREATE_COMPLETE');
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    assert.deepEqual(Object.keys(outputs).sort(), [
      'ConnectMachineArn',
      'DeadLetterQueueUrl',
      'DisconnectMachineArn',
      'NotificationTopicArn',
      'RegistryTableName',
      'Version',
    ]);
    const machine = (action: string) => `arn:aws:states:${region}:${accountId}:stateMachine:${prefix}-${action}`;
    assert.deepEqual(
      [outputs.ConnectMachineArn, outputs.DisconnectMachineArn, outputs.RegistryTableName, outputs.Version],
      [machine('connect'), machine('disconnect'), table, version],
    );
    const zips = readdirSync(out).filter((name) => name.endsWith('.zip'));
    const { Functions } = (await aws('lambda', 'list-functions')) as {
      Functions: { FunctionName: string; CodeSha256: string }[];
    };
    assert.deepEqual(
      Object.fromEntries(Functions.map((it) => [it.FunctionName, it.CodeSha256])),
      Object.fromEntries(zips.map((zip) => [`${prefix}-${zip.split('-')[0]}`, hashOf(join(out, zip))])),
    );
    assert.equal(outputs.NotificationTopicArn, `arn:aws:sns:${region}:${accountId}:${prefix}-notifications`);
  });

  await step('keeps all other settings if one is changed', async () => {
    const { parameters } = await describeStack();
    await deploy('sweepSchedule=rate(30 minutes)');
    const updated = await describeStack();
    assert.equal(updated.status, 'UPDATE_COMPLETE');
    assert.deepEqual(updated.parameters, { ...parameters, sweepSchedule: 'rate(30 minutes)' });
    assert.deepEqual(updated.outputs, outputs);
  });

  await step('connects a tagged cluster', async () => {
    msk.addCluster({ arn: clusterArn, name: 'orders', updateMinutes: 8, scramSecretArns: [secrets.scramArn] });
    const { status, states, output, why } = await run(outputs.ConnectMachineArn ?? '', 'connect');
    assert.deepEqual([status, states.at(-1)], ['SUCCEEDED', 'Connected'], why);
    assert.equal(output.connection.state, 'READY');
    assert.equal(project.links.length, 1);
    assert.deepEqual(await registered(), [[clusterArn, 'connected']]);
  });

  await step('disconnects it', async () => {
    const { status, states, why } = await run(outputs.DisconnectMachineArn ?? '', 'disconnect');
    assert.deepEqual([status, states.at(-1)], ['SUCCEEDED', 'Disconnected'], why);
    assert.deepEqual(project.links, []);
    assert.equal(msk.clusters.get(clusterArn)?.policy, undefined);
    assert.deepEqual(await registered(), []);
  });

  await step(
    'leaves only the empty table when its stack is deleted, and nothing when that is deleted, too',
    async () => {
      await aws('cloudformation', 'delete-stack', '--stack-name', stack);
      await aws('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', stack);
      assert.deepEqual(await inventory(config), { ...before, 'AWS::DynamoDB::Table': [table] });
      assert.deepEqual(await registered(), []);
      await aws('dynamodb', 'delete-table', '--table-name', table);
      assert.deepEqual(await inventory(config), before);
      await assert.rejects(describeStack(), /does not exist/);
      await aws('s3', 'rb', bucket, '--force');
      assert.equal(await aws('s3', 'ls'), undefined);
    },
  );
});
