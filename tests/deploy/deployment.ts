import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetRoleCommand, GetRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { KafkaClient, TagResourceCommand } from '@aws-sdk/client-kafka';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { readDeployment } from '../../emulators/deployment/deployment.ts';
import { iamSettings, iamWorld } from '../../emulators/iam-world.ts';
import { defaultSettings, type Settings } from '../../packaging/settings.ts';
import { remove, serverless, serviceFolder, writeStageFile } from '../template/serverless.ts';
import { accountId, clientConfig, environment, region } from './account.ts';
import { adaptToMiniStack } from './adapt.ts';
import { executionsOf, follow } from './executions.ts';
import { inventory } from './inventory.ts';
import { startMiniStack } from './ministack.ts';
import { command, steps, unavailable } from './setup.ts';
import { subscribe } from './subscriber.ts';
import { createSecrets, emitTagEvents, startSurroundings, streamsRoleName } from './surroundings.ts';

/** The deployment, from `serverless deploy` to `npm run remove`, in MiniStack, an emulator of AWS that is not ours. */

const stage = 'deploy-test';
const prefix = 'atlas-test';
const StackName = `msk-atlas-privatelink-${stage}`;
const clusterArn = `arn:aws:kafka:${region}:${accountId}:cluster/orders/4c038240-bfb7-4b63-bbb0-f77f942caaa5-5`;
const iamArn = `arn:aws:kafka:${region}:${accountId}:cluster/orders-iam/5a1f6d0e-3c1b-4f57-8a92-2b7e4d9c6f18-5`;
const otherArn = `arn:aws:kafka:${region}:${accountId}:cluster/payments/0c7b9a52-1f0e-4c36-9d0c-6c5b1a0f7e11-5`;

/** What the streams role may do. Each of these differs from the default. */
const streamsRoleLimits = {
  streamsRoleClusters: 'orders*',
  streamsRoleTopics: 'orders.*',
  streamsRoleCanWrite: 'true',
  streamsRoleRequiresTag: 'true',
};

const valuesOf = (stack: Stack | undefined) =>
  Object.fromEntries(
    (stack?.Parameters ?? []).map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
  );

