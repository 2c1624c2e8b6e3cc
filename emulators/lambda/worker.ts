import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionError, WorkerAnswer, WorkerData, WorkerRequest } from './container.ts';
import { followClock, hastenTimers } from './timers.ts';

/** The inside of a container: does what the Node.js runtime of Lambda does between its runtime API and the handler. */

const { functionName, arn, bundle, memorySize, speed = 1, clock } = workerData as WorkerData;

if (clock) followClock(clock, speed);
else if (speed !== 1) hastenTimers(speed);

/** A module that cannot be loaded fails each event rather than the container, as in Lambda. */
const loading = import(bundle);
const answer = (message: WorkerAnswer) => parentPort?.postMessage(message);
await loading.catch(() => undefined);
answer('loaded');

parentPort?.on('message', async ({ requestId, event, deadline }: WorkerRequest) => {
  try {
    const { handler } = await loading;
    const result = await handler(JSON.parse(event), context(requestId, deadline));
    answer({ payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    answer({ error: functionError(error) });
  }
});

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function context(awsRequestId: string, deadline: number) {
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: String(memorySize),
    getRemainingTimeInMillis: () => (clock ? deadline - (clock[0] ?? 0) : (deadline - Date.now()) * speed),
  };
}

/** As Lambda's runtime interface client for Node.js reports what a handler has thrown. */
function functionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
