import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsUnavailable, NeedsPersonError, TransientError } from '../../shared/errors.ts';
import { actionOf, type ExecutionsClient } from '../../shared/executions.ts';
import { type AccountFaults, isAccountFault } from '../../shared/registry/account-faults.ts';
import { endedEarly, isStoppedDisconnect } from '../../shared/registry/ended-early.ts';
import { hasCreated, type RegistryRecord } from '../../shared/registry/record.ts';
import { noClaim, type Registry } from '../../shared/registry/registry.ts';
import { clusterArnIn } from '../../shared/request/input.ts';
import { concernsOnlyCaller, startedBy } from '../../shared/request/intent.ts';
import { linkTo } from './console.ts';
import {
  accountFaultMessage,
  failureMessage,
  type Message,
  parsed,
  type Run,
  successMessage,
  uncaughtMessage,
  vanishedMessage,
} from './messages.ts';
import { onStop } from './stopped.ts';

/**
 * The event "Step Functions Execution Status Change" of aws.states. It omits what is too long for an event, so only the execution
 * and its status are read.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const NotifyOutcomeInput = z.object({ detail: z.object({ executionArn: z.string(), status: z.string() }) });

/** `reason`: why there is no message. */
export const NotifyOutcomeOutput = z.object({ isPublished: z.boolean(), reason: z.optional(z.string()) });

interface Deps {
  executions: ExecutionsClient;
  registry: Registry;
  accountFaults: AccountFaults;
  sns: SNSClient;
  topicArn: string;
  signal: AbortSignal;
  /** Publishes a metric. */
  measure(name: 'FailuresReported', unit: 'Count', value: number): void;
}

/**
 * Notifies the subscribers of:
 * - a new failure, in the words of its Cause, or once an hour if it concerns the whole deployment,
 * - a run that has changed something, if the deployment notifies of successes,
 * - the start of a run that cleans up after a deleted cluster,
 * - a run that a person has stopped, if it leaves something.
 *
 * An event that arrives twice is one message. A registry that cannot be used prevents no message about a failure.
 *
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function notifyOutcome(
  { detail: { executionArn, status } }: z.infer<typeof NotifyOutcomeInput>,
  deps: Deps,
): Promise<z.infer<typeof NotifyOutcomeOutput>> {
  const execution = await deps.executions.describeWhole(executionArn);
  // DescribeExecution is eventually consistent, and the event arrives right after the end. A start may be over by now.
  if (execution.status !== status && status !== 'RUNNING')
    throw new AwsUnavailable(
      `Step Functions still describes ${executionArn} as ${execution.status}, not as ${status}.`,
    );
  const run: Run = { ...execution, executionArn, status };
  const clusterArn = clusterArnIn(parsed(run.input));
  const decided = status === 'RUNNING' ? await onStart(clusterArn, run, deps) : await onEnd(clusterArn, run, deps);
  if ('message' in decided) await publish(decided.message, executionArn, deps);
  if (decided.noted && clusterArn !== undefined) await unlessUnusable(deps.registry.note(clusterArn, decided.noted));
  if ('reason' in decided) return { isPublished: false, reason: decided.reason };

  const { error = '' } = run;
  if (status === 'FAILED' && isAccountFault(error)) await unlessUnusable(deps.accountFaults.reported(executionArn));
  // RecordFailure has counted only what it could record.
  else if (status === 'FAILED' && !isUncaught(error)) deps.measure('FailuresReported', 'Count', 1);
  return { isPublished: true };
}

/** `noted`: what the record says afterwards, so that a further event says nothing new. */
type Decision = ({ message: Message } | { reason: string }) & { noted?: Parameters<Registry['note']>[1] };

/** The start of the first attempt to clean up is reported, and the next one after a person has stopped an attempt. */
async function onStart(clusterArn: string | undefined, run: Run, { registry }: Deps): Promise<Decision> {
  const record = clusterArn === undefined ? undefined : await registry.readRecord(clusterArn);
  if (!record?.missingSince) return { reason: 'The cluster exists.' };
  if (!hasCreated(record)) return { reason: 'Nothing was created for the cluster.' };
  if (record.missingReported && !isStoppedDisconnect(record.lastFailure))
    return { reason: 'A message has said that the cluster is gone.' };
  return { message: vanishedMessage(run, record), noted: { missingReported: true } };
}

