import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { calledActions, modulesOf, readVariables } from './own-code.ts';
import { arn, list, type RoleProperties, ref, type Statement, statementsOf, sub } from './template.ts';

/** Each function may do exactly what its code calls, and gets the environment variables that its code reads. */

const project = join(import.meta.dirname, '../..');
const readText = (path: string) => readFileSync(join(project, path), 'utf8');

interface FunctionSettings {
  handler: string;
  role: string;
  environment?: Record<string, unknown>;
}
const { functions, provider } = parse(readText('serverless.yml'), { merge: true }) as {
  functions: Record<string, FunctionSettings>;
  provider: { environment: object };
};
const roles = parse(readText('infrastructure/roles.yml'), { merge: true }) as {
  Resources: Record<string, { Properties: RoleProperties }>;
};
/** For which IAM supports no resource. */
const ofNetwork = ['ec2:DescribeRouteTables', 'ec2:DescribeSubnets'];
/**
 * What a service calls with the caller's permissions. They are "dependent actions" in the Service Authorization Reference, except
 * kms:DescribeKey, which CloudFormation's handler of AWS::MSK::BatchScramSecret requires, and the two of KMS for UpdateConnectivity, which
 * a sample of AWS grants (data-solutions-framework-on-aws).
 */
const dependentActions: Record<string, string[]> = {
  'kafka:UpdateConnectivity': [...ofNetwork, 'kms:CreateGrant', 'kms:DescribeKey'],
  'kafka:BatchAssociateScramSecret': ['kms:CreateGrant', 'kms:RetireGrant', 'kms:DescribeKey'],
  'kafka:ListTopics': ['kafka-cluster:Connect', 'kafka-cluster:DescribeTopic'],
  'kafka:DescribeTopic': ['kafka-cluster:DescribeTopicDynamicConfiguration'],
  'secretsmanager:GetSecretValue': ['kms:Decrypt'],
};

