import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Environment } from '../../functions/resolve-request/settings.ts';
import * as errors from '../../shared/errors.ts';
import { readDefinition, readText } from '../../statemachine/definition.ts';
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
  statementsOf,
  sub,
} from './template.ts';

const folder = serviceFolder({ after });
const packaging = await serverless(folder, ['package', '--package', 'packaged']);
assert.equal(packaging.code, 0, packaging.output);
const packaged = join(folder, 'packaged');
const template = readTemplate(join(packaged, 'cloudformation-template-update-stack.json'));

const stack = 'msk-atlas-privatelink-dev';
const functions = Object.entries(ofType<FunctionProperties>(template, 'AWS::Lambda::Function'));
const roles = ofType<RoleProperties>(template, 'AWS::IAM::Role');
const machines = ['Connect', 'Disconnect'] as const;
const tasksOf = (machine: (typeof machines)[number]) => {
  const { States } = readDefinition(machine.toLowerCase());
  return Object.keys(States)
    .filter((name) => States[name]?.Type === 'Task')
    .sort();
};
/** Each Task's, the one that the schedule starts, and the one that tells of outcomes. */
const functionNames = [...new Set([...machines.flatMap(tasksOf), 'SweepClusters', 'NotifyOutcome'])].sort();

describe('npm run package', () => {
  it('needs no credentials, and prints neither a warning nor a deprecation', () => {
    assert.match(packaging.output, /Packaging msk-atlas-privatelink for stage dev \(us-east-1\)/);
    assert.match(packaging.output, /Service packaged/);
    assert.doesNotMatch(packaging.output, /warning|deprecat/i);
  });

  it('says which parameters are example values', () => {
    assert.match(
      packaging.output,
      /To be read, not to be deployed: atlasProjectId, atlasWorkspace and atlasCredentialsSecretArn are example values\./,
    );
  });

  it('puts into each zip the bundle of its function and the source map, and nothing else', () => {
    const zips = readdirSync(packaged).filter((file) => file.endsWith('.zip'));
    assert.deepEqual(
      zips.sort(),
      functionNames.map((name) => `${name}.zip`),
    );
    for (const [id, { Handler }] of functions) {
      const bundle = Handler.replace(/\.handler$/, '.mjs');
      const zip = join(packaged, id.replace(/LambdaFunction$/, '.zip'));
      assert.deepEqual(namesInZip(zip).sort(), [bundle, `${bundle}.map`]);
    }
  });
});

