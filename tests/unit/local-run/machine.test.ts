import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Clock } from '../../../emulators/clock.ts';
import type { Outcome } from '../../../emulators/lambda/container.ts';
import { Machine } from '../../../emulators/step-functions/machine.ts';
import type { Definition, Retrier, State } from '../../../statemachine/definition.ts';

const arn = 'arn:aws:states:us-east-1:123456789012:stateMachine:tried';
const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:Ask';

/** A machine that asks, waits for as long as its input says, and is done. */
function machine({
  invoke,
  speed = 10_000,
  ask = {},
  secondsPath = '$.seconds',
}: {
  invoke: () => Outcome;
  speed?: number;
  ask?: Partial<State>;
  secondsPath?: string;
}) {
  const payloads: unknown[] = [];
  const definition: Definition = {
    Comment: '',
    StartAt: 'Ask',
    TimeoutSeconds: 60,
    States: {
      Ask: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: {
          FunctionName: '${Ask}',
          Payload: { 'id.$': '$$.Execution.Id', 'now.$': '$$.State.EnteredTime', 'input.$': '$$.Execution.Input' },
        },
        ResultPath: null,
        Next: 'Wait',
        ...ask,
      },
      Wait: { Type: 'Wait', SecondsPath: secondsPath, Next: 'Done' },
      Done: { Type: 'Succeed' },
      Failed: { Type: 'Fail' },
    },
  };
  const clock = new Clock({ speed });
  const options = { arn, definition, clock, substitutions: { Ask: functionArn } };
  return {
    payloads,
    options,
    clock,
    machine: () =>
      new Machine({
        ...options,
        definition: withoutUnused(definition),
        invoke: async (name, payload) => {
          payloads.push({ name, payload });
          return invoke();
        },
      }),
  };
}