test('a deployment in MiniStack', { skip: unavailable }, async (t) => {
  const surroundings = await startSurroundings();
  t.after(() => surroundings.close());
  const { msk, project, recorder } = surroundings;
  const ministack = await startMiniStack(command, { AWS_ENDPOINT_URL_KAFKA: surroundings.kafkaUrl });
  t.after(() => ministack.stop());

  const config = clientConfig(ministack.url);
  const cloudFormation = new CloudFormationClient(config);
  const sfn = new SFNClient(config);
  const kafka = new KafkaClient({ ...config, endpoint: surroundings.kafkaUrl });
  const dynamodb = new DynamoDBClient(config);
  const emit = () => emitTagEvents(surroundings, config);
  const tag = async (Tags: Record<string, string>, ResourceArn = clusterArn) => {
    await kafka.send(new TagResourceCommand({ ResourceArn, Tags }));
    await emit();
  };
  const folder = serviceFolder(t);
  adaptToMiniStack(folder);
  const options = ['--stage', stage, '--region', region];
  const commandsIn = { environment: environment(ministack.url) };
  const runServerless = async (...args: string[]) => {
    const { code, output } = await serverless(folder, [...args, ...options], commandsIn);
    assert.equal(code, 0, output);
    return output;
  };

  const step = steps(t, ministack);

  const describeStack = async () => {
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    return stack;
  };

  /** All items of the registry. */
  const records = async () => {
    const command = new ScanCommand({ TableName: machines.RegistryTableName, ConsistentRead: true });
    const { Items = [] } = await dynamodb.send(command);
    return Items;
  };

  const secrets = await createSecrets(surroundings, config);
  const before = await inventory(config);
  let machines: Record<string, string> = {};
  let settings: Settings = {};

  await step('accepts the packaged template with the settings of the stage', async () => {
    settings = {
      atlasProjectId: project.id,
      atlasWorkspace: 'streams',
      atlasCredentialsSecretArn: secrets.credentialsArn,
      atlasBaseUrl: surroundings.atlasUrl,
      ...iamSettings,
      ...streamsRoleLimits,
      prefix,
      // A poll each second. The clock of Step Functions runs in real time.
      waitSpeed: '30',
    };
    writeStageFile(folder, stage, settings);
    await runServerless('deploy');

    const packaged = readFileSync(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8');
    const template = JSON.parse(packaged) as { Resources: Record<string, { Type: string }> };
    const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName }));
    assert.deepEqual(JSON.parse(TemplateBody), template);

    const stack = await describeStack();
    machines = Object.fromEntries(
      (stack?.Outputs ?? []).map(({ OutputKey, OutputValue = '' }) => [OutputKey, OutputValue]),
    );
    const { tags: _, ...defaults } = defaultSettings(stage);
    assert.deepEqual(valuesOf(stack), { ...defaults, ...settings });

    const types = Object.values(template.Resources).map(({ Type }) => Type);
    for (const [kind, found] of Object.entries(await inventory(config))) {
      assert.equal(found.length, types.filter((type) => type === kind).length, `${kind}: ${found}`);
      // CloudFormation itself names the functions' roles, and the names of the table and of the streams role are fixed.
      if (!['AWS::IAM::Role', 'AWS::DynamoDB::Table'].includes(kind))
        for (const name of found) assert.match(String(name), new RegExp(`(^|[/:])${prefix}-`), kind);
    }
  });

  await step('creates the role that Atlas assumes, with the trust and the permissions of the settings', async () => {
    const iam = new IAMClient(config);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: streamsRoleName }));
    const { PolicyDocument } = await iam.send(
      new GetRolePolicyCommand({ RoleName: streamsRoleName, PolicyName: 'StreamsRole' }),
    );
    const { streamsRole } = readDeployment({ region, accountId, settings });
    assert.ok(streamsRole);
    assert.equal(Role?.Arn, streamsRole.arn);
    assert.equal(machines.StreamsRoleArn, streamsRole.arn);
    const documentOf = (encoded = '') => JSON.parse(decodeURIComponent(encoded));
    assert.deepEqual(documentOf(Role.AssumeRolePolicyDocument), streamsRole.trustPolicy);
    assert.deepEqual(documentOf(PolicyDocument).Statement, streamsRole.statements);
  });

  await step('applies a changed setting', async () => {
    await runServerless('deploy', '--param=sweepSchedule=rate(30 minutes)');
    assert.equal(valuesOf(await describeStack()).sweepSchedule, 'rate(30 minutes)');
  });

  await step('connects a tagged cluster, and starts no second execution', async () => {
    const { ConnectMachineArn = '' } = machines;
    msk.addCluster({ arn: clusterArn, name: 'orders', updateMinutes: 8, scramSecretArns: [secrets.scramArn] });
    await tag({ 'atlas-streaming': 'connect' });

    const [execution = ''] = await executionsOf(sfn, ConnectMachineArn);
    const { status, states, output, why } = await follow(sfn, execution, emit);
    assert.deepEqual([status, states.at(-1)], ['SUCCEEDED', 'Connected'], why);
    for (const wait of ['WaitForCluster', 'WaitForPrivateLink', 'WaitForConnection'])
      assert.ok(states.includes(wait), wait);
    assert.equal(output.connection.state, 'READY');
    assert.equal(msk.clusters.get(clusterArn)?.tags.all['atlas-streaming/status'], 'connected');
    const [record] = await records();
    assert.deepEqual([record?.clusterArn?.S, record?.status?.S, record?.holder], [clusterArn, 'connected', undefined]);
    assert.equal(record?.privateLink?.M?.ownership?.S, 'created');
    assert.equal(record?.connection?.M?.ownership?.S, 'created');
    // The status tags caused events, too.
    assert.deepEqual(await executionsOf(sfn, ConnectMachineArn), [execution]);
  });

  await step('is not removed while a cluster is connected', async () => {
    const { code, output } = await remove(folder, options, commandsIn);
    assert.equal(code, 1, output);
    assert.match(output, /^ {2}orders: it is connected\. Disconnect it:$/m);
    assert.ok(await describeStack());
  });

  await step('changes nothing if an execution is started manually', async () => {
    recorder.exchanges.splice(0);
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: machines.ConnectMachineArn,
        input: JSON.stringify({ clusterArn }),
      }),
    );
    const { status, states, why } = await follow(sfn, executionArn, emit);
    assert.deepEqual([status, states.at(-1)], ['SUCCEEDED', 'Connected'], why);
    const writes = recorder.exchanges.filter(({ method }) => method !== 'GET').map(({ operation }) => operation);
    assert.deepEqual([...new Set(writes)], ['TagResource']);
  });

  await step('notifies subscribers of a run that a tag started and that failed', async () => {
    const subscriber = await subscribe(config, machines.NotificationTopicArn ?? '');
    msk.addCluster({ arn: otherArn, name: 'payments', updateMinutes: 8, scramSecretArns: [] });
    const earlier = await executionsOf(sfn, machines.ConnectMachineArn ?? '');
    await tag({ 'atlas-streaming': 'connect', 'atlas-streaming/workspace': 'my streams' }, otherArn);
    const after = await executionsOf(sfn, machines.ConnectMachineArn ?? '');
    const executionArn = after.find((arn) => !earlier.includes(arn)) ?? '';
    const { status, states } = await follow(sfn, executionArn, emit);
    assert.deepEqual([status, states.at(-1)], ['FAILED', 'SetupFailed']);
    const { Subject, Message } = await subscriber.next();
    assert.match(Subject, /^payments: connect failed/);
    assert.match(Message, /console\.aws\.amazon\.com\/states\/home\?region=us-east-1/);
    assert.ok(Message.includes(executionArn));
    await subscriber.end();
  });

  await step('connects a cluster by IAM, without a password, and then keeps the role', async () => {
    const { ConnectMachineArn = '', StreamsRoleArn = '' } = machines;
    const earlier = await executionsOf(sfn, ConnectMachineArn);
    const { cluster } = iamWorld();
    msk.addCluster({ ...cluster, arn: iamArn, name: 'orders-iam', updateMinutes: 8 });
    await tag({ 'atlas-streaming': 'connect' }, iamArn);
    const execution = (await executionsOf(sfn, ConnectMachineArn)).find((it) => !earlier.includes(it)) ?? '';
    const { status, states, output, why } = await follow(sfn, execution, emit);
    assert.deepEqual([status, states.at(-1)], ['SUCCEEDED', 'Connected'], why);
    assert.deepEqual([output.connection.state, output.streamsRoleArn], ['READY', StreamsRoleArn]);
    const record = (await records()).find((it) => it.clusterArn?.S === iamArn);
    assert.deepEqual([record?.target?.M?.mechanism?.S, record?.roleArn?.S], ['AWS_MSK_IAM', StreamsRoleArn]);

    // Limits without a role are refused before AWS is asked.
    const defaults = defaultSettings(stage);
    const ofRole = Object.keys({ ...iamSettings, ...streamsRoleLimits });
    const without = ofRole.map((name) => `--param=${name}=${defaults[name]}`);
    const { code, output: refusal } = await serverless(folder, ['deploy', ...without, ...options], commandsIn);
    assert.equal(code, 1, refusal);
    assert.match(refusal, /^The settings no longer have a streams role, but .*:\n {2}orders-iam\nKeep the role by /);
  });

  await step('disconnects tagged clusters, and forgets them', async () => {
    const { DisconnectMachineArn = '' } = machines;
    for (const arn of [clusterArn, iamArn, otherArn]) {
      const earlier = await executionsOf(sfn, DisconnectMachineArn);
      await tag({ 'atlas-streaming': 'disconnect' }, arn);
      const execution = (await executionsOf(sfn, DisconnectMachineArn)).find((it) => !earlier.includes(it)) ?? '';
      const { status, states, why } = await follow(sfn, execution, emit);
      assert.deepEqual([status, states.at(-1)], ['SUCCEEDED', 'Disconnected'], why);
    }
    assert.deepEqual(project.links, []);
    for (const arn of [clusterArn, iamArn]) assert.equal(msk.clusters.get(arn)?.policy, undefined);
    assert.deepEqual(await records(), []);
  });

  await step(
    'leaves nothing behind when it is removed, not even the table and the role, which CloudFormation retains',
    async () => {
      const { code, output } = await remove(folder, options, commandsIn);
      assert.equal(code, 0, output);
      assert.match(output, /^The table msk-atlas-privatelink-registry was empty and is deleted\.$/m);
      assert.match(output, /^The role msk-atlas-privatelink-streams-us-east-1 is deleted\./m);
      assert.deepEqual(await inventory(config), before);
      await assert.rejects(cloudFormation.send(new DescribeStacksCommand({ StackName })), /does not exist/);
    },
  );
});
