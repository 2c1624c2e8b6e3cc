import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readDeployment } from '../../../emulators/deployment/deployment.ts';
import { resolve } from '../../../emulators/deployment/template.ts';
import { lambdaEnvironment } from '../../../emulators/lambda/environment.ts';

const deploy = (params: Record<string, string> = {}) =>
  readDeployment({ region: 'eu-west-1', accountId: '111122223333', params });

function deployedFunction(name: string, params = {}) {
  const found = deploy(params).functions.find((it) => it.name === name);
  assert.ok(found);
  return found;
}

suite('the local deployment', () => {
  test('gives each function the environment of serverless.yml: parameters, or their defaults', () => {
    const { environment } = deployedFunction('ResolveRequest', { atlasWorkspace: 'mine', clusterPollSeconds: '7' });
    assert.equal(environment.ATLAS_WORKSPACE, 'mine');
    assert.equal(environment.CLUSTER_POLL_SECONDS, '7');
    assert.equal(environment.PRIVATE_LINK_POLL_SECONDS, '20');
    assert.equal(environment.POWERTOOLS_SERVICE_NAME, 'msk-atlas-privatelink');
    assert.equal(environment.ATLAS_CREDENTIALS_SECRET_ARN, undefined);
  });

  test('gives each placeholder of the machines the ARN of the function of that name', () => {
    const { machines, functions } = deploy();
    const substitutions: Record<string, string> = Object.assign({}, ...machines.map((it) => it.substitutions));
    assert.equal(
      substitutions.CheckConnection,
      'arn:aws:lambda:eu-west-1:111122223333:function:msk-atlas-privatelink-local-CheckConnection',
    );
    const called = functions
      .filter(({ name }) => !['SweepClusters', 'NotifyOutcome'].includes(name))
      .map(({ arn }) => arn);
    assert.deepEqual(Object.values(substitutions).toSorted(), called.toSorted());
  });

  test('names the machines, and gives each rule its pattern and its machine, as they deploy', () => {
    const arn = (action: string) =>
      `arn:aws:states:eu-west-1:111122223333:stateMachine:msk-atlas-privatelink-local-${action}`;
    const { machines, rules, functions } = deploy();
    const notifier = functions.find(({ name }) => name === 'NotifyOutcome');
    assert.deepEqual(
      machines.map((it) => it.arn),
      [arn('connect'), arn('disconnect')],
    );
    assert.deepEqual(
      rules.map(({ targetArn, isEnabled }) => [targetArn, isEnabled]),
      [
        [arn('connect'), true],
        [arn('disconnect'), true],
        [arn('disconnect'), false],
        [notifier?.arn, true],
        [notifier?.arn, false],
      ],
    );
    assert.equal(
      notifier?.environment.NOTIFICATION_TOPIC_ARN,
      'arn:aws:sns:eu-west-1:111122223333:msk-atlas-privatelink-local-notifications',
    );
    for (const { eventPattern } of rules.slice(0, 3))
      assert.deepEqual(eventPattern.resources, [{ prefix: 'arn:aws:kafka:' }]);
    const sweeper = functions.find(({ name }) => name === 'SweepClusters');
    assert.equal(sweeper?.environment.DISCONNECT_STATE_MACHINE_ARN, arn('disconnect'));
  });

  test('has the rule of the removed tag on where the deployment says so', () => {
    assert.deepEqual(
      deploy({ disconnectOnUntag: 'true' }).rules.map(({ isEnabled }) => isEnabled),
      [true, true, true, true, false],
    );
  });

  test('throws on what it cannot resolve', () => {
    const context = {
      service: 'service',
      stage: 'local',
      params: {},
      region: 'eu-west-1',
      accountId: '111122223333',
      conditions: {},
      arnOf: (id: string) => `arn:${id}`,
    };
    assert.equal(
      resolve({ 'Fn::Sub': '${self:service}-${sls:stage} ${AWS::Region}' }, context),
      'service-local eu-west-1',
    );
    assert.deepEqual(resolve([{ Ref: 'AWS::AccountId' }, { 'Fn::GetAtt': ['Queue', 'Arn'] }], context), [
      '111122223333',
      'arn:Queue',
    ]);
    for (const unknown of [
      '${param:other}',
      '${env:HOME}',
      { 'Fn::Sub': '${Queue}' },
      { Ref: 'Queue' },
      { 'Fn::Join': [] },
    ]) {
      assert.throws(() => resolve(unknown, context), /The local deployment cannot resolve/);
    }
  });
});

suite('the environment of a function', () => {
  const urls = {
    kafkaUrl: 'http://127.0.0.1:1001',
    secretsManagerUrl: 'http://127.0.0.1:1002',
    stepFunctionsUrl: 'http://127.0.0.1:1003',
    snsUrl: 'http://127.0.0.1:1004',
  };
  const inRegion = { ...urls, region: 'eu-west-1' };

  test('has the emulators for endpoints, and nothing of the environment of the person', () => {
    process.env.AWS_PROFILE = 'production';
    const environment = lambdaEnvironment(deployedFunction('InspectCluster'), inRegion);
    delete process.env.AWS_PROFILE;
    assert.equal(environment.AWS_ENDPOINT_URL_KAFKA, 'http://127.0.0.1:1001');
    assert.equal(environment.AWS_ENDPOINT_URL_SECRETS_MANAGER, 'http://127.0.0.1:1002');
    assert.equal(environment.AWS_ENDPOINT_URL_SFN, 'http://127.0.0.1:1003');
    assert.equal(environment.AWS_REGION, 'eu-west-1');
    assert.equal(environment.AWS_PROFILE, undefined);
    assert.equal(environment.HOME, undefined);
  });

  test('is refused when an endpoint is not on loopback', () => {
    const real = { ...inRegion, kafkaUrl: 'https://kafka.eu-west-1.amazonaws.com' };
    assert.throws(() => lambdaEnvironment(deployedFunction('InspectCluster'), real), /not on loopback/);
  });
});
