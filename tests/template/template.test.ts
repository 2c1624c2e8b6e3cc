import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type EventPattern, matches } from '../../emulators/event-bridge.ts';
import { rules } from '../../packaging/rules.ts';
import * as errors from '../../shared/errors.ts';
import { type Action, machines, readDefinition } from '../../statemachine/definition.ts';
import { namesInZip, serverless, serviceFolder } from './serverless.ts';
import {
  arn,
  type FunctionProperties,
  list,
  ofType,
  properties,
  type RoleProperties,
  readTemplate,
  ref,
  type Statement,
  statementsIf,
  statementsOf,
  sub,
} from './template.ts';

const project = join(import.meta.dirname, '../..');
const folder = serviceFolder({ after });
const packaging = await serverless(folder, ['package', '--package', 'packaged']);
assert.equal(packaging.code, 0, packaging.output);
const packaged = join(folder, 'packaged');
const template = readTemplate(join(packaged, 'cloudformation-template-update-stack.json'));

/** A name that starts with the parameter `prefix`. */
const named = (rest: string, before = '') => sub(`${before}\${prefix}${rest}`);
const functions = Object.entries(ofType<FunctionProperties>(template, 'AWS::Lambda::Function'));
const { StreamsRole: streamsRole, ...roles } = ofType<RoleProperties>(template, 'AWS::IAM::Role');
/** A value that a resource has only if a condition of the template is true. */
const orNothing = (condition: string, value: unknown) => ({ 'Fn::If': [condition, value, ref('AWS::NoValue')] });
/** Of a literal or an Fn::Sub. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (value as { 'Fn::Sub': string })['Fn::Sub'];

const tasksOf = (action: Action) => {
  const { States } = readDefinition(action);
  return Object.keys(States)
    .filter((name) => States[name]?.Type === 'Task')
    .sort();
};
/** `ConnectMachine` and the like. */
const idOf = (action: Action, suffix: string) => `${action[0]?.toUpperCase()}${action.slice(1)}${suffix}`;

/** One for each Task, the sweep, and the notifier. */
const functionNames = [...new Set([...machines.flatMap(tasksOf), 'SweepClusters', 'NotifyOutcome'])].sort();

describe('npm run package', () => {
  it('needs no credentials, and prints neither a warning nor a deprecation', () => {
    assert.match(packaging.output, /Packaging msk-atlas-privatelink for stage dev \(us-east-1\)/);
    assert.match(packaging.output, /Service packaged/);
    assert.doesNotMatch(packaging.output, /warning|deprecat/i);
  });

  it('says which values are those of the example', () => {
    assert.match(
      packaging.output,
      /There is no stages\/dev\.yml, so the package has the example's atlasProjectId, atlasWorkspace and atlasCredentialsSecretArn\./,
    );
  });

  it('puts the bundle and its source map into each zip, and nothing else', () => {
    const zips = readdirSync(packaged).filter((file) => file.endsWith('.zip'));
    assert.deepEqual(
      zips.sort(),
      functionNames.map((name) => `${name}.zip`),
    );
    for (const [id, { Handler }] of functions) {
      const bundle = Handler.replace(/\.handler$/, '.mjs');
      const zip = join(packaged, id.replace(/LambdaFunction$/, '.zip'));
      assert.deepEqual(namesInZip(zip).sort(), [bundle, `${bundle}.map`]);
      assert.ok(statSync(zip).size < 300_000, id);
    }
  });
});

/** A stream processor's pipeline may have 16 MB. To parse one and to compute its hash takes about 400 MB, and 6 seconds of a CPU. */
const readsPipelines = new Set([
  'CheckPrerequisites',
  'CreateConnection',
  'DeleteConnection',
  'StartProcessors',
  'StopProcessors',
]);

