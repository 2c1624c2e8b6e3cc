import type { DescribeExecutionCommandOutput } from '@aws-sdk/client-sfn';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsUnavailable } from '../../shared/errors.ts';
import type { ExecutionsClient } from '../../shared/executions.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { isChange, Outcome, sentenceOf } from '../../shared/outcomes.ts';
import { clusterArnIn } from '../../shared/request/input.ts';

/**
 * The event "Step Functions Execution Status Change" of aws.states. It omits what is too long for an event, so only the execution
 * and its status are read.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const NotifyOutcomeInput = z.object({ detail: z.object({ executionArn: z.string(), status: z.string() }) });

export const NotifyOutcomeOutput = z.object({ isPublished: z.boolean() });

/** The output of a run that has changed something, or found everything in place. */
const RunOutput = z.object({ clusterArn: z.string(), done: z.array(Outcome) });

interface Deps {
  executions: ExecutionsClient;
  sns: SNSClient;
  topicArn: string;
  signal: AbortSignal;
}

/**
 * Publishes how an execution has ended, in the words of its Cause, with a link to it. A run that succeeded is published only if it
 * changed something: most runs find everything as it should be.
 *
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function notifyOutcome(
  { detail: { executionArn, status } }: z.infer<typeof NotifyOutcomeInput>,
  { executions, sns, topicArn, signal }: Deps,
): Promise<z.infer<typeof NotifyOutcomeOutput>> {
  const execution = await executions.describeWhole(executionArn);
  // DescribeExecution is eventually consistent, and the event arrives right after the end.
  if (execution.status !== status)
    throw new AwsUnavailable(
      `Step Functions still describes ${executionArn} as ${execution.status}, not as ${status}.`,
    );
  const text = messageOf(execution);
  if (text === undefined) return { isPublished: false };

  const Message = [text, '', `The execution in the Step Functions console: ${linkTo(executionArn)}`].join('\n');
  const command = new PublishCommand({ TopicArn: topicArn, Subject: subjectOf(execution), Message });
  const { MessageId } = await fromAws('sns:Publish', sns.send(command, { abortSignal: signal }));
  // The SDK accepts any HTTP 200 as an answer without content.
  if (!MessageId) throw new AwsUnavailable('SNS answered sns:Publish without the id of a message.');
  return { isPublished: true };
}

/** The message, or undefined if there is nothing to report. */
function messageOf({ status, cause, output }: DescribeExecutionCommandOutput): string | undefined {
  if (status === 'FAILED') return cause ?? 'The execution failed, and Step Functions reports no cause.';
  if (status === 'TIMED_OUT')
    return 'The execution exceeded the time limit of its state machine and was stopped. Nothing is lost: start it again and it resumes where it was.';
  if (status !== 'SUCCEEDED') return undefined;
  const run = RunOutput.safeParse(parsed(output));
  if (!run.success || !run.data.done.some(isChange)) return undefined;
  // A link that is kept still costs money, so what stays is listed too.
  const listed = run.data.done.filter(({ result }) => result !== 'unchanged' && result !== 'absent');
  return [`Done for ${run.data.clusterArn}:`, ...listed.map((outcome) => `  ${sentenceOf(outcome)}`)].join('\n');
}

/** SNS allows less than 100 ASCII characters. */
function subjectOf({ status, error, input, stateMachineArn = '' }: DescribeExecutionCommandOutput): string {
  const action = stateMachineArn.endsWith('-disconnect') ? 'disconnect' : 'connect';
  const clusterName = parseClusterArn(clusterArnIn(parsed(input)) ?? '')?.clusterName ?? 'a cluster';
  const verdict =
    status === 'SUCCEEDED' ? 'done' : status === 'TIMED_OUT' ? 'timed out' : `failed: ${error ?? 'no error'}`;
  return `${clusterName}: ${action} ${verdict}`.replace(/[^ -~]/g, '?').slice(0, 99);
}

/** Input and output are JSON; both may be absent. */
const parsed = (json: string | undefined): unknown => JSON.parse(json ?? 'null');

const linkTo = (executionArn: string): string => {
  const region = executionArn.split(':')[3];
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
};
