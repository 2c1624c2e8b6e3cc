// Runs inside a container, in the place of Lambda's Node.js runtime. This file and timers.mjs are plain JavaScript: otherwise, each
// container would load Node's support for TypeScript, which takes almost as long as loading the function.
import { parentPort, workerData } from 'node:worker_threads';
import { followClock, followDate } from './timers.mjs';

/** @import { FunctionError, WorkerData, WorkerMessage, WorkerRequest } from './container.ts' */

/** @type {WorkerData} */
const { functionName, arn, bundle, memorySize, clock } = workerData;

followDate(clock.now);
if (clock.speed !== 1) followClock(clock.now, clock.speed);

/** If the module cannot be loaded, each event fails and the container lives on, as in Lambda. */
const loading = import(bundle);
/** @param {WorkerMessage} message */
const send = (message) => parentPort?.postMessage(message);
/** Everything that was printed has reached the log. */
const logged = () =>
  Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));

await loading.catch(() => undefined);
send('loaded');

parentPort?.on('message', async (/** @type {WorkerRequest} */ { requestId, event, deadline }) => {
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

/**
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 * @param {string} awsRequestId @param {number} deadline epoch milliseconds
 */
function context(awsRequestId, deadline) {
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

/**
 * Describes what a handler has thrown, as Lambda's runtime interface client for Node.js does.
 *
 * @param {unknown} error @returns {FunctionError}
 */
function functionError(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
