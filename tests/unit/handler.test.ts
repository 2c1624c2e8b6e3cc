import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import { VersionConflict } from '../../shared/errors.ts';
import { type Invocation, lambdaHandler } from '../../shared/lambda/handler.ts';
import { usePassword } from '../../shared/secrets/in-use.ts';
import { clusterArn, executionArn, functionArn, tagEvent } from '../fixtures/request.ts';

const schemas = {
  input: z.object({ run: z.object({ request: z.object({ clusterArn: z.string() }), count: z.number() }) }),
  output: z.looseObject({}),
};
const event = { run: { request: { clusterArn }, count: 1 } };

const context = (remainingMs = 60_000) =>
  ({
    functionName: 'msk-atlas-privatelink-dev-ResolveRequest',
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: '256',
    awsRequestId: 'request-1',
    getRemainingTimeInMillis: () => remainingMs,
  }) as Context;

const invoke = (
  run: (input: unknown, invocation: Invocation) => Promise<Record<string, unknown>>,
  given: unknown,
  remainingMs?: number,
) => lambdaHandler(schemas, run)(given, context(remainingMs));

/** The lines that the function logs. Other output, such as the test runner's, is not caught. */
function logOf(t: TestContext): () => string {
  const lines: string[] = [];
  for (const stream of [process.stderr, process.stdout]) {
    const write = stream.write.bind(stream);
    t.mock.method(stream, 'write', (chunk: string | Uint8Array) =>
      typeof chunk === 'string' && chunk.startsWith('{') ? lines.push(chunk) > 0 : write(chunk),
    );
  }
  return () => lines.join('');
}

