import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { fromAws } from './aws.ts';
import { AwsRefused } from './errors.ts';
import { statusTag } from './msk/tags.ts';

/** Executions of AWS Step Functions, as far as we need them. Every method throws AwsRefused, AwsThrottled or AwsUnavailable. */
export class ExecutionsClient {
  readonly #sfn: SFNClient;
  readonly #options: { abortSignal: AbortSignal };

  constructor({ sfn, signal }: { sfn: SFNClient; signal: AbortSignal }) {
    this.#sfn = sfn;
    this.#options = { abortSignal: signal };
  }

  /**
   * Describes an execution without its input and output.
   *
   * @returns undefined if it doesn't exist: Step Functions keeps an execution for 90 days after its end
   */
  async describe(executionArn: string): Promise<DescribeExecutionCommandOutput | undefined> {
    const command = new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' });
    return fromAws('states:DescribeExecution', this.#sfn.send(command, this.#options)).catch((error: unknown) => {
      if (error instanceof AwsRefused && /ExecutionDoesNotExist|InvalidArn/.test(error.code)) return undefined;
      throw error;
    });
  }

  /** Describes an execution with its input, output, error and cause. */
  async describeWhole(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    const command = new DescribeExecutionCommand({ executionArn });
    return fromAws('states:DescribeExecution', this.#sfn.send(command, this.#options));
  }

  /** @returns false if an execution of that name exists already */
  async start(execution: { stateMachineArn: string; name: string; input: string }): Promise<boolean> {
    const command = new StartExecutionCommand(execution);
    return fromAws('states:StartExecution', this.#sfn.send(command, this.#options)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AwsRefused && error.code === 'ExecutionAlreadyExists') return false;
        throw error;
      },
    );
  }
}

/** Whether an execution belongs to this state machine, by their ARNs alone. */
export const isExecutionOf = (executionArn: string, stateMachineArn: string): boolean =>
  executionArn.startsWith(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:`);

/**
 * The execution that holds this cluster: the one that the cluster's tags name as connecting or disconnecting, while it runs. A
 * holder that has ended loses the cluster. So does a tag that names an execution outside this deployment: anybody who may tag
 * can write it.
 *
 * @param tags of the cluster
 * @param executionArn the execution that asks: it doesn't hold the cluster against itself
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function holderOf(
  tags: Record<string, string>,
  executionArn: string,
  executions: ExecutionsClient,
): Promise<string | undefined> {
  const holder = tags[statusTag('execution')];
  const isBusy = /^(dis)?connecting$/.test(tags[statusTag('status')] ?? '');
  if (!isBusy || !holder || holder === executionArn || !isOfSameDeployment(holder, executionArn)) return undefined;
  const execution = await executions.describe(holder);
  return execution?.status === 'RUNNING' ? holder : undefined;
}

/** The state machine's name in an execution's ARN, such as `msk-atlas-privatelink-dev-connect`. */
const machineOf = (executionArn: string): string => executionArn.split(':')[6] ?? '';

/** Whether two executions belong to the two machines of this deployment, whose names differ only in the last word. */
const isOfSameDeployment = (one: string, other: string): boolean =>
  withoutAction(one) === withoutAction(other) && /-(connect|disconnect)$/.test(machineOf(one));

/** Partition, Region, account and the machine's name up to its last word. */
const withoutAction = (executionArn: string) =>
  executionArn
    .split(':')
    .slice(0, 7)
    .join(':')
    .replace(/-(connect|disconnect)$/, '');
