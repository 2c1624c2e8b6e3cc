import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DescribeExecutionCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { actionOf, isStartedBySweep, phaseOf } from '../../shared/executions.ts';
import { awsError } from '../fixtures/aws.ts';
import { disconnectExecutionArn, executionArn, now } from '../fixtures/request.ts';
import { haveSignal } from '../fixtures/signals.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const stateMachineArn = executionArn.replace(':execution:', ':stateMachine:').replace(/:run-1$/, '');

describe('ExecutionsClient', () => {
  it('throws our errors from every call, and passes its abort signal', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.onAnyCommand().rejects(awsError('ServiceUnavailable', 503));
    const calls: [action: string, call: Promise<unknown>][] = [
      ['DescribeExecution', executions.describe(executionArn)],
      ['DescribeExecution', executions.describeWhole(executionArn)],
      ['StopExecution', executions.stop(executionArn, { error: 'a', cause: 'b' })],
      ['StartExecution', executions.start({ stateMachineArn, name: 'a', input: '{}' })],
    ];
    for (const [action, call] of calls)
      await assert.rejects(call, { name: 'AwsUnavailable', message: new RegExp(`states:${action} `) });
    assert.ok(haveSignal(sfnMock).every(Boolean));
  });
});

describe('an execution', () => {
  it('is described without its input and output, or whole', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(DescribeExecutionCommand).resolves({ executionArn, status: 'RUNNING' });
    assert.equal((await executions.describe(executionArn))?.status, 'RUNNING');
    assert.equal((await executions.describeWhole(executionArn)).status, 'RUNNING');
    assert.deepEqual(
      sfnMock.commandCalls(DescribeExecutionCommand).map(({ args }) => args[0].input),
      [{ executionArn, includedData: 'METADATA_ONLY' }, { executionArn }],
    );
  });

  for (const code of ['ExecutionDoesNotExist', 'InvalidArn'])
    it(`is undefined after ${code}`, async () => {
      const { executions, sfnMock } = fakeStepFunctions();
      sfnMock.on(DescribeExecutionCommand).rejects(awsError(code, 400));
      assert.equal(await executions.describe(executionArn), undefined);
    });

  it('that must exist is refused if it does not', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('ExecutionDoesNotExist', 400));
    await assert.rejects(executions.describeWhole(executionArn), { name: 'AwsRefused', code: 'ExecutionDoesNotExist' });
  });

  it('that we may not describe is a refusal', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('AccessDeniedException', 400));
    await assert.rejects(executions.describe(executionArn), { name: 'AwsRefused', code: 'AccessDeniedException' });
  });

  it('is started, unless one of that name exists', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock
      .on(StartExecutionCommand)
      .resolvesOnce({ executionArn })
      .rejectsOnce(awsError('ExecutionAlreadyExists', 400));
    const execution = { stateMachineArn, name: 'sweep-1', input: '{}' };
    assert.equal(await executions.start(execution), true);
    assert.equal(await executions.start(execution), false);
    assert.deepEqual(sfnMock.commandCalls(StartExecutionCommand)[0]?.args[0].input, execution);
  });

  it('that cannot be started for another reason is a refusal', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(StartExecutionCommand).rejects(awsError('StateMachineDoesNotExist', 400));
    await assert.rejects(executions.start({ stateMachineArn, name: 'a', input: '{}' }), {
      name: 'AwsRefused',
      code: 'StateMachineDoesNotExist',
    });
  });

  it('connects or disconnects, as the name of its machine says, whatever its own name is', () => {
    assert.equal(actionOf(disconnectExecutionArn), 'disconnect');
    assert.equal(actionOf(executionArn.replace(/run-1$/, 'sweep-disconnect-1')), 'connect');
  });
});

describe('the execution that holds a cluster', () => {
  const phase = (known: Parameters<typeof fakeStepFunctions>[0], claimedAt: string | undefined) =>
    phaseOf({ holder: executionArn, claimedAt }, now, fakeStepFunctions(known).executions);

  it('is running while it is RUNNING, however long ago it claimed the cluster', async () => {
    assert.equal(await phase({ [executionArn]: { status: 'RUNNING' } }, '2020-01-01T00:00:00Z'), 'running');
  });

  for (const status of ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'] as const)
    it(`has ended if it has been ${status} for a while, however short ago it claimed the cluster`, async () => {
      const stopDate = new Date('2026-11-23T11:58:30.000Z');
      assert.equal(await phase({ [executionArn]: { status, stopDate } }, now), 'ended');
    });

  it('may still have a function at work if it was stopped a moment ago', async () => {
    const stopDate = new Date('2026-11-23T11:58:30.001Z');
    for (const status of ['ABORTED', 'TIMED_OUT'] as const)
      assert.equal(await phase({ [executionArn]: { status, stopDate } }, now), 'stopped');
    for (const status of ['SUCCEEDED', 'FAILED'] as const)
      assert.equal(await phase({ [executionArn]: { status, stopDate } }, now), 'ended');
  });

  it('has ended if Step Functions does not know it five minutes after the claim', async () => {
    assert.equal(await phase({}, '2026-11-23T11:55:00.000Z'), 'running');
    assert.equal(await phase({}, '2026-11-23T11:54:59.999Z'), 'ended');
    assert.equal(await phase({}, undefined), 'ended');
  });

  it('is unknown if Step Functions does not answer', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('ServiceUnavailable', 503));
    const holder = { holder: executionArn, claimedAt: '2020-01-01T00:00:00Z' };
    await assert.rejects(phaseOf(holder, now, executions), { name: 'AwsUnavailable' });
  });
});

describe('an execution that is stopped', () => {
  const reason = { error: 'NoLongerWanted', cause: 'A disconnect was started.' };

  it('is told why', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(StopExecutionCommand).resolves({});
    await executions.stop(executionArn, reason);
    assert.deepEqual(sfnMock.commandCalls(StopExecutionCommand)[0]?.args[0].input, { executionArn, ...reason });
  });

  it('may be gone already, but must be ours to stop', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock
      .on(StopExecutionCommand)
      .rejectsOnce(awsError('ExecutionDoesNotExist', 400))
      .rejectsOnce(awsError('AccessDeniedException', 400));
    await executions.stop(executionArn, reason);
    await assert.rejects(executions.stop(executionArn, reason), {
      name: 'AwsRefused',
      message: /states:StopExecution/,
    });
  });
});

describe('a start by the sweep', () => {
  it('is recognised by its name', () => {
    const named = (name: string) => isStartedBySweep(executionArn.replace('run-1', name));
    assert.deepEqual(
      ['sweep-connect-1a2b', 'sweep-disconnect-1a2b', 'sweep-1a2b', 'my-sweep-connect-1', 'run-1'].map(named),
      [true, true, false, false, false],
    );
  });
});
