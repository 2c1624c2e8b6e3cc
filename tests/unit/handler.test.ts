import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import { VersionConflict } from '../../shared/errors.ts';
import { type Invocation, lambdaHandler } from '../../shared/lambda/handler.ts';
import { functionArn } from '../fixtures/request.ts';

const Input = z.object({ clusterArn: z.string(), count: z.number() });
const input = { clusterArn: 'arn', count: 1 };

const context = (remainingMs = 60_000) =>
  ({
    functionName: 'resolve-request',
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: '256',
    awsRequestId: 'request-1',
    getRemainingTimeInMillis: () => remainingMs,
  }) as Context;

const invoke = (run: (given: unknown, invocation: Invocation) => Promise<unknown>, event: unknown, ms?: number) =>
  lambdaHandler(Input, run)(event, context(ms));

/** What the function logs as errors. */
function logOf(t: TestContext): () => string {
  const write = t.mock.method(process.stderr, 'write', () => true);
  return () => write.mock.calls.map(({ arguments: [chunk] }) => String(chunk)).join('');
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
      invoke(() => Promise.reject(failure), { ...input, clusterArn: 'not to be logged' }),
      (error) => error === failure,
    );
    const entry = JSON.parse(log());
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
