import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDeployment } from '../../../emulators/deployment/deployment.ts';
import { resolve } from '../../../emulators/deployment/template.ts';
import { lambdaEnvironment } from '../../../emulators/lambda/environment.ts';

/** The settings without a default. */
const required = {
  atlasProjectId: '5f1a2b3c4d5e6f7a8b9c0d1e',
  atlasWorkspace: 'mine',
  atlasCredentialsSecretArn: 'arn:secret',
};

const deploy = (settings: Record<string, string> = {}) =>
  readDeployment({ region: 'eu-west-1', accountId: '111122223333', settings: { ...required, ...settings } });

function deployedFunction(name: string, settings = {}) {
  const found = deploy(settings).functions.find((it) => it.name === name);
  assert.ok(found);
  return found;
}

const localArn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:111122223333:${resource}`;

suite('the local deployment', () => {
  test('gives each function the environment of serverless.yml, with the settings or their defaults', () => {
    const { environment } = deployedFunction('ResolveRequest');
    assert.equal(environment.ATLAS_WORKSPACE, 'mine');
    assert.equal(environment.MECHANISM, 'auto');
    assert.equal(environment.WAIT_SPEED, '1');
    assert.equal(environment.POWERTOOLS_SERVICE_NAME, 'msk-atlas-privatelink');
    assert.equal(environment.POWERTOOLS_METRICS_NAMESPACE, 'msk-atlas-privatelink-local');
    assert.equal(environment.ATLAS_CREDENTIALS_SECRET_ARN, undefined);
    assert.equal(deployedFunction('ResolveRequest', { mechanism: 'PLAIN' }).environment.MECHANISM, 'PLAIN');
  });

  test('gives each placeholder of the machines the ARN of the function with that name', () => {
    const { machines, functions } = deploy();
    const substitutions: Record<string, string> = Object.assign({}, ...machines.map((it) => it.substitutions));
    assert.equal(
      substitutions.CheckConnection,
      localArn('lambda', 'function:msk-atlas-privatelink-local-CheckConnection'),
    );
    const called = functions
      .filter(({ name }) => !['SweepClusters', 'NotifyOutcome'].includes(name))
      .map(({ arn }) => arn);
    assert.deepEqual(Object.values(substitutions).toSorted(), called.toSorted());
  });

  test('has the machines, and the rules with their patterns and targets', () => {
    const { machines, rules, functions } = deploy();
    const arns = machines.map(({ arn }) => arn);
    assert.deepEqual(
      arns,
      ['connect', 'disconnect'].map((action) =>
        localArn('states', `stateMachine:msk-atlas-privatelink-local-${action}`),
      ),
    );
    const notifier = functions.find(({ name }) => name === 'NotifyOutcome');
    assert.equal(
      notifier?.environment.NOTIFICATION_TOPIC_ARN,
      localArn('sns', 'msk-atlas-privatelink-local-notifications'),
    );
    const rulesOf = (target: string | undefined) => rules.filter(({ targetArn }) => targetArn === target);
    assert.deepEqual(
      [...arns, notifier?.arn].map((target) => rulesOf(target).map(({ isEnabled }) => isEnabled)),
      [
        [true, true],
        [true, true, false, false],
        [true, false, true],
      ],
    );
    const onMsk = [{ prefix: 'arn:aws:kafka:' }];
    assert.deepEqual(
      arns.flatMap(rulesOf).map(({ eventPattern }) => eventPattern.resources),
      [onMsk, undefined, onMsk, undefined, onMsk, undefined],
    );
    const sweeper = functions.find(({ name }) => name === 'SweepClusters');
    assert.equal(sweeper?.environment.DISCONNECT_STATE_MACHINE_ARN, arns[1]);
  });

  test('has the secrets of the template, and passes their ARNs to the functions', () => {
    const { secrets } = deploy();
    const name = 'msk-atlas-privatelink-local-atlas-access-token';
    const arn = localArn('secretsmanager', `secret:${name}-t0K3n1`);
    assert.deepEqual(secrets, [{ name, arn, secretString: '{}' }]);
    assert.equal(deployedFunction('CheckConnection').environment.ATLAS_ACCESS_TOKEN_SECRET_ARN, arn);
    assert.equal(deployedFunction('ResolveRequest').environment.ATLAS_ACCESS_TOKEN_SECRET_ARN, undefined);
  });

  test('names everything by the prefix', () => {
    const { functions, machines } = deploy({ prefix: 'atlas' });
    assert.equal(functions[0]?.functionName, 'atlas-ResolveRequest');
    assert.equal(machines[0]?.arn, localArn('states', 'stateMachine:atlas-connect'));
  });

  test('enables the rules that the settings ask for', () => {
    const { rules } = deploy({ disconnectOnUntag: 'true', notifyOnSuccess: 'true' });
    assert.deepEqual(
      rules.map(({ isEnabled }) => isEnabled),
      [true, true, true, true, true, true, true, true, true],
    );
  });

  test('has a streams role only if the settings name whom it trusts', () => {
    const streamsRoleArn = localArn('iam', 'role/mine');
    assert.equal(deploy().streamsRole, undefined);
    assert.equal(deploy({ streamsRoleArn }).streamsRole, undefined);
    const role = deploy({ streamsRoleTrustedArn: 'arn:trusted', streamsRoleExternalIds: 'a,b' }).streamsRole;
    assert.equal(role?.arn, 'arn:aws:iam::111122223333:role/msk-atlas-privatelink-streams-eu-west-1');
    assert.deepEqual(role?.trustPolicy.Statement, [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:trusted' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': ['a', 'b'] } },
      },
    ]);
  });

  test('throws on anything it cannot resolve', () => {
    const context = {
      variables: { 'sls:stage': 'local' },
      parameters: { prefix: 'atlas', 'AWS::Region': 'eu-west-1' },
      conditions: {
        IsAtlas: { 'Fn::Equals': [{ Ref: 'prefix' }, 'atlas'] },
        IsNot: { 'Fn::Not': [{ Condition: 'IsAtlas' }] },
        IsEither: { 'Fn::Or': [{ Condition: 'IsNot' }, { Condition: 'IsAtlas' }] },
        Strange: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      },
      arnOf: (id: string) => `arn:${id}`,
      nameOf: (id: string, attribute: string) => `${attribute} of ${id}`,
    };
    assert.equal(resolve({ 'Fn::Sub': '${prefix}-${sls:stage} ${AWS::Region}' }, context), 'atlas-local eu-west-1');
    assert.deepEqual(resolve([{ Ref: 'prefix' }, { 'Fn::GetAtt': ['Queue', 'Arn'] }], context), ['atlas', 'arn:Queue']);
    assert.equal(resolve({ 'Fn::GetAtt': ['Queue', 'QueueName'] }, context), 'QueueName of Queue');
    const when = (condition: string) => ({ 'Fn::If': [condition, 'yes', { Ref: 'AWS::NoValue' }] });
    assert.deepEqual(resolve({ a: when('IsAtlas'), b: when('IsNot'), c: [when('IsNot'), when('IsEither')] }, context), {
      a: 'yes',
      c: ['yes'],
    });
    assert.deepEqual(resolve({ 'Fn::Split': ['-', { 'Fn::Sub': '${AWS::Region}' }] }, context), ['eu', 'west', '1']);
    for (const unknown of [
      '${self:other}',
      '${env:HOME}',
      { 'Fn::Sub': '${Queue}' },
      { Ref: 'Queue' },
      { 'Fn::Join': [] },
      { 'Fn::If': ['Unknown', 'yes', 'no'] },
      { 'Fn::If': ['Strange', 'yes', 'no'] },
    ]) {
      assert.throws(() => resolve(unknown, context), /The local deployment cannot resolve/);
    }
  });
});

suite('the environment of a function', () => {
  const urls = {
    kafkaUrl: 'http://127.0.0.1:1001',
    secretsManagerUrl: 'http://127.0.0.1:1002',
    dynamoDbUrl: 'http://127.0.0.1:1005',
    stepFunctionsUrl: 'http://127.0.0.1:1003',
    snsUrl: 'http://127.0.0.1:1004',
  };
  const inRegion = { ...urls, region: 'eu-west-1' };

  test('has the emulators as endpoints, and nothing of the environment of the user', () => {
    process.env.AWS_PROFILE = 'production';
    const environment = lambdaEnvironment(deployedFunction('InspectCluster'), inRegion);
    delete process.env.AWS_PROFILE;
    assert.equal(environment.AWS_ENDPOINT_URL_KAFKA, 'http://127.0.0.1:1001');
    assert.equal(environment.AWS_ENDPOINT_URL_SECRETS_MANAGER, 'http://127.0.0.1:1002');
    assert.equal(environment.AWS_ENDPOINT_URL_DYNAMODB, 'http://127.0.0.1:1005');
    assert.equal(environment.AWS_ENDPOINT_URL_SFN, 'http://127.0.0.1:1003');
    assert.equal(environment.AWS_REGION, 'eu-west-1');
    assert.equal(environment.AWS_PROFILE, undefined);
    assert.equal(environment.HOME, undefined);
  });

  test('is refused if an endpoint is not on loopback', () => {
    const real = { ...inRegion, kafkaUrl: 'https://kafka.eu-west-1.amazonaws.com' };
    assert.throws(() => lambdaEnvironment(deployedFunction('InspectCluster'), real), /not on loopback/);
  });
});
