import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { Clock } from '../../../emulators/clock.ts';
import { Lambda, type LambdaOptions } from '../../../emulators/lambda/lambda.ts';

const arn = 'arn:aws:lambda:us-east-1:123456789012:function:local-Tried';

/** What handlers and tests tell each other, so that no test has to wait for a time. */
function signals(t: TestContext) {
  const channel = new BroadcastChannel(`lambda.test ${process.pid}`);
  t.after(() => channel.close());
  return {
    received: (signal: string) =>
      new Promise<void>((resolve) => {
        channel.addEventListener('message', (event) => {
          if ((event as MessageEvent).data === signal) resolve();
        });
      }),
    send: (signal: string) => channel.postMessage(signal),
  };
}

type Settings = Partial<LambdaOptions> & { timeoutSeconds?: number };

/**
 * Lambda with one function, whose handler has this body. The clock stands still if no other is given. In the body, `send` and
 * `received` are the counterparts of `signals`.
 */
function lambdaWith(t: TestContext, body: string, { timeoutSeconds = 10, ...options }: Settings = {}) {
  const module = `
    const channel = new BroadcastChannel('lambda.test ${process.pid}');
    channel.unref();
    const send = (signal) => channel.postMessage(signal);
    const received = (signal) =>
      new Promise((resolve) => channel.addEventListener('message', ({ data }) => data === signal && resolve()));
    let calls = 0;
    export const handler = async (event, context) => { calls += 1; ${body} };`;
  const configuration = {
    name: 'Tried',
    functionName: 'local-Tried',
    arn,
    bundle: `data:text/javascript,${encodeURIComponent(module)}`,
    memorySize: 256,
    timeoutSeconds,
    environment: { SETTING: 'value' },
  };
  const clock = options.clock ?? new Clock({ speed: 0 });
  const lambda = new Lambda([configuration], { ...options, clock });
  t.after(() => lambda.close());
  return { lambda, clock, invoke: (event: unknown) => lambda.invoke(arn, event) };
}

/** A clock that functions follow, and that stands still until a test advances it. */
const followedClock = () => new Clock({ speed: 0, functionSpeed: 1000 });

