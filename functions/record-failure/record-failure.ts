import * as z from 'zod/mini';
import { cut } from '../../shared/cut.ts';
import * as errors from '../../shared/errors.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { isAccountFault } from '../../shared/registry/account-faults.ts';
import { fingerprint } from '../../shared/registry/fingerprint.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { isOfNoUse } from '../../shared/replaced-by.ts';
import { clusterArnIn, eventTimeOf } from '../../shared/request/input.ts';
import { concernsOnlyCaller, hasOwnSettings, startedBy } from '../../shared/request/intent.ts';
import { Request } from '../../shared/request/request.ts';
import { shortForm } from '../../shared/short-form.ts';
import { changedByRun, Results } from './changes.ts';
import { type Entry, enter } from './entry.ts';
import { failuresIn, logGroupOf } from './failures.ts';
import { howToStartAgain, noRedrive, whenSweepTriesAgain } from './restart.ts';

/** What a Catch leaves behind. Cause is JSON if a Lambda function threw, and plain text or absent otherwise. */
const Caught = z.object({ Error: z.string(), Cause: z.optional(z.string()) });

export const RecordFailureInput = z.object({
  /** The run's data as far as it got. */
  run: z.extend(Results, {
    /** The execution's own input, as it came: it may be anything. */
    input: z.unknown(),
    /** The state that failed → its error. */
    failed: z.record(z.string(), Caught),
    /** Only after ResolveRequest has succeeded. While a run waits for another one, `recorded` and the settings are missing. */
    request: z.optional(
      z.partial(
        z.pick(Request, {
          clusterArn: true,
          mechanism: true,
          wantedBy: true,
          targetChange: true,
          recorded: true,
          restartProcessors: true,
        }),
      ),
    ),
  }),
  executionArn: z.string(),
  now: z.string(),
});

/** `error`: the name of the error's class; `cause`: what failed, where, what AWS or Atlas said, what to do. */
export const RecordFailureOutput = z.object({ error: z.string(), cause: z.string() });

/** Step Functions allows 32,768 characters of a Cause. */
const longestCause = 32_000;

/** Of what failed besides. */
const longestOther = 4000;

interface Deps {
  registry: Registry;
  msk: MskClient;
  functionArn: string;
  /** Publishes a metric. */
  measure(name: 'FailuresToReport', unit: 'Count', value: number): void;
}

/**
 * Words the failure for the person who reads it in the Step Functions console: what failed, what AWS or Atlas said, what to do, what
 * the run has changed, and how to start again. Writes it in the registry and in short on the cluster's tags, and gives the cluster
 * back. If another run has taken over the cluster, the error is ClaimLost. A failure that concerns only the caller (a dry run, a
 * mistyped input), or a cluster outside of this deployment, is written nowhere. Measures a failure that a person must be notified of:
 * an alarm compares it with the messages.
 */
export async function recordFailure(
  { run, executionArn, now }: z.infer<typeof RecordFailureInput>,
  deps: Deps,
): Promise<z.infer<typeof RecordFailureOutput>> {
  const { input, failed, request } = run;
  const { failure, others } = failuresIn(failed, executionArn);
  const { state, error, said } = failure;
  const clusterArn = request?.clusterArn ?? clusterArnIn(input);
  const failing = { state, error, message: said, input, executionArn, clusterArn, isAccepted: request !== undefined };

  const isCallers = concernsOnlyCaller(error, input, executionArn);
  const isEntered = !isCallers && isOwnCluster(clusterArn, deps.functionArn);
  const entry: Entry = isEntered
    ? await enter(
        {
          ...{ clusterArn, executionArn, now, error },
          fingerprint: fingerprint(state, error, said, ...others.flatMap((it) => [it.state, it.error, it.said])),
          detail: shortForm(failing, clusterArn),
          isClaimed: request?.recorded !== undefined,
          startedBy: startedBy(input, executionArn),
          hasOwnSettings: hasOwnSettings(input, executionArn),
          taggedAt: eventTimeOf(input),
          ...(request?.targetChange && { targetChange: fingerprint(request.targetChange) }),
          ...(request?.restartProcessors !== undefined && { mayRestart: request.restartProcessors }),
        },
        deps,
      )
    : { isNews: !isCallers, notes: [] };
  if (entry.isNews && !entry.isRepeated && !isAccountFault(error)) deps.measure('FailuresToReport', 'Count', 1);

  // The tag, or the sweep itself, has asked for this run, and asks again.
  const isSure = (request?.wantedBy ?? startedBy(input, executionArn)) !== 'console';
  const mayNeedSecret =
    (run.plan?.login?.mechanism ?? request?.mechanism) !== 'AWS_MSK_IAM' && run.cluster?.details?.isScramOn !== false;
  const isStartedAgain = !(isOver.has(error) || entry.isClaimLost || isOfNoUse(said));
  const facts = [
    ...others.map((other) => `Also, ${other.state} failed: ${cut(other.said || other.error, longestOther)}`),
    changedByRun(failing, run, { before: request?.recorded, after: entry.record }),
    clusterArn && `Cluster: ${clusterArn}`,
    `Execution: ${executionArn}`,
    ...(isStartedAgain
      ? [
          howToStartAgain(failing),
          whenSweepTriesAgain(failing, {
            ...{ failures: entry.failures, now, isSure, mayNeedSecret, record: entry.record },
            mayRestart: request?.restartProcessors,
          }),
        ]
      : []),
    isStartedAgain ? `${noRedrive} Start a new execution.` : noRedrive,
    ...entry.notes,
  ];
  const rest = facts.filter(Boolean).join('\n');
  const what = error === 'TargetChanged' ? `${state}:` : `${state} failed:`;
  const begin = entry.isClaimLost ? `${what} ${takenOver} ` : `${what} `;
  const message = cut(worded(failing), longestCause - begin.length - rest.length);
  return { error: entry.isClaimLost ? 'ClaimLost' : error, cause: `${begin}${message}\n${rest}` };
}

const takenOver = 'Another run took over the cluster before this failure, so there is nothing to do. The failure was:';

/** After these errors nothing is to be started again: the cluster is connected, or another execution is at work. */
const isOver = new Set(['TargetChanged', 'ClaimLost']);

/** Our error classes by name. Their messages are written for a person. */
const classes = new Map<string, { prototype: Error }>(Object.entries(errors));

/** The error's own words and its remedy. */
function worded({
  error,
  message: said,
  state,
  executionArn,
}: Record<'error' | 'message' | 'state' | 'executionArn', string>): string {
  const ours = classes.get(error);
  if (ours?.prototype instanceof errors.TransientError)
    return `${said} This is usually transient, but it outlasted this state's retries. Nothing is lost: start a new execution later, which continues with what exists.`;
  if (ours) return said;
  const what = said && said !== error ? `${said} (${error})` : error;
  return `${what}. The function did not report an error of its own. Its log group has the details: ${logGroupOf(state, executionArn)}. Everything is safe to repeat: start a new execution.`;
}

/** Whether the cluster is in the account and Region of the functions. */
function isOwnCluster(clusterArn: string | undefined, functionArn: string): clusterArn is string {
  const cluster = clusterArn && parseClusterArn(clusterArn);
  const [, partition, , region, accountId] = functionArn.split(':');
  return Boolean(
    cluster && cluster.partition === partition && cluster.region === region && cluster.accountId === accountId,
  );
}
