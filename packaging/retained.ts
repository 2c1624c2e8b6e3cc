import { CloudFormationClient, type CloudFormationClientConfig } from '@aws-sdk/client-cloudformation';
import { DeleteTableCommand, DynamoDBClient, ResourceNotFoundException, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import { quoted } from '../shared/foreign-text.ts';
import { parseClusterArn } from '../shared/msk/arn.ts';
import { ownedResource } from './stack.ts';

/** What a stack owns and its removal retains. */
export interface Retained {
  /** The name of the registry's table. */
  table: string | undefined;
  /** The name of the streams role. */
  role: string | undefined;
}

/** Region and credentials. */
type Config = Pick<CloudFormationClientConfig, 'region' | 'credentials'>;

export async function retainedBy(stackName: string, config: Config): Promise<Retained> {
  const cloudFormation = new CloudFormationClient(config);
  const owned = (logicalId: string) => ownedResource(stackName, logicalId, cloudFormation);
  return { table: await owned('Registry'), role: await owned('StreamsRole') };
}

/**
 * Deletes what the removal of a stack has retained, if nothing needs it: the empty table of the registry, and then the streams role, with
 * which nothing logs in if no cluster is recorded.
 *
 * @returns what to tell the person who removes the stack
 */
export async function deleteRetained({ table, role }: Retained, config: Config): Promise<string[]> {
  const deleted = table === undefined ? undefined : await deleteEmptyTable(table, new DynamoDBClient(config));
  const aboutRole = async (name: string) =>
    deleted?.wasEmpty ? deleteStreamsRole(name, new IAMClient(config)) : streamsRoleStays(name);
  return [...(deleted ? [deleted.notice] : []), ...(role === undefined ? [] : [await aboutRole(role)])];
}

/**
 * Deletes the registry's table, which the removal of its stack retains, if it has no record. A record says what somebody still has to
 * remove in Atlas. DynamoDB keeps a backup for 35 days, because point-in-time recovery is on.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 * @returns what to tell the person who removes the stack, and whether the table was empty
 */
async function deleteEmptyTable(
  TableName: string,
  dynamodb: DynamoDBClient,
): Promise<{ notice: string; wasEmpty: boolean }> {
  try {
    const { Items = [], LastEvaluatedKey } = await dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
    // One more item counts faults of the deployment, which is not needed after the removal.
    const clusterArns = Items.map(({ clusterArn }) => clusterArn?.S ?? '').filter(parseClusterArn);
    if (clusterArns.length > 0 || LastEvaluatedKey) return { notice: stays(TableName, clusterArns), wasEmpty: false };
    await dynamodb.send(new DeleteTableCommand({ TableName }));
    return { notice: `The table ${TableName} was empty and is deleted.`, wasEmpty: true };
  } catch (error) {
    if (error instanceof ResourceNotFoundException)
      return { notice: `The table ${TableName} does not exist.`, wasEmpty: false };
    throw error;
  }
}

const stays = (tableName: string, clusterArns: string[]) =>
  [
    `The table ${tableName} stays, because it has records of clusters that were not disconnected:`,
    ...clusterArns.map((clusterArn) => `  ${clusterArn}`),
    'docs/operations.md says how to adopt the table with a new deployment, or to delete it.',
  ].join('\n');

/** @returns what to tell the person who removes the stack */
async function deleteStreamsRole(RoleName: string, iam: IAMClient): Promise<string> {
  try {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    // IAM deletes no role that has policies.
    for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    await iam.send(new DeleteRoleCommand({ RoleName }));
    return `The role ${RoleName} is deleted. Atlas still lists it: docs/operations.md says how to remove it there.`;
  } catch (error) {
    if (error instanceof NoSuchEntityException) return `The role ${RoleName} does not exist.`;
    // The stack is removed already, so a person deletes the role.
    return `The role ${RoleName} stays, because IAM did not delete it: ${quoted((error as Error).message)}. docs/operations.md says how to delete it.`;
  }
}

const streamsRoleStays = (roleName: string): string =>
  `The role ${roleName} stays, because connections may still log in with it. docs/operations.md says how to use it in a new deployment, or to delete it.`;
