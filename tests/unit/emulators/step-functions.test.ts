import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  type IncludedData,
  ListExecutionsCommand,
  type ListExecutionsCommandInput,
  ListStateMachinesCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  type StartExecutionCommandInput,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Authorize } from '../../../emulators/aws.ts';
import { listen } from '../../../emulators/emulator.ts';
import { Recorder } from '../../../emulators/recorder.ts';
import { StepFunctionsEmulator } from '../../../emulators/step-functions/api.ts';
import { Machine } from '../../../emulators/step-functions/machine.ts';
import type { Definition } from '../../../statemachine/definition.ts';
import { stoppedClock } from '../../fixtures/clock.ts';

const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:waits';

/** A machine that waits for a minute, on a clock that stands still. */
async function start(t: TestContext, authorize: Authorize = () => true, appearAfterSeconds = 0) {
  const clock = stoppedClock();
  const machine = new Machine({
    arn: stateMachineArn,
    definition: {
      Comment: '',
      StartAt: 'Wait',
      TimeoutSeconds: 600,
      States: { Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Done' }, Done: { Type: 'Succeed' } },
    },
    substitutions: {},
    invoke: () => assert.fail('there is no function'),
    clock,
  });
  const emulator = new StepFunctionsEmulator({
    clock,
    machines: () => [machine],
    authorize,
    appearAfterSeconds: () => appearAfterSeconds,
  });
  const { url, close } = await listen(emulator, { clock, recorder: new Recorder() });
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'not-checked' };
  const sfn = new SFNClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
  t.after(async () => {
    for (const execution of machine.executions) execution.abort();
    await close();
  });
  const { executionArn = '' } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"seconds":60}' }));
  return {
    clock,
    machine,
    sfn,
    list: (input: Partial<ListExecutionsCommandInput> = {}) =>
      sfn.send(new ListExecutionsCommand({ stateMachineArn, ...input })),
    executionArn,
    begin: (input: Partial<StartExecutionCommandInput> = {}) =>
      sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"seconds":60}', ...input })),
    /** Sends a body that the SDK would not send. */
    post: (operation: string, body: string) =>
      fetch(url, {
        method: 'POST',
        headers: {
          'x-amz-target': `AWSStepFunctions.${operation}`,
          authorization:
            'AWS4-HMAC-SHA256 Credential=AKIATEST/20261127/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0',
        },
        body,
      }),
    describe: (arn = executionArn, includedData?: IncludedData) =>
      sfn.send(new DescribeExecutionCommand({ executionArn: arn, includedData })),
    stop: (reason = {}, arn = executionArn) => sfn.send(new StopExecutionCommand({ executionArn: arn, ...reason })),
    redrive: () => sfn.send(new RedriveExecutionCommand({ executionArn })),
  };
}

