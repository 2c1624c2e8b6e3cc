import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { Lambda, type LambdaOptions } from '../../../emulators/lambda/lambda.ts';
import { PatientClock } from '../../../emulators/patient-clock.ts';

const arn = 'arn:aws:lambda:us-east-1:123456789012:function:local-Tried';

type Settings = LambdaOptions & { timeoutSeconds?: number; speed?: number };

/** Lambda with one function, whose handler has this body. */
function lambdaWith(t: TestContext, body: string, { timeoutSeconds = 10, speed = 1, ...options }: Settings = {}) {
  const module = `let calls = 0; export const handler = async (event, context) => { calls += 1; ${body} };`;
  const configuration = {
    name: 'Tried',
    functionName: 'local-Tried',
    arn,
    bundle: `data:text/javascript,${encodeURIComponent(module)}`,
    memorySize: 256,
    timeoutSeconds,
    environment: { SETTING: 'value' },
    speed,
  };
  const lambda = new Lambda([configuration], options);
  t.after(() => lambda.close());
  return { lambda, invoke: (event: unknown) => lambda.invoke(arn, event) };
}

suite('the local Lambda', () => {
  test('hands over the event, the context and the environment of the function, and nothing else', async (t) => {
    const { invoke } = lambdaWith(t, 'return { event, context, environment: process.env };');
    const { payload } = await invoke({ a: undefined, b: new Date(0) });
    const { event, context, environment } = payload as Record<string, Record<string, unknown>>;
    assert.deepEqual(event, { b: '1970-01-01T00:00:00.000Z' });
    assert.equal(context?.functionName, 'local-Tried');
    assert.equal(context?.invokedFunctionArn, arn);
    assert.equal(context?.memoryLimitInMB, '256');
    assert.deepEqual(environment, { SETTING: 'value' });
  });

  test('tells the function how much time is left', async (t) => {
    const { invoke } = lambdaWith(t, 'return context.getRemainingTimeInMillis();', { timeoutSeconds: 60 });
    const { payload } = await invoke({});
    assert.ok(Number(payload) > 55_000 && Number(payload) <= 60_000, String(payload));
  });

  test('answers null for a function that returns nothing', async (t) => {
    const { invoke } = lambdaWith(t, '');
    assert.equal((await invoke({})).payload, null);
  });

  test('keeps a container warm, and starts another while it is busy', async (t) => {
    const { invoke } = lambdaWith(t, 'await new Promise((done) => setTimeout(done, event.ms)); return calls;');
    assert.equal((await invoke({ ms: 0 })).payload, 1);
    assert.equal((await invoke({ ms: 0 })).payload, 2);
    const both = await Promise.all([invoke({ ms: 200 }), invoke({ ms: 200 })]);
    assert.deepEqual(both.map(({ payload }) => payload).toSorted(), [1, 3]);
  });

  test('reports an error by its name, its message and its trace', async (t) => {
    const { invoke } = lambdaWith(t, 'throw Object.assign(new Error("broken"), { name: "AtlasRefused" });');
    const { error, payload } = await invoke({});
    assert.equal(payload, undefined);
    assert.equal(error?.errorType, 'AtlasRefused');
    assert.equal(error?.errorMessage, 'broken');
    assert.match(error?.trace?.[0] ?? '', /broken/);
  });

  test('ends a function that runs out of time, even one that never yields, and then starts afresh', async (t) => {
    const { invoke } = lambdaWith(t, 'while (event.hang); return calls;', { timeoutSeconds: 0.3 });
    const { error } = await invoke({ hang: true });
    assert.equal(error?.errorType, 'Sandbox.Timedout');
    assert.match(error?.errorMessage ?? '', /^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.30 seconds$/);
    assert.equal((await invoke({})).payload, 1);
  });

  test('reports a function that exits or crashes, and then starts afresh', async (t) => {
    const { invoke, lambda } = lambdaWith(
      t,
      'if (event.exit) process.exit(3); if (event.crash) { setTimeout(() => { throw new Error("gone"); }); await new Promise(() => {}); } return calls;',
    );
    const exited = await invoke({ exit: true });
    assert.equal(exited.error?.errorType, 'Runtime.ExitError');
    assert.match(exited.error?.errorMessage ?? '', /exit status 3$/);
    const crashed = await invoke({ crash: true });
    assert.equal(crashed.error?.errorType, 'Runtime.ExitError');
    assert.match(lambda.logs.get('Tried')?.join('\n') ?? '', /gone/);
    assert.equal((await invoke({})).payload, 1);
  });

  for (const [how, errorType] of [
    ['crash', 'Runtime.ExitError'],
    ['time-out', 'Sandbox.Timedout'],
  ] as const)
    test(`ends a function in the middle of its work as a ${how}, and then starts afresh`, async (t) => {
      const { invoke, lambda } = lambdaWith(t, 'if (event.hang) await new Promise(() => {}); return calls;');
      await invoke({});
      const hanging = invoke({ hang: true });
      setTimeout(() => lambda.end(arn, how), 20);
      assert.equal((await hanging).error?.errorType, errorType);
      assert.equal((await invoke({})).payload, 1);
    });

  test('hastens the timers of a function, and what it tells of the time that is left', async (t) => {
    const body = `
      const { setTimeout: pause } = await import('node:timers/promises');
      const start = performance.now();
      await new Promise((done) => setTimeout(done, 4_000));
      await pause(4_000);
      await new Promise((done) => AbortSignal.timeout(4_000).addEventListener('abort', done));
      return { ms: performance.now() - start, left: context.getRemainingTimeInMillis() };`;
    const { invoke } = lambdaWith(t, body, { timeoutSeconds: 60, speed: 100 });
    const { ms, left } = (await invoke({})).payload as { ms: number; left: number };
    assert.ok(ms >= 115 && ms < 6_000, `${ms} ms`);
    assert.ok(left <= 60_000 - 11_500, `${left} ms are left`);
  });

  test('keeps what the function prints, line by line', async (t) => {
    const { invoke, lambda } = lambdaWith(t, 'console.log("one\\ntwo"); console.error("three");');
    await invoke({});
    await lambda.close();
    assert.deepEqual(lambda.logs.get('Tried')?.toSorted(), ['one', 'three', 'two']);
  });

  test('refuses a function that it does not have', async (t) => {
    const { lambda } = lambdaWith(t, '');
    await assert.rejects(lambda.invoke('arn:other', {}), /has no function arn:other/);
  });
});

