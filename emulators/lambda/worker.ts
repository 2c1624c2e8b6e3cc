import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionError, WorkerData, WorkerMessage, WorkerRequest } from './container.ts';
import { followClock, followDate } from './timers.ts';

/** Runs inside a container, in the place of Lambda's Node.js runtime. */

const { functionName, arn, bundle, memorySize, clock } = workerData as WorkerData;

followDate(clock.now);
if (clock.speed !== 1) followClock(clock.now, clock.speed);

/** If the module cannot be loaded, each event fails and the container lives on, as in Lambda. */
const loading = import(bundle);
const send = (message: WorkerMessage) => parentPort?.postMessage(message);
/** Everything that was printed has reached the log. */
const logged = (): Promise<unknown> =>
  Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));

await loading.catch(() => undefined);
send('loaded');

parentPort?.on('message', async ({ requestId, event, deadline }: WorkerRequest) => {
  send('begun');
  try {
    const { handler } = await loading;
    const result = await handler(JSON.parse(event), context(requestId, deadline));
    const payload = JSON.stringify(result) ?? 'null';
    await logged();
    send({ payload });
  } catch (error) {
    await logged();
    send({ error: functionError(error) });
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
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Describes what a handler has thrown, as Lambda's runtime interface client for Node.js does. */
function functionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
