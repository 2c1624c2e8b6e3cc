import {
  type CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';

/** The states of a resource that its stack has created or imported. One that failed to be created may belong to another stack. */
const owned = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'IMPORT_COMPLETE',
  'DELETE_FAILED',
  'DELETE_SKIPPED',
];

/**
 * The name of a resource, if it belongs to this stack. An account and Region has one table and one streams role, and the stack of another
 * stage may own them.
 *
 * @returns undefined if the stack does not exist or does not own such a resource
 */
export async function ownedResource(
  StackName: string,
  LogicalResourceId: string,
  cloudFormation: CloudFormationClient,
): Promise<string | undefined> {
  const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId });
  const { StackResourceDetail } = await cloudFormation.send(command).catch((error: Error) => {
    if (isMissing(error)) return { StackResourceDetail: undefined };
    throw error;
  });
  const { ResourceStatus = '', PhysicalResourceId } = StackResourceDetail ?? {};
  return owned.includes(ResourceStatus) ? PhysicalResourceId : undefined;
}

/** Whether CloudFormation answers that it has no such stack or no such resource. */
const isMissing = ({ name }: Error): boolean => name === 'ValidationError';

/** @returns undefined if the stack does not exist */
export async function describeStack(
  StackName: string,
  cloudFormation: CloudFormationClient,
): Promise<Stack | undefined> {
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    return Stacks?.[0];
  } catch (error) {
    if (isMissing(error as Error)) return undefined;
    throw error;
  }
}