describe('the functions', () => {
  it('are one for each Task, under its name, the sweep, and the one that tells of outcomes', () => {
    assert.deepEqual(
      functions.map(([id]) => id).sort(),
      functionNames.map((name) => `${name}LambdaFunction`),
    );
    for (const [id, { FunctionName, Handler }] of functions) {
      const task = id.replace(/LambdaFunction$/, '');
      assert.equal(FunctionName, `${stack}-${task}`);
      assert.equal(Handler.replaceAll(/^dist\/|-|\.handler$/g, ''), task.toLowerCase());
    }
  });

  it('run on Node 24 and arm64, for less time than their Task waits', () => {
    for (const [id, { Runtime, Architectures, MemorySize, Timeout }] of functions)
      assert.deepEqual(
        { Runtime, Architectures, MemorySize, Timeout },
        {
          Runtime: 'nodejs24.x',
          Architectures: ['arm64'],
          MemorySize: 256,
          Timeout: id === 'SweepClustersLambdaFunction' ? 300 : 60,
        },
        id,
      );
    for (const machine of machines)
      for (const { Type, TimeoutSeconds } of Object.values(readDefinition(machine.toLowerCase()).States))
        if (Type === 'Task') assert.ok(Number(TimeoutSeconds) > 60);
  });

  it('have a role of their own each, for Lambda alone', () => {
    for (const [id, { Role }] of functions) assert.deepEqual(Role, arn(id.replace(/LambdaFunction$/, 'Role')));
    for (const name of functionNames)
      assert.deepEqual(roles[`${name}Role`]?.AssumeRolePolicyDocument.Statement, [
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]);
    // The machines', the rules' and the schedule's.
    assert.equal(Object.keys(roles).length, functionNames.length + 5);
  });

  it('have a log group each, which keeps for 30 days what their role lets them write', () => {
    for (const [id, { FunctionName }] of functions) {
      const task = id.replace(/LambdaFunction$/, '');
      const LogGroupName = `/aws/lambda/${FunctionName}`;
      assert.deepEqual(properties(template, `${task}LogGroup`), { LogGroupName, RetentionInDays: 30 });
      assert.ok(template.Resources[id]?.DependsOn?.includes(`${task}LogGroup`));
      const [logs] = statementsOf(properties<RoleProperties>(template, `${task}Role`));
      assert.deepEqual(
        logs?.Resource,
        sub(`arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${stack}-*`),
      );
    }
  });

  it('have the documented defaults', () => {
    const { Variables } = properties<FunctionProperties>(template, 'ResolveRequestLambdaFunction').Environment;
    const { mechanism, waits } = Environment.parse(Variables);
    assert.equal(mechanism, 'SCRAM-512');
    assert.deepEqual(waits, {
      cluster: { pollSeconds: 20, usualMinutes: 45, timeoutMinutes: 720 },
      privateLink: { pollSeconds: 20, usualMinutes: 32, timeoutMinutes: 90 },
      connection: { pollSeconds: 20, usualMinutes: 26, timeoutMinutes: 90 },
      removal: { pollSeconds: 30, timeoutMinutes: 120 },
    });
    assert.equal(Environment.parse(Variables).disconnectOnUntag, false);
    const atlas = properties<FunctionProperties>(template, 'CreateConnectionLambdaFunction').Environment.Variables;
    assert.equal(atlas.ATLAS_BASE_URL, 'https://cloud.mongodb.com');
  });

  it('are logged at the level INFO, under the name of the service, with source maps', () => {
    for (const [, { Environment }] of functions) {
      assert.equal(Environment.Variables.POWERTOOLS_SERVICE_NAME, 'msk-atlas-privatelink');
      assert.equal(Environment.Variables.POWERTOOLS_LOG_LEVEL, 'INFO');
      assert.equal(Environment.Variables.NODE_OPTIONS, '--enable-source-maps');
    }
  });
});

for (const name of machines)
  describe(`the state machine ${name}Machine`, () => {
    const machine = properties(template, `${name}Machine`);
    const word = name.toLowerCase();
    const tasks = tasksOf(name);

    it(`is a Standard workflow with the very definition of statemachine/${word}.asl.json`, () => {
      assert.equal(machine.StateMachineName, `${stack}-${word}`);
      assert.equal(machine.StateMachineType, 'STANDARD');
      assert.deepEqual(machine.Definition, JSON.parse(readText(word)));
    });

    it('has a substitution for every placeholder of the definition, and no other', () => {
      const placeholders = [...readText(word).matchAll(/\$\{(\w+)\}/g)].map(([, placeholder = '']) => placeholder);
      assert.deepEqual([...new Set(placeholders)].sort(), tasks);
      assert.deepEqual(
        machine.DefinitionSubstitutions,
        Object.fromEntries(tasks.map((task) => [task, arn(`${task}LambdaFunction`)])),
      );
    });

    it('may invoke exactly these functions, have its logs and traces delivered, and nothing else', () => {
      const statements = statementsOf(properties<RoleProperties>(template, `${name}MachineRole`));
      const [invoke, deliverLogs, sendTraces, ...others] = statements;
      const functionArns = tasks.map((task) => arn(`${task}LambdaFunction`));
      assert.equal(invoke?.Action, 'lambda:InvokeFunction');
      assert.deepEqual(new Set(list(invoke?.Resource)), new Set(functionArns));
      for (const action of list(deliverLogs?.Action)) assert.match(String(action), /^logs:/);
      for (const action of list(sendTraces?.Action)) assert.match(String(action), /^xray:/);
      assert.deepEqual(others, []);
    });

    it('logs all its events without their data, for 30 days', () => {
      assert.deepEqual(machine.LoggingConfiguration, {
        Level: 'ALL',
        IncludeExecutionData: false,
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: arn(`${name}MachineLogGroup`) } }],
      });
      assert.deepEqual(properties(template, `${name}MachineLogGroup`), {
        LogGroupName: `/aws/vendedlogs/states/${stack}-${word}`,
        RetentionInDays: 30,
      });
    });

    it('is traced, as its functions are', () => {
      assert.deepEqual(machine.TracingConfiguration, { Enabled: true });
      for (const [id] of functions) assert.deepEqual(properties(template, id).TracingConfig, { Mode: 'Active' }, id);
    });

    it('is an output of the stack', () => {
      assert.deepEqual(template.Outputs[`${name}MachineArn`]?.Value, ref(`${name}Machine`));
    });
  });

