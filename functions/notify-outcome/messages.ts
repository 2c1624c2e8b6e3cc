import type { DescribeExecutionCommandOutput } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { ProbeFinding, sentenceOf as sentenceAbout } from '../../shared/atlas/probe-proof.ts';
import { startAgain, withCommand } from '../../shared/command.ts';
import { actionOf, startCommand } from '../../shared/executions.ts';
import { oneLine, ownLines } from '../../shared/foreign-text.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { isChange, Outcome, sentenceOf } from '../../shared/outcomes.ts';
import type { Earlier } from '../../shared/registry/account-faults.ts';
import { isStoppedDisconnect } from '../../shared/registry/ended-early.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { clusterArnIn } from '../../shared/request/input.ts';
import { startedBy } from '../../shared/request/intent.ts';

/** An execution, and the status that the event is about: it may have ended since. */
export interface Run extends Pick<DescribeExecutionCommandOutput, 'error' | 'cause' | 'input' | 'output' | 'stopDate'> {
  executionArn: string;
  status: string;
}

export interface Message {
  subject: string;
  text: string;
}

/** The output of a run that has changed something, or found everything in place. */
const RunOutput = z.object({ clusterArn: z.string(), done: z.array(Outcome), probe: z.optional(ProbeFinding) });

/** Input and output are JSON; both may be absent. */
export const parsed = (json: string | undefined): unknown => JSON.parse(json ?? 'null');

/** Where RecordFailure could not word the Cause: the cluster, and how to start again. */
function aboutUncaught({ executionArn, input }: Run): string {
  const clusterArn = clusterArnIn(parsed(input));
  // What a person has typed may hold what a message must not repeat.
  const isTyped = startedBy(parsed(input), executionArn) === 'console';
  const json = clusterArn && !isTyped ? JSON.stringify({ clusterArn }) : '<the same input>';
  return [
    clusterArn && `Cluster: ${clusterArn}`,
    `Execution: ${executionArn}`,
    withCommand(startAgain, startCommand(executionArn, `'${json}'`)),
  ]
    .filter(Boolean)
    .join('\n');
}

/** The failure of a run whose Cause RecordFailure could not word. */
export const uncaughtMessage = (run: Run): Message => {
  const { subject, text } = failureMessage(run);
  return { subject, text: `${text}\n${aboutUncaught(run)}` };
};

/** The words of the Cause. */
export const failureMessage = (run: Run): Message => ({
  // The cluster stays connected, so nothing has failed.
  subject:
    run.error === 'TargetChanged'
      ? subjectAbout(run, 'asked for another target')
      : subjectOf(run, `failed: ${run.error ?? 'no error'}`),
  text: run.cause === undefined ? 'The execution failed, and Step Functions reports no cause.' : ownLines(run.cause),
});

/**
 * The first failure of an hour that concerns the whole deployment.
 *
 * @param earlier what was counted in the hour before that had such a failure
 */
export function accountFaultMessage(run: Run, earlier: Earlier | undefined): Message {
  const { subject, text } = failureMessage(run);
  const further =
    earlier &&
    `In the hour from ${earlier.windowStart.replace(/\.\d+Z$/, 'Z')}, ${earlier.further} further ${earlier.further === 1 ? 'run' : 'runs'} failed for such a reason.`;
  const scope =
    'This concerns the whole deployment, not only this cluster. Further failures of this kind are counted for an hour, not reported one by one; the next message says how many there were.';
  return { subject, text: [text, '', scope, further].filter((line) => line !== undefined).join('\n') };
}

/** @returns undefined if the run has changed nothing, as most runs do */
export function successMessage(run: Run): Message | undefined {
  const output = RunOutput.safeParse(parsed(run.output));
  if (!output.success || !output.data.done.some(isChange)) return undefined;
  // A link that is kept still costs money, so what stays is listed too. Status tags are named only if there is something to say.
  const listed = output.data.done.filter(
    ({ resource, result }) => (result !== 'unchanged' && result !== 'absent') || resource === 'statusTags',
  );
  const { clusterArn, probe } = output.data;
  const sentences = [...listed.map(sentenceOf), ...(probe ? [sentenceAbout(probe)] : [])];
  return {
    subject: subjectOf(run, 'done'),
    text: [`Done for ${clusterArn}:`, ...sentences.map((sentence) => `  ${sentence}`)].map(oneLine).join('\n'),
  };
}

/** A run that removes what was created for a cluster that no longer exists. */
export function vanishedMessage(run: Run, record: RegistryRecord): Message {
  const { clusterArn, missingSince = '', target, lastFailure } = record;
  const where = target
    ? ` in project ${target.projectId}, connection "${target.connectionName}" of workspace ${target.workspace}`
    : '';
  const again = isStoppedDisconnect(lastFailure) ? ' again, after one was stopped,' : '';
  const [, , , region, , , machineName = ''] = run.executionArn.split(':');
  return {
    subject: subjectOf(run, 'started: the cluster is gone'),
    text: [
      `MSK no longer has the cluster ${clusterArn}; the sweep noticed it at ${missingSince.replace(/\.\d+Z$/, 'Z')}. A run has started${again} to delete what was created for the cluster in Atlas${where}. Atlas bills a private link by the hour.`,
      '',
      'If that is wrong:',
      `1. Disable the schedule ${machineName.replace(/-disconnect$/, '')}-sweep in EventBridge Scheduler. Otherwise the sweep starts such a run again, 15 minutes or more after the stop.`,
      '2. Stop this execution:',
      `   aws stepfunctions stop-execution --region ${region} --execution-arn ${run.executionArn}`,
      '3. Deploy with disconnectDeletedClusters: false. Then enable the schedule again.',
      'The connection may be deleted already.',
    ].join('\n'),
  };
}

export const subjectOf = (run: Run, verdict: string): string =>
  subjectAbout(run, `${actionOf(run.executionArn)} ${verdict}`);

/** SNS allows less than 100 ASCII characters. */
function subjectAbout({ input }: Run, news: string): string {
  const clusterName = parseClusterArn(clusterArnIn(parsed(input)) ?? '')?.clusterName ?? 'a cluster';
  return `${clusterName}: ${news}`.replace(/[^ -~]/g, '?').slice(0, 99);
}