async function onEnd(clusterArn: string | undefined, run: Run, deps: Deps): Promise<Decision> {
  const { status, error = '', executionArn, input } = run;
  if (status !== 'FAILED' && status !== 'SUCCEEDED' && status !== 'ABORTED')
    return { reason: `An execution that is ${status} is not reported by a message.` };
  if (status === 'FAILED' && concernsOnlyCaller(error, parsed(input), executionArn))
    return { reason: 'The failure concerns only its caller.' };
  const record = clusterArn === undefined ? undefined : await unlessUnusable(deps.registry.readRecord(clusterArn));
  if (record?.notifiedExecution === executionArn) return { reason: 'An earlier message has reported this execution.' };
  const settled = { notifiedExecution: executionArn };
  if (status === 'SUCCEEDED') {
    const message = successMessage(run);
    return message ? { message, noted: settled } : { reason: 'The run has changed nothing.' };
  }
  if (status === 'ABORTED') return { ...onStop(run, record), noted: settled };
  const stoppedAt = (run.stopDate ?? new Date()).toISOString();
  const entry = entryOf(run, record) ?? (await enterUncaught(run, clusterArn, record, stoppedAt, deps));
  // Without RecordFailure's entry, the failure is reported, and the record keeps which of its own failures was reported.
  const noted = entry && settled;
  if (!isAccountFault(error))
    return entry?.isNews === false
      ? { reason: 'The failure equals the one before.' }
      : { message: isUncaught(error) ? uncaughtMessage(run) : failureMessage(run), ...(noted && { noted }) };

  // Also if it equals the one before: while it lasts, each hour with such failures has its message.
  const counted = await unlessUnusable(deps.accountFaults.count(executionArn, stoppedAt), {});
  return counted
    ? { message: accountFaultMessage(run, counted.earlier), ...(noted && { noted }) }
    : { reason: "This hour's message about the whole deployment reports it.", ...(noted && { noted }) };
}

const entryOf = ({ executionArn }: Run, record: RegistryRecord | undefined) =>
  record?.lastFailure?.executionArn === executionArn ? record.lastFailure : undefined;

/**
 * Records a failure that RecordFailure did not record, as the sweep does: otherwise a repetition cannot be recognized, and each
 * sweep starts the run again. Nothing is recorded for another deployment's cluster, or for a manual start that has not claimed the
 * cluster.
 */
async function enterUncaught(
  run: Run,
  clusterArn: string | undefined,
  record: RegistryRecord | undefined,
  at: string,
  { registry }: Deps,
): Promise<RegistryRecord['lastFailure']> {
  const { executionArn, error = '', input, status } = run;
  const holdsCluster = record?.holder === executionArn;
  if (clusterArn === undefined || !isOf(executionArn, clusterArn) || !(isUncaught(error) || holdsCluster)) return;
  if (!holdsCluster && startedBy(parsed(input), executionArn) === 'console') return;
  const failure = endedEarly(record, { executionArn, action: actionOf(executionArn), end: status, at });
  // This event is late: a later run has failed in the same way, and its message reports both.
  const later = record?.lastFailure && record.lastFailure.at > at ? record.lastFailure : undefined;
  if (later) return later.fingerprint === failure.lastFailure.fingerprint ? { ...later, isNews: false } : undefined;
  const written = registry.updateUnclaimed(clusterArn, holdsCluster ? executionArn : undefined, {
    ...noClaim,
    ...failure,
  });
  if (await unlessUnusable(written)) return failure.lastFailure;
  // The sweep may have been faster.
  const current = await unlessUnusable(registry.readRecord(clusterArn));
  return entryOf(run, current);
}

/**
 * Whether no state has caught the error: RecordFailure itself has failed, or Step Functions ended the execution.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
const isUncaught = (error: string): boolean =>
  ['FailureNotRecorded', 'States.Runtime', 'States.DataLimitExceeded'].includes(error);

/** Whether the cluster is in the account and Region of the execution. */
const isOf = (executionArn: string, clusterArn: string): boolean =>
  executionArn.split(':').slice(3, 5).join() === clusterArn.split(':').slice(3, 5).join();

async function publish(
  { subject, text }: Message,
  executionArn: string,
  { sns, topicArn, signal }: Deps,
): Promise<void> {
  const Message = [text, '', `The execution in the Step Functions console: ${linkTo(executionArn)}`].join('\n');
  const command = new PublishCommand({ TopicArn: topicArn, Subject: subject, Message });
  const { MessageId } = await fromAws('sns:Publish', sns.send(command, { abortSignal: signal }));
  // The SDK accepts any HTTP 200 as an answer without content.
  if (!MessageId) throw new AwsUnavailable('SNS answered sns:Publish without the id of a message.');
}

/** A message too many is better than none. */
async function unlessUnusable<Value>(call: Promise<Value>, otherwise?: Value): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof NeedsPersonError || error instanceof TransientError) return otherwise;
    throw error;
  }
}
