import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, DynamoDBServiceException, ScanCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { complaintAboutDroppedRole } from '../../../packaging/streams-role.ts';

const arnOf = (name: string) =>
  `arn:aws:kafka:us-east-1:111122223333:cluster/${name}/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5`;
const trustedArn = 'arn:aws:iam::123456789012:root';
const externalId = '2f6c1f2e-5f0d-4f0e-9c3b-0a1b2c3d4e5f';
const config = { region: 'us-east-1', credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' } };
const none = { streamsRoleTrustedArn: '', streamsRoleExternalIds: '', streamsRoleArn: '' };

describe('a deployment that would drop the streams role', () => {
  const clients = { cloudFormation: new CloudFormationClient(config), dynamodb: new DynamoDBClient(config) };
  const cloudFormation = mockClient(clients.cloudFormation);
  const dynamodb = mockClient(clients.dynamodb);
  const complaint = (settings: Record<string, string> = none) =>
    complaintAboutDroppedRole(settings, 'stack', 'Keep the role by these settings in stages/prod.yml:', clients);
  const record = (name: string, mechanism: string, pieces: object = { connection: { ownership: 'created' } }) =>
    marshall({
      clusterArn: arnOf(name),
      target: { projectId: '5f1a2b3c4d5e6f7a8b9c0d1e', workspace: 'streams', connectionName: name, mechanism },
      ...pieces,
    });
  const refusal = (name: string) =>
    new DynamoDBServiceException({ name, message: 'No.', $fault: 'client', $metadata: { httpStatusCode: 400 } });
  const registry = (...Items: ReturnType<typeof record>[]) => dynamodb.on(ScanCommand).resolves({ Items });
  const stack = (Parameters: Record<string, string>, OutputKey = 'StreamsRoleArn') =>
    cloudFormation.on(DescribeStacksCommand, { StackName: 'stack' }).resolves({
      Stacks: [
        {
          StackName: 'stack',
          CreationTime: new Date(0),
          StackStatus: 'UPDATE_COMPLETE',
          Outputs: [{ OutputKey, OutputValue: 'x' }],
          Parameters: Object.entries(Parameters).map(([ParameterKey, ParameterValue]) => ({
            ParameterKey,
            ParameterValue,
          })),
        },
      ],
    });

  beforeEach(() => {
    cloudFormation.reset();
    dynamodb.reset();
    stack({
      prefix: 'x',
      streamsRoleTrustedArn: trustedArn,
      streamsRoleExternalIds: externalId,
      streamsRoleArn: '',
      streamsRoleCanWrite: 'true',
    });
  });

  it('is refused while clusters log in with it, with the settings that keep it and the commands that disconnect', async () => {
    registry(record('orders', 'AWS_MSK_IAM'), record('payments', 'SCRAM-512'), record('users', 'AWS_MSK_IAM'));
    assert.equal(
      await complaint(),
      `The settings no longer have a streams role, but these clusters log in with it, or their record cannot be read:
  orders
  users
Keep the role by these settings in stages/prod.yml:
  streamsRoleTrustedArn: ${trustedArn}
  streamsRoleExternalIds: ${externalId}
Or disconnect these clusters first:
  aws kafka tag-resource --region us-east-1 --resource-arn ${arnOf('orders')} --tags atlas-streaming=disconnect
  aws kafka tag-resource --region us-east-1 --resource-arn ${arnOf('users')} --tags atlas-streaming=disconnect`,
    );
    // A package of an older version does not have the settings.
    assert.ok(await complaint({}));
  });

  it('is refused if a role of the user is dropped, or a record cannot be read', async () => {
    stack({ streamsRoleArn: 'arn:aws:iam::111122223333:role/mine' });
    registry({ ...record('orders', 'SCRAM-512'), target: { S: 'edited' } });
    assert.match(
      String(await complaint()),
      /\n {2}orders\nKeep .*\n {2}streamsRoleArn: arn:aws:iam::111122223333:role\/mine\n/,
    );
  });

  it('is refused if the registry cannot be read', async () => {
    dynamodb.on(ScanCommand).rejects(refusal('AccessDeniedException'));
    assert.match(
      String(await complaint()),
      /^The settings no longer have a streams role\. The registry .* cannot be read\. .*dynamodb:Scan.* So it is not known whether clusters log in with the role\.\nKeep /,
    );
  });

  it('is fine if no cluster uses the role, or what did is disconnected', async () => {
    registry(record('orders', 'SCRAM-512'), record('users', 'AWS_MSK_IAM', {}));
    assert.equal(await complaint(), undefined);
  });

  it('is none if the settings keep a role, and AWS is not asked', async () => {
    for (const kept of [
      { streamsRoleTrustedArn: trustedArn },
      { streamsRoleArn: 'arn:aws:iam::111122223333:role/mine' },
    ])
      assert.equal(await complaint({ ...none, ...kept }), undefined);
    assert.deepEqual([cloudFormation.calls(), dynamodb.calls()], [[], []]);
  });

  it('is none if the stack has no role, or there is no stack or no table, and the registry is read only if it has one', async () => {
    stack({}, 'DeadLetterQueueUrl');
    assert.equal(await complaint(), undefined);
    const missing = Object.assign(new Error('Stack with id stack does not exist'), { name: 'ValidationError' });
    cloudFormation.on(DescribeStacksCommand).rejects(missing);
    assert.equal(await complaint(), undefined);
    assert.deepEqual(dynamodb.calls(), []);
    stack({ streamsRoleTrustedArn: trustedArn });
    dynamodb.on(ScanCommand).rejects(refusal('ResourceNotFoundException'));
    assert.equal(await complaint(), undefined);
  });

  it('fails if CloudFormation does not say whether there is a role', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(new Error('denied'));
    await assert.rejects(complaint(), /denied/);
  });
});
