import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import { DeleteTableCommand, DynamoDBClient, ResourceNotFoundException, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { deleteRetained, retainedBy } from '../../../packaging/retained.ts';

const table = 'msk-atlas-privatelink-registry';
const role = 'msk-atlas-privatelink-streams-us-east-1';
const clusterArn = 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5';
const config = { region: 'us-east-1', credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' } };

describe('what the removal of a stack retains', () => {
  const ofStack = (statuses: Record<string, string>) => {
    const cloudFormation = mockClient(CloudFormationClient);
    const missing = (what: string) => Object.assign(new Error(`${what} does not exist`), { name: 'ValidationError' });
    cloudFormation.on(DescribeStackResourceCommand).callsFake(async ({ StackName, LogicalResourceId }) => {
      assert.equal(StackName, 'stack');
      if (!statuses[LogicalResourceId]) throw missing(LogicalResourceId);
      const PhysicalResourceId = { Registry: table, StreamsRole: role }[String(LogicalResourceId)];
      return { StackResourceDetail: { PhysicalResourceId, ResourceStatus: statuses[LogicalResourceId] } };
    });
    return retainedBy('stack', config);
  };

  it('is the table and the role that the stack has created or imported', async () => {
    for (const status of ['CREATE_COMPLETE', 'IMPORT_COMPLETE', 'UPDATE_COMPLETE'])
      assert.deepEqual(await ofStack({ Registry: status, StreamsRole: status }), { table, role }, status);
    assert.deepEqual(await ofStack({ Registry: 'CREATE_COMPLETE' }), { table, role: undefined });
  });

  it('is nothing whose creation failed, because the stack of another stage owns it', async () => {
    for (const status of ['CREATE_FAILED', 'DELETE_COMPLETE'])
      assert.deepEqual(await ofStack({ Registry: status, StreamsRole: status }), { table: undefined, role: undefined });
  });

  it('is nothing if there is no such stack, and is not known if CloudFormation does not say it', async () => {
    assert.deepEqual(await ofStack({}), { table: undefined, role: undefined });
    mockClient(CloudFormationClient).on(DescribeStackResourceCommand).rejects(new Error('denied'));
    await assert.rejects(retainedBy('stack', config), /denied/);
  });
});

describe('after a stack is removed', () => {
  const registry = (...clusterArns: string[]) => {
    const dynamodb = mockClient(DynamoDBClient);
    dynamodb
      .on(ScanCommand, { TableName: table, ConsistentRead: true })
      .resolves({ Items: clusterArns.map((S) => ({ clusterArn: { S } })) });
    dynamodb.on(DeleteTableCommand).resolves({});
    return dynamodb;
  };
  const streamsRole = () => {
    const iam = mockClient(IAMClient);
    iam.on(ListRolePoliciesCommand, { RoleName: role }).resolves({ PolicyNames: ['StreamsRole'], IsTruncated: false });
    iam.on(DeleteRolePolicyCommand).resolves({});
    iam.on(DeleteRoleCommand).resolves({});
    return iam;
  };

  it('its table is deleted if it is empty', async () => {
    const dynamodb = registry();
    assert.deepEqual(await deleteRetained({ table, role: undefined }, config), [
      `The table ${table} was empty and is deleted.`,
    ]);
    assert.deepEqual(dynamodb.commandCalls(DeleteTableCommand)[0]?.args[0].input, { TableName: table });
  });

  it('its table is deleted if only the count of faults is left', async () => {
    registry('account-faults');
    assert.match((await deleteRetained({ table, role: undefined }, config)).join(), /was empty and is deleted/);
  });

  it('its streams role is deleted after the empty table, the policies of the role first', async () => {
    registry();
    const iam = streamsRole();
    assert.deepEqual(await deleteRetained({ table, role }, config), [
      `The table ${table} was empty and is deleted.`,
      `The role ${role} is deleted. Atlas still lists it: docs/operations.md says how to remove it there.`,
    ]);
    assert.deepEqual(
      iam.calls().map(({ args: [{ input }] }) => input),
      [{ RoleName: role }, { RoleName: role, PolicyName: 'StreamsRole' }, { RoleName: role }],
    );
  });

  it('its table and its streams role stay if the table has a record, and the message names the clusters', async () => {
    const dynamodb = registry(clusterArn);
    const iam = streamsRole();
    const [aboutTable = '', aboutRole = ''] = await deleteRetained({ table, role }, config);
    assert.match(aboutTable, /^The table msk-atlas-privatelink-registry stays, /);
    assert.ok(aboutTable.includes(`\n  ${clusterArn}\n`));
    assert.match(
      aboutRole,
      /^The role \S+ stays, because connections may still log in with it\. docs\/operations\.md /,
    );
    assert.deepEqual([dynamodb.commandCalls(DeleteTableCommand), iam.calls()], [[], []]);
  });

  it('its streams role stays if the table is not known to be empty', async () => {
    const iam = streamsRole();
    registry()
      .on(ScanCommand)
      .rejects(new ResourceNotFoundException({ message: 'not found', $metadata: {} }));
    const [aboutTable, aboutRole] = await deleteRetained({ table, role }, config);
    assert.equal(aboutTable, `The table ${table} does not exist.`);
    assert.match(String(aboutRole), / stays, /);
    assert.match((await deleteRetained({ table: undefined, role }, config)).join(), /^The role \S+ stays, /);
    assert.deepEqual(iam.calls(), []);
  });

  it('a streams role that IAM does not delete is reported, and the removal has succeeded all the same', async () => {
    registry();
    const aboutRole = async () => (await deleteRetained({ table, role }, config))[1];
    streamsRole().on(DeleteRoleCommand).rejects(new Error('Cannot delete entity, must detach all policies first.'));
    assert.equal(
      await aboutRole(),
      `The role ${role} stays, because IAM did not delete it: "Cannot delete entity, must detach all policies first.". docs/operations.md says how to delete it.`,
    );
    streamsRole()
      .on(ListRolePoliciesCommand)
      .rejects(new NoSuchEntityException({ message: 'gone', $metadata: {} }));
    assert.equal(await aboutRole(), `The role ${role} does not exist.`);
  });
});
