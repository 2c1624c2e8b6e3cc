import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { fromAws } from './aws.ts';
import { AwsRefused } from './errors.ts';

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

  /**
   * Stops an execution; one that has ended stays as it is. A function that it has invoked still ends by itself.
   *
   * @param reason for the person who opens the execution
   */
  async stop(executionArn: string, reason: { error: string; cause: string }): Promise<void> {
    const command = new StopExecutionCommand({ executionArn, ...reason });
    await fromAws('states:StopExecution', this.#sfn.send(command, this.#options)).catch((error: unknown) => {
      if (!(error instanceof AwsRefused && error.code === 'ExecutionDoesNotExist')) throw error;
    });
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

/**
 * Whether two executions belong to the two machines of this deployment, whose names differ only in the last word. A retained registry
 * may name an execution of a former deployment, which the role may not describe.
 */
export const isOfSameDeployment = (one: string, other: string): boolean => deploymentOf(one) === deploymentOf(other);

/** Partition, Region, account and the machine's name up to its last word. */
const deploymentOf = (executionArn: string): string => executionArn.replace(/-(connect|disconnect):[^:]*$/, '');

/** What an execution does, by the name of its machine. */
export const actionOf = (executionArn: string): 'connect' | 'disconnect' =>
  /-disconnect:[^:]*$/.test(executionArn) ? 'disconnect' : 'connect';

/** The state machine of an execution, or the other one of its deployment. */
const machineArnOf = (executionArn: string, action: 'connect' | 'disconnect' = actionOf(executionArn)): string =>
  executionArn.replace(':execution:', ':stateMachine:').replace(/-(connect|disconnect):[^:]*$/, `-${action}`);

/**
 * The command that starts another run of an execution's deployment.
 *
 * @param input quoted for a POSIX shell
 * @param action default: the same
 */
export const startCommand = (executionArn: string, input: string, action = actionOf(executionArn)): string =>
  `aws stepfunctions start-execution --region ${executionArn.split(':')[3]} --state-machine-arn ${machineArnOf(executionArn, action)} --input ${input}`;

/** Whether the sweep has started an execution: its name says so. */
export const isStartedBySweep = (executionArn: string): boolean =>
  /:sweep-(connect|disconnect)-[^:]*$/.test(executionArn);

/** DescribeExecution is eventually consistent, so "does not exist" counts as ended only this long after the claim. */
const visibleAfterMs = 5 * 60_000;

/**
 * A function of a stopped execution may still be at work: it ends after at most its time-out of 60 seconds. The rest is a margin
 * for its last request.
 */
export const lastFunctionSeconds = 90;

/** Whether an execution was stopped so recently that its last function may still be at work. @param now ISO 8601 */
export function mayStillWrite(
  { status, stopDate }: Pick<DescribeExecutionCommandOutput, 'status' | 'stopDate'>,
  now: string,
): boolean {
  if ((status !== 'ABORTED' && status !== 'TIMED_OUT') || !stopDate) return false;
  return Date.parse(now) - stopDate.getTime() < lastFunctionSeconds * 1000;
}

/**
 * Whether the execution that claimed a cluster is at work. `stopped`: no longer, but its last function may be.
 *
 * @param now ISO 8601
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function phaseOf(
  { holder, claimedAt }: { holder: string; claimedAt: string | undefined },
  now: string,
  executions: ExecutionsClient,
): Promise<'running' | 'stopped' | 'ended'> {
  const execution = await executions.describe(holder);
  if (!execution) {
    const ageMs = Date.parse(now) - Date.parse(claimedAt ?? '1970-01-01T00:00:00Z');
    return ageMs > visibleAfterMs ? 'ended' : 'running';
  }
  if (execution.status === 'RUNNING') return 'running';
  return mayStillWrite(execution, now) ? 'stopped' : 'ended';
}