/** The log lines as objects. */
const linesOf = (log: string) =>
  log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a handler', () => {
  it('passes the input to the logic without fields that the schema does not know, and returns its answer', async () => {
    const given: unknown[] = [];
    const run = async (value: unknown) => {
      given.push(value);
      return { isReady: true };
    };
    assert.deepEqual(await invoke(run, { ...event, unknown: 1 }), { isReady: true });
    assert.deepEqual(given, [event]);
  });

  it('returns only the fields of the output schema', async () => {
    const answer = { isReady: true, password: 'hunter2' };
    const handler = lambdaHandler({ ...schemas, output: z.object({ isReady: z.boolean() }) }, async () => answer);
    assert.deepEqual(await handler(event, context()), { isReady: true });
  });

  it('reports a result that lacks a declared field under a name that the machine knows', async () => {
    const handler = lambdaHandler(
      { ...schemas, output: z.object({ isReady: z.boolean() }) },
      async () => ({}) as never,
    );
    await assert.rejects(async () => handler(event, context()), {
      name: 'DeploymentMisconfigured',
      message: /^The function's result does not have the shape that it declares \(isReady\)/,
    });
  });

  it('logs only the fields of the output schema', async (t) => {
    const log = logOf(t);
    const answer = { isReady: true, password: 'hunter2' };
    await lambdaHandler({ ...schemas, output: z.object({ isReady: z.boolean() }) }, async () => answer)(
      event,
      context(),
    );
    assert.deepEqual(linesOf(log())[0].answer, { isReady: true });
  });

  it('passes the logic its function ARN and the time that is left', async () => {
    const seen = await invoke(async (_, { functionArn: arn, remainingMs, signal }) => {
      return { arn, remainingMs: remainingMs(), aborted: signal.aborted };
    }, event);
    assert.deepEqual(seen, { arn: functionArn, remainingMs: 59_000, aborted: false });
  });

  it('logs the state, the execution, the cluster and a summary of the answer', async (t) => {
    const log = logOf(t);
    const answer = { result: 'updated', list: ['x'], none: null, done: { link: 'adopted', deeper: { x: 1 } } };
    await invoke(async () => answer, { ...event, executionArn });
    const [line] = linesOf(log());
    assert.deepEqual(
      [line.level, line.message, line.state, line.execution, line.cluster, line.answer],
      [
        'INFO',
        'answered',
        'ResolveRequest',
        executionArn,
        clusterArn,
        { result: 'updated', done: { link: 'adopted' } },
      ],
    );
  });

  it('finds the cluster in the input of the execution before the request is resolved', async (t) => {
    const log = logOf(t);
    await invoke(async () => ({}), { run: { input: tagEvent() } }).catch(() => {});
    assert.equal(linesOf(log())[0].cluster, clusterArn);
  });

  it('finds the execution in an event about it', async (t) => {
    const log = logOf(t);
    await invoke(async () => ({}), { detail: { executionArn } }).catch(() => {});
    assert.equal(linesOf(log())[0].execution, executionArn);
  });

  it('logs nothing about a subject of another shape', async (t) => {
    const log = logOf(t);
    for (const odd of [null, 'x', { run: null }, { run: 'x', detail: 5, executionArn: { a: 1 } }])
      await invoke(async () => ({}), odd).catch(() => {});
    for (const { execution, cluster } of linesOf(log()).filter(({ level }) => level === 'ERROR'))
      assert.deepEqual([execution, cluster], [undefined, undefined]);
    assert.equal(linesOf(log()).filter(({ level }) => level === 'ERROR').length, 4);
  });

  it('publishes a metric for each of our error classes in the embedded metric format, and for no other error', async (t) => {
    const log = logOf(t);
    const about = { ...event, executionArn };
    await assert.rejects(invoke(() => Promise.reject(new VersionConflict('Another writer was faster.')), about));
    await assert.rejects(invoke(() => Promise.reject(new TypeError('x is undefined')), about));
    const [metric, ...others] = linesOf(log()).filter((line) => '_aws' in line);
    assert.deepEqual(others, []);
    assert.deepEqual([metric.VersionConflict, metric.execution, metric.cluster], [1, executionArn, clusterArn]);
    assert.deepEqual(metric._aws.CloudWatchMetrics[0].Metrics, [{ Name: 'VersionConflict', Unit: 'Count' }]);
  });

  it('does not run the logic on an input of another shape, and names the wrong fields', async (t) => {
    logOf(t);
    const run = t.mock.fn(async () => ({}));
    for (const [given, fields] of [
      [{ run: { request: { clusterArn: 5 } } }, /\(run\.request\.clusterArn, run\.count\)/],
      ['x', /\(the whole input\)/],
    ] as const)
      await assert.rejects(invoke(run, given), { name: 'DeploymentMisconfigured', message: fields });
    assert.equal(run.mock.callCount(), 0);
  });

  it("fails with the logic's own error, unchanged, and logs it with its cause but without the input", async (t) => {
    const log = logOf(t);
    const failure = new VersionConflict('Another writer was faster.', { cause: new Error('Version K3.') });
    await assert.rejects(
      invoke(() => Promise.reject(failure), { ...event, config: 'not to be logged' }),
      (error) => error === failure,
    );
    const [entry] = linesOf(log());
    assert.deepEqual(
      [entry.level, entry.message, entry.error.name, entry.error.cause.message, entry.function_request_id],
      ['ERROR', 'Another writer was faster.', 'VersionConflict', 'Version K3.', 'request-1'],
    );
    assert.doesNotMatch(log(), /not to be logged/);
  });

  it('blots out every secret in use, in the log and in the error that it throws', async (t) => {
    const log = logOf(t);
    const failure = Object.assign(new TypeError('No header can be hunter22.', { cause: new Error('hunter22') }), {
      header: 'hunter22',
    });
    const run = async () => {
      usePassword('hunter22');
      throw failure;
    };
    await assert.rejects(invoke(run, event), (error) => error === failure);
    assert.equal(failure.message, 'No header can be ***.');
    assert.doesNotMatch(`${log()}${failure.stack}${failure.header}${failure.cause}`, /hunter22/);
    const succeeds = async () => {
      usePassword('hunter22');
      return { state: 'hunter22' };
    };
    await invoke(succeeds, event);
    assert.doesNotMatch(log(), /hunter22/);
  });

  it('forgets the passwords of the invocation before', async (t) => {
    const log = logOf(t);
    usePassword('updated');
    await invoke(async () => ({ result: 'updated' }), event);
    assert.equal(linesOf(log())[0].answer.result, 'updated');
  });

  it('fails as FunctionTimedOut a second before Lambda would end it, and aborts the logic', async (t) => {
    logOf(t);
    const aborted = Promise.withResolvers<void>();
    const run = async (_: unknown, { signal }: Invocation) => {
      await once(signal, 'abort');
      aborted.resolve();
      return {};
    };
    await assert.rejects(invoke(run, event, 1_010), { name: 'FunctionTimedOut', message: /ran out of time/ });
    await aborted.promise;
  });
});