suite('the local Step Functions', () => {
  test('stops an execution, and describes it with the reason', async (t) => {
    const { stop, describe, clock } = await start(t);
    clock.advance(0.5);
    const { stopDate } = await stop({ error: 'Redirected', cause: 'The tag is disconnect.' });
    assert.deepEqual(stopDate, clock.now());
    const { status, error, cause, stopDate: described } = await describe();
    assert.deepEqual(
      { status, error, cause, described },
      { status: 'ABORTED', error: 'Redirected', cause: 'The tag is disconnect.', described: stopDate },
    );
    clock.advance(1);
    assert.deepEqual((await stop({ error: 'Again' })).stopDate, stopDate);
    assert.equal((await describe()).error, 'Redirected');
  });

  test('describes an execution with its input and output, or without them if only metadata is asked for', async (t) => {
    const { describe, clock, machine, executionArn } = await start(t);
    assert.equal((await describe()).output, undefined);
    clock.advance(1);
    await machine.executions[0]?.result;
    const { input, output } = await describe();
    assert.deepEqual([input, output], ['{"seconds":60}', '{"seconds":60}']);
    const metadata = await describe(executionArn, 'METADATA_ONLY');
    assert.deepEqual([metadata.status, metadata.input, metadata.output], ['SUCCEEDED', undefined, undefined]);
  });

  test('takes the way of a choice for a field that is absent, and of one in an And', async () => {
    const choice = (test: object, Next: string) => ({ ...test, Next });
    const absent = { Variable: '$.failed.Wait', IsPresent: false };
    const machine = new Machine({
      arn: stateMachineArn,
      definition: {
        Comment: '',
        StartAt: 'IsAnythingLeft',
        TimeoutSeconds: 600,
        States: {
          IsAnythingLeft: {
            Type: 'Choice',
            Choices: [
              choice({ And: [absent, { Variable: '$.isLeft', BooleanEquals: true }] }, 'Left'),
              choice(absent, 'NotFailed'),
            ],
            Default: 'Failed',
          },
          ...Object.fromEntries(['Left', 'NotFailed', 'Failed'].map((name) => [name, { Type: 'Succeed' }])),
        },
      } as unknown as Definition,
      substitutions: {},
      invoke: () => assert.fail('there is no function'),
      clock: stoppedClock(),
    });
    const endOf = async (input: object) => {
      const { result, history } = machine.start(input);
      await result;
      return history.flatMap((event) => (event.type === 'StateEntered' ? event.state.name : [])).at(-1);
    };
    assert.equal(await endOf({ isLeft: true }), 'Left');
    assert.equal(await endOf({ isLeft: false, failed: {} }), 'NotFailed');
    assert.equal(await endOf({ isLeft: true, failed: { Wait: {} } }), 'Failed');
  });

  test('ends an execution that waits beyond the time limit of its machine', async (t) => {
    const { describe, clock, machine } = await start(t);
    const execution = machine.start({ seconds: 601 });
    clock.advance(10);
    const { status, error } = await execution.result;
    assert.deepEqual([status, error], ['TIMED_OUT', 'States.Timeout']);
    assert.equal((await describe(execution.arn)).status, 'TIMED_OUT');
  });

  test('refuses a reason that is too long, and an execution that does not exist', async (t) => {
    const { stop, describe, executionArn } = await start(t);
    await assert.rejects(stop({ error: 'x'.repeat(257) }), { name: 'ValidationException' });
    await assert.rejects(stop({ cause: 'x'.repeat(32_769) }), { name: 'ValidationException' });
    assert.equal((await describe()).status, 'RUNNING');
    await assert.rejects(stop({}, `${executionArn}0`), { name: 'ExecutionDoesNotExist' });
    await stop({ error: 'x'.repeat(256), cause: 'x'.repeat(32_768) });
  });

  const forbidden = [...' \t<>{}[]?*"#%\\^|~`$&,;:/', '\u0000', '\u001f', '\u007f', '\u009f'];

  test('refuses to start an execution under a name that is too long or has a forbidden character', async (t) => {
    const { begin, machine } = await start(t);
    for (const name of ['', 'x'.repeat(81), ...forbidden.map((character) => `a${character}b`)])
      await assert.rejects(begin({ name }), { name: 'InvalidName', message: `Invalid Name: '${name}'` });
    assert.equal(machine.executions.length, 1);
    for (const name of ['x'.repeat(80), "é.!@()=+-_'"]) await begin({ name });
    assert.equal(machine.executions.length, 3);
  });

  test('refuses an input that is not JSON, and one of more than 256 KiB', async (t) => {
    const { begin, machine } = await start(t);
    for (const input of ['{', '', "{'seconds':60}", '{"seconds":60} x'])
      await assert.rejects(begin({ input }), { name: 'InvalidExecutionInput' });
    const long = (bytes: number) => `{"seconds":60,"text":"${'é'.repeat((bytes - 24) / 2)}"}`;
    await assert.rejects(begin({ input: long(262_146) }), {
      name: 'ValidationException',
      message: /'input' failed to satisfy constraint: Member must have length less than or equal to 262144$/,
    });
    assert.equal(machine.executions.length, 1);
    await begin({ input: long(262_144) });
  });

  test('refuses ARNs of another form as InvalidArn', async (t) => {
    const { begin, describe, stop, executionArn } = await start(t);
    for (const arn of [
      '',
      'waits',
      stateMachineArn,
      executionArn.replace(/:[^:]*$/, ''),
      executionArn.replace('states', 'lambda'),
    ]) {
      await assert.rejects(describe(arn), { name: 'InvalidArn' });
      await assert.rejects(stop({}, arn), { name: 'InvalidArn' });
    }
    await assert.rejects(describe(stateMachineArn), {
      message: "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
    });
    for (const arn of ['waits', executionArn, `${stateMachineArn}:1:2`])
      await assert.rejects(begin({ stateMachineArn: arn }), { name: 'InvalidArn' });
    await assert.rejects(begin({ stateMachineArn: `${stateMachineArn}2` }), { name: 'StateMachineDoesNotExist' });
  });

  test('refuses a body that is not JSON object, and an operation that does not exist', async (t) => {
    const { post } = await start(t);
    const wrong = [{ name: null }, { name: 5 }, { input: {} }, { stateMachineArn: 5 }, { name: ['x'] }];
    const bodies = wrong.map((member) => JSON.stringify({ stateMachineArn, ...member }));
    for (const body of ['{', '[]', 'null', '"x"', ...bodies]) {
      const answer = await post('StartExecution', body);
      assert.deepEqual([answer.status, JSON.parse(await answer.text()).__type], [400, 'SerializationException'], body);
    }
    const answer = await post('StartExecutions', '{}');
    assert.deepEqual([answer.status, JSON.parse(await answer.text()).__type], [400, 'UnknownOperationException']);
  });

  test('describes a failed execution with its error and its cause', async (t) => {
    const { describe, machine } = await start(t);
    const execution = machine.start({});
    await execution.result;
    const { status, error, cause, input, output } = await describe(execution.arn);
    assert.deepEqual([status, error, input, output], ['FAILED', 'Error', '{}', undefined]);
    assert.match(cause ?? '', /does not know for how long/);
  });

  test('asks IAM whether the caller may stop this execution', async (t) => {
    const asked: unknown[] = [];
    const { stop, executionArn } = await start(t, (_, action, resource) => {
      asked.push([action, resource]);
      return action !== 'states:StopExecution';
    });
    await assert.rejects(stop(), { name: 'AccessDeniedException' });
    assert.deepEqual(asked.at(-1), ['states:StopExecution', executionArn]);
  });

  test('redrives a stopped execution, and refuses to redrive one that runs', async (t) => {
    const { stop, redrive, describe, clock, machine } = await start(t);
    await assert.rejects(redrive(), { name: 'ExecutionNotRedrivable' });
    await stop();
    await machine.executions[0]?.result;
    clock.advance(1);
    assert.deepEqual((await redrive()).redriveDate, clock.now());
    const { status, stopDate, redriveCount } = await describe();
    assert.deepEqual([status, stopDate, redriveCount], ['RUNNING', undefined, 1]);
  });

  test('may not know an execution that was started a moment ago', async (t) => {
    const { describe, clock } = await start(t, undefined, 30);
    await assert.rejects(describe(), { name: 'ExecutionDoesNotExist' });
    clock.advance(0.5);
    assert.equal((await describe()).status, 'RUNNING');
  });

  test('lists the executions with the most recent first: those that run by their start, the others by their end', async (t) => {
    const { list, begin, stop, clock } = await start(t);
    clock.advance(0.1);
    await begin({ name: 'second' });
    clock.advance(0.1);
    const { executionArn } = await begin({ name: 'third' });
    clock.advance(0.1);
    await begin({ name: 'fourth' });
    clock.advance(0.1);
    await stop({ error: 'Redirected' }, executionArn);
    const { executions = [], nextToken } = await list();
    assert.deepEqual(executions.map(({ name }) => name).slice(0, 3), ['third', 'fourth', 'second']);
    assert.deepEqual([executions.length, nextToken], [4, undefined]);
    const [third] = executions;
    assert.deepEqual(third, {
      executionArn,
      stateMachineArn,
      name: 'third',
      status: 'ABORTED',
      startDate: third?.startDate,
      stopDate: clock.now(),
      redriveCount: 0,
    });
    const stopped = await list({ statusFilter: 'ABORTED' });
    assert.deepEqual(stopped.executions, [third]);
  });

  test('lists executions by page, with tokens that need the same arguments and expire after 24 hours', async (t) => {
    const { list, begin, clock } = await start(t);
    await begin({ name: 'second' });
    await begin({ name: 'third' });
    const first = await list({ maxResults: 2 });
    const { nextToken } = first;
    await begin({ name: 'fourth' });
    const second = await list({ maxResults: 2, nextToken });
    assert.deepEqual([first.executions?.length, second.executions?.length, second.nextToken], [2, 1, undefined]);
    const arns = [first, second].flatMap(({ executions = [] }) => executions.map((it) => it.executionArn));
    assert.equal(new Set(arns).size, 3);
    const wrong = [{ nextToken, statusFilter: 'FAILED' }, { nextToken: `${nextToken}0` }] as const;
    for (const input of wrong) await assert.rejects(list(input), { name: 'InvalidToken' });
    clock.advance(24 * 60);
    await assert.rejects(list({ maxResults: 2, nextToken }), { name: 'InvalidToken' });
  });

  test('lists 100 executions in a page if the caller says nothing or 0, and at most 1000', async (t) => {
    const { list, machine } = await start(t);
    for (let i = 0; i < 100; i++) machine.start({ seconds: 60 });
    for (const input of [{}, { maxResults: 0 }]) {
      const { executions, nextToken } = await list(input);
      assert.deepEqual([executions?.length, typeof nextToken], [100, 'string']);
    }
    assert.equal((await list({ maxResults: 1000 })).executions?.length, 101);
    for (const maxResults of [-1, 1001, 1.5])
      await assert.rejects(list({ maxResults }), { name: /ValidationException|SerializationException/ });
  });

  test('refuses to list by what goes only with a Map Run, by an unknown status, and for another machine', async (t) => {
    const { list } = await start(t);
    const mapRunArn = 'arn:aws:states:us-east-1:123456789012:mapRun:waits/Map:0';
    for (const [input, name] of [
      [{ statusFilter: 'PENDING_REDRIVE' }, 'ValidationException'],
      [{ redriveFilter: 'REDRIVEN' }, 'ValidationException'],
      [{ statusFilter: 'DONE' as 'FAILED' }, 'ValidationException'],
      [{ mapRunArn }, 'ValidationException'],
      [{ mapRunArn, stateMachineArn: undefined }, 'ResourceNotFound'],
      [{ stateMachineArn: `${stateMachineArn}s` }, 'StateMachineDoesNotExist'],
      [{ stateMachineArn: undefined }, 'InvalidArn'],
    ] as const)
      await assert.rejects(list(input), { name }, JSON.stringify(input));
  });

  test('may not list an execution that was started a moment ago', async (t) => {
    const { list, clock } = await start(t, undefined, 30);
    assert.deepEqual((await list()).executions, []);
    clock.advance(0.5);
    assert.equal((await list()).executions?.length, 1);
  });

  test('lists and describes the machines', async (t) => {
    const { sfn, machine, clock } = await start(t);
    const item = { stateMachineArn, name: 'waits', type: 'STANDARD' as const, creationDate: clock.now() };
    assert.deepEqual((await sfn.send(new ListStateMachinesCommand())).stateMachines, [item]);
    const {
      definition = '',
      roleArn,
      status,
      ...described
    } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    assert.deepEqual(JSON.parse(definition), machine.definition);
    assert.deepEqual([roleArn, status], ['arn:aws:iam::123456789012:role/waits-role', 'ACTIVE']);
    const { $metadata: _, ...rest } = described;
    assert.deepEqual(rest, item);
    const metadata = new DescribeStateMachineCommand({ stateMachineArn, includedData: 'METADATA_ONLY' });
    assert.equal((await sfn.send(metadata)).definition, '{}');
  });

  test('needs permission for every machine to list the machines', async (t) => {
    const asked: unknown[] = [];
    const { sfn, list } = await start(t, (_, action, resource) => {
      asked.push([action, resource]);
      return action === 'states:StartExecution';
    });
    await assert.rejects(sfn.send(new ListStateMachinesCommand()), { name: 'AccessDeniedException' });
    await assert.rejects(list(), { name: 'AccessDeniedException' });
    assert.deepEqual(asked.slice(1), [
      ['states:ListStateMachines', undefined],
      ['states:ListExecutions', stateMachineArn],
    ]);
  });
});
