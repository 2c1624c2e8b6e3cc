import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DescribeExecutionCommand, type ExecutionStatus, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { holderOf, isExecutionOf } from '../../shared/executions.ts';
import { awsError } from '../fixtures/aws.ts';
import { clusterArn, disconnectExecutionArn, executionArn } from '../fixtures/request.ts';
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

  it('belongs to the state machine that its ARN names', () => {
    assert.equal(isExecutionOf(executionArn, stateMachineArn), true);
    assert.equal(isExecutionOf(disconnectExecutionArn, stateMachineArn), false);
    assert.equal(isExecutionOf(executionArn, stateMachineArn.slice(0, -1)), false);
  });
});

describe('the holder of a cluster', () => {
  const tags = (status: string, execution: string) => ({
    'atlas-streaming:status': status,
    'atlas-streaming:execution': execution,
  });

  /** Reads the holder from these tags. Step Functions knows one execution, which has this status. */
  async function holder(of: Record<string, string>, known: [arn: string, status: ExecutionStatus] | undefined) {
    const { executions, sfnMock } = fakeStepFunctions(known && { [known[0]]: { status: known[1] } });
    return { holder: await holderOf(of, executionArn, executions), reads: sfnMock.calls().length };
  }

  const other = executionArn.replace(/run-1$/, 'run-2');
  const running: [arn: string, status: ExecutionStatus][] = [
    [other, 'RUNNING'],
    [disconnectExecutionArn, 'RUNNING'],
  ];
  for (const [arn, status] of running)
    it(`is another running execution of this deployment: ${arn.split(':').slice(6).join(':')}`, async () => {
      for (const word of ['connecting', 'disconnecting'])
        assert.deepEqual(await holder(tags(word, arn), [arn, status]), { holder: arn, reads: 1 });
    });

  for (const status of ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'] as const)
    it(`is absent if its execution is ${status}`, async () => {
      assert.deepEqual(await holder(tags('connecting', other), [other, status]), { holder: undefined, reads: 1 });
    });

  it('is absent if its execution no longer exists', async () => {
    assert.deepEqual(await holder(tags('connecting', other), undefined), { holder: undefined, reads: 1 });
  });

  const ignored: [what: string, tags: Record<string, string>][] = [
    ['there are no tags', {}],
    ['the tags name no execution', { 'atlas-streaming:status': 'connecting' }],
    ['the tags say that the run has ended', tags('connected', other)],
    ['the tags name the execution that asks', tags('connecting', executionArn)],
    ['the tags name an execution of another deployment', tags('connecting', other.replace('-dev-', '-prod-'))],
    ['the tags name an execution of another state machine', tags('connecting', other.replace('-connect:', '-other:'))],
    [
      'the tags name an execution in another account',
      tags('connecting', other.replace('111122223333', '210987654321')),
    ],
    ['the tags name something else', tags('connecting', clusterArn)],
  ];
  for (const [what, of] of ignored)
    it(`is absent if ${what}, and Step Functions is not asked`, async () => {
      assert.deepEqual(await holder(of, [other, 'RUNNING']), { holder: undefined, reads: 0 });
    });

  it('is unknown if Step Functions does not answer', async () => {
    const { executions, sfnMock } = fakeStepFunctions();
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('ServiceUnavailable', 503));
    await assert.rejects(holderOf(tags('connecting', other), executionArn, executions), { name: 'AwsUnavailable' });
  });
});
