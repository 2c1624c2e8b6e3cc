import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { ZodMiniType } from 'zod/mini';
import * as errors from '../errors.ts';
import { clusterArnIn } from '../request/request.ts';
import { metrics, publishMetrics } from './metrics.ts';

/** What a function's logic may need to know of the invocation that it runs in. */
export interface Invocation {
  /** Aborted just before Lambda would end the function. */
  signal: AbortSignal;
  /** Milliseconds until then. */
  remainingMs: () => number;
  /** The function's own ARN, which tells the partition, Region and account of the deployment. */
  functionArn: string;
}

/** Enough to log the error and answer before Lambda ends the process, which would leave only `Sandbox.Timedout`. */
const answerBeforeTimeoutMs = 1000;

export const logger = new Logger();

/**
 * The one middy chain of every function: log context, checked input, a line about the answer or the failure, metrics. There is
 * no error handler, on purpose: a state must fail in order to be retried or caught. Each failure of a class of ours is a metric
 * of that name.
 *
 * @param input the shape that the state machine hands over; a mismatch means that machine and function are of two versions
 */
export const lambdaHandler = <Input, Output>(
  input: ZodMiniType<Input>,
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
      logger.appendKeys(whatItIsAbout(event, context));
    })
    .after(({ event, context, response }) => {
      logger.info('answered', { answer: inShort(response) });
      publishMetrics(whatItIsAbout(event, context));
    })
    .onError(({ event, context, error }) => {
      if (error) logger.error(error.message, error);
      if (error && error.name in errors) metrics.addMetric(error.name, 'Count', 1);
      publishMetrics(whatItIsAbout(event, context));
    })
    .handler((event: unknown, context: Context, { signal }: { signal: AbortSignal }) =>
      run(checked(input, event), {
        signal,
        remainingMs: () => context.getRemainingTimeInMillis() - answerBeforeTimeoutMs,
        functionArn: context.invokedFunctionArn,
      }),
    );

/** What each line of the log begins with. */
function whatItIsAbout(event: unknown, { functionName }: Context): Record<string, string> {
  const { executionArn, clusterArn, input, detail } = (event ?? {}) as Record<string, unknown>;
  const keys = {
    state: functionName.split('-').at(-1),
    // An event about an execution names it in its detail.
    execution: executionArn ?? (detail as { executionArn?: unknown } | undefined)?.executionArn,
    cluster: clusterArn ?? clusterArnIn(input),
  };
  return Object.fromEntries(
    Object.entries(keys).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The texts, numbers and switches of an answer, and of its parts; what is in lists, or deeper, stays in the history. */
const inShort = (answer: unknown, depth = 1): object =>
  Object.fromEntries(
    Object.entries(answer ?? {})
      .filter(([, value]) => value !== null && (typeof value !== 'object' || (depth > 0 && !Array.isArray(value))))
      .map(([key, value]) => [key, typeof value === 'object' ? inShort(value, depth - 1) : value]),
  );

function checked<Input>(input: ZodMiniType<Input>, event: unknown): Input {
  const result = input.safeParse(event);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join('.') || 'the whole input').join(', ');
  throw new errors.DeploymentMisconfigured(
    `The state's input does not have the shape that its function expects (${fields}). Deploy state machine and functions together.`,
  );
}
