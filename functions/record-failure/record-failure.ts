import * as z from 'zod/mini';
import { cut } from '../../shared/cut.ts';
import * as errors from '../../shared/errors.ts';
import { type ExecutionsClient, holderOf } from '../../shared/executions.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { type StatusTags, statusTag, writeStatus } from '../../shared/msk/tags.ts';
import { clusterArnIn } from '../../shared/request/input.ts';

/** What a Catch leaves behind. Cause is JSON if a Lambda function threw, and plain text or absent otherwise. */
const Caught = z.object({ Error: z.string(), Cause: z.optional(z.string()) });

export const RecordFailureInput = z.object({
  /** The run's data as far as it got. */
  run: z.object({
    /** The execution's own input, as it came: it may be anything. */
    input: z.unknown(),
    /** The state that failed → its error. */
    failed: z.record(z.string(), Caught),
    /** `secretVersionId`: the version of the SCRAM secret that Atlas certainly has, or ''. */
    connection: z.optional(z.object({ secretVersionId: z.optional(z.string()) })),
  }),
  executionArn: z.string(),
});

/** `error`: the name of the error's class; `cause`: what failed, where, what AWS or Atlas said, what to do. */
export const RecordFailureOutput = z.object({ error: z.string(), cause: z.string() });

/** Step Functions allows 32,768 characters of a Cause, which also names a few ARNs. */
const longestMessage = 30_000;

/** Control characters and marks that reverse text: an answer of AWS or Atlas may repeat input that a person typed. */
const invisible = /[^\P{C}\n]/gu;

interface Deps {
  msk: MskClient;
  executions: ExecutionsClient;
  functionArn: string;
}

/**
 * Words the failure for the person who reads it in the Step Functions console, and writes it in short on the cluster's tags. A dry
 * run, or a cluster outside this deployment, gets no tags. The Cause mentions tags that cannot be written: they must not hide the
 * error itself.
 */
export async function recordFailure(
  { run, executionArn }: z.infer<typeof RecordFailureInput>,
  deps: Deps,
): Promise<z.infer<typeof RecordFailureOutput>> {
  const { input, failed, connection } = run;
  const [state, { Error: error, Cause }] = Object.entries(failed)[0] ?? ['The execution', { Error: 'Unknown' }];
  const message = cut(messageOf(error, Cause).replace(invisible, ' '), longestMessage);
  const clusterArn = ownClusterIn(input, deps.functionArn);
  const secretVersion = connection?.secretVersionId;
  const status = {
    status: 'failed' as const,
    detail: `${state} ${error}: ${message}`,
    execution: executionArn,
    // Without it, the next run would not know which password Atlas has.
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

/** Our error classes by name. Their messages are written for a person. */
const classes = new Map<string, { prototype: Error }>(Object.entries(errors));

/** The error's own words and its remedy. A Lambda function's error arrives as `{"errorType","errorMessage","trace"}`. */
function messageOf(error: string, cause = ''): string {
  let message: unknown = cause;
  try {
    message = (JSON.parse(cause) as { errorMessage?: unknown }).errorMessage;
  } catch {
    // Plain text: Step Functions' own words.
  }
  const said = typeof message === 'string' && message ? message : cause;
  const ours = classes.get(error);
  if (ours?.prototype instanceof errors.TransientError)
    return `${said} This is usually transient, but it outlasted this state's retries. Nothing is lost: start the execution again later and it resumes here.`;
  if (ours) return said;
  const what = said && said !== error ? `${said} (${error})` : error;
  return `${what}. The function did not report an error of its own. Its log group, /aws/lambda/… with the name of the state, has the details. Everything is safe to repeat: start the execution again.`;
}

/** Also if `dryRun` is not a boolean: its author did not intend any change. */
const isDryRun = (input: unknown) => ((input as { dryRun?: unknown } | null)?.dryRun ?? false) !== false;

/** The cluster that the input names, if it is in the account and Region of the functions. */
function ownClusterIn(input: unknown, functionArn: string): string | undefined {
  const clusterArn = clusterArnIn(input);
  const cluster = clusterArn && parseClusterArn(clusterArn);
  const [, partition, , region, accountId] = functionArn.split(':');
  const isOwn =
    cluster && cluster.partition === partition && cluster.region === region && cluster.accountId === accountId;
  return isOwn ? clusterArn : undefined;
}

async function record(clusterArn: string, error: string, status: StatusTags, deps: Deps): Promise<string> {
  const { msk, executions } = deps;
  try {
    const tags = await msk.listTags(clusterArn);
    const holder = await holderOf(tags, status.execution, executions);
    if (holder) return `Status tags were left unchanged because execution ${holder} is working on this cluster.`;
    // A wrong input has changed nothing, so an existing connection is still connected.
    if (error === 'InvalidRequest' && tags[statusTag('status')] === 'connected')
      return 'Status tags were left unchanged because the cluster is still connected.';
    await writeStatus(clusterArn, status, msk);
    return '';
  } catch (refusal) {
    if (!(refusal instanceof errors.AwsRefused || refusal instanceof errors.TransientError)) throw refusal;
    return `Status tags could not be written: ${refusal.message}`;
  }
}
