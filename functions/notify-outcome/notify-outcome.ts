import { DescribeExecutionCommand, type DescribeExecutionCommandOutput, type SFNClient } from '@aws-sdk/client-sfn';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsUnavailable } from '../../shared/errors.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { clusterArnIn } from '../../shared/request/request.ts';

/**
 * The event "Step Functions Execution Status Change" of aws.states. It may lack what is too long for it, so only the
 * execution and its end are taken from it.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const NotifyOutcomeInput = z.object({ detail: z.object({ executionArn: z.string(), status: z.string() }) });

interface Deps {
  sfn: SFNClient;
  sns: SNSClient;
  topicArn: string;
  signal: AbortSignal;
}

/**
 * Publishes how an execution has ended, in the words of its Cause, with a link to it. A run that succeeded is worth a message
 * only where it has changed something: most of them just find everything as it should be.
 *
 * @returns whether a message was published
 * @throws AwsRefused, AwsUnavailable
 */
export async function notifyOutcome(
  { detail: { executionArn, status } }: z.infer<typeof NotifyOutcomeInput>,
  { sfn, sns, topicArn, signal }: Deps,
): Promise<{ isPublished: boolean }> {
  const execution = await fromAws(
    'states:DescribeExecution',
    sfn.send(new DescribeExecutionCommand({ executionArn }), { abortSignal: signal }),
  );
  // DescribeExecution is eventually consistent, and the event comes at the very end.
  if (execution.status !== status)
    throw new AwsUnavailable(
      `Step Functions still describes ${executionArn} as ${execution.status}, not as ${status}.`,
    );
  const text = outcomeOf(execution);
  if (text === undefined) return { isPublished: false };

  const Message = [text, '', `The execution in the Step Functions console: ${linkTo(executionArn)}`].join('\n');
  const command = new PublishCommand({ TopicArn: topicArn, Subject: subjectOf(execution), Message });
  const { MessageId } = await fromAws('sns:Publish', sns.send(command, { abortSignal: signal }));
  // The SDK takes anybody's page for an answer without content.
  if (!MessageId) throw new AwsUnavailable('SNS answered sns:Publish without the id of a message.');
  return { isPublished: true };
}

/** What there is to tell, or undefined. */
function outcomeOf({ status, cause, output }: DescribeExecutionCommandOutput): string | undefined {
  if (status === 'FAILED') return cause ?? 'The execution has failed, and Step Functions names no cause.';
  if (status === 'TIMED_OUT')
    return 'The execution has passed the time limit of its state machine and was ended by it. Nothing is lost: start again, and the run goes on from where it was.';
  const { clusterArn, done } = parsed(output) as { clusterArn?: string; done?: Record<string, string> };
  // The outcome comes last, after a name or a Sid, or first, before a reason.
  const changes = Object.entries(done ?? {}).filter(
    ([, outcome]) => !/(^|\s)(unchanged|absent)$|^unchanged:/.test(outcome),
  );
  if (status !== 'SUCCEEDED' || changes.length === 0) return undefined;
  return [`Done for ${clusterArn}:`, ...changes.map(([what, outcome]) => `  ${what}: ${outcome}`)].join('\n');
}

/** SNS takes less than 100 characters of ASCII. */
function subjectOf({ status, error, input, stateMachineArn = '' }: DescribeExecutionCommandOutput): string {
  const action = stateMachineArn.endsWith('-disconnect') ? 'disconnect' : 'connect';
  const clusterName = parseClusterArn(clusterArnIn(parsed(input)) ?? '')?.clusterName ?? 'a cluster';
  const verdict =
    status === 'SUCCEEDED' ? 'done' : status === 'TIMED_OUT' ? 'timed out' : `failed: ${error ?? 'no error'}`;
  return `${clusterName}: ${action} ${verdict}`.replace(/[^ -~]/g, '?').slice(0, 99);
}

/** An execution without an output, or with one that is no object, has nothing to read. */
const parsed = (json: string | undefined): unknown => JSON.parse(json ?? 'null') ?? {};

const linkTo = (executionArn: string): string => {
  const region = executionArn.split(':')[3];
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
};
