import diagnostics from 'node:diagnostics_channel';
import { Agent, request } from 'node:http';

/**
 * The inside of a Lambda sandbox: does with a bundle what the runtime of Node.js does, over Lambda's own runtime API. AWS's
 * `aws-lambda-ric` compiles a native addon on its installation, so it is no dependency that one would want for a benchmark.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */

const { AWS_LAMBDA_RUNTIME_API, _HANDLER = '', LAMBDA_TASK_ROOT = '', AWS_LAMBDA_FUNCTION_NAME = '' } = process.env;
const agent = new Agent({ keepAlive: true });

/** Own time is what an invocation takes while no request of its own is out. */
const outside = { requests: 0, since: 0, milliseconds: 0, count: 0 };

const [file, exported = 'handler'] = _HANDLER.split('.');
const { [exported]: handler } = await import(`${LAMBDA_TASK_ROOT}/${file}.mjs`);

// Node's http client serves the AWS SDK, and undici `fetch`.
diagnostics.subscribe('http.client.request.start', (message) => {
  if (!isOurs(message)) leave();
});
diagnostics.subscribe('http.client.response.finish', (message) => {
  if (!isOurs(message)) comeBack();
});
diagnostics.subscribe('undici:request:create', leave);
diagnostics.subscribe('undici:request:headers', comeBack);

for (;;) {
  const next = await call('GET', 'invocation/next', '', { 'bench-cpu-ms': cpuMs() });
  const id = next.headers['lambda-runtime-aws-request-id'];
  Object.assign(outside, { requests: 0, milliseconds: 0, count: 0 });
  const started = performance.now();
  try {
    const result = await handler(JSON.parse(next.body), context(next.headers));
    await answer(`invocation/${id}/response`, JSON.stringify(result), started);
  } catch (error) {
    const { name, message, stack = '' } = error as Error;
    const body = JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') });
    await answer(`invocation/${id}/error`, body, started);
  }
}

/** The headers are no part of the protocol; Lambda would ignore them. */
async function answer(path: string, body = 'null', started: number): Promise<void> {
  const ownMs = performance.now() - started - outside.milliseconds;
  await call('POST', path, body, {
    'bench-own-ms': String(ownMs),
    'bench-requests': String(outside.count),
    'bench-cpu-ms': cpuMs(),
  });
}

/** Of the whole process so far. */
function cpuMs(): string {
  const { user, system } = process.cpuUsage();
  return String((user + system) / 1000);
}

function call(method: string, path: string, body = '', headers: Record<string, string> = {}) {
  return new Promise<{ headers: Record<string, string>; body: string }>((resolve, reject) => {
    const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
    const outgoing = request(url, { agent, method, headers }, async (incoming) => {
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

function isOurs(message: unknown): boolean {
  return (message as { request: { path: string } }).request.path.startsWith('/2018-06-01/runtime/');
}

function leave(): void {
  outside.count += 1;
  outside.requests += 1;
  if (outside.requests === 1) outside.since = performance.now();
}

function comeBack(): void {
  if (outside.requests === 0) return;
  outside.requests -= 1;
  if (outside.requests === 0) outside.milliseconds += performance.now() - outside.since;
}
