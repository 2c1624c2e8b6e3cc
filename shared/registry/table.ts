import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { fromAws } from '../aws.ts';
import { AwsRefused, DeploymentMisconfigured } from '../errors.ts';

/**
 * Awaits a call to the registry's table. A table that cannot be used is a mistake of the deployment, and never means that there is
 * no record.
 *
 * @param action the IAM action of the call, for the message
 * @throws DeploymentMisconfigured, AwsThrottled, AwsUnavailable
 */
export async function fromTable<Answer>(tableName: string, action: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await fromAws(action, answer);
  } catch (error) {
    if (!(error instanceof AwsRefused)) throw error;
    throw new DeploymentMisconfigured(
      `The registry (the DynamoDB table ${tableName}) cannot be used. ${error.message} The table must exist in this Region, and its key and the function's role must allow ${action}. Deploy again, or restore the table from a backup.`,
      { cause: error },
    );
  }
}

export const undefinedIfConditionFailed = (error: unknown): undefined => {
  if (error instanceof ConditionalCheckFailedException) return undefined;
  throw error;
};
