import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { ZodMiniType } from 'zod/mini';
import * as errors from '../errors.ts';
import { clusterArnIn } from '../request/input.ts';
import { blotOut, forgetPasswords, withoutSecrets } from '../secrets/in-use.ts';
import { metrics, publishMetrics } from './metrics.ts';

/** What a function's logic may need to know about its invocation. */
export interface Invocation {
  /** Aborted just before Lambda would end the function. */
  signal: AbortSignal;
  /** Milliseconds until then. */
  remainingMs: () => number;
  /** The function's own ARN, which has the partition, Region and account of the deployment. */
  functionArn: string;
}

/** Enough to log the error and answer before Lambda ends the process, which would leave only `Sandbox.Timedout`. */
const answerBeforeTimeoutMs = 1000;

export const logger = new Logger({
  jsonReplacerFn: (_, value) => (typeof value === 'string' ? withoutSecrets(value) : value),
});

/**
 * The middy chain of every function: log context, checked input, stripped output, one log line about the result or the failure,
 * metrics. There is no error handler on purpose: a state must fail to be retried or caught. Each failure with an error class of
 * ours is a metric of that name.
 *
 * @param schemas `input`: what the function reads of the state machine's data (a mismatch means that machine and function are of
 *   two versions); `output`: what it passes on, other fields are dropped
 */
export const lambdaHandler = <Input, Output>(
  { input, output }: { input: ZodMiniType<Input>; output: ZodMiniType<Output> },
  run: (input: Input, invocation: Invocation) => Promise<Output>,
): MiddyfiedHandler<unknown, Output> =>
  middy<unknown, Output>({
    timeoutEarlyInMillis: answerBeforeTimeoutMs,
    timeoutEarlyResponse: () => {
      throw new errors.FunctionTimedOut('The function ran out of time while it waited for AWS or Atlas.');
    },
  })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .before(({ event, context }) => {
      forgetPasswords();
      logger.appendKeys(subjectOf(event, context));
    })
    .after(({ event, context, response }) => {
      logger.info('answered', { answer: summaryOf(response) });
      publishMetrics(subjectOf(event, context));
    })
    .onError(({ event, context, error }) => {
      blotOut(error);
      if (error) logger.error(error.message, error);
      if (error && error.name in errors) metrics.addMetric(error.name, 'Count', 1);
      publishMetrics(subjectOf(event, context));
    })
    .handler(async (event: unknown, context: Context, { signal }: { signal: AbortSignal }) => {
      const invocation = {
        signal,
        remainingMs: () => context.getRemainingTimeInMillis() - answerBeforeTimeoutMs,
        functionArn: context.invokedFunctionArn,
      };
      return stripped(output, await run(checked(input, event), invocation));
    });

/** The keys of every log line: the state, and the execution and the cluster that the event is about. */
function subjectOf(event: unknown, { functionName }: Context): Record<string, string> {
  // A Task gets `executionArn` and `run`; an event about an execution names it in its detail.
  const { executionArn, run, detail } = (event ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const { request, input } = (run ?? {}) as { request?: { clusterArn?: unknown }; input?: unknown };
  const keys = {
    state: functionName.split('-').at(-1),
    execution: executionArn ?? detail?.executionArn,
    cluster: request?.clusterArn ?? clusterArnIn(input),
  };
  return Object.fromEntries(
    Object.entries(keys).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The scalar fields of an answer and of its direct parts. Lists and deeper parts are only in the execution's history. */
const summaryOf = (answer: unknown, depth = 1): object =>
  Object.fromEntries(
    Object.entries(answer ?? {})
      .filter(([, value]) => value !== null && (typeof value !== 'object' || (depth > 0 && !Array.isArray(value))))
      .map(([key, value]) => [key, typeof value === 'object' ? summaryOf(value, depth - 1) : value]),
  );

/** The fields that the output schema has. A mismatch is a bug, and it must have a name that the machine knows. */
function stripped<Output>(output: ZodMiniType<Output>, result: Output): Output {
  const parsed = output.safeParse(result);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole output').join(', ');
  throw new errors.DeploymentMisconfigured(
    `The function's result does not have the shape that it declares (${fields}). Please report this as a bug.`,
  );
}

function checked<Input>(input: ZodMiniType<Input>, event: unknown): Input {
  const result = input.safeParse(event);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join('.') || 'the whole input').join(', ');
  throw new errors.DeploymentMisconfigured(
    `The state's input does not have the shape that its function expects (${fields}). Deploy state machine and functions together.`,
  );
}