/** `Failed` is there for a Catch only, and a state that nothing leads to is refused. */
function withoutUnused({ States: { Failed, ...States }, ...definition }: Definition): Definition {
  const isUsed = States.Ask?.Catch !== undefined;
  return { ...definition, States: isUsed && Failed ? { ...States, Failed } : States };
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
  test('hands over the parameters, with the context object of the execution', async () => {
    const tried = machine({ invoke: () => answered });
    const before = tried.clock.now();
    const execution = tried.machine().start({ seconds: 0 });
    const result = await execution.result;
    assert.deepEqual(result, { status: 'SUCCEEDED', endState: 'Done', output: { seconds: 0 } });
    assert.match(execution.arn, /^arn:aws:states:us-east-1:123456789012:execution:tried:[0-9a-f-]{36}$/);
    const [{ name, payload }] = tried.payloads as [{ name: string; payload: Record<string, unknown> }];
    assert.equal(name, functionArn);
    assert.equal(payload.id, execution.arn);
    assert.deepEqual(payload.input, { seconds: 0 });
    const entered = new Date(String(payload.now));
    assert.ok(entered >= before && entered <= tried.clock.now(), `${entered.toISOString()} is simulated time`);
  });

  test('waits for as long as the data says, in simulated time', async () => {
    const tried = machine({ invoke: () => answered, speed: 18_000 });
    const { history, result } = tried.machine().start({ seconds: 3600 });
    await result;
    const [from, to] = ['StateEntered', 'StateExited'].map((type) =>
      history.find((event) => event.type === type && 'state' in event && event.state.name === 'Wait'),
    );
    const seconds = ((to?.at.getTime() ?? 0) - (from?.at.getTime() ?? 0)) / 1000;
    // 200 real milliseconds, which a timer keeps to within some more.
    assert.ok(seconds >= 3500 && seconds < 7200, `${seconds} s`);
  });

  test('waits for as long as the very Task before says, whatever the data said earlier', async () => {
    const tried = machine({
      invoke: () => ({ milliseconds: 1, payload: { seconds: 3600 } }),
      speed: 18_000,
      ask: { ResultSelector: { 'seconds.$': '$.Payload.seconds' }, ResultPath: '$.wait' },
      secondsPath: '$.wait.seconds',
    });
    for (const input of [{}, { wait: { seconds: 1 } }]) {
      const { history, result } = tried.machine().start(input);
      assert.equal((await result).status, 'SUCCEEDED');
      const [from, to] = ['StateEntered', 'StateExited'].map((type) =>
        history.find((event) => event.type === type && 'state' in event && event.state.name === 'Wait'),
      );
      const seconds = ((to?.at.getTime() ?? 0) - (from?.at.getTime() ?? 0)) / 1000;
      assert.ok(seconds >= 3500, `${seconds} s`);
    }
  });

  test('fails rather than really wait for a time that it has not seen', async () => {
    const { status, cause } = await machine({ invoke: () => answered })
      .machine()
      .start({}).result;
    assert.equal(status, 'FAILED');
    assert.match(cause ?? '', /does not know for how long Wait waits/);
  });

  test('retries with the back-off of the definition, in simulated time', async () => {
    const outcomes = [failed('Busy'), failed('Busy'), answered];
    const tried = machine({ invoke: () => outcomes.shift() ?? answered, speed: 1000, ask: { Retry: [retrier] } });
    const { history, result } = tried.machine().start({ seconds: 0 });
    assert.equal((await result).status, 'SUCCEEDED');
    const times = history.filter(({ type }) => type === 'TaskAnswered').map(({ at }) => at.getTime() / 1000);
    const [first = 0, second = 0] = [times[1] ?? 0, times[2] ?? 0].map((at, index) => at - (times[index] ?? 0));
    // 60 and then, instead of 120, the most that is allowed: 100.
    assert.ok(first >= 55 && first < 95, `${first} s`);
    assert.ok(second >= 95 && second < 150, `${second} s`);
  });

  test('gives up after as many retries as the definition says, with the answer of the function as the Cause', async () => {
    const tried = machine({ invoke: () => failed('Busy'), speed: 1_000_000, ask: { Retry: [retrier] } });
    const { status, endState, error, cause } = await tried.machine().start({ seconds: 0 }).result;
    assert.deepEqual([status, endState, error], ['FAILED', 'Ask', 'Busy']);
    assert.deepEqual(JSON.parse(cause ?? ''), { errorType: 'Busy', errorMessage: 'No.', trace: [] });
    assert.equal(tried.payloads.length, 4);
  });

  test('catches the error of a function', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failed', Next: 'Failed' }];
    const tried = machine({ invoke: () => failed('Broken'), ask: { Catch } });
    assert.equal((await tried.machine().start({ seconds: 0 }).result).endState, 'Failed');
  });

  test('runs executions at once, each with an id of its own', async () => {
    const tried = machine({ invoke: () => answered });
    const oneMachine = tried.machine();
    const executions = [1, 2, 3].map((seconds) => oneMachine.start({ seconds }));
    const results = await Promise.all(executions.map(({ result }) => result));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'],
    );
    assert.equal(new Set(executions.map((it) => it.arn)).size, 3);
  });

  test('aborts an execution that waits', async () => {
    const tried = machine({ invoke: () => answered, speed: 1 });
    const execution = tried.machine().start({ seconds: 3600 });
    setTimeout(() => execution.abort(), 50);
    assert.equal((await execution.result).status, 'ABORTED');
  });

  test('refuses a machine with a function that nobody has', () => {
    const { options } = machine({ invoke: () => answered });
    assert.throws(
      () => new Machine({ ...options, substitutions: {}, invoke: async () => answered }),
      /DefinitionSubstitutions has no Ask/,
    );
  });

  test('refuses a Task that would call the real AWS', () => {
    const { options } = machine({
      invoke: () => answered,
      ask: { Resource: 'arn:aws:states:::aws-sdk:kafka:listClustersV2' },
    });
    assert.throws(() => new Machine({ ...options, invoke: async () => answered }), /can run only Lambda functions/);
  });
});