suite('the local Lambda', () => {
  test('passes the event, the context and the environment to the function, and nothing else', async (t) => {
    const { invoke } = lambdaWith(t, 'return { event, context, environment: process.env };');
    const { payload } = await invoke({ a: undefined, b: new Date(0) });
    const { event, context, environment } = payload as Record<string, Record<string, unknown>>;
    assert.deepEqual(event, { b: '1970-01-01T00:00:00.000Z' });
    assert.equal(context?.functionName, 'local-Tried');
    assert.equal(context?.invokedFunctionArn, arn);
    assert.equal(context?.memoryLimitInMB, '256');
    assert.deepEqual(environment, { SETTING: 'value' });
  });

  test('reports to the function how much time is left', async (t) => {
    const { invoke } = lambdaWith(t, 'return context.getRemainingTimeInMillis();', { timeoutSeconds: 60 });
    const { payload } = await invoke({});
    assert.ok(Number(payload) > 55_000 && Number(payload) <= 60_000, String(payload));
  });

  test('returns null for a function that returns nothing', async (t) => {
    const { invoke } = lambdaWith(t, '');
    assert.equal((await invoke({})).payload, null);
  });

  test('keeps a container warm, and starts another one if it is busy', async (t) => {
    const { invoke } = lambdaWith(t, 'return calls;');
    assert.equal((await invoke({})).payload, 1);
    assert.equal((await invoke({})).payload, 2);
    const both = await Promise.all([invoke({}), invoke({})]);
    assert.deepEqual(both.map(({ payload }) => payload).toSorted(), [1, 3]);
  });

  test('handles the next event in a new container after a variable has changed, also if the function was busy then', async (t) => {
    const body = 'if (event.waits) { send("begun"); await received("continue"); } return [process.env.SETTING, calls];';
    const { invoke, lambda } = lambdaWith(t, body);
    const { received, send } = signals(t);
    await invoke({});
    const begun = received('begun');
    const busy = invoke({ waits: true });
    await begun;
    const undo = await lambda.update({ SETTING: 'other' });
    send('continue');
    assert.deepEqual((await busy).payload, ['value', 2]);
    assert.deepEqual((await invoke({})).payload, ['other', 1]);
    await undo();
    assert.deepEqual((await invoke({})).payload, ['value', 1]);
    await lambda.update({ SETTING: 'value' });
    assert.deepEqual((await invoke({})).payload, ['value', 2], 'nothing has changed');
  });

  test('refuses a variable that no function has', async (t) => {
    const { lambda } = lambdaWith(t, '');
    await assert.rejects(lambda.update({ SETING: 'other' }), { message: 'No function has the variable SETING.' });
  });

  test('keeps the lines that a function has printed on standard output and standard error before it answers', async (t) => {
    const { invoke, lambda } = lambdaWith(t, 'console.log("out"); console.error("err");');
    await invoke({});
    assert.deepEqual(lambda.logs.get('Tried')?.toSorted(), ['err', 'out']);
  });

  test('reports an error by its name, its message and its trace', async (t) => {
    const { invoke } = lambdaWith(t, 'throw Object.assign(new Error("broken"), { name: "AtlasRefused" });');
    const { error, payload } = await invoke({});
    assert.equal(payload, undefined);
    assert.equal(error?.errorType, 'AtlasRefused');
    assert.equal(error?.errorMessage, 'broken');
    assert.match(error?.trace?.[0] ?? '', /broken/);
  });

  test('ends a function at its time-out, even one that never yields, and then starts a new container', async (t) => {
    const body = 'send("begun"); while (event.hangs); return calls;';
    const { invoke, clock } = lambdaWith(t, body, { timeoutSeconds: 30 });
    const begun = signals(t).received('begun');
    const hanging = invoke({ hangs: true });
    await begun;
    clock.advance(0.5);
    const { error } = await hanging;
    assert.equal(error?.errorType, 'Sandbox.Timedout');
    assert.match(error?.errorMessage ?? '', /^RequestId: [0-9a-f-]{36} Error: Task timed out after 30\.00 seconds$/);
    assert.equal((await invoke({})).payload, 1);
  });

  test('reports a function that exits or crashes, and then starts a new container', async (t) => {
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
    test(`ends a function by a ${how} while it handles an event, and then starts a new container`, async (t) => {
      const body = 'if (event.hangs) { send("begun"); await new Promise(() => {}); } return calls;';
      const { invoke, lambda } = lambdaWith(t, body);
      const begun = signals(t).received('begun');
      const hanging = invoke({ hangs: true });
      await begun;
      lambda.end(arn, how);
      assert.equal((await hanging).error?.errorType, errorType);
      assert.equal((await invoke({})).payload, 1);
    });

  const timers = {
    setTimeout: 'new Promise((done) => setTimeout(done, 30_000))',
    'setTimeout of node:timers/promises': 'promises.setTimeout(30_000)',
    'AbortSignal.timeout': "new Promise((done) => AbortSignal.timeout(30_000).addEventListener('abort', done))",
  };
  for (const [name, pause] of Object.entries(timers))
    test(`lets ${name} of a function follow the clock`, async (t) => {
      const body = `
        const promises = await import('node:timers/promises');
        const before = context.getRemainingTimeInMillis();
        if (event.pauses) { const paused = ${pause}; send('begun'); await paused; }
        return [before, context.getRemainingTimeInMillis()];`;
      const { invoke, clock } = lambdaWith(t, body, { clock: followedClock(), timeoutSeconds: 60 });
      await invoke({});
      const begun = signals(t).received('begun');
      let isPausing = true;
      const pausing = invoke({ pauses: true }).finally(() => {
        isPausing = false;
      });
      await begun;
      clock.advance(0.4);
      // Another invocation takes longer than the timer would, at the speed of the functions, without the clock.
      await invoke({});
      assert.ok(isPausing);
      clock.advance(0.2);
      assert.deepEqual((await pausing).payload, [60_000, 24_000]);
    });

  for (const functionSpeed of [1, 1000])
    test(`lets Date of a function follow the clock (functions ${functionSpeed} times as fast)`, async (t) => {
      const body = 'return [Date.now(), new Date().getTime(), +new Date(5), new Date() instanceof Date];';
      const clock = new Clock({ speed: 0, functionSpeed, start: new Date('2026-11-23T12:00:00Z') });
      const { invoke } = lambdaWith(t, body, { clock });
      const noon = Date.parse('2026-11-23T12:00:00Z');
      assert.deepEqual((await invoke({})).payload, [noon, noon, 5, true]);
      clock.advance(60);
      assert.deepEqual((await invoke({})).payload, [noon + 3_600_000, noon + 3_600_000, 5, true]);
    });

  test('ends the functions that run, and keeps the other containers warm', async (t) => {
    const { received } = signals(t);
    const body = 'if (event.hangs) { send("begun"); await new Promise(() => {}); } return calls;';
    const { lambda, invoke } = lambdaWith(t, body);
    const [begun, hanging] = [received('begun'), invoke({ hangs: true })];
    await begun;
    assert.equal((await invoke({})).payload, 1);
    await lambda.stopBusy();
    assert.equal((await hanging).error?.errorType, 'Runtime.ExitError');
    assert.equal((await invoke({})).payload, 2);
  });

  test('ends a function that follows the clock at its time-out', async (t) => {
    const { invoke, clock } = lambdaWith(t, 'send("begun"); await new Promise(() => {});', { clock: followedClock() });
    const begun = signals(t).received('begun');
    const hanging = invoke({});
    await begun;
    clock.advance(1);
    assert.equal((await hanging).error?.errorType, 'Sandbox.Timedout');
  });

  test('keeps what the function prints, line by line', async (t) => {
    const { invoke, lambda } = lambdaWith(t, 'console.log("one\\ntwo"); console.error("three");');
    await invoke({});
    await lambda.close();
    assert.deepEqual(lambda.logs.get('Tried')?.toSorted(), ['one', 'three', 'two']);
  });

  test('rejects a function that does not exist', async (t) => {
    const { lambda } = lambdaWith(t, '');
    await assert.rejects(lambda.invoke('arn:other', {}), /has no function arn:other/);
  });
});

suite('the local Lambda with a maximum concurrency', () => {
  test('runs the functions one after the other, and pauses the clock meanwhile', async (t) => {
    const body = 'const end = performance.now() + 60; while (performance.now() < end); return calls;';
    const { invoke, clock } = lambdaWith(t, body, { maxConcurrency: 1 });
    const all = [1, 2, 3].map(() => invoke({}));
    assert.equal(clock.isPaused(), true);
    // One container has handled all of them.
    assert.deepEqual(
      (await Promise.all(all)).map(({ payload }) => payload),
      [1, 2, 3],
    );
    assert.equal(clock.isPaused(), false);
  });

  test('does not count a function that only waits', { timeout: 120_000 }, async (t) => {
    const { invoke } = lambdaWith(t, 'if (event.waits) await received("end"); return calls;', { maxConcurrency: 1 });
    const { send } = signals(t);
    const waiting = invoke({ waits: true });
    await invoke({});
    send('end');
    assert.equal((await waiting).payload, 1);
  });
});
