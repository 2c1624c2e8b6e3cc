import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { bundle } from '../../packaging/bundle.ts';
import { list, type RoleProperties, ref, type Statement, statementsOf, sub } from './template.ts';

/**
 * Each function gets exactly what its code needs. What the code needs is read off its bundle: esbuild drops what is never
 * reached, so a command of the AWS SDK that is in the bundle is one that the function can send.
 */

const project = join(import.meta.dirname, '../..');
const readText = (path: string) => readFileSync(join(project, path), 'utf8');

interface FunctionSettings {
  handler: string;
  role: string;
  environment?: Record<string, unknown>;
}
const { functions } = parse(readText('serverless.yml')) as { functions: Record<string, FunctionSettings> };
const roles = parse(readText('infrastructure/roles.yml')) as {
  Resources: Record<string, { Properties: RoleProperties }>;
};
const { metafile } = await bundle();

/** The files of the project and its dependencies that are, at least in part, in a function's bundle. */
function modulesOf({ handler }: FunctionSettings): string[] {
  const inputs = metafile.outputs[handler.replace(/\.handler$/, '.mjs')]?.inputs ?? {};
  return Object.keys(inputs).filter((path) => inputs[path] && inputs[path].bytesInOutput > 0);
}

const actionPrefix: Record<string, string> = {
  kafka: 'kafka',
  'secrets-manager': 'secretsmanager',
  sfn: 'states',
  sns: 'sns',
};

/** The IAM actions of the commands in a bundle: at all of these services, each operation is an action of its name. */
function calledActions(modules: string[]): string[] {
  return modules
    .map((path) => /@aws-sdk\/client-([a-z-]+)\/dist-es\/commands\/(\w+)Command\.js$/.exec(path))
    .filter((match) => match !== null)
    .map(([, client = '', operation]) => `${actionPrefix[client]}:${operation}`);
}

/**
 * What AWS does as the caller of an action. The first two: Service Authorization Reference, "Dependent actions"; there
 * kms:DescribeKey is missing, which CloudFormation's own handler of AWS::MSK::BatchScramSecret asks for.
 */
const dependentActions: Record<string, string[]> = {
  'kafka:UpdateConnectivity': ['ec2:DescribeRouteTables', 'ec2:DescribeSubnets'],
  'kafka:BatchAssociateScramSecret': ['kms:CreateGrant', 'kms:RetireGrant', 'kms:DescribeKey'],
  'secretsmanager:GetSecretValue': ['kms:Decrypt'],
};

/** What Lambda does with a function's role, whatever its code is. */
const ofLambda = ['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

const allowed = (statements: Statement[]) => statements.filter(({ Effect }) => Effect === 'Allow');

/** Actions that IAM knows no resource for. */
const onAnyResource = [
  'kafka:GetBootstrapBrokers',
  'kafka:DescribeClusterOperationV2',
  'kafka:ListClustersV2',
  ...(dependentActions['kafka:UpdateConnectivity'] ?? []),
];

const arnOf = (resource: string) => sub(`arn:\${AWS::Partition}:${resource}`);
const clusters = arnOf('kafka:${AWS::Region}:${AWS::AccountId}:cluster/*/*');
const configurations = arnOf('kafka:${AWS::Region}:${AWS::AccountId}:configuration/*/*');
const keys = arnOf('kms:${AWS::Region}:*:key/*');

for (const [name, settings] of Object.entries(functions)) {
  const modules = modulesOf(settings);
  const statements = statementsOf(roles.Resources[settings.role]?.Properties as RoleProperties);

  describe(`the function ${name}`, () => {
    it('may do what its code calls, and nothing else', () => {
      const called = calledActions(modules);
      const needed = [...called, ...called.flatMap((action) => dependentActions[action] ?? []), ...ofLambda];
      const granted = allowed(statements).flatMap(({ Action }) => list(Action));
      assert.deepEqual([...new Set(granted)].sort(), needed.sort());
    });

    it('may do it to clusters of this account and Region only, wherever IAM can tell', () => {
      for (const { Action, Resource } of allowed(statements))
        for (const action of list(Action)) {
          if (onAnyResource.includes(action)) assert.equal(Resource, '*', action);
          else if (action === 'kafka:DescribeConfigurationRevision') assert.deepEqual(Resource, configurations);
          else if (action.startsWith('kafka:')) assert.deepEqual(Resource, clusters, action);
          else if (action === 'sns:Publish') assert.deepEqual(Resource, ref('NotificationTopic'));
          else if (action.startsWith('xray:')) assert.equal(Resource, '*');
          else if (action.startsWith('kms:')) assert.deepEqual(Resource, keys, action);
        }
    });

    it('may read the secrets that its code reads, and no others', () => {
      const readable = allowed(statements)
        .filter(({ Action }) => list(Action).includes('secretsmanager:GetSecretValue'))
        .map(({ Resource }) => Resource);
      const read = [
        modules.includes('shared/lambda/atlas.ts') && ref('atlasCredentialsSecretArn'),
        modules.includes('shared/secrets/scram-secret.ts') &&
          arnOf('secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:AmazonMSK_*'),
      ];
      assert.deepEqual(readable, read.filter(Boolean));
    });

    it('has the environment variables that its code reads, and no others', () => {
      const own = modules.filter((path) => /^(functions|shared)\//.test(path)).map(readText);
      // A line of a schema: `    ATLAS_WORKSPACE: z.string(),`
      const read = own.flatMap((text) => [...text.matchAll(/^ +([A-Z]+(?:_[A-Z]+)+): (?:z\.|between\()/gm)]);
      assert.deepEqual(Object.keys(settings.environment ?? {}).sort(), read.map(([, variable]) => variable).sort());
    });
  });
}

describe('a condition', () => {
  const conditionsOf = (action: string) =>
    Object.values(roles.Resources)
      .flatMap(({ Properties }) => statementsOf(Properties))
      .filter(({ Action }) => list(Action).includes(action))
      .map(({ Effect, Condition }) => ({ Effect, Condition }));
  const viaService = (service: string) => ({
    StringEquals: { 'kms:ViaService': sub(`${service}.\${AWS::Region}.amazonaws.com`) },
  });

  it('keeps tags to the status tags', () => {
    for (const statement of conditionsOf('kafka:TagResource'))
      assert.deepEqual(statement, {
        Effect: 'Allow',
        Condition: {
          'ForAllValues:StringLike': { 'aws:TagKeys': 'atlas-streaming:*' },
          Null: { 'aws:TagKeys': 'false' },
        },
      });
  });

  it('keeps public access closed', () => {
    assert.deepEqual(conditionsOf('kafka:UpdateConnectivity'), [
      { Effect: 'Allow', Condition: undefined },
      { Effect: 'Deny', Condition: { Bool: { 'kafka:publicAccessEnabled': 'true' } } },
    ]);
  });

  it('keeps keys to the services that use them for a function', () => {
    for (const { Condition } of conditionsOf('kms:Decrypt')) assert.deepEqual(Condition, viaService('secretsmanager'));
    for (const { Condition } of conditionsOf('kms:RetireGrant')) assert.deepEqual(Condition, viaService('kafka'));
    for (const { Condition } of conditionsOf('kms:CreateGrant'))
      assert.deepEqual(Condition, { Bool: { 'kms:GrantIsForAWSResource': 'true' } });
  });
});
