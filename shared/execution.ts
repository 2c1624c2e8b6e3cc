import { DescribeExecutionCommand, type DescribeExecutionCommandOutput, type SFNClient } from '@aws-sdk/client-sfn';
import { fromAws } from './aws.ts';
import { AwsRefused } from './errors.ts';

/**
 * Describes an execution.
 *
 * @returns undefined when there is none: Step Functions forgets an execution 90 days after its end
 * @throws AwsRefused, AwsUnavailable
 */
export async function describeExecution(
  executionArn: string,
  { sfn, signal }: { sfn: SFNClient; signal: AbortSignal },
): Promise<DescribeExecutionCommandOutput | undefined> {
  const command = new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' });
  return fromAws('states:DescribeExecution', sfn.send(command, { abortSignal: signal })).catch((error: unknown) => {
    if (error instanceof AwsRefused && /ExecutionDoesNotExist|InvalidArn/.test(error.code)) return undefined;
    throw error;
  });
}

/** Whether an execution is of this very machine, by their ARNs alone. */
export const isExecutionOf = (executionArn: string, stateMachineArn: string): boolean =>
  executionArn.startsWith(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:`);

/** The state machine of an execution's ARN, such as `msk-atlas-privatelink-dev-connect`. */
const machineOf = (executionArn: string): string => executionArn.split(':')[6] ?? '';

/** Whether two executions are of this deployment's two machines: only the last word of the names differs. */
export const isOfSameDeployment = (one: string, other: string): boolean =>
  withoutAction(one) === withoutAction(other) && /-(connect|disconnect)$/.test(machineOf(one));

/** Partition, Region, account and the machine's name up to its last word. */
const withoutAction = (executionArn: string) =>
  executionArn
    .split(':')
    .slice(0, 7)
    .join(':')
    .replace(/-(connect|disconnect)$/, '');
