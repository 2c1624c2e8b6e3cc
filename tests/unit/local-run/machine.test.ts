import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Clock } from '../../../emulators/clock.ts';
import type { Outcome } from '../../../emulators/lambda/container.ts';
import type { Execution, MachineEvent } from '../../../emulators/step-functions/execution.ts';
import { Machine, type MachineOptions } from '../../../emulators/step-functions/machine.ts';
import type { Definition, Retrier, State } from '../../../statemachine/definition.ts';

const arn = 'arn:aws:states:us-east-1:123456789012:stateMachine:tried';
const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:Ask';

/** A machine that invokes Ask, waits for as long as its data says, and succeeds. */
function machineWith({
  invoke,
  speed = 3600,
  ask = {},
  secondsPath = '$.seconds',
  first,
  failed = { Type: 'Fail' },
  onEvent,
  onEnd = () => {},
}: {
  invoke: (begin: () => void) => Outcome | Promise<Outcome>;
  speed?: number;
  ask?: Partial<State>;
  secondsPath?: string;
  /** The state before Ask. */
  first?: State;
  /** The state after the Catch of Ask. */
  failed?: State;
  onEvent?: MachineOptions['onEvent'];
  onEnd?: MachineOptions['onEnd'];
}) {
  const payloads: { name: string; payload: unknown }[] = [];
  const definition: Definition = {
    Comment: '',
    StartAt: first ? 'First' : 'Ask',
    TimeoutSeconds: 86_400,
    States: {
      ...(first && { First: first }),
      Ask: {
        Type: 'Task',
        Resource: '${Ask}',
        Parameters: { 'id.$': '$$.Execution.Id', 'now.$': '$$.State.EnteredTime', 'input.$': '$$.Execution.Input' },
        ResultPath: null,
        Next: 'Wait',
        ...ask,
      },
      Wait: { Type: 'Wait', SecondsPath: secondsPath, Next: 'Done' },
      Done: { Type: 'Succeed' },
      // The engine refuses a state that no other state leads to.
      ...(ask.Catch && { Failed: failed }),
    },
  };
  const clock = new Clock({ speed });
  const machine = new Machine({
    arn,
    definition,
    clock,
    substitutions: { Ask: functionArn },
    invoke: async (name, payload, begin) => {
      payloads.push({ name, payload });
      return invoke(begin);
    },
    onEvent,
    onEnd,
  });
  return { machine, clock, payloads };
}

/** How long the execution was in Wait, in simulated seconds, rounded: to leave a state takes a few milliseconds. */
function secondsWaited({ history }: Execution): number {
  const [entered, exited] = ['StateEntered', 'StateExited'].map((type) =>
    history.find((event) => event.type === type && 'state' in event && event.state.name === 'Wait'),
  );
  return secondsBetween(entered, exited);
}

const secondsBetween = (from: MachineEvent | undefined, to: MachineEvent | undefined): number =>
  Math.round((Number(to?.at) - Number(from?.at)) / 1000);

async function entered({ history }: Execution, state: string): Promise<void> {
  while (!history.some((event) => event.type === 'StateEntered' && event.state.name === state)) await setImmediate();
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate();
}

const answered: Outcome = { milliseconds: 1, payload: {} };
const failed = (errorType: string): Outcome => ({
  milliseconds: 1,
  error: { errorType, errorMessage: 'No.', trace: [] },
});

const retrier: Retrier = {
  ErrorEquals: ['Busy'],
  IntervalSeconds: 60,
  BackoffRate: 2,
  MaxDelaySeconds: 100,
  MaxAttempts: 3,
  JitterStrategy: 'FULL',
};

