import { type CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import {
  DeleteTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

import { parseClusterArn } from '../shared/msk/arn.ts';

/** The states of a resource that its stack has created or imported. One that failed to be created belongs to another stack. */
const owned = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'IMPORT_COMPLETE',
  'DELETE_FAILED',
  'DELETE_SKIPPED',
];

/**
 * The name of the registry's table, if it belongs to this stack: an account and Region has one table, and the stack of another stage may
 * own it.
 *
 * @returns undefined if the stack does not exist or does not own the table
 */
export async function tableOf(StackName: string, cloudFormation: CloudFormationClient): Promise<string | undefined> {
  const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId: 'Registry' });
  const { StackResourceDetail } = await cloudFormation.send(command).catch((error: Error) => {
    // CloudFormation's answer if it has no such stack or no such resource.
    if (error.name === 'ValidationError') return { StackResourceDetail: undefined };
    throw error;
  });
  const { ResourceStatus = '', PhysicalResourceId } = StackResourceDetail ?? {};
  return owned.includes(ResourceStatus) ? PhysicalResourceId : undefined;
}

/**
 * Deletes the registry's table, which the removal of its stack retains, if it has no record. A record says what somebody still has to
 * remove in Atlas. DynamoDB keeps a backup for 35 days, because point-in-time recovery is on.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 * @returns what to tell the person who removes the stack
 */
export async function deleteEmptyTable(TableName: string, dynamodb: DynamoDBClient): Promise<string> {
  try {
    const { Items = [], LastEvaluatedKey } = await dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
    // One more item counts faults of the deployment; nobody needs it after the removal.
    const clusterArns = Items.map(({ clusterArn }) => clusterArn?.S ?? '').filter(parseClusterArn);
    if (clusterArns.length > 0 || LastEvaluatedKey) return stays(TableName, clusterArns);
    await dynamodb.send(new DeleteTableCommand({ TableName }));
    return `The table ${TableName} was empty and is deleted.`;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return `The table ${TableName} does not exist.`;
    throw error;
  }
}

const stays = (tableName: string, clusterArns: string[]) =>
  [
    `The table ${tableName} stays, because it has records of clusters that were not disconnected:`,
    ...clusterArns.map((clusterArn) => `  ${clusterArn}`),
    'docs/operations.md says how to adopt the table with a new deployment, or to delete it.',
  ].join('\n');
