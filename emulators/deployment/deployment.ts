import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { defaultSettings } from '../../packaging/settings.ts';
import { type Action, machines } from '../../statemachine/definition.ts';
import type { Alarm } from '../cloudwatch/alarms.ts';
import type { TableDefinition } from '../dynamodb/table.ts';
import type { EventPattern } from '../event-bridge.ts';
import type { FunctionConfiguration } from '../lambda/container.ts';
import type { SecretSeed } from '../secrets-manager/secrets-manager.ts';
import type { DeployedRole, Statement, TrustPolicy } from './iam.ts';
import { holds, resolve, type TemplateContext } from './template.ts';

/** What `npm run deploy` would create from serverless.yml and infrastructure/, limited to what the local cloud supports. */
export interface Deployment {
  functions: DeployedFunction[];
  machines: DeployedMachine[];
  /** One for each target of a rule. */
  rules: DeployedRule[];
  registry: TableDefinition;
  /** Undefined if the settings ask for none. */
  streamsRole: DeployedRole | undefined;
  secrets: SecretSeed[];
  alarms: Alarm[];
  topicArns: string[];
  /** The schedule of the sweep, such as `rate(15 minutes)`. */
  sweepSchedule: string;
}

interface DeployedMachine {
  arn: string;
  /** The name of its definition in statemachine/. */
  action: Action;
  /** The ARN of the function for each placeholder in the definition. */
  substitutions: Record<string, string>;
}

interface DeployedRule {
  name: string;
  eventPattern: EventPattern;
  isEnabled: boolean;
  /** Whether the rule is in the state that also matches what CloudTrail reports. */
  matchesTrail: boolean;
  /** The machine or function that it starts. */
  targetArn: string;
}

export type { Action };

interface DeployedFunction extends FunctionConfiguration {
  /** What its role may do. */
  statements: Statement[];
  /** The name of the queue that gets the events that it could not handle. */
  failureQueue: string | undefined;
}

export interface DeploymentOptions {
  region: string;
  accountId: string;
  /** They override the defaults. */
  settings: Record<string, string>;
}

// Only what is read here, in the shapes of Serverless and CloudFormation.
interface ServerlessFile {
  service: string;
  provider: { memorySize: number; timeout: number; environment: Record<string, unknown> };
  functions: Record<
    string,
    { handler: string; role: string; timeout?: number; memorySize?: number; environment?: Record<string, unknown> }
  >;
}
interface InfrastructureFile {
  Conditions?: Record<string, unknown>;
  Resources?: Record<string, Resource>;
}

interface Resource {
  Type: string;
  /** Without it, the resource always exists. */
  Condition?: string;
  Properties: Record<string, unknown>;
}

interface EventInvokeConfig {
  FunctionName: string;
  DestinationConfig: { OnFailure: { Destination: string } };
}

const stage = 'local';

