import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import * as errors from '../../shared/errors.ts';
import { holderOf } from '../../shared/execution.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { type StatusTags, statusTag, tagsOf, writeStatus } from '../../shared/msk/tags.ts';
import { cut } from '../../shared/request/cut.ts';
import { clusterArnIn } from '../../shared/request/request.ts';

/** What a Catch leaves behind. Cause is JSON when a Lambda function threw, and plain text or absent otherwise. */
const Caught = z.object({ Error: z.string(), Cause: z.optional(z.string()) });

export const RecordFailureInput = z.object({
  /** What the run has come to know, as far as it got. */
  run: z.object({
    /** The state that failed → its error. */
    failed: z.record(z.string(), Caught),
    /** `secretVersionId`: the version of the SCRAM secret that Atlas has for certain, or ''. */
    connection: z.optional(z.object({ secretVersionId: z.optional(z.string()) })),
  }),
  /** The execution's own input, as it came: it may be anything. */
  input: z.unknown(),
  executionArn: z.string(),
});

/** Step Functions allows 32,768 characters of a Cause, of which ours adds a few ARNs. */
const longestMessage = 30_000;

/** What AWS and Atlas say may repeat what somebody has typed: control characters, and marks that turn text round. */
const unseen = /[^\P{C}\n]/gu;

interface Deps {
  kafka: KafkaClient;
  sfn: SFNClient;
  functionArn: string;
  signal: AbortSignal;
}

/**
 * Words the failure for the person who reads it in the Step Functions console, and writes it in short on the cluster's tags.
 * A dry run, and a cluster that is not of this deployment, get no tags. Tags that cannot be written are mentioned in the
 * Cause: they must not hide the error itself.
 *
 * @returns `error`: the class of the error; `cause`: what failed, where, what AWS or Atlas said, what to do
 */
export async function recordFailure({ run, input, executionArn }: z.infer<typeof RecordFailureInput>, deps: Deps) {
  const [state, { Error: error, Cause }] = Object.entries(run.failed)[0] ?? ['The execution', { Error: 'Unknown' }];
  const message = cut(wording(error, Cause).replace(unseen, ' '), longestMessage);
  const clusterArn = ownClusterIn(input, deps.functionArn);
  const secretVersion = run.connection?.secretVersionId;
  const status = {
    status: 'failed' as const,
    detail: `${state} ${error}: ${message}`,
    execution: executionArn,
    // Else nobody would know, from the next run on, which password Atlas has.
    ...(secretVersion && { 'secret-version': secretVersion }),
  };
  const tags = clusterArn && !isDryRun(input) ? await record(clusterArn, error, status, deps) : '';
  const cause = [
    `${state} failed: ${message}`,
    clusterArnIn(input) && `Cluster: ${clusterArnIn(input)}`,
    `Execution: ${executionArn}`,
    tags,
  ];
  return { error, cause: cause.filter(Boolean).join('\n') };
}

/** The classes whose messages are written for a person. */
const ours = new Set(Object.keys(errors));

/** Those of them that say what AWS or Atlas did, which nobody here can mend. The machine has tried again by then. */
const passing = new Set([
  'AtlasThrottled',
  'AtlasUnavailable',
  'AwsThrottled',
  'AwsUnavailable',
  'VersionConflict',
  'FunctionTimedOut',
]);
const untilItPasses =
  'This passes by itself as a rule, but not within the many retries of this state. Nothing is lost: start again later, and the run goes on from here.';

/** The error's own words. A Lambda function's error arrives as `{"errorType","errorMessage","trace"}`. */
function wording(error: string, cause = ''): string {
  let message: unknown = cause;
  try {
    message = (JSON.parse(cause) as { errorMessage?: unknown }).errorMessage;
  } catch {
    // Plain text: Step Functions itself speaks.
  }
  const said = typeof message === 'string' && message ? message : cause;
  if (ours.has(error)) return passing.has(error) ? `${said} ${untilItPasses}` : said;
  const what = said && said !== error ? `${said} (${error})` : error;
  return `${what}. The function gave no answer of its own. Its log group, /aws/lambda/… with the name of the state, says more; everything is safe to repeat, so start again.`;
}

/** Also where `dryRun` is no boolean: who wrote it wanted nothing to be changed. */
const isDryRun = (input: unknown) => ((input as { dryRun?: unknown } | null)?.dryRun ?? false) !== false;

/** The cluster that the input names, if it is of the account and Region where the functions run. */
function ownClusterIn(input: unknown, functionArn: string): string | undefined {
  const clusterArn = clusterArnIn(input);
  const cluster = clusterArn && parseClusterArn(clusterArn);
  const [, partition, , region, accountId] = functionArn.split(':');
  const isOwn =
    cluster && cluster.partition === partition && cluster.region === region && cluster.accountId === accountId;
  return isOwn ? clusterArn : undefined;
}

async function record(clusterArn: string, error: string, status: StatusTags, deps: Deps): Promise<string> {
  try {
    const tags = await tagsOf(clusterArn, deps);
    const holder = await holderOf(tags, status.execution, deps);
    if (holder) return `The cluster's status tags are those of ${holder}, which works on it.`;
    // A mistake in an input has changed nothing, and so says nothing about a connection that is there.
    if (error === 'InvalidRequest' && tags[statusTag('status')] === 'connected')
      return "The cluster's status tags stay as they are: it is still connected.";
    await writeStatus(clusterArn, status, deps);
    return '';
  } catch (refusal) {
    if (!(refusal instanceof errors.AwsRefused || refusal instanceof errors.AwsUnavailable)) throw refusal;
    return `The cluster's status tags could not be written: ${refusal.message}`;
  }
}
