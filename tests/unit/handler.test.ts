import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import { VersionConflict } from '../../shared/errors.ts';
import { type Invocation, lambdaHandler } from '../../shared/lambda/handler.ts';
import { clusterArn, executionArn, functionArn, tagEvent } from '../fixtures/request.ts';

const Input = z.object({ clusterArn: z.string(), count: z.number() });
const input = { clusterArn: 'arn', count: 1 };

const context = (remainingMs = 60_000) =>
  ({
    functionName: 'msk-atlas-privatelink-dev-ResolveRequest',
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: '256',
    awsRequestId: 'request-1',
    getRemainingTimeInMillis: () => remainingMs,
  }) as Context;

const invoke = (run: (given: unknown, invocation: Invocation) => Promise<unknown>, event: unknown, ms?: number) =>
  lambdaHandler(Input, run)(event, context(ms));

/** The lines that the function logs; all else, such as what the test runner writes, goes its way. */
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

describe('a handler', () => {
  it('gives the logic its input, without fields that the schema does not know, and gives back its answer', async () => {
    const given: unknown[] = [];
    const run = async (value: unknown) => {
      given.push(value);
      return { isReady: true };
    };
    assert.deepEqual(await invoke(run, { ...input, unknown: 1 }), { isReady: true });
    assert.deepEqual(given, [input]);
  });

  it('tells the logic where it runs and how long it still has', async () => {
    const seen = await invoke(async (_, { functionArn: arn, remainingMs, signal }) => {
      return { arn, remainingMs: remainingMs(), aborted: signal.aborted };
    }, input);
    assert.deepEqual(seen, { arn: functionArn, remainingMs: 59_000, aborted: false });
  });

  it('says in each line of its log which state, execution and cluster it is about, and what the answer was in short', async (t) => {
    const log = logOf(t);
    const about = { executionArn, clusterArn, count: 1 };
    await invoke(async () => ({ outcome: 'written', list: ['x'], done: { link: 'adopted', deeper: { x: 1 } } }), about);
    const { level, message, state, execution, cluster, answer } = JSON.parse(log());
    assert.deepEqual(
      [level, message, state, execution, cluster, answer],
      [
        'INFO',
        'answered',
        'ResolveRequest',
        executionArn,
        clusterArn,
        { outcome: 'written', done: { link: 'adopted' } },
      ],
    );
  });

  it('finds the cluster in the input of the execution, where it is not handed over', async (t) => {
    const log = logOf(t);
    await invoke(async () => ({}), { ...input, clusterArn: undefined, input: tagEvent() }).catch(() => {});
    assert.equal(JSON.parse(log().split('\n')[0] ?? '').cluster, clusterArn);
  });

  it('publishes a metric for each error of a class of ours, in the embedded metric format, and for no other', async (t) => {
    const log = logOf(t);
    const about = { executionArn, clusterArn, count: 1 };
    await assert.rejects(invoke(() => Promise.reject(new VersionConflict('Somebody else was faster.')), about));
    await assert.rejects(invoke(() => Promise.reject(new TypeError('x is undefined')), about));
    const lines = log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [metric, ...others] = lines.filter((line) => '_aws' in line);
    assert.deepEqual(others, []);
    assert.deepEqual([metric.VersionConflict, metric.execution, metric.cluster], [1, executionArn, clusterArn]);
    assert.deepEqual(metric._aws.CloudWatchMetrics[0].Metrics, [{ Name: 'VersionConflict', Unit: 'Count' }]);
  });

  it('does not run the logic on an input of another shape, and says which fields are wrong', async (t) => {
    logOf(t);
    const run = t.mock.fn(async () => ({}));
    for (const [event, fields] of [
      [{ clusterArn: 5 }, /\(clusterArn, count\)/],
      ['x', /\(the whole input\)/],
    ] as const)
      await assert.rejects(invoke(run, event), { name: 'DeploymentMisconfigured', message: fields });
    assert.equal(run.mock.callCount(), 0);
  });

  it("fails with the logic's own error, unchanged, and logs it with its cause but without the input", async (t) => {
    const log = logOf(t);
    const failure = new VersionConflict('Somebody else was faster.', { cause: new Error('Version K3.') });
    await assert.rejects(
      invoke(() => Promise.reject(failure), { ...input, config: 'not to be logged' }),
      (error) => error === failure,
    );
    const entry = JSON.parse(log().split('\n')[0] ?? '');
    assert.deepEqual(
      [entry.level, entry.message, entry.error.name, entry.error.cause.message, entry.function_request_id],
      ['ERROR', 'Somebody else was faster.', 'VersionConflict', 'Version K3.', 'request-1'],
    );
    assert.doesNotMatch(log(), /not to be logged/);
  });

  it('fails as FunctionTimedOut a second before Lambda would end it, and stops the logic', async (t) => {
    logOf(t);
    let aborted = false;
    const run = async (_: unknown, { signal }: Invocation) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      await pause(500, undefined, { ref: false });
    };
    await assert.rejects(invoke(run, input, 1_010), { name: 'FunctionTimedOut', message: /ran out of time/ });
    assert.ok(aborted);
  });
});