describe('the rules', () => {
  const rules = [
    { id: 'ConnectRule', machine: 'Connect', tag: ['connect'], state: 'ENABLED' },
    { id: 'DisconnectRule', machine: 'Disconnect', tag: ['disconnect'], state: 'ENABLED' },
    {
      id: 'UntagRule',
      machine: 'Disconnect',
      tag: [{ exists: false }],
      state: { 'Fn::If': ['DisconnectsOnUntag', 'ENABLED', 'DISABLED'] },
    },
  ];

  for (const { id, machine, tag, state } of rules) {
    it(`${id} takes the events of a tag atlas-streaming on an MSK resource`, () => {
      const { State, EventPattern } = properties(template, id);
      assert.deepEqual(State, state);
      assert.deepEqual(EventPattern, {
        source: ['aws.tag'],
        'detail-type': ['Tag Change on Resource'],
        resources: [{ prefix: sub('arn:${AWS::Partition}:kafka:') }],
        detail: { 'changed-tag-keys': ['atlas-streaming'], tags: { 'atlas-streaming': tag } },
      });
    });

    it(`${id} hands the whole event to the machine, for a day, and then to the queue`, () => {
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

  it('alone may send to the queue, which is encrypted and keeps events for 14 days', () => {
    assert.deepEqual(properties(template, 'DeadLetterQueue'), {
      QueueName: `${stack}-dead-letters`,
      SqsManagedSseEnabled: true,
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
          ArnEquals: { 'aws:SourceArn': [...rules.map(({ id }) => id), 'FailureRule', 'SuccessRule'].map(arn) },
        },
      },
    ]);
  });
});

describe('the sweep', () => {
  it('runs every 15 minutes, and is told the time of its schedule', () => {
    const { ScheduleExpression, Target } = properties<{ ScheduleExpression: string; Target: Record<string, unknown> }>(
      template,
      'SweepSchedule',
    );
    assert.equal(ScheduleExpression, 'rate(15 minutes)');
    assert.deepEqual([Target.Arn, Target.RoleArn], [arn('SweepClustersLambdaFunction'), arn('SweepScheduleRole')]);
    assert.equal(Target.Input, '{"now":"<aws.scheduler.scheduled-time>"}');
  });

  it('knows both machines', () => {
    const { Variables } = properties<FunctionProperties>(template, 'SweepClustersLambdaFunction').Environment;
    assert.deepEqual(
      [Variables.CONNECT_STATE_MACHINE_ARN, Variables.DISCONNECT_STATE_MACHINE_ARN],
      [ref('ConnectMachine'), ref('DisconnectMachine')],
    );
  });

  it('is all that its schedule may start', () => {
    assert.deepEqual(statementsOf(properties<RoleProperties>(template, 'SweepScheduleRole')), [
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arn('SweepClustersLambdaFunction') },
    ]);
  });
});