/** What Lambda itself does with a function's role. */
const ofLambda = ['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

/** What Lambda does with it if asynchronous invocations of the function have a destination for failures. */
const ofDestination: Record<string, string[]> = { NotifyOutcome: ['sqs:SendMessage'] };

const allowed = (statements: Statement[]) => statements.filter(({ Effect }) => Effect === 'Allow');

/** Actions for which IAM supports no resource. */
const onAnyResource = [
  'kafka:GetBootstrapBrokers',
  'kafka:DescribeClusterOperationV2',
  'kafka:ListClustersV2',
  ...ofNetwork,
];

const arnOf = (resource: string) => sub(`arn:\${AWS::Partition}:${resource}`);
const clusters = arnOf('kafka:${AWS::Region}:${AWS::AccountId}:cluster/*/*');
const topics = arnOf('kafka:${AWS::Region}:${AWS::AccountId}:topic/*/*');
const configurations = arnOf('kafka:${AWS::Region}:${AWS::AccountId}:configuration/*/*');
const [connectExecutions, disconnectExecutions] = ['connect', 'disconnect'].map((action) =>
  arnOf(`states:\${AWS::Region}:\${AWS::AccountId}:execution:\${prefix}-${action}:*`),
);
const keys = arnOf('kms:${AWS::Region}:*:key/*');
const ownKeys = arnOf('kms:${AWS::Region}:${AWS::AccountId}:key/*');
/** By its ARN, or by its name, after which Secrets Manager adds a hyphen and six characters. */
const atlasCredentials = {
  'Fn::If': [
    'NamesCredentialsByArn',
    ref('atlasCredentialsSecretArn'),
    arnOf('secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${atlasCredentialsSecretArn}-??????'),
  ],
};
const scramSecrets = arnOf('secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:AmazonMSK_*');

for (const [name, settings] of Object.entries(functions)) {
  const folder = settings.handler.replace(/^dist\/|\.handler$/g, '');
  const statements = statementsOf(roles.Resources[settings.role]?.Properties as RoleProperties);

  describe(`the function ${name}`, () => {
    it('may do what its code calls, and nothing else', () => {
      const called = calledActions(folder);
      const needed = [
        ...called,
        ...called.flatMap((action) => dependentActions[action] ?? []),
        ...ofLambda,
        ...(ofDestination[name] ?? []),
      ];
      const granted = allowed(statements).flatMap(({ Action }) => list(Action));
      assert.deepEqual([...new Set(granted)].sort(), needed.sort());
    });

    it('may do it only to clusters of this account and Region, the registry, its own log group and the two machines, if IAM knows the resource', () => {
      for (const { Action, Resource } of allowed(statements))
        for (const action of list(Action)) {
          if (onAnyResource.includes(action)) assert.equal(Resource, '*', action);
          else if (action === 'kafka:DescribeConfigurationRevision') assert.deepEqual(Resource, configurations);
          else if (/:DescribeTopic/.test(action)) assert.deepEqual(Resource, topics, action);
          else if (/^kafka(-cluster)?:/.test(action)) assert.deepEqual(Resource, clusters, action);
          else if (action.startsWith('dynamodb:')) assert.deepEqual(Resource, arn('Registry'), action);
          else if (action === 'states:StopExecution') assert.deepEqual(Resource, connectExecutions);
          else if (action === 'states:DescribeExecution')
            assert.deepEqual(Resource, [connectExecutions, disconnectExecutions]);
          else if (action === 'states:StartExecution')
            assert.deepEqual(Resource, [ref('ConnectMachine'), ref('DisconnectMachine')]);
          else if (action === 'sns:Publish') assert.deepEqual(Resource, ref('NotificationTopic'));
          else if (action === 'sqs:SendMessage') assert.deepEqual(Resource, arn('DeadLetterQueue'));
          else if (action.startsWith('xray:')) assert.equal(Resource, '*');
          else if (action.startsWith('logs:')) assert.deepEqual(Resource, arn(`${name}LogGroup`), action);
          else if (action.startsWith('kms:'))
            assert.deepEqual(Resource, name === 'EnablePrivateConnectivity' ? ownKeys : keys, action);
          else assert.ok(action.startsWith('secretsmanager:'), action);
        }
    });

    it('may read the secrets that its code reads, and no others', () => {
      const readable = allowed(statements)
        .filter(({ Action }) => list(Action).includes('secretsmanager:GetSecretValue'))
        .map(({ Resource }) => Resource);
      const callsAtlas = modulesOf(folder).includes('shared/lambda/atlas.ts');
      const read = [
        callsAtlas && atlasCredentials,
        callsAtlas && ref('AtlasAccessToken'),
        modulesOf(folder).includes('shared/secrets/scram-secret.ts') && scramSecrets,
      ].filter(Boolean);
      assert.deepEqual(readable, read);
      const decrypted = allowed(statements)
        .filter(({ Action }) => list(Action).includes('kms:Decrypt'))
        .map(
          ({ Condition }) => Object.assign({}, ...Object.values(Condition ?? {}))['kms:EncryptionContext:SecretARN'],
        );
      // The key of the access token's secret is the default one.
      assert.deepEqual(
        decrypted,
        read.filter((it) => !isDeepStrictEqual(it, ref('AtlasAccessToken'))),
      );
    });

    it('may write the access token if it calls Atlas, and no other secret', () => {
      const writable = allowed(statements)
        .filter(({ Action }) => list(Action).includes('secretsmanager:PutSecretValue'))
        .map(({ Resource }) => Resource);
      const callsAtlas = modulesOf(folder).includes('shared/lambda/atlas.ts');
      assert.deepEqual(writable, callsAtlas ? [ref('AtlasAccessToken')] : []);
    });

    it('has the environment variables that its code reads, and no others', () => {
      // Lambda sets AWS_REGION.
      const ofAll = [...Object.keys(provider.environment), 'AWS_REGION'];
      const read = readVariables(folder).filter((name) => !ofAll.includes(name));
      assert.deepEqual(Object.keys(settings.environment ?? {}).sort(), read.sort());
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

  const onlyTags = (...keys: string[]) => ({
    'ForAllValues:StringEquals': { 'aws:TagKeys': keys.length === 1 ? keys[0] : keys },
    Null: { 'aws:TagKeys': 'false' },
  });

  it('keeps tags to the four status tags, so that no function writes the tags of owners', () => {
    const statements = conditionsOf('kafka:TagResource');
    assert.ok(statements.length > 0);
    const statusTags = ['status', 'detail', 'execution', 'verified-at'].map((name) => `atlas-streaming/${name}`);
    for (const statement of statements)
      assert.deepEqual(statement, { Effect: 'Allow', Condition: onlyTags(...statusTags) });
  });

  it('keeps the values of SCRAM secrets to those whose tag allows it, but not their descriptions', () => {
    const ofAction = (action: string) => new Set(conditionsOf(action).map((it) => JSON.stringify(it)));
    const Condition = { StringEquals: { 'aws:ResourceTag/atlas-streaming': 'allow' } };
    assert.deepEqual(
      ofAction('secretsmanager:GetSecretValue'),
      new Set([{ Effect: 'Allow' }, { Effect: 'Allow', Condition }].map((it) => JSON.stringify(it))),
    );
    assert.deepEqual(ofAction('secretsmanager:DescribeSecret'), new Set([JSON.stringify({ Effect: 'Allow' })]));
  });

  it('lets one function remove one tag', () => {
    const Condition = onlyTags('atlas-streaming/verified-at');
    assert.deepEqual(conditionsOf('kafka:UntagResource'), [{ Effect: 'Allow', Condition }]);
  });

  it('keeps public access closed', () => {
    assert.deepEqual(conditionsOf('kafka:UpdateConnectivity'), [
      { Effect: 'Allow', Condition: undefined },
      { Effect: 'Deny', Condition: { Bool: { 'kafka:publicAccessEnabled': 'true' } } },
    ]);
  });

  it('keeps keys to the services that use them for a function', () => {
    for (const { Condition } of conditionsOf('kms:Decrypt')) {
      const { 'kms:ViaService': service } = (Condition as ReturnType<typeof viaService>).StringEquals;
      assert.deepEqual(service, viaService('secretsmanager').StringEquals['kms:ViaService']);
    }
    for (const { Condition } of conditionsOf('kms:RetireGrant')) assert.deepEqual(Condition, viaService('kafka'));
    for (const { Condition } of conditionsOf('kms:DescribeKey')) assert.deepEqual(Condition, viaService('kafka'));
    const forAws = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
    assert.deepEqual(
      conditionsOf('kms:CreateGrant').map(({ Condition }) => Condition),
      [{ ...viaService('kafka'), ...forAws }, forAws],
    );
  });
});
