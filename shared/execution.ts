import { DescribeExecutionCommand, type DescribeExecutionCommandOutput, type SFNClient } from '@aws-sdk/client-sfn';
import { fromAws } from './aws.ts';
import { AwsRefused } from './errors.ts';
import { statusTag } from './msk/tags.ts';

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

/**
 * The execution that holds this cluster: the one that its tags name as connecting or disconnecting, as long as it runs. A
 * holder that has ended is taken over, and so is a tag that names no execution of this deployment, which anybody may write.
 *
 * @param tags of the cluster
 * @param executionArn who asks: a cluster is not held by oneself
 * @throws AwsRefused, AwsUnavailable
 */
export async function holderOf(
  tags: Record<string, string>,
  executionArn: string,
  deps: { sfn: SFNClient; signal: AbortSignal },
): Promise<string | undefined> {
  const holder = tags[statusTag('execution')];
  const isBusy = /^(dis)?connecting$/.test(tags[statusTag('status')] ?? '');
  if (!isBusy || !holder || holder === executionArn || !isOfSameDeployment(holder, executionArn)) return undefined;
  const execution = await describeExecution(holder, deps);
  return execution?.status === 'RUNNING' ? holder : undefined;
}

/** Whether two executions are of this deployment's two machines: only the last word of the names differs. */
const isOfSameDeployment = (one: string, other: string): boolean =>
  withoutAction(one) === withoutAction(other) && /-(connect|disconnect)$/.test(machineOf(one));

/** Partition, Region, account and the machine's name up to its last word. */
const withoutAction = (executionArn: string) =>
  executionArn
    .split(':')
    .slice(0, 7)
    .join(':')
    .replace(/-(connect|disconnect)$/, '');