describe('the functions', () => {
  it('are one for each Task, under its name, the sweep and the notifier', () => {
    assert.deepEqual(
      functions.map(([id]) => id).sort(),
      functionNames.map((name) => `${name}LambdaFunction`),
    );
    for (const [id, { FunctionName, Handler }] of functions) {
      const task = id.replace(/LambdaFunction$/, '');
      assert.deepEqual(FunctionName, named(`-${task}`));
      assert.equal(Handler.replaceAll(/^dist\/|-|\.handler$/g, ''), task.toLowerCase());
    }
  });

  it('run on Node 24 and arm64, and time out before their Task does', () => {
    for (const [id, { Runtime, Architectures, MemorySize, Timeout }] of functions)
      assert.deepEqual(
        { Runtime, Architectures, MemorySize, Timeout },
        {
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          MemorySize: readsPipelines.has(id.replace(/LambdaFunction$/, '')) ? 1024 : 256,
          Timeout: id === 'SweepClustersLambdaFunction' ? 300 : 60,
        },
        id,
      );
    for (const action of machines)
      for (const { Type, TimeoutSeconds } of Object.values(readDefinition(action).States))
        if (Type === 'Task') assert.ok(Number(TimeoutSeconds) > 60);
  });

  it('have a role each, for Lambda only', () => {
    for (const [id, { Role }] of functions) assert.deepEqual(Role, arn(id.replace(/LambdaFunction$/, 'Role')));
    for (const name of functionNames)
      assert.deepEqual(roles[`${name}Role`]?.AssumeRolePolicyDocument.Statement, [
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]);
    // The roles of the machines, the rules and the schedule.
    assert.equal(Object.keys(roles).length, functionNames.length + 5);
  });

  it('have a log group each, to which their role may write', () => {
    for (const [id] of functions) {
      const task = id.replace(/LambdaFunction$/, '');
      const LogGroupName = named(`-${task}`, '/aws/lambda/');
      assert.deepEqual(properties(template, `${task}LogGroup`).LogGroupName, LogGroupName);
      assert.ok(template.Resources[id]?.DependsOn?.includes(`${task}LogGroup`));
      const [logs] = statementsOf(properties<RoleProperties>(template, `${task}Role`));
      assert.deepEqual(logs?.Resource, arn(`${task}LogGroup`));
    }
  });

  it('get the settings as environment variables', () => {
    const variablesOf = (name: string) =>
      properties<FunctionProperties>(template, `${name}LambdaFunction`).Environment.Variables;
    const resolving = variablesOf('ResolveRequest');
    for (const [variable, setting] of Object.entries({
      ATLAS_PROJECT_ID: 'atlasProjectId',
      ATLAS_WORKSPACE: 'atlasWorkspace',
      ALLOWED_TARGETS: 'allowedTargets',
      MECHANISM: 'mechanism',
      RESTART_PROCESSORS: 'restartProcessors',
      PROBE: 'probe',
      REBOOT_WINDOW: 'rebootWindow',
      PAUSED: 'paused',
      DISCONNECT_ON_UNTAG: 'disconnectOnUntag',
      WAIT_SPEED: 'waitSpeed',
    }))
      assert.deepEqual(resolving[variable], ref(setting), variable);
    const {
      ATLAS_BASE_URL,
      ATLAS_CREDENTIALS_SECRET_ARN,
      ATLAS_ACCESS_TOKEN_SECRET_ARN,
      ATLAS_PROJECT_ID: own,
    } = variablesOf('CreateConnection');
    assert.deepEqual(
      [ATLAS_BASE_URL, ATLAS_CREDENTIALS_SECRET_ARN, ATLAS_ACCESS_TOKEN_SECRET_ARN, own],
      ['atlasBaseUrl', 'atlasCredentialsSecretArn', 'AtlasAccessToken', 'atlasProjectId'].map(ref),
    );
    for (const name of ['CheckPrerequisites', 'RecordPlan'])
      assert.deepEqual(variablesOf(name).ATLAS_AWS_ACCOUNT_IDS, ref('atlasAwsAccountIds'));
  });

  it('log at the level INFO, under the name of the service, with source maps', () => {
    for (const [, { Environment }] of functions) {
      assert.equal(Environment.Variables.POWERTOOLS_SERVICE_NAME, 'msk-atlas-privatelink');
      assert.equal(Environment.Variables.POWERTOOLS_LOG_LEVEL, 'INFO');
      assert.equal(Environment.Variables.NODE_OPTIONS, '--enable-source-maps');
    }
  });
});

for (const action of machines)
  describe(`the state machine ${action}`, () => {
    const id = idOf(action, 'Machine');
    const machine = properties(template, id);
    const tasks = tasksOf(action);

    it(`is a Standard workflow with the definition of statemachine/${action}.asl.yaml`, () => {
      assert.deepEqual(machine.StateMachineName, named(`-${action}`));
      assert.equal(machine.StateMachineType, 'STANDARD');
      assert.deepEqual(machine.Definition, readDefinition(action));
    });

    it('has a substitution for each placeholder of the definition, and no other', () => {
      const placeholders = [...JSON.stringify(machine.Definition).matchAll(/\$\{(\w+)\}/g)].map(
        ([, placeholder = '']) => placeholder,
      );
      assert.deepEqual([...new Set(placeholders)].sort(), tasks);
      assert.deepEqual(
        machine.DefinitionSubstitutions,
        Object.fromEntries(tasks.map((task) => [task, arn(`${task}LambdaFunction`)])),
      );
    });

    it('may invoke these functions, deliver logs and send traces, and do nothing else', () => {
      const statements = statementsOf(properties<RoleProperties>(template, `${id}Role`));
      const [invoke, deliverLogs, sendTraces, ...others] = statements;
      const functionArns = tasks.map((task) => arn(`${task}LambdaFunction`));
      assert.equal(invoke?.Action, 'lambda:InvokeFunction');
      assert.deepEqual(new Set(list(invoke?.Resource)), new Set(functionArns));
      for (const action of list(deliverLogs?.Action)) assert.match(String(action), /^logs:/);
      for (const action of list(sendTraces?.Action)) assert.match(String(action), /^xray:/);
      assert.deepEqual(others, []);
    });

    it('logs all events without their data', () => {
      assert.deepEqual(machine.LoggingConfiguration, {
        Level: 'ALL',
        IncludeExecutionData: false,
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: arn(`${id}LogGroup`) } }],
      });
      const { LogGroupName } = properties(template, `${id}LogGroup`);
      assert.deepEqual(LogGroupName, named(`-${action}`, '/aws/vendedlogs/states/'));
    });

    it('is traced, and so are its functions', () => {
      assert.deepEqual(machine.TracingConfiguration, { Enabled: true });
      for (const [name] of functions) assert.deepEqual(properties(template, name).TracingConfig, { Mode: 'Active' });
    });

    it('is an output of the stack', () => {
      assert.deepEqual(template.Outputs[`${id}Arn`]?.Value, ref(id));
    });
  });

describe('the registry', () => {
  it('keeps its fixed name and its policies', () => {
    const { DeletionPolicy, UpdateReplacePolicy, Properties } = template.Resources.Registry ?? {};
    assert.deepEqual(
      [Properties?.TableName, DeletionPolicy, UpdateReplacePolicy],
      ['msk-atlas-privatelink-registry', 'RetainExceptOnCreate', 'Retain'],
    );
    assert.deepEqual(template.Outputs.RegistryTableName?.Value, ref('Registry'));
  });

  it('is the only table, and all functions that have its name may use it', () => {
    assert.deepEqual(Object.keys(ofType(template, 'AWS::DynamoDB::Table')), ['Registry']);
    const mayUse = (id: string) =>
      statementsOf(roles[id.replace(/LambdaFunction$/, 'Role')] as RoleProperties).some(({ Action }) =>
        list(Action).some((action) => action.startsWith('dynamodb:')),
      );
    for (const [id, { Environment }] of functions)
      assert.deepEqual(Environment.Variables.REGISTRY_TABLE_NAME, mayUse(id) ? ref('Registry') : undefined, id);
  });
});

