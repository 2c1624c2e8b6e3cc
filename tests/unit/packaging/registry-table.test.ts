import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import { DeleteTableCommand, DynamoDBClient, ResourceNotFoundException, ScanCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { deleteEmptyTable, tableOf } from '../../../packaging/registry-table.ts';

const TableName = 'msk-atlas-privatelink-registry';
const clusterArn = 'arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5';

describe('the table of a stack', () => {
  const ofStack = (ResourceStatus: string) => {
    const cloudFormation = mockClient(CloudFormationClient);
    cloudFormation.on(DescribeStackResourceCommand).resolves({
      StackResourceDetail: {
        LogicalResourceId: 'Registry',
        PhysicalResourceId: TableName,
        ResourceStatus: ResourceStatus as 'CREATE_COMPLETE',
        ResourceType: 'AWS::DynamoDB::Table',
        LastUpdatedTimestamp: new Date(0),
      },
    });
    return tableOf('stack', cloudFormation as unknown as CloudFormationClient);
  };

  it('is the one that the stack has created or imported', async () => {
    for (const status of ['CREATE_COMPLETE', 'IMPORT_COMPLETE', 'UPDATE_COMPLETE'])
      assert.equal(await ofStack(status), TableName, status);
  });

  it('is none if its creation failed, because the stack of another stage owns it', async () => {
    for (const status of ['CREATE_FAILED', 'DELETE_COMPLETE']) assert.equal(await ofStack(status), undefined, status);
  });

  it('is none if there is no such stack, or none with a table', async () => {
    const cloudFormation = mockClient(CloudFormationClient);
    const error = Object.assign(new Error('Stack with id stack does not exist'), { name: 'ValidationError' });
    cloudFormation.on(DescribeStackResourceCommand).rejects(error);
    assert.equal(await tableOf('stack', cloudFormation as unknown as CloudFormationClient), undefined);
    cloudFormation.on(DescribeStackResourceCommand).rejects(new Error('denied'));
    await assert.rejects(tableOf('stack', cloudFormation as unknown as CloudFormationClient), /denied/);
  });
});

describe('after a stack is removed, its table', () => {
  const dynamodb = (Items: { clusterArn: { S: string } }[]) => {
    const mock = mockClient(DynamoDBClient);
    mock.on(ScanCommand, { TableName, ConsistentRead: true }).resolves({ Items });
    mock.on(DeleteTableCommand).resolves({});
    return mock;
  };
  const deleteIfEmpty = (mock: unknown) => deleteEmptyTable(TableName, mock as DynamoDBClient);

  it('is deleted if it is empty', async () => {
    const mock = dynamodb([]);
    assert.equal(await deleteIfEmpty(mock), `The table ${TableName} was empty and is deleted.`);
    assert.deepEqual(mock.commandCalls(DeleteTableCommand)[0]?.args[0].input, { TableName });
  });

  it('is deleted if only the count of faults is left', async () => {
    const mock = dynamodb([{ clusterArn: { S: 'account-faults' } }]);
    assert.match(await deleteIfEmpty(mock), /was empty and is deleted/);
  });

  it('stays if it has a record, and the message names the clusters', async () => {
    const mock = dynamodb([{ clusterArn: { S: clusterArn } }]);
    const message = await deleteIfEmpty(mock);
    assert.match(message, /^The table msk-atlas-privatelink-registry stays, /);
    assert.ok(message.includes(`\n  ${clusterArn}\n`));
    assert.equal(mock.commandCalls(DeleteTableCommand).length, 0);
  });

  it('may be gone already', async () => {
    const mock = dynamodb([]);
    mock.on(ScanCommand).rejects(new ResourceNotFoundException({ message: 'not found', $metadata: {} }));
    assert.equal(await deleteIfEmpty(mock), `The table ${TableName} does not exist.`);
  });
});
