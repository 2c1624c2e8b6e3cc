import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { EventPattern } from '../event-bridge.ts';
import type { FunctionConfiguration } from '../lambda/container.ts';
import type { Statement } from './iam.ts';
import { resolve, type TemplateContext } from './template.ts';

/** What `npm run deploy` would make of serverless.yml and its resources, as far as the local cloud runs it. */
export interface Deployment {
  functions: DeployedFunction[];
  machines: DeployedMachine[];
  rules: DeployedRule[];
}

interface DeployedMachine {
  arn: string;
  /** The name of its definition: statemachine/<action>.asl.json */
  action: Action;
  /** DefinitionSubstitutions: the ARN of the function for each placeholder in the machine's definition. */
  substitutions: Record<string, string>;
}

interface DeployedRule {
  eventPattern: EventPattern;
  isEnabled: boolean;
  /** Of the machine or the function that it starts. */
  targetArn: string;
}

export type Action = 'connect' | 'disconnect';
const actions: Action[] = ['connect', 'disconnect'];

interface DeployedFunction extends FunctionConfiguration {
  /** What its role may do. */
  statements: Statement[];
}

export interface DeploymentOptions {
  region: string;
  accountId: string;
  /** As with `--param`. */
  params: Record<string, string>;
}

// Only what is read here, in the shapes of Serverless and CloudFormation.
interface ServerlessFile {
  service: string;
  params: { default: Record<string, string> };
  provider: { memorySize: number; timeout: number; environment: Record<string, string> };
  functions: Record<
    string,
    { handler: string; role: string; timeout?: number; memorySize?: number; environment?: Record<string, string> }
  >;
}
interface RolesFile {
  Resources: Record<string, { Properties: { Policies: { PolicyDocument: { Statement: unknown } }[] } }>;
}
interface ResourcesFile {
  Conditions: Record<string, unknown>;
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

const stage = 'local';

/** The parameters that serverless.yml knows, with its defaults. */
export const defaultParameters = (): Record<string, string> =>
  readYaml<ServerlessFile>('serverless.yml').params.default;

export function readDeployment({ region, accountId, params }: DeploymentOptions): Deployment {
  const { service, provider, functions, ...file } = readYaml<ServerlessFile>('serverless.yml');
  const roles = readYaml<RolesFile>('infrastructure/roles.yml').Resources;
  const files = ['infrastructure/resources.yml', 'infrastructure/monitoring.yml'].map((it) =>
    readYaml<ResourcesFile>(it),
  );
  const Resources: ResourcesFile['Resources'] = Object.assign({}, ...files.map((it) => it.Resources));
  const Conditions: ResourcesFile['Conditions'] = Object.assign({}, ...files.map((it) => it.Conditions));

  const functionName = (name: string) => `${service}-${stage}-${name}`;
  const functionArn = (name: string) => `arn:aws:lambda:${region}:${accountId}:function:${functionName(name)}`;
  const context: TemplateContext = {
    service,
    stage,
    region,
    accountId,
    params: { ...file.params.default, ...params },
    conditions: Conditions,
    // Serverless gives the function X the logical id XLambdaFunction.
    arnOf: (logicalId) => {
      if (logicalId.endsWith('Machine')) return machineArn(logicalId);
      if (logicalId.endsWith('Topic')) return `arn:aws:sns:${region}:${accountId}:${nameOf(logicalId, 'TopicName')}`;
      return functionArn(logicalId.replace(/LambdaFunction$/, ''));
    },
  };
  const nameOf = (logicalId: string, property: string) => resolve(Resources[logicalId]?.Properties[property], context);
  const machineArn = (logicalId: string): string =>
    `arn:aws:states:${region}:${accountId}:stateMachine:${nameOf(logicalId, 'StateMachineName')}`;
  const machine = (action: Action): DeployedMachine => {
    const logicalId = `${action[0]?.toUpperCase()}${action.slice(1)}Machine`;
    const substitutions = resolve(Resources[logicalId]?.Properties.DefinitionSubstitutions, context);
    return { arn: machineArn(logicalId), action, substitutions: substitutions as Record<string, string> };
  };
  const rules = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Events::Rule');

  return {
    machines: actions.map(machine),
    rules: rules.map(({ Properties: { EventPattern, State, Targets } }) => ({
      eventPattern: resolve(EventPattern, context) as EventPattern,
      isEnabled: resolve(State, context) === 'ENABLED',
      targetArn: resolve((Targets as { Arn: unknown }[])[0]?.Arn, context) as string,
    })),
    functions: Object.entries(functions).map(([name, { handler, role, timeout, memorySize, environment }]) => ({
      name,
      functionName: functionName(name),
      arn: functionArn(name),
      bundle: projectFile(handler.replace(/\.handler$/, '.mjs')).href,
      memorySize: memorySize ?? provider.memorySize,
      timeoutSeconds: timeout ?? provider.timeout,
      environment: resolve({ ...provider.environment, ...environment }, context) as DeployedFunction['environment'],
      statements: resolve(
        roles[role]?.Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
        context,
      ) as Statement[],
    })),
  };
}

const projectFile = (path: string) => new URL(`../../${path}`, import.meta.url);

function readYaml<File>(path: string): File {
  return parse(readFileSync(projectFile(path), 'utf8'));
}