describe('the template that adopts the table of the registry (docs/operations.md)', () => {
  const operations = readFileSync(join(project, 'docs/operations.md'), 'utf8');
  const [, sections = '', resources = ''] =
    /^jq '\{([\w, ]+), Resources: \(\.Resources \| \{([\w, ]+)\}\)/m.exec(operations) ?? [];
  const whole = new Map<string, unknown>(Object.entries(template));
  const names = (text: string) => text.split(', ');

  it('has the table, the bucket, and every section that they refer to', () => {
    assert.ok(names(resources).includes('Registry'));
    const picked = JSON.stringify(names(resources).map((id) => template.Resources[id] ?? assert.fail(id)));
    const declared = names(sections).flatMap((section) => Object.keys(whole.get(section) ?? assert.fail(section)));
    const conditions = [...picked.matchAll(/"(?:Fn::If":\[|Condition":)"(\w+)"/g)].map(([, name = '']) => name);
    const references = [...picked.matchAll(/"Ref":"(\w+)"/g)].map(([, name = '']) => name);
    assert.ok(conditions.length > 0);
    for (const name of [...conditions, ...references])
      assert.ok([...declared, ...names(resources)].includes(name), name);
  });
});

describe('the streams role', () => {
  it('exists only if the settings name whom it trusts, and outlives its stack, but not a creation that fails', () => {
    const { Type, Properties, ...others } = template.Resources.StreamsRole ?? assert.fail('it exists');
    assert.equal(Type, 'AWS::IAM::Role');
    assert.deepEqual(others, {
      Condition: 'CreatesStreamsRole',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  });

  it('has a name that is unique in the account, without stage and prefix, because Atlas and the connections name it', () =>
    assert.deepEqual(
      properties(template, 'StreamsRole').RoleName,
      sub('msk-atlas-privatelink-streams-${AWS::Region}'),
    ));

  it('is an output of the stack, as is a role of the user', () => {
    const { Condition, Value } = template.Outputs.StreamsRoleArn ?? assert.fail('it exists');
    assert.equal(Condition, 'HasStreamsRole');
    assert.deepEqual(Value, { 'Fn::If': ['CreatesStreamsRole', arn('StreamsRole'), ref('streamsRoleArn')] });
  });

  it('allows no action by a wildcard, and names no value of the settings', () => {
    const text = JSON.stringify(streamsRole);
    const actions = [...text.matchAll(/kafka-cluster:[^"]*/g)].map(([action]) => action);
    assert.equal(actions.length, 8);
    for (const action of actions) assert.match(action, /^kafka-cluster:[A-Za-z]+$/);
    assert.doesNotMatch(text, /\d{12}|:iam:/);
  });
});

describe('the secret of the access token', () => {
  it('has a first version without a token, and is deleted with the stack', () => {
    const { Type, Properties, ...policies } = template.Resources.AtlasAccessToken ?? assert.fail('it exists');
    assert.equal(Type, 'AWS::SecretsManager::Secret');
    const { Name, SecretString, Description, KmsKeyId, ...others } = Properties;
    assert.deepEqual([Name, SecretString, others], [named('-atlas-access-token'), '{}', {}]);
    assert.deepEqual(KmsKeyId, orNothing('HasKmsKey', ref('kmsKeyArn')));
    assert.deepEqual(policies, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  });
});

describe('the rules', () => {
  const onUntag = (enabled: string) => ({ 'Fn::If': ['DisconnectsOnUntag', enabled, 'DISABLED'] });
  /** The tag event of a change. */
  const change = (tag: unknown[]) => ({
    source: ['aws.tag'],
    'detail-type': ['Tag Change on Resource'],
    resources: [{ prefix: sub('arn:${AWS::Partition}:kafka:') }],
    detail: { 'changed-tag-keys': ['atlas-streaming'], tags: { 'atlas-streaming': tag } },
  });
  /** CloudTrail's event of a call. */
  const call = (eventName: string[], requestParameters: object) => ({
    source: ['aws.kafka'],
    'detail-type': ['AWS API Call via CloudTrail'],
    detail: { eventSource: ['kafka.amazonaws.com'], eventName, errorCode: [{ exists: false }], requestParameters },
  });
  const callsEnabled = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
  const creations = ['CreateClusterV2', 'CreateCluster'];
  const rules = [
    { id: 'ConnectRule', machine: 'Connect', pattern: change(['connect']), state: 'ENABLED' },
    { id: 'DisconnectRule', machine: 'Disconnect', pattern: change(['disconnect']), state: 'ENABLED' },
    { id: 'UntagRule', machine: 'Disconnect', pattern: change([{ exists: false }]), state: onUntag('ENABLED') },
    {
      id: 'ConnectCallRule',
      machine: 'Connect',
      pattern: call(['TagResource', ...creations], { tags: { 'atlas-streaming': ['connect'] } }),
      state: callsEnabled,
    },
    {
      id: 'DisconnectCallRule',
      machine: 'Disconnect',
      pattern: call(['TagResource'], { tags: { 'atlas-streaming': ['disconnect'] } }),
      state: callsEnabled,
    },
    {
      id: 'UntagCallRule',
      machine: 'Disconnect',
      pattern: call(['UntagResource'], { tagKeys: ['atlas-streaming'] }),
      state: onUntag(callsEnabled),
    },
  ];

  for (const { id, machine, pattern, state } of rules) {
    it(`${id} matches the events of the tag atlas-streaming on an MSK resource`, () => {
      const { State, EventPattern } = properties(template, id);
      assert.deepEqual(State, state);
      assert.deepEqual(EventPattern, pattern);
    });

    it(`${id} passes the whole event to the machine, retries for a day, and then sends it to the queue`, () => {
      assert.deepEqual(properties(template, id).Targets, [
        {
          Id: `${machine}Machine`,
          Arn: ref(`${machine}Machine`),
          RoleArn: arn(`${machine}RuleRole`),
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: { Arn: arn('DeadLetterQueue') },
        },
      ]);
    });

    it(`${id} may start its machine, and nothing else`, () => {
      assert.deepEqual(statementsOf(properties<RoleProperties>(template, `${machine}RuleRole`)), [
        { Effect: 'Allow', Action: 'states:StartExecution', Resource: ref(`${machine}Machine`) },
      ]);
    });
  }

  it('start the machine that a call of CloudTrail asks for, and nothing for status tags, other tags and refused calls', () => {
    const arn = 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5';
    const started = (eventName: string, requestParameters: object, more = {}) =>
      rules
        .filter(({ id }) => {
          const event = {
            source: 'aws.kafka',
            'detail-type': 'AWS API Call via CloudTrail',
            detail: { eventSource: 'kafka.amazonaws.com', eventName, requestParameters, ...more },
          };
          return matches(properties<{ EventPattern: EventPattern }>(template, id).EventPattern, event);
        })
        .map(({ id }) => id);
    const tag = (tags: object, more = {}) =>
      started('TagResource', { resourceArn: encodeURIComponent(arn), tags }, more);
    const untag = (...tagKeys: string[]) => started('UntagResource', { resourceArn: encodeURIComponent(arn), tagKeys });

    assert.deepEqual(tag({ 'atlas-streaming': 'connect', team: 'orders' }), ['ConnectCallRule']);
    assert.deepEqual(tag({ 'atlas-streaming': 'disconnect' }), ['DisconnectCallRule']);
    for (const name of creations) {
      const created = { responseElements: { clusterArn: arn } };
      assert.deepEqual(started(name, { clusterName: 'orders', tags: { 'atlas-streaming': 'connect' } }, created), [
        'ConnectCallRule',
      ]);
      assert.deepEqual(started(name, { clusterName: 'orders' }, created), []);
    }
    assert.deepEqual(untag('team', 'atlas-streaming'), ['UntagCallRule']);

    assert.deepEqual(tag({ 'atlas-streaming/status': 'connect', 'atlas-streaming/detail': 'disconnect' }), []);
    assert.deepEqual(untag('atlas-streaming/verified-at'), []);
    assert.deepEqual(tag({ 'atlas-streaming': 'maybe' }), []);
    assert.deepEqual(tag({ 'atlas-streaming': 'connect' }, { errorCode: 'AccessDenied' }), []);
    assert.deepEqual(started('UpdateConnectivity', { clusterArn: arn }), []);
  });

  it('are the only ones that may send to the queue, over TLS only, which is encrypted and keeps events for 14 days', () => {
    assert.deepEqual(properties(template, 'DeadLetterQueue'), {
      QueueName: named('-dead-letters'),
      SqsManagedSseEnabled: { 'Fn::If': ['HasKmsKey', ref('AWS::NoValue'), true] },
      KmsMasterKeyId: orNothing('HasKmsKey', ref('kmsKeyArn')),
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
    });
    const { Queues, PolicyDocument } = properties<{ Queues: unknown; PolicyDocument: { Statement: Statement[] } }>(
      template,
      'DeadLetterQueuePolicy',
    );
    assert.deepEqual(Queues, [ref('DeadLetterQueue')]);
    assert.deepEqual(PolicyDocument.Statement, [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn('DeadLetterQueue'),
        Condition: {
          ArnEquals: {
            'aws:SourceArn': [...rules.map(({ id }) => id), 'FailureRule', 'SuccessRule', 'VanishedRule'].map(arn),
          },
        },
      },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: arn('DeadLetterQueue'),
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
  });
});

describe('the sweep', () => {
  it('runs at its schedule, and receives the scheduled time', () => {
    const { ScheduleExpression, Target } = properties<{ ScheduleExpression: unknown; Target: Record<string, unknown> }>(
      template,
      'SweepSchedule',
    );
    assert.deepEqual(ScheduleExpression, ref('sweepSchedule'));
    assert.deepEqual([Target.Arn, Target.RoleArn], [arn('SweepClustersLambdaFunction'), arn('SweepScheduleRole')]);
    assert.equal(Target.Input, '{"now":"<aws.scheduler.scheduled-time>"}');
  });

  it('knows both machines and its settings', () => {
    const { Variables } = properties<FunctionProperties>(template, 'SweepClustersLambdaFunction').Environment;
    assert.deepEqual(
      [Variables.CONNECT_STATE_MACHINE_ARN, Variables.DISCONNECT_STATE_MACHINE_ARN],
      [ref('ConnectMachine'), ref('DisconnectMachine')],
    );
    assert.deepEqual(
      [Variables.VERIFY_EVERY_HOURS, Variables.DISCONNECT_DELETED_CLUSTERS, Variables.DISCONNECT_ON_UNTAG],
      [ref('verifyEveryHours'), ref('disconnectDeletedClusters'), ref('disconnectOnUntag')],
    );
    assert.deepEqual([Variables.RESTART_PROCESSORS, Variables.PAUSED], [ref('restartProcessors'), ref('paused')]);
  });

  it('is the only function that its schedule may start', () => {
    assert.deepEqual(statementsOf(properties<RoleProperties>(template, 'SweepScheduleRole')), [
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arn('SweepClustersLambdaFunction') },
    ]);
  });
});

/** Whether our own code publishes a metric of this name. */
const isPublished = (metric: string) =>
  globSync(['functions/**/*.ts', 'shared/**/*.ts'], { cwd: project }).some((file) =>
    readFileSync(join(project, file), 'utf8').includes(`'${metric}'`),
  );

/**
 * Whether the alarm of unreported failures fires at any time: in the last `evaluated` periods, the running sum of failures minus
 * messages is above 0 at least `toAlarm` times.
 */
function firesAt(toReport: number[], reported: number[], evaluated: number, toAlarm: number): boolean {
  return toReport.some((_, last) => {
    const range = [...toReport.keys()].slice(Math.max(0, last + 1 - evaluated), last + 1);
    let sum = 0;
    const sums = range.map((period) => (sum += (toReport[period] ?? 0) - (reported[period] ?? 0)));
    return sums.filter((it) => it > 0).length >= toAlarm;
  });
}

describe('the platform team', () => {
  interface Metric {
    Namespace: unknown;
    MetricName: string;
    Dimensions: { Name: string; Value: unknown }[];
  }
  interface Alarm extends Metric {
    AlarmDescription: unknown;
    Metrics?: { Id: string; Expression?: string; MetricStat?: { Metric: Metric; Period: number; Stat: string } }[];
    TreatMissingData: string;
    AlarmActions: unknown;
  }
  const ownNamespace = ref('prefix');
  const alarms = ofType<Alarm>(template, 'AWS::CloudWatch::Alarm');
  const metricsOf = (alarm: Alarm): Metric[] =>
    alarm.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) ?? [alarm];

  for (const [id, status, state] of [
    ['FailureRule', ['FAILED', 'ABORTED'], 'ENABLED'],
    ['SuccessRule', ['SUCCEEDED'], { 'Fn::If': ['NotifiesOnSuccess', 'ENABLED', 'DISABLED'] }],
  ] as const)
    it(`is notified by the ${id} of runs that are ${status.join(' or ')}`, () => {
      const { EventPattern, State, Targets } = properties<{ EventPattern: object; State: unknown; Targets: object[] }>(
        template,
        id,
      );
      assert.deepEqual(State, state);
      assert.deepEqual(EventPattern, {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status, stateMachineArn: [ref('ConnectMachine'), ref('DisconnectMachine')] },
      });
      assert.deepEqual(
        Targets.map((target) => (target as { Arn: unknown }).Arn),
        [arn('NotifyOutcomeLambdaFunction')],
      );
      assert.deepEqual(properties(template, `${id}Permission`), {
        FunctionName: arn('NotifyOutcomeLambdaFunction'),
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: arn(id),
      });
    });

  it('is notified by the VanishedRule that the sweep starts to disconnect a cluster, which may be gone', () => {
    const { EventPattern, State } = properties<{ EventPattern: object; State: unknown }>(template, 'VanishedRule');
    assert.equal(State, 'ENABLED');
    assert.deepEqual(EventPattern, {
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: {
        status: ['RUNNING'],
        stateMachineArn: [ref('DisconnectMachine')],
        name: [{ prefix: 'sweep-disconnect-' }],
      },
    });
    assert.deepEqual(
      properties<{ SourceArn: unknown }>(template, 'VanishedRulePermission').SourceArn,
      arn('VanishedRule'),
    );
  });

  it('has alarms for what no message can tell, and none for a run that failed', () => {
    const watched = Object.entries(alarms).map(([id, alarm]) => {
      const metrics = metricsOf(alarm).map(
        ({ Namespace, MetricName }) =>
          `${isDeepStrictEqual(Namespace, ownNamespace) ? 'own' : Namespace} ${MetricName}`,
      );
      return `${id}: ${metrics.join(', ')}`;
    });
    assert.deepEqual(watched.sort(), [
      'AtlasThrottledAlarm: own AtlasThrottled',
      'AwsThrottledAlarm: own AwsThrottled',
      'ClustersNotSweptAlarm: own ClustersNotSwept',
      'ClustersVanishedAlarm: own ClustersVanished',
      'ConnectTimedOutAlarm: AWS/States ExecutionsTimedOut',
      'DeadLettersAlarm: AWS/SQS ApproximateNumberOfMessagesVisible',
      'DisconnectTimedOutAlarm: AWS/States ExecutionsTimedOut',
      'ExecutionFloodAlarm: AWS/States ExecutionsStarted, AWS/States ExecutionsStarted',
      'FailuresNotReportedAlarm: own FailuresToReport, own FailuresReported, AWS/Lambda AsyncEventsDropped',
      'SweepFailedAlarm: AWS/Lambda Errors',
      'SweepMissingAlarm: AWS/Lambda Invocations',
    ]);
    for (const [id, { AlarmActions, AlarmDescription, TreatMissingData }] of Object.entries(alarms)) {
      assert.deepEqual(AlarmActions, [ref('NotificationTopic')], id);
      assert.match(textOf(AlarmDescription), /^[A-Z].*\.$/, id);
      assert.equal(TreatMissingData, id === 'SweepMissingAlarm' ? 'breaching' : 'notBreaching', id);
    }
  });

  it('reads the real time limit of the machine in the alarm of a time-out', () => {
    for (const action of machines) {
      const { TimeoutSeconds } = readDefinition(action);
      const { AlarmDescription } = properties(template, idOf(action, 'TimedOutAlarm'));
      assert.ok(textOf(AlarmDescription).includes(`time limit of ${TimeoutSeconds / 3600} hours`));
    }
  });

  it('has an alarm for failures that no message reports within half an hour', () => {
    const { Metrics = [], ...alarm } = properties<Alarm & Record<string, unknown>>(
      template,
      'FailuresNotReportedAlarm',
    );
    assert.deepEqual(Metrics.map(({ Expression }) => Expression).filter(Boolean), [
      'RUNNING_SUM(SUM([FILL(toReport, 0), FILL(-1 * reported, 0), FILL(-1 * dropped, 0)]))',
    ]);
    assert.deepEqual([alarm.EvaluationPeriods, alarm.DatapointsToAlarm, alarm.Threshold], [12, 6, 0]);
    assert.equal(alarm.ComparisonOperator, 'GreaterThanThreshold');
    const fires = (toReport: number[], reported: number[]) => firesAt(toReport, reported, 12, 6);
    const nothing = Array<number>(24).fill(0);
    const at = (...periods: number[]) => nothing.map((_, period) => (periods.includes(period) ? 1 : 0));
    assert.equal(fires(nothing, nothing), false);
    assert.equal(fires(at(3), at(3)), false);
    // The message follows 5, and 25 minutes later.
    assert.equal(fires(at(3), at(4)), false);
    assert.equal(fires(at(3), at(8)), false);
    assert.equal(fires(at(3, 11, 15), at(4, 12, 16)), false);
    assert.equal(fires(at(3), nothing), true);
    assert.equal(fires(at(3), at(9)), true);
    assert.equal(fires(at(3, 9), at(4)), true);
  });

  it('has an alarm for a flood of executions of both machines together', () => {
    const { Metrics = [], ...alarm } = properties<Alarm & Record<string, unknown>>(template, 'ExecutionFloodAlarm');
    assert.deepEqual(
      Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? []).map(({ Value }) => Value),
      [ref('ConnectMachine'), ref('DisconnectMachine')],
    );
    assert.deepEqual([alarm.ComparisonOperator, alarm.Threshold], ['GreaterThanThreshold', 1000]);
  });

  it('finds an event that NotifyOutcome could not handle in the dead-letter queue', () => {
    assert.deepEqual(Object.values(ofType(template, 'AWS::Lambda::EventInvokeConfig')), [
      {
        FunctionName: ref('NotifyOutcomeLambdaFunction'),
        Qualifier: '$LATEST',
        DestinationConfig: { OnFailure: { Destination: arn('DeadLetterQueue') } },
      },
    ]);
    const statements = statementsOf(properties<RoleProperties>(template, 'NotifyOutcomeRole'));
    assert.deepEqual(
      statements.filter(({ Action }) => Action === 'sqs:SendMessage').map(({ Resource }) => Resource),
      [arn('DeadLetterQueue')],
    );
  });

  it('gets messages only from NotifyOutcome and the alarms of this deployment, over TLS only', () => {
    const { Topics, PolicyDocument } = properties<{ Topics: unknown; PolicyDocument: { Statement: Statement[] } }>(
      template,
      'NotificationTopicPolicy',
    );
    assert.deepEqual(Topics, [ref('NotificationTopic')]);
    const publish = { Action: 'sns:Publish', Resource: ref('NotificationTopic') };
    const account = ref('AWS::AccountId');
    assert.deepEqual(PolicyDocument.Statement, [
      { Effect: 'Allow', Principal: { AWS: arn('NotifyOutcomeRole') }, ...publish },
      {
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        ...publish,
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: {
            'aws:SourceArn': sub('arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${prefix}-*'),
          },
        },
      },
      {
        Effect: 'Deny',
        Principal: '*',
        ...publish,
        Condition: {
          StringEquals: { 'aws:PrincipalAccount': account },
          ArnNotEquals: { 'aws:PrincipalArn': arn('NotifyOutcomeRole') },
          Bool: { 'aws:PrincipalIsAWSService': 'false' },
        },
      },
      { Effect: 'Deny', Principal: '*', ...publish, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  it('has alarms on metrics that the functions publish under these names', () => {
    const own = Object.values(alarms)
      .flatMap(metricsOf)
      .filter(({ Namespace }) => isDeepStrictEqual(Namespace, ownNamespace));
    assert.ok(own.length > 0);
    for (const { MetricName, Dimensions } of own) {
      assert.ok(MetricName in errors || isPublished(MetricName), MetricName);
      assert.deepEqual(Dimensions, [{ Name: 'service', Value: 'msk-atlas-privatelink' }]);
    }
    for (const [id, { Environment }] of functions)
      assert.deepEqual(Environment.Variables.POWERTOOLS_METRICS_NAMESPACE, ownNamespace, id);
  });

  it('has a dashboard of existing resources', () => {
    const { DashboardBody, DashboardName } = properties<{
      DashboardBody: { 'Fn::Sub': string };
      DashboardName: unknown;
    }>(template, 'Dashboard');
    // The dashboards of an account are global.
    assert.deepEqual(DashboardName, named('-${AWS::Region}'));
    const text = DashboardBody['Fn::Sub'];
    const { widgets } = JSON.parse(text) as { widgets: { properties: { title: string; metrics?: unknown } }[] };
    assert.deepEqual(
      widgets.map(({ properties: { title } }) => title.split(/ of|,/)[0]),
      [
        'Alarms',
        'Runs by outcome',
        'Time to connect',
        'Polls',
        'Throttling and other transient errors',
        'Messages',
        'Estimated cost',
        'Latest failures',
      ],
    );
    for (const [, id = ''] of text.matchAll(/\$\{(\w+)(?:\.\w+)?\}/g))
      assert.ok(template.Resources[id] ?? template.Parameters[id], id);
    for (const id of Object.keys(alarms)) assert.ok(text.includes(`\${${id}.Arn}`), id);
    // With quotes, SEARCH would match only a function of exactly that name.
    assert.ok(text.includes('FunctionName=${prefix} '));
    assert.doesNotMatch(text, /FunctionName=\\"/);
  });

  it('gets e-mails only if the settings name an address', () => {
    assert.deepEqual(template.Resources.NotificationEmail, {
      Type: 'AWS::SNS::Subscription',
      Condition: 'HasNotificationEmail',
      Properties: { TopicArn: ref('NotificationTopic'), Protocol: 'email', Endpoint: ref('notificationEmail') },
    });
  });
});

describe('the settings of an organization', () => {
  const allRoles = Object.entries({ ...roles, StreamsRole: streamsRole as RoleProperties });
  const machineRoles = ['ConnectMachineRole', 'DisconnectMachineRole'];
  const ruleRoles = ['ConnectRuleRole', 'DisconnectRuleRole'];
  const functionRoles = functionNames.map((name) => `${name}Role`);
  const all = (type: string) => Object.entries(ofType<Record<string, unknown>>(template, type));
  const key = orNothing('HasKmsKey', ref('kmsKeyArn'));

  it('have no effect if they are empty', () => {
    const { Conditions } = JSON.parse(JSON.stringify(template));
    for (const [condition, parameter] of [
      ['HasPermissionsBoundary', 'permissionsBoundary'],
      ['HasKmsKey', 'kmsKeyArn'],
      ['RunsInVpc', 'subnetIds'],
    ] as const) {
      assert.deepEqual(Conditions[condition], { 'Fn::Not': [{ 'Fn::Equals': [ref(parameter), ''] }] });
      assert.equal(template.Parameters[parameter]?.Default, '');
    }
    assert.equal(template.Parameters.rolePath?.Default, '/');
    assert.equal(template.Parameters.logRetentionDays?.Default, 30);
  });

  it('give every role the boundary, the streams role included, and every other role the path', () => {
    for (const [id, role] of allRoles) {
      assert.deepEqual(role.PermissionsBoundary, orNothing('HasPermissionsBoundary', ref('permissionsBoundary')), id);
      assert.deepEqual(role.Path, id === 'StreamsRole' ? undefined : ref('rolePath'), id);
    }
  });

  it('give every log group the retention', () => {
    assert.equal(all('AWS::Logs::LogGroup').length, functionNames.length + machines.length);
    for (const [id, { RetentionInDays }] of all('AWS::Logs::LogGroup'))
      assert.deepEqual(RetentionInDays, ref('logRetentionDays'), id);
  });

  it('encrypt everything that holds data with the key, and a resource of a new type must be considered', () => {
    for (const [type, property] of [
      ['AWS::Logs::LogGroup', 'KmsKeyId'],
      ['AWS::SecretsManager::Secret', 'KmsKeyId'],
      ['AWS::SNS::Topic', 'KmsMasterKeyId'],
      ['AWS::SQS::Queue', 'KmsMasterKeyId'],
    ] as const)
      for (const [id, resource] of all(type)) assert.deepEqual(resource[property], key, id);
    assert.deepEqual(
      properties(template, 'Registry').SSESpecification,
      orNothing('HasKmsKey', { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: ref('kmsKeyArn') }),
    );
    for (const [id, machine] of all('AWS::StepFunctions::StateMachine'))
      assert.deepEqual(
        machine.EncryptionConfiguration,
        orNothing('HasKmsKey', {
          Type: 'CUSTOMER_MANAGED_KMS_KEY',
          KmsKeyId: ref('kmsKeyArn'),
          KmsDataKeyReusePeriodSeconds: 300,
        }),
        id,
      );
    assert.deepEqual([...new Set(Object.values(template.Resources).map(({ Type }) => Type))].sort(), [
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::Dashboard',
      'AWS::DynamoDB::Table',
      'AWS::Events::Rule',
      'AWS::IAM::Role',
      'AWS::Lambda::EventInvokeConfig',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
      'AWS::Logs::LogGroup',
      // Of Serverless: it holds the code only.
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
      'AWS::SNS::Subscription',
      'AWS::SNS::Topic',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
      'AWS::Scheduler::Schedule',
      'AWS::SecretsManager::Secret',
      'AWS::StepFunctions::StateMachine',
    ]);
  });

  it('let functions, machines and rules use the key, only through the services that they call, and no other role', () => {
    for (const [id, role] of allRoles) {
      const statements = statementsIf(role, 'HasKmsKey');
      for (const { Effect, Resource, Action, Condition } of statements) {
        assert.deepEqual([Effect, Resource], ['Allow', ref('kmsKeyArn')], id);
        for (const action of list(Action))
          assert.match(action, /^kms:(Decrypt|DescribeKey|Encrypt|GenerateDataKey|ReEncrypt)/);
        assert.ok(Condition, id);
      }
      const usesKey = [...functionRoles, ...machineRoles, ...ruleRoles].includes(id);
      assert.equal(statements.length > 0, usesKey, id);
    }
    const [ofFunction] = statementsIf(properties(template, 'NotifyOutcomeRole'), 'HasKmsKey');
    assert.deepEqual(ofFunction?.Condition, {
      StringEquals: {
        'kms:ViaService': ['dynamodb', 'secretsmanager', 'sns', 'sqs', 'states'].map((service) =>
          sub(`${service}.\${AWS::Region}.amazonaws.com`),
        ),
      },
    });
  });

  it('run every function in the subnets, with the security groups', () => {
    for (const [id] of functions)
      assert.deepEqual(
        properties(template, id).VpcConfig,
        orNothing('RunsInVpc', {
          SubnetIds: { 'Fn::Split': [',', ref('subnetIds')] },
          SecurityGroupIds: { 'Fn::Split': [',', ref('securityGroupIds')] },
        }),
        id,
      );
  });

  it('let Lambda make network interfaces with the role of a function, but not the code of the function', () => {
    for (const [id, role] of allRoles) {
      const [allow, deny] = statementsIf(role, 'RunsInVpc');
      if (!functionRoles.includes(id)) {
        assert.equal(allow, undefined, id);
        continue;
      }
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
      const actions = [
        ...['AssignPrivateIpAddresses', 'CreateNetworkInterface', 'DeleteNetworkInterface'],
        ...['DescribeNetworkInterfaces', 'DescribeSubnets', 'UnassignPrivateIpAddresses'],
      ].map((name) => `ec2:${name}`);
      assert.deepEqual([allow?.Effect, list(allow?.Action).sort()], ['Allow', actions], id);
      // MSK reads the subnets with the permissions of EnablePrivateConnectivity.
      assert.deepEqual(
        list(deny?.Action).sort(),
        actions.filter((it) => it !== 'ec2:DescribeSubnets'),
      );
      assert.deepEqual(deny?.Condition, {
        ArnLike: {
          'lambda:SourceFunctionArn': sub(
            'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${prefix}-*',
          ),
        },
      });
    }
  });
});

describe('the form in the console', () => {
  interface Interface {
    ParameterGroups: { Label: { default: string }; Parameters: string[] }[];
  }
  const { ParameterGroups } = template.Metadata['AWS::CloudFormation::Interface'] as Interface;

  it('has every parameter in one group', () =>
    assert.deepEqual(
      ParameterGroups.flatMap(({ Parameters }) => Parameters).sort(),
      Object.keys(template.Parameters).sort(),
    ));

  it('has a label for each group', () => {
    for (const { Label } of ParameterGroups) assert.match(Label.default, /^[A-Z]/);
  });

  it('has the rules about settings that belong together', () => assert.deepEqual(template.Rules, rules));
});

describe('a description', () => {
  it('says what the stack, each function and each state machine is for', () => {
    const described = functions.map(([id, it]) => [id, (it as { Description?: string }).Description] as const);
    for (const [id, description = ''] of [...described, ['stack', template.Description] as const]) {
      assert.match(description, /^[A-Z][^.]+( [^.]+)*/, id);
      // Lambda's limit; that of a stack is 1,024 bytes.
      assert.ok(description.length <= 256, id);
    }
    // A state machine has no other description than the Comment of its definition.
    for (const action of machines) assert.match(readDefinition(action).Comment, /^[A-Z].*\.$/s);
  });
});

describe('the whole template', () => {
  it('says which version it is, in its description and as an output', () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    assert.match(
      template.Description,
      /Amazon MSK .* MongoDB Atlas Stream Processing .*\(msk-atlas-privatelink [\d.]+\)$/,
    );
    assert.ok(template.Description.endsWith(` ${version})`), template.Description);
    assert.equal(template.Outputs.Version?.Value, version);
  });

  it('allows no action by a wildcard', () => {
    const actions = Object.values(roles)
      .flatMap(statementsOf)
      .flatMap(({ Action }) => list(Action));
    for (const action of actions) assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/);
  });

  it('lets only the machines, the rules and the group of the schedule assume their roles', () => {
    const trusted = (id: string) => properties<RoleProperties>(template, id).AssumeRolePolicyDocument.Statement;
    const statement = (service: string, ...resources: string[]) => {
      const arns = resources.map((it) =>
        sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${it}`),
      );
      return {
        Effect: 'Allow',
        Principal: { Service: `${service}.amazonaws.com` },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
          ArnEquals: { 'aws:SourceArn': arns.length === 1 ? arns[0] : arns },
        },
      };
    };
    assert.deepEqual(trusted('ConnectMachineRole'), [statement('states', `stateMachine:\${prefix}-connect`)]);
    assert.deepEqual(trusted('DisconnectMachineRole'), [statement('states', `stateMachine:\${prefix}-disconnect`)]);
    const rules = (...names: string[]) => [statement('events', ...names.map((name) => `rule/\${prefix}-${name}`))];
    assert.deepEqual(trusted('ConnectRuleRole'), rules('connect', 'connect-call'));
    assert.deepEqual(trusted('DisconnectRuleRole'), rules('disconnect', 'untag', 'disconnect-call', 'untag-call'));
    assert.deepEqual(trusted('SweepScheduleRole'), [statement('scheduler', 'schedule-group/default')]);
  });

  it('declares no dependency that a reference implies, about which cfn-lint warns', () => {
    for (const [id, { DependsOn = [] }] of Object.entries(template.Resources).filter(([id]) =>
      /LambdaFunction$/.test(id),
    ))
      assert.deepEqual(DependsOn, [id.replace(/LambdaFunction$/, 'LogGroup')]);
  });

  it('closes the deployment bucket to the public', () => {
    assert.deepEqual(properties(template, 'ServerlessDeploymentBucket').PublicAccessBlockConfiguration, {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  });

  it('contains no secret, and no reference that resolves to one', () => {
    const text = JSON.stringify(template);
    assert.doesNotMatch(text, /\{\{resolve:/);
    for (const [, { Environment }] of functions)
      for (const variable of Object.keys(Environment.Variables))
        assert.doesNotMatch(variable, /KEY|TOKEN(?!_SECRET_ARN)|PASSWORD|SECRET(?!_ARN)/);
  });

  it('has no name without the parameter `prefix`, except those of Serverless itself', () => {
    const { Resources, Conditions, Outputs } = JSON.parse(JSON.stringify(template));
    for (const { Properties } of Object.values<{ Properties: { Code?: object } }>(Resources)) delete Properties.Code;
    delete Outputs.ServerlessDeploymentBucketName;
    assert.doesNotMatch(JSON.stringify({ Resources, Conditions, Outputs }), /msk-atlas-privatelink-dev/);
  });

  it('has a default for each parameter except those that only the user knows', () => {
    const without = Object.keys(template.Parameters).filter((name) => template.Parameters[name]?.Default === undefined);
    assert.deepEqual(without, ['atlasProjectId', 'atlasWorkspace', 'atlasCredentialsSecretArn']);
    assert.equal(template.Parameters.prefix?.Default, 'msk-atlas-privatelink-dev');
  });
});
