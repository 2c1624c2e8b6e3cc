import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/**
 * The process inside a Lambda sandbox. It runs a bundle as Lambda's Node.js runtime does, over the runtime API. AWS's own
 * `aws-lambda-ric` is not used, because it compiles a native addon on installation.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */

/**
 * An `import` of node:http reads its exports, and WebSocket is a getter that loads undici, 40 ms of CPU. On AWS nothing imports
 * node:http, because the SDK uses HTTPS. Here the SDK uses HTTP, so the getters are removed.
 *
 * @see https://github.com/nodejs/node/issues/57649 and https://github.com/aws/aws-sdk-js-v3/issues/6914
 */
const http = process.getBuiltinModule('node:http');
for (const name of ['CloseEvent', 'MessageEvent', 'WebSocket']) Object.defineProperty(http, name, { value: undefined });

const { AWS_LAMBDA_RUNTIME_API, _HANDLER = '', LAMBDA_TASK_ROOT = '', AWS_LAMBDA_FUNCTION_NAME = '' } = process.env;
const agent = new http.Agent({ keepAlive: true });

/** The function's requests that have no complete answer yet, and how long there was at least one in this invocation. */
const pending = { requests: new Set<unknown>(), since: 0, milliseconds: 0 };

const [file, exported = 'handler'] = _HANDLER.split('.');
const { [exported]: handler } = await import(`${LAMBDA_TASK_ROOT}/${file}.mjs`);

// Node's http client serves the AWS SDK and the Atlas client; undici serves `fetch`. A request is pending until its answer has
// arrived with its whole body, or has failed.
diagnostics.subscribe('http.client.request.start', requestStarted);
diagnostics.subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as { request: unknown; response: IncomingMessage };
  for (const event of ['end', 'close']) response.once(event, () => requestEnded({ request }));
});
diagnostics.subscribe('http.client.request.error', requestEnded);
diagnostics.subscribe('undici:request:create', requestStarted);
diagnostics.subscribe('undici:request:trailers', requestEnded);
diagnostics.subscribe('undici:request:error', requestEnded);

for (;;) {
  const next = await call('GET', 'invocation/next', '', { 'bench-cpu-ms': cpuMs() });
  const id = next.headers['lambda-runtime-aws-request-id'];
  Object.assign(pending, { requests: new Set(), milliseconds: 0 });
  const started = { wallMs: performance.now(), cpu: process.threadCpuUsage() };
  try {
    const result = await handler(JSON.parse(next.body), context(next.headers));
    await answer(`invocation/${id}/response`, JSON.stringify(result), started);
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    const body = JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') });
    await answer(`invocation/${id}/error`, body, started);
  }
}

interface Started {
  wallMs: number;
  cpu: NodeJS.CpuUsage;
}

/** The headers are not part of Lambda's protocol. */
async function answer(path: string, body = 'null', started: Started): Promise<void> {
  const ownMs = ownSince(started);
  await call('POST', path, body, { 'bench-own-ms': String(ownMs), 'bench-cpu-ms': cpuMs() });
}

/** The time without a pending request, or the CPU time of this thread if that is more: a handler may work while a request is pending. */
function ownSince({ wallMs, cpu }: Started): number {
  const { user, system } = process.threadCpuUsage(cpu);
  return Math.max(performance.now() - wallMs - pending.milliseconds, (user + system) / 1000);
}

/** The CPU time of the whole process so far. */
function cpuMs(): string {
  const { user, system } = process.cpuUsage();
  return String((user + system) / 1000);
}

function call(method: string, path: string, body = '', headers: Record<string, string> = {}) {
  return new Promise<{ headers: Record<string, string>; body: string }>((resolve, reject) => {
    const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
    const outgoing = http.request(url, { agent, method, headers }, async (incoming) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      resolve({ headers: incoming.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
    });
    outgoing.on('error', reject).end(body);
  });
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function context(headers: Record<string, string>) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    callbackWaitsForEmptyEventLoop: true,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function requestStarted(message: unknown): void {
  const { request } = message as { request: { path: string } };
  if (request.path.startsWith('/2018-06-01/runtime/')) return;
  if (pending.requests.size === 0) pending.since = performance.now();
  pending.requests.add(request);
}

function requestEnded(message: unknown): void {
  const isLast = pending.requests.delete((message as { request: unknown }).request) && pending.requests.size === 0;
  if (isLast) pending.milliseconds += performance.now() - pending.since;
}
