import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import {
  DescribeExecutionCommand,
  type IncludedData,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Authorize } from '../../../emulators/aws.ts';
import { listen } from '../../../emulators/emulator.ts';
import { Recorder } from '../../../emulators/recorder.ts';
import { StepFunctionsEmulator } from '../../../emulators/step-functions/api.ts';
import { Machine } from '../../../emulators/step-functions/machine.ts';
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
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"seconds":60}' }));
  return {
    clock,
    machine,
    executionArn,
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
});
