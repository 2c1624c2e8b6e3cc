import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DescribeExecutionCommand, type DescribeExecutionCommandOutput } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { notifyOutcome } from '../../functions/notify-outcome/notify-outcome.ts';
import { awsError, signal } from '../fixtures/aws.ts';
import { clusterArn, executionArn, region } from '../fixtures/request.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const topicArn = 'arn:aws:sns:us-east-1:111122223333:msk-atlas-privatelink-dev-notifications';
const stateMachineArn = 'arn:aws:states:us-east-1:111122223333:stateMachine:msk-atlas-privatelink-dev-connect';
const done = [
  { resource: 'multiVpcConnectivity', result: 'updated' },
  { resource: 'scramSecretAssociation', result: 'unchanged' },
  { resource: 'policyStatement', result: 'absent' },
  { resource: 'privateLink', result: 'kept', note: 'used by streams/invoices' },
];

function notifier(execution: Partial<DescribeExecutionCommandOutput>) {
  const { executions, sfnMock } = fakeStepFunctions();
  const sns = new SNSClient({ region });
  const input = JSON.stringify({ clusterArn });
  sfnMock.on(DescribeExecutionCommand, { executionArn }).resolves({ stateMachineArn, input, ...execution });
  const topic = mockClient(sns);
  topic.on(PublishCommand).resolves({ MessageId: '1' });
  const notify = (detail = {}) =>
    notifyOutcome(
      { detail: { executionArn, status: execution.status ?? '', ...detail } },
      { executions, sns, topicArn, signal },
    );
  return { notify, topic, published: () => topic.commandCalls(PublishCommand)[0]?.args[0].input };
}

describe('NotifyOutcome', () => {
  it('reports a failed run in the words of its Cause, with a link to the execution', async () => {
    const cause = 'CheckPrivateLink failed: No zone in common.\nCluster: arn:…';
    const { notify, published } = notifier({ status: 'FAILED', error: 'PrivateLinkFailed', cause });
    assert.deepEqual(await notify(), { isPublished: true });
    assert.deepEqual(published(), {
      TopicArn: topicArn,
      Subject: 'orders: connect failed: PrivateLinkFailed',
      Message: `${cause}\n\nThe execution in the Step Functions console: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/${executionArn}`,
    });
  });

  it('explains a timed-out run', async () => {
    const machine = stateMachineArn.replace('-connect', '-disconnect');
    const { notify, published } = notifier({ status: 'TIMED_OUT', stateMachineArn: machine });
    await notify();
    assert.equal(published()?.Subject, 'orders: disconnect timed out');
    assert.match(published()?.Message ?? '', /exceeded the time limit.*Nothing is lost: start it again/);
  });

  it('reports what a successful run has changed, and what it has kept', async () => {
    const { notify, published } = notifier({ status: 'SUCCEEDED', output: JSON.stringify({ clusterArn, done }) });
    await notify();
    assert.equal(published()?.Subject, 'orders: connect done');
    assert.match(
      published()?.Message ?? '',
      /^Done for arn:.*:\n {2}Multi-VPC .*: updated\n {2}Private link: kept \(used by streams\/invoices\)\n\n/,
    );
  });

  const unreported: [what: string, execution: Partial<DescribeExecutionCommandOutput>][] = [
    ['found everything in place', { output: JSON.stringify({ clusterArn, done: done.slice(1, 4) }) }],
    ['had nothing to do', { output: JSON.stringify({ isAnythingToDo: false, reason: 'The tag is gone.' }) }],
    ['only planned', { output: JSON.stringify({ changes: [{ state: 'RequestPrivateLink' }] }) }],
    ['has no output', {}],
    ['has an output that is not an object', { output: '"done"' }],
    ['was stopped by a person', { status: 'ABORTED' }],
  ];
  for (const [what, execution] of unreported)
    it(`does not report a run that ${what}`, async () => {
      const { notify, published } = notifier({ status: 'SUCCEEDED', ...execution });
      assert.deepEqual(await notify(), { isPublished: false });
      assert.equal(published(), undefined);
    });

  it('limits the subject to what SNS allows, whatever the input was', async () => {
    for (const input of ['null', '"x"', '[]', JSON.stringify({ clusterArn: 'ü'.repeat(300) })]) {
      const { notify, published } = notifier({ status: 'FAILED', error: `É${'x'.repeat(200)}`, cause: 'No.', input });
      await notify();
      assert.match(published()?.Subject ?? '', /^a cluster: connect failed: \?x+$/);
      assert.equal(published()?.Subject?.length, 99);
    }
  });

  it('fails, so that Lambda retries, while Step Functions still describes the execution as running', async () => {
    const { notify, published } = notifier({ status: 'RUNNING' });
    await assert.rejects(notify({ status: 'FAILED' }), {
      name: 'AwsUnavailable',
      message: /as RUNNING, not as FAILED/,
    });
    assert.equal(published(), undefined);
  });

  it('fails if the answer is not from SNS', async () => {
    const { notify, topic } = notifier({ status: 'FAILED', cause: 'No.' });
    topic.on(PublishCommand).resolves({});
    await assert.rejects(notify(), { name: 'AwsUnavailable' });
  });

  it('fails if SNS refuses, so that Lambda retries and an alarm is raised', async () => {
    const { notify, topic } = notifier({ status: 'FAILED', cause: 'No.' });
    topic.on(PublishCommand).rejects(awsError('NotFoundException', 404, 'Topic does not exist'));
    await assert.rejects(notify(), { name: 'AwsRefused', message: /sns:Publish.*Topic does not exist/ });
  });
});