suite('the local Lambda with more to do than the machine can', () => {
  const work = 'const until = performance.now() + event.ms; while (performance.now() < until); return calls;';

  test('lets so many be at work at once, and the next one begin when one has ended', async (t) => {
    const { lambda, invoke } = lambdaWith(t, work, { most: 1 });
    const all = [1, 2, 3].map(() => invoke({ ms: 60 }));
    assert.equal(lambda.isBehind, true);
    // The same container for all of them.
    assert.deepEqual(
      (await Promise.all(all)).map(({ payload }) => payload),
      [1, 2, 3],
    );
    assert.equal(lambda.isBehind, false);
  });

  test('does not wait for one that only waits itself', async (t) => {
    const body =
      "const { setTimeout: pause } = await import('node:timers/promises'); await pause(event.ms); return calls;";
    const { invoke } = lambdaWith(t, body, { most: 1 });
    const ended: string[] = [];
    const long = invoke({ ms: 2000 }).then(() => ended.push('long'));
    await invoke({ ms: 1 }).then(() => ended.push('short'));
    await long;
    assert.deepEqual(ended, ['short', 'long']);
  });

  test('lets the pauses, the time-out and the time that is left of a function keep to the clock of the cloud', async (t) => {
    const clock = new PatientClock(100, 100);
    t.after(() => clock.close());
    const body = `
      const { setTimeout: pause } = await import('node:timers/promises');
      const left = context.getRemainingTimeInMillis();
      await pause(event.ms);
      return left - context.getRemainingTimeInMillis();`;
    const { invoke } = lambdaWith(t, body, { clock, speed: 100, timeoutSeconds: 60 });
    await invoke({ ms: 1 });
    const { payload } = await clock.inFunctionTime(invoke({ ms: 30_000 }));
    assert.ok(Number(payload) >= 30_000, `${payload} ms`);
    const { error } = await clock.inFunctionTime(invoke({ ms: 90_000 }));
    assert.equal(error?.errorType, 'Sandbox.Timedout');
  });
});