describe('whoever wants to know', () => {
  interface Alarm {
    AlarmDescription: string;
    Namespace: string;
    MetricName: string;
    Dimensions: { Name: string; Value: unknown }[];
    TreatMissingData: string;
    AlarmActions: unknown;
  }
  const alarms = ofType<Alarm>(template, 'AWS::CloudWatch::Alarm');

  for (const [id, status, state] of [
    ['FailureRule', ['FAILED', 'TIMED_OUT'], 'ENABLED'],
    ['SuccessRule', ['SUCCEEDED'], { 'Fn::If': ['NotifiesOnSuccess', 'ENABLED', 'DISABLED'] }],
  ] as const)
    it(`is told by the ${id} of runs that are ${status.join(' or ')}`, () => {
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

  it('is alarmed of failures, time-outs, throttling, dead letters, and a sweep that does not run', () => {
    const watched = Object.entries(alarms).map(
      ([id, { Namespace, MetricName }]) => `${id}: ${Namespace} ${MetricName}`,
    );
    assert.deepEqual(watched.sort(), [
      `AtlasThrottledAlarm: ${stack} AtlasThrottled`,
      `AwsThrottledAlarm: ${stack} AwsThrottled`,
      'ConnectFailedAlarm: AWS/States ExecutionsFailed',
      'ConnectTimedOutAlarm: AWS/States ExecutionsTimedOut',
      'DeadLettersAlarm: AWS/SQS ApproximateNumberOfMessagesVisible',
      'DisconnectFailedAlarm: AWS/States ExecutionsFailed',
      'DisconnectTimedOutAlarm: AWS/States ExecutionsTimedOut',
      'NotificationFailedAlarm: AWS/Lambda Errors',
      'SweepFailedAlarm: AWS/Lambda Errors',
      'SweepMissingAlarm: AWS/Lambda Invocations',
    ]);
    for (const [id, { AlarmActions, AlarmDescription, TreatMissingData }] of Object.entries(alarms)) {
      assert.deepEqual(AlarmActions, [ref('NotificationTopic')], id);
      assert.ok(AlarmDescription.endsWith('.'), 'says what to do');
      assert.equal(TreatMissingData, id === 'SweepMissingAlarm' ? 'breaching' : 'notBreaching', id);
    }
  });

  it('is alarmed by metrics that the functions publish under these names', () => {
    const own = Object.values(alarms).filter(({ Namespace }) => Namespace === stack);
    for (const { MetricName, Dimensions } of own) {
      assert.ok(MetricName in errors, MetricName);
      assert.deepEqual(Dimensions, [{ Name: 'service', Value: 'msk-atlas-privatelink' }]);
    }
    for (const [id, { Environment }] of functions)
      assert.equal(Environment.Variables.POWERTOOLS_METRICS_NAMESPACE, stack, id);
  });

  it('sees a dashboard of what there is', () => {
    const { DashboardBody } = properties<{ DashboardBody: { 'Fn::Sub': string } }>(template, 'Dashboard');
    const text = DashboardBody['Fn::Sub'];
    const { widgets } = JSON.parse(text) as { widgets: { properties: { title: string; metrics?: unknown } }[] };
    assert.deepEqual(
      widgets.map(({ properties: { title } }) => title.split(/ of|,/)[0]),
      [
        'Alarms',
        'Runs by outcome',
        'Time to connect',
        'Polls',
        'Throttles and other faults that pass',
        'Dead letters and sweeps',
        'Cost',
        'What has gone wrong last',
      ],
    );
    for (const [, id = ''] of text.matchAll(/\$\{(\w+)(?:\.\w+)?\}/g)) assert.ok(template.Resources[id], id);
    for (const id of Object.keys(alarms)) assert.ok(text.includes(`\${${id}.Arn}`), id);
    // In quotes, SEARCH would look for a function of just that name.
    assert.match(text, new RegExp(`FunctionName=${stack} `));
    assert.doesNotMatch(text, /FunctionName=\\"/);
  });

  it('gets an e-mail where the deployment names an address, and nothing where it does not', () => {
    assert.deepEqual(template.Resources.NotificationEmail, {
      Type: 'AWS::SNS::Subscription',
      Condition: 'HasNotificationEmail',
      Properties: { TopicArn: ref('NotificationTopic'), Protocol: 'email', Endpoint: '' },
    });
  });
});

describe('the whole template', () => {
  it('allows no action by a wildcard', () => {
    const actions = Object.values(roles)
      .flatMap(statementsOf)
      .flatMap(({ Action }) => list(Action));
    for (const action of actions) assert.match(action, /^[a-z0-9]+:[A-Za-z0-9]+$/);
  });

  it('gives the roles of the machines and the rules to these alone', () => {
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
    assert.deepEqual(trusted('ConnectMachineRole'), [statement('states', `stateMachine:${stack}-connect`)]);
    assert.deepEqual(trusted('DisconnectMachineRole'), [statement('states', `stateMachine:${stack}-disconnect`)]);
    assert.deepEqual(trusted('ConnectRuleRole'), [statement('events', `rule/${stack}-connect`)]);
    assert.deepEqual(trusted('DisconnectRuleRole'), [
      statement('events', `rule/${stack}-disconnect`, `rule/${stack}-untag`),
    ]);
  });

  it('holds no secret, and refers to none by its value', () => {
    const text = JSON.stringify(template);
    assert.doesNotMatch(text, /\{\{resolve:/);
    for (const [, { Environment }] of functions)
      for (const variable of Object.keys(Environment.Variables))
        assert.doesNotMatch(variable, /KEY|TOKEN|PASSWORD|SECRET(?!_ARN)/);
  });
});