export function readDeployment({ region, accountId, settings: given }: DeploymentOptions): Deployment {
  const { service, provider, functions } = readYaml<ServerlessFile>('serverless.yml');
  const infrastructure = readInfrastructure();
  const settings = { ...defaultSettings(stage), ...given };

  const functionName = (name: string) => `${settings.prefix}-${name}`;
  const functionArn = (name: string) => `arn:aws:lambda:${region}:${accountId}:function:${functionName(name)}`;
  const registry = readRegistry();
  const tableName = registry.TableName ?? '';
  const context: TemplateContext = {
    variables: { 'self:service': service, 'sls:stage': stage },
    parameters: {
      ...settings,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::AccountId': accountId,
      Registry: tableName,
      ...Object.fromEntries(Object.keys(functions).map((name) => [`${name}LambdaFunction`, functionName(name)])),
    },
    conditions: infrastructure.Conditions,
    // Serverless gives the function X the logical id XLambdaFunction.
    arnOf: (logicalId) => {
      if (logicalId.endsWith('Machine')) return machineArn(logicalId);
      if (logicalId.endsWith('Topic')) return `arn:aws:sns:${region}:${accountId}:${nameOf(logicalId, 'TopicName')}`;
      // Secrets Manager adds six random characters to a name.
      if (logicalId.endsWith('Token'))
        return `arn:aws:secretsmanager:${region}:${accountId}:secret:${nameOf(logicalId, 'Name')}-t0K3n1`;
      if (logicalId.endsWith('Queue')) return `arn:aws:sqs:${region}:${accountId}:${nameOf(logicalId, 'QueueName')}`;
      if (logicalId.endsWith('LogGroup'))
        return `arn:aws:logs:${region}:${accountId}:log-group:/aws/lambda/${functionName(logicalId.replace(/LogGroup$/, ''))}:*`;
      if (logicalId === 'StreamsRole') return `arn:aws:iam::${accountId}:role/${nameOf(logicalId, 'RoleName')}`;
      if (logicalId === 'Registry') return `arn:aws:dynamodb:${region}:${accountId}:table/${tableName}`;
      return functionArn(logicalId.replace(/LambdaFunction$/, ''));
    },
    nameOf: (logicalId, attribute) => String(nameOf(logicalId, attribute)),
  };
  const Resources = Object.fromEntries(
    Object.entries(infrastructure.Resources).filter(([, { Condition }]) => !Condition || holds(Condition, context)),
  );
  const nameOf = (logicalId: string, property: string) => resolve(Resources[logicalId]?.Properties[property], context);
  const machineArn = (logicalId: string): string =>
    `arn:aws:states:${region}:${accountId}:stateMachine:${nameOf(logicalId, 'StateMachineName')}`;
  const machine = (action: Action): DeployedMachine => {
    const logicalId = `${action[0]?.toUpperCase()}${action.slice(1)}Machine`;
    const substitutions = resolve(Resources[logicalId]?.Properties.DefinitionSubstitutions, context);
    return { arn: machineArn(logicalId), action, substitutions: substitutions as Record<string, string> };
  };
  const statementsOf = (role: string): Statement[] => {
    const policies = Resources[role]?.Properties.Policies as { PolicyDocument: { Statement: unknown } }[];
    return policies.flatMap(({ PolicyDocument }) => resolve(PolicyDocument.Statement, context) as Statement[]);
  };
  const streamsRole = (): DeployedRole | undefined => {
    if (!Resources.StreamsRole) return undefined;
    const trustPolicy = resolve(Resources.StreamsRole.Properties.AssumeRolePolicyDocument, context) as TrustPolicy;
    return { arn: context.arnOf('StreamsRole'), trustPolicy, statements: statementsOf('StreamsRole') };
  };
  const ofType = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type);

  const secret = ([logicalId, { Properties }]: [string, { Properties: Record<string, unknown> }]): SecretSeed => ({
    name: String(nameOf(logicalId, 'Name')),
    arn: context.arnOf(logicalId),
    secretString: String(Properties.SecretString),
  });

  const failureQueueOf = (name: string): string | undefined => {
    const configs = ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => resolve(Properties, context));
    const config = (configs as EventInvokeConfig[]).find(({ FunctionName }) => FunctionName === name);
    return config?.DestinationConfig.OnFailure.Destination.split(':').at(-1);
  };

  return {
    machines: machines.map(machine),
    registry,
    streamsRole: streamsRole(),
    secrets: Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::SecretsManager::Secret')
      .map(secret),
    alarms: ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => resolve(Properties, context) as Alarm),
    topicArns: Object.keys(Resources)
      .filter((logicalId) => Resources[logicalId]?.Type === 'AWS::SNS::Topic')
      .map((logicalId) => context.arnOf(logicalId)),
    sweepSchedule: String(nameOf('SweepSchedule', 'ScheduleExpression')),
    rules: ofType('AWS::Events::Rule').flatMap(({ Properties: { Name, EventPattern, State, Targets } }) =>
      (Targets as { Arn: unknown }[]).map(({ Arn }) => ({
        name: String(resolve(Name, context)),
        eventPattern: resolve(EventPattern, context) as EventPattern,
        isEnabled: resolve(State, context) !== 'DISABLED',
        matchesTrail: resolve(State, context) === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
        targetArn: resolve(Arn, context) as string,
      })),
    ),
    functions: Object.entries(functions).map(([name, { handler, role, timeout, memorySize, environment }]) => ({
      name,
      functionName: functionName(name),
      arn: functionArn(name),
      bundle: projectFile(handler.replace(/\.handler$/, '.mjs')).href,
      memorySize: memorySize ?? provider.memorySize,
      timeoutSeconds: timeout ?? provider.timeout,
      environment: resolve({ ...provider.environment, ...environment }, context) as DeployedFunction['environment'],
      statements: statementsOf(role),
      failureQueue: failureQueueOf(functionName(name)),
    })),
  };
}

/** The table that the template creates. Its properties have no intrinsic functions. */
export function readRegistry(): TableDefinition {
  const { Resources } = readYaml<InfrastructureFile>('infrastructure/registry.yml');
  return Resources?.Registry?.Properties as unknown as TableDefinition;
}

function readInfrastructure(): Required<InfrastructureFile> {
  const names = readdirSync(projectFile('infrastructure')).filter((name) => name.endsWith('.yml'));
  const files = names.map((name) => readYaml<InfrastructureFile>(`infrastructure/${name}`));
  return {
    Conditions: Object.assign({}, ...files.map(({ Conditions }) => Conditions)),
    Resources: Object.assign({}, ...files.map(({ Resources }) => Resources)),
  };
}

const projectFile = (path: string) => new URL(`../../${path}`, import.meta.url);

function readYaml<File>(path: string): File {
  return parse(readFileSync(projectFile(path), 'utf8'), { merge: true });
}