suite('the local Step Functions', () => {
  test('invokes a function with the parameters of its state and the context object of the execution', async () => {
    const { machine, clock, payloads } = machineWith({ invoke: () => answered });
    const before = clock.now();
    const execution = machine.start({ seconds: 0 });
    const result = await execution.result;
    assert.deepEqual(result, { status: 'SUCCEEDED', endState: 'Done', output: { seconds: 0 } });
    assert.match(execution.arn, /^arn:aws:states:us-east-1:123456789012:execution:tried:[0-9a-f-]{36}$/);
    const [{ name, payload }] = payloads as [{ name: string; payload: Record<string, unknown> }];
    assert.equal(name, functionArn);
    assert.equal(payload.id, execution.arn);
    assert.deepEqual(payload.input, { seconds: 0 });
    const entered = new Date(String(payload.now));
    assert.ok(entered >= before && entered <= clock.now(), `${entered.toISOString()} is simulated time`);
  });

  test('waits for as long as the data says, in simulated time', async () => {
    const execution = machineWith({ invoke: () => answered }).machine.start({ seconds: 3600 });
    await execution.result;
    assert.equal(secondsWaited(execution), 3600);
  });

  test('waits for as long as the result of the state before says, whatever the input says', async () => {
    const { machine } = machineWith({
      invoke: () => ({ milliseconds: 1, payload: { seconds: 3600 } }),
      ask: { ResultPath: '$.wait' },
      secondsPath: '$.wait.seconds',
    });
    for (const input of [{}, { wait: { seconds: 1 } }]) {
      const execution = machine.start(input);
      assert.equal((await execution.result).status, 'SUCCEEDED');
      assert.equal(secondsWaited(execution), 3600);
    }
  });

  test('fails if the data does not say how long to wait', async () => {
    const { status, cause } = await machineWith({ invoke: () => answered }).machine.start({}).result;
    assert.equal(status, 'FAILED');
    assert.match(cause ?? '', /does not know for how long Wait waits/);
  });

  test('retries with the back-off of the definition, in simulated time', async () => {
    const outcomes = [failed('Busy'), failed('Busy'), answered];
    const { machine } = machineWith({ invoke: () => outcomes.shift() ?? answered, ask: { Retry: [retrier] } });
    const { history, result } = machine.start({ seconds: 0 });
    assert.equal((await result).status, 'SUCCEEDED');
    const [first, second, third] = history.filter(({ type }) => type === 'TaskAnswered');
    // 60 seconds, and then MaxDelaySeconds instead of 120.
    assert.deepEqual([secondsBetween(first, second), secondsBetween(second, third)], [60, 100]);
  });

  test('fails after MaxAttempts retries, with the error of the function as the Cause', async () => {
    const { machine, payloads } = machineWith({ invoke: () => failed('Busy'), ask: { Retry: [retrier] } });
    const { status, endState, error, cause } = await machine.start({ seconds: 0 }).result;
    assert.deepEqual([status, endState, error], ['FAILED', 'Ask', 'Busy']);
    assert.deepEqual(JSON.parse(cause ?? ''), { errorType: 'Busy', errorMessage: 'No.', trace: [] });
    assert.equal(payloads.length, 4);
  });

  test('catches the error of a function', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }];
    const { machine } = machineWith({ invoke: () => failed('Broken'), ask: { Catch } });
    assert.equal((await machine.start({ seconds: 0 }).result).endState, 'Failed');
  });

  test('ends a Task at its TimeoutSeconds with States.Timeout, in simulated time, and ignores the late answer', async () => {
    const { promise: late, resolve } = Promise.withResolvers<Outcome>();
    let count = 0;
    const { machine } = machineWith({
      invoke: (begin) => {
        begin();
        return count++ === 0 ? late : answered;
      },
      ask: { TimeoutSeconds: 70, Retry: [{ ...retrier, ErrorEquals: ['States.Timeout'] }] },
    });
    const { history, result } = machine.start({ seconds: 3600 });
    await waitFor(() => count === 2);
    resolve(failed('Late'));
    assert.equal((await result).status, 'SUCCEEDED');
    const [begun] = history;
    const [timedOut, second] = history.filter(({ type }) => type === 'TaskAnswered');
    assert.deepEqual(timedOut && 'error' in timedOut && timedOut.error, {
      errorType: 'States.Timeout',
      errorMessage: '',
    });
    assert.deepEqual([secondsBetween(begun, timedOut), secondsBetween(timedOut, second)], [70, 60]);
  });

  test('catches States.Timeout, without a Cause', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }];
    const { machine } = machineWith({
      invoke: (begin) => {
        begin();
        return new Promise(() => {});
      },
      ask: { TimeoutSeconds: 70, Catch },
      failed: { Type: 'Pass', Next: 'Done' },
    });
    assert.deepEqual((await machine.start({ seconds: 0 }).result).output, {
      seconds: 0,
      failed: { Error: 'States.Timeout', Cause: '' },
    });
  });

  test('aborts an execution whose function never answers', async () => {
    const { machine } = machineWith({
      invoke: (begin) => {
        begin();
        return new Promise(() => {});
      },
      ask: { TimeoutSeconds: 70 },
      speed: 1,
    });
    const execution = machine.start({ seconds: 0 });
    await entered(execution, 'Ask');
    execution.abort();
    assert.equal((await execution.result).status, 'ABORTED');
  });

  test('refuses the error of a Fail state that begins with "States.", and loses error and cause', async () => {
    const { machine } = machineWith({
      invoke: () => failed('States.Timeout'),
      ask: { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }] },
      failed: { Type: 'Fail', ErrorPath: '$.failed.Error', CausePath: '$.failed.Cause' },
    });
    const { status, endState, error, cause } = await machine.start({ seconds: 0 }).result;
    assert.deepEqual([status, endState, error], ['FAILED', 'Failed', 'States.Runtime']);
    assert.match(cause ?? '', /must not begin with "States\."/);
  });

  const exceeds = (state: string) => ({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
    cause: `The state/task '${state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  });
  const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }];

  test('ends an execution whose Task gets or returns more than 256 KiB, which no Catch matches', async () => {
    const half = 'é'.repeat(65_536);
    const returned = machineWith({
      invoke: () => ({ milliseconds: 1, payload: half }),
      ask: { ResultPath: '$.half', Catch },
      secondsPath: '$.seconds',
    });
    const { endState: _, ...end } = await returned.machine.start({ seconds: 0, half: [half, 'x'] }).result;
    assert.equal(end.status, 'SUCCEEDED', 'the half replaces the input of that name');
    const { machine, payloads } = machineWith({
      invoke: () => ({ milliseconds: 1, payload: half }),
      ask: { ResultPath: '$.other', Catch },
    });
    const execution = machine.start({ seconds: 0, half });
    assert.deepEqual(await execution.result, { ...exceeds('Ask'), endState: 'Ask' });
    assert.deepEqual([payloads.length, execution.ended?.error], [1, 'States.DataLimitExceeded']);
    const asked = machineWith({ invoke: () => answered, ask: { Catch } });
    assert.deepEqual(await asked.machine.start({ seconds: 0, text: [half, half.slice(9)] }).result, {
      ...exceeds('Ask'),
      endState: 'Ask',
    });
    assert.equal(asked.payloads.length, 0);
  });

  test('runs executions at the same time, each with an id of its own', async () => {
    const { machine } = machineWith({ invoke: () => answered });
    const executions = [1, 2, 3].map((seconds) => machine.start({ seconds }));
    const results = await Promise.all(executions.map(({ result }) => result));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'],
    );
    assert.equal(new Set(executions.map((it) => it.arn)).size, 3);
  });

  test('aborts an execution that waits', async () => {
    const onEvent: MachineOptions['onEvent'] = (event, execution) => {
      if (event.type === 'StateEntered' && event.state.name === 'Wait') execution.abort();
    };
    const { machine } = machineWith({ invoke: () => answered, speed: 1, onEvent });
    assert.equal((await machine.start({ seconds: 3600 }).result).status, 'ABORTED');
  });

  test('aborts an execution whose function runs, at once, and lets the function go on', async () => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const ends: string[] = [];
    const { machine, clock } = machineWith({
      invoke: () => promise,
      ask: { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }] },
      onEnd: (_, __, status) => ends.push(status),
    });
    const execution = machine.start({ seconds: 0 });
    await entered(execution, 'Ask');
    execution.abort({ error: 'Redirected', cause: 'Another run.' });
    assert.deepEqual(execution.ended, {
      status: 'ABORTED',
      at: clock.now(),
      error: 'Redirected',
      cause: 'Another run.',
    });
    const result = await execution.result;
    assert.deepEqual(result, { status: 'ABORTED', endState: 'Ask', error: 'Redirected', cause: 'Another run.' });
    const types = execution.history.map(({ type }) => type);
    resolve(answered);
    await setImmediate();
    assert.deepEqual(types, ['ExecutionStarted', 'StateEntered', 'ExecutionAborted']);
    assert.deepEqual(
      execution.history.map(({ type }) => type),
      types,
      'nothing follows',
    );
    assert.deepEqual(ends, ['ABORTED']);
  });

  test('leaves an execution that has ended as it is', async () => {
    const execution = machineWith({ invoke: () => answered }).machine.start({ seconds: 0 });
    await execution.result;
    execution.abort();
    assert.equal(execution.ended?.status, 'SUCCEEDED');
  });

  test('redrives a failed execution at the state that failed, with its input and its retries anew', async () => {
    const outcomes = [...Array(4).fill(failed('Busy')), failed('Busy'), { ...answered, payload: { seconds: 1800 } }];
    const { machine, payloads } = machineWith({
      invoke: () => outcomes.shift() ?? answered,
      ask: { Retry: [retrier], ResultPath: '$.asked' },
      secondsPath: '$.asked.seconds',
      first: { Type: 'Pass', Parameters: { 'began.$': '$$.Execution.StartTime' }, Next: 'Ask' },
    });
    const execution = machine.start({ any: 'input' });
    const { arn: executionArn, startDate } = execution;
    assert.equal((await execution.result).status, 'FAILED');
    execution.redrive();
    assert.equal(execution.ended, undefined);
    const { status, output } = await execution.result;
    assert.equal(status, 'SUCCEEDED');
    assert.deepEqual(output, { began: startDate.toISOString(), asked: { seconds: 1800 } });
    assert.equal(secondsWaited(execution), 1800);
    assert.deepEqual([execution.arn, machine.executions.length, execution.redrives.length], [executionArn, 1, 1]);
    const states = execution.history.flatMap((event) => (event.type === 'StateEntered' ? [event.state.name] : []));
    assert.deepEqual(states, ['First', 'Ask', 'Ask', 'Wait', 'Done']);
    const inputs = payloads.map(({ payload }) => (payload as { input: unknown }).input);
    assert.deepEqual(inputs, Array(6).fill({ any: 'input' }), 'the input of the execution is the same');
  });

  test('redrives an aborted execution at the state in which it was, again and again', async () => {
    const onEvent: MachineOptions['onEvent'] = (event, execution) => {
      if (event.type === 'StateEntered' && event.state.name === 'Wait' && execution.redrives.length < 2)
        execution.abort();
    };
    const execution = machineWith({ invoke: () => answered, onEvent }).machine.start({ seconds: 60 });
    for (const _ of [1, 2]) {
      assert.equal((await execution.result).status, 'ABORTED');
      execution.redrive();
    }
    assert.deepEqual(await execution.result, { status: 'SUCCEEDED', endState: 'Done', output: { seconds: 60 } });
    assert.equal(execution.history.filter(({ type }) => type === 'ExecutionRedriven').length, 2);
  });

  test('enters a Fail state again if an execution that has failed there is redriven', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }];
    const { machine, payloads } = machineWith({ invoke: () => failed('Broken'), ask: { Catch } });
    const execution = machine.start({ seconds: 0 });
    await execution.result;
    execution.redrive();
    const { status, endState } = await execution.result;
    assert.deepEqual([status, endState, payloads.length], ['FAILED', 'Failed', 1]);
  });

  test('redrives neither a running nor a succeeded execution, and none after 14 days', async () => {
    const outcomes = [answered, failed('Broken')];
    const { machine, clock } = machineWith({ invoke: () => outcomes.shift() ?? answered });
    const execution = machine.start({ seconds: 0 });
    assert.throws(() => execution.redrive(), /is RUNNING/);
    await execution.result;
    assert.throws(() => execution.redrive(), /is SUCCEEDED/);
    const broken = machine.start({ seconds: 0 });
    await broken.result;
    clock.advance(14 * 24 * 60 + 1);
    assert.throws(() => broken.redrive(), /exceeded its redrivable period/);
  });

  test('rejects a machine whose function does not exist', () => {
    assert.throws(
      () => machineWith({ invoke: () => answered, ask: { Resource: '${Answer}' } }),
      /DefinitionSubstitutions has no Answer/,
    );
  });

  test('rejects a Task that would call the real AWS', () => {
    const ask = { Resource: 'arn:aws:states:::aws-sdk:kafka:listClustersV2' };
    assert.throws(() => machineWith({ invoke: () => answered, ask }), /can run only Lambda functions/);
  });
});
