import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { KafkaClient, TagResourceCommand } from '@aws-sdk/client-kafka';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { serverless, serviceFolder } from '../template/serverless.ts';
import { executionsOf, follow } from './executions.ts';
import { install, Unavailable } from './install.ts';
import { type MiniStack, startMiniStack } from './ministack.ts';
import { createSecrets, emitTagEvents, startSurroundings } from './surroundings.ts';

/** The deployment, from `serverless deploy` to `serverless remove`, in an AWS that somebody else has built. */

const region = 'us-east-1';
/** MiniStack takes an access key id of twelve digits for the root user of that account. */
const accountId = '123456789012';
const credentials = { accessKeyId: accountId, secretAccessKey: 'local' };
const stage = 'deploy-test';
const stackName = `msk-atlas-privatelink-${stage}`;
const clusterArn = `arn:aws:kafka:${region}:${accountId}:cluster/orders/4c038240-bfb7-4b63-bbb0-f77f942caaa5-5`;

const command = await install().catch((error: unknown) => {
  if (error instanceof Unavailable) return error;
  throw error;
});
const skip = command instanceof Unavailable && `MiniStack cannot be installed: ${command.message}`;
// Otherwise a signal ends this process without its exit handlers, and MiniStack stays.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

describe('a deployment in MiniStack', { skip }, async () => {
  const surroundings = await startSurroundings();
  const { msk, project, recorder } = surroundings;
  after(() => surroundings.close());
  let ministack: MiniStack;
  before(async () => {
    ministack = await startMiniStack(String(command), { AWS_ENDPOINT_URL_KAFKA: surroundings.kafkaUrl });
  });
  after(async () => { if (process.env.KEEP) console.log(await ministack.log()); await ministack?.stop()});

  const folder = serviceFolder({ after });
  const packaged = () => JSON.parse(readFileSync(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8'));
  const config = () => ({ endpoint: ministack.url, region, credentials });
  const runServerless = async (...args: string[]) => {
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = credentials;
    const environment = { AWS_ENDPOINT_URL: ministack.url, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const { code, output } = await serverless(folder, [...args, '--stage', stage, '--region', region], { environment });
    assert.equal(code, 0, output);
  };

  let secrets: Awaited<ReturnType<typeof createSecrets>>;
  let outputs: Record<string, string>;

  it('takes the template as it was packaged', async () => {
    secrets = await createSecrets(surroundings, config());
    const parameters = {
      atlasProjectId: project.id,
      atlasWorkspace: 'streams',
      atlasCredentialsSecretArn: secrets.credentialsArn,
      atlasBaseUrl: surroundings.atlasUrl,
      // The shortest that are allowed, and time-outs that go with them.
      clusterPollSeconds: '30',
      clusterTimeoutMinutes: '30',
      privateLinkPollSeconds: '10',
      privateLinkTimeoutMinutes: '10',
      connectionPollSeconds: '10',
      connectionTimeoutMinutes: '10',
      removalPollSeconds: '10',
      removalTimeoutMinutes: '10',
    };
    await runServerless('deploy', ...Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`));

    const cloudFormation = new CloudFormationClient(config());
    const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: stackName }));
    assert.deepEqual(JSON.parse(TemplateBody), packaged());
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
    const { Outputs = [] } = Stacks[0] ?? assert.fail('no stack');
    outputs = Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
    const { StackResourceSummaries = [] } = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName: stackName }),
    );
    assert.deepEqual(
      StackResourceSummaries.map(({ LogicalResourceId }) => LogicalResourceId).sort(),
      Object.keys(packaged().Resources).sort(),
    );
  });

  it('connects a cluster that is tagged', async () => {
    const sfn = new SFNClient(config());
    const machine = outputs.ConnectMachineArn ?? assert.fail('no machine');
    msk.addCluster({ arn: clusterArn, name: 'orders', updateMinutes: 8, scramSecretArns: [secrets.scramArn] });
    await tag({ 'atlas-streaming': 'connect' });
    const [execution, ...others] = await executionsOf(sfn, machine);
    assert.ok(execution, 'the rule starts the machine');
    assert.deepEqual(others, []);
    const { status, states, output, failure } = await follow(sfn, execution, emit);
    assert.equal(status, 'SUCCEEDED', failure);
    assert.equal(states.at(-1), 'Connected');
    console.log(states.join(' '), output);
    assert.equal(output.connection.state, 'READY');
    assert.equal(project.links.length, 1);
    assert.equal(msk.clusters.get(clusterArn)?.tags.all['atlas-streaming:status'], 'connected');
    assert.equal((await executionsOf(sfn, machine)).length, 1, 'the status tags start nothing');
  });

  it('is started by hand, and finds nothing to do', async () => {
    const sfn = new SFNClient(config());
    recorder.exchanges.splice(0);
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: outputs.ConnectMachineArn,
        input: JSON.stringify({ clusterArn }),
      }),
    );
    const { status, states, output, failure } = await follow(sfn, executionArn, emit);
    assert.equal(status, 'SUCCEEDED', failure);
    assert.equal(states.at(-1), 'Connected');
    console.log(states.join(' '), output);
    const writes = recorder.exchanges.filter(({ method }) => method !== 'GET').map(({ operation }) => operation);
    assert.deepEqual([...new Set(writes)], ['TagResource']);
  });

  it('disconnects a cluster that is tagged so', async () => {
    const sfn = new SFNClient(config());
    await tag({ 'atlas-streaming': 'disconnect' });
    const [execution] = await executionsOf(sfn, outputs.DisconnectMachineArn ?? assert.fail('no machine'));
    const { status, states, failure } = await follow(sfn, execution ?? assert.fail('not started'), emit);
    assert.equal(status, 'SUCCEEDED', failure);
    assert.equal(states.at(-1), 'Disconnected');
    assert.deepEqual(project.links, []);
  });

  it('goes away', async () => {
    await runServerless('remove');
    const { Stacks = [] } = await new CloudFormationClient(config()).send(new DescribeStacksCommand()).catch(() => ({}));
    assert.deepEqual(Stacks.map(({ StackName, StackStatus }) => [StackName, StackStatus]), []);
  });

  const emit = () => emitTagEvents(surroundings, config());

  async function tag(Tags: Record<string, string>): Promise<void> {
    const kafka = new KafkaClient({ ...config(), endpoint: surroundings.kafkaUrl });
    await kafka.send(new TagResourceCommand({ ResourceArn: clusterArn, Tags }));
    await emit();
  }
});
