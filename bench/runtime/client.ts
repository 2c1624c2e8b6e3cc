import diagnostics from 'node:diagnostics_channel';

/**
 * The inside of a Lambda sandbox: does with a bundle what the runtime of Node.js does, over Lambda's own runtime API. AWS's
 * `aws-lambda-ric` compiles a native addon on its installation, so it is no dependency that one would want for a benchmark.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */

/**
 * An `import` of node:http reads all that it exports, and WebSocket is a getter that loads undici, 40 ms of CPU. Lambda's own
 * runtime does not import it, nor does the SDK where it speaks HTTPS, as on AWS; so here, where it speaks HTTP, it finds none.
 * @see https://github.com/nodejs/node/issues/57649 and https://github.com/aws/aws-sdk-js-v3/issues/6914
 */
const http = process.getBuiltinModule('node:http');
for (const name of ['CloseEvent', 'MessageEvent', 'WebSocket']) Object.defineProperty(http, name, { value: undefined });

const { AWS_LAMBDA_RUNTIME_API, _HANDLER = '', LAMBDA_TASK_ROOT = '', AWS_LAMBDA_FUNCTION_NAME = '' } = process.env;
const agent = new http.Agent({ keepAlive: true });

/** Own time is what an invocation takes while no request of its own is out. */
const outside = { requests: new Set<unknown>(), since: 0, milliseconds: 0, count: 0 };

const [file, exported = 'handler'] = _HANDLER.split('.');
const { [exported]: handler } = await import(`${LAMBDA_TASK_ROOT}/${file}.mjs`);

// Node's http client serves the AWS SDK, and undici `fetch`. A request is out until the headers of its answer are here: what
// is left of the body is the function's to read. One that fails has an error instead, or as well.
diagnostics.subscribe('http.client.request.start', leave);
diagnostics.subscribe('http.client.response.finish', comeBack);
diagnostics.subscribe('http.client.request.error', comeBack);
diagnostics.subscribe('undici:request:create', leave);
diagnostics.subscribe('undici:request:headers', comeBack);
diagnostics.subscribe('undici:request:error', comeBack);

for (;;) {
  const next = await call('GET', 'invocation/next', '', { 'bench-cpu-ms': cpuMs() });
  const id = next.headers['lambda-runtime-aws-request-id'];
  Object.assign(outside, { requests: new Set(), milliseconds: 0, count: 0 });
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

function leave(message: unknown): void {
  const { request } = message as { request: { path: string } };
  if (request.path.startsWith('/2018-06-01/runtime/')) return;
  if (outside.requests.size === 0) outside.since = performance.now();
  outside.requests.add(request);
  outside.count += 1;
}

function comeBack(message: unknown): void {
  const isLast = outside.requests.delete((message as { request: unknown }).request) && outside.requests.size === 0;
  if (isLast) outside.milliseconds += performance.now() - outside.since;
}
