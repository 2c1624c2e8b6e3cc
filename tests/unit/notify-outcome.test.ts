import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DescribeExecutionCommand, type DescribeExecutionCommandOutput } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { linkTo } from '../../functions/notify-outcome/console.ts';
import { notifyOutcome } from '../../functions/notify-outcome/notify-outcome.ts';
import { AccountFaults } from '../../shared/registry/account-faults.ts';
import { endedEarly } from '../../shared/registry/ended-early.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { Registry } from '../../shared/registry/registry.ts';
import { awsError, signal } from '../fixtures/aws.ts';
import type { Test } from '../fixtures/loopback.ts';
import { startRegistry } from '../fixtures/registry.ts';
import {
  before,
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  later,
  now,
  region,
  tagEvent,
} from '../fixtures/request.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const topicArn = 'arn:aws:sns:us-east-1:111122223333:msk-atlas-privatelink-dev-notifications';
const done = [
  { resource: 'multiVpcConnectivity', result: 'updated' },
  { resource: 'scramSecretAssociation', result: 'unchanged' },
  { resource: 'policyStatement', result: 'absent' },
  { resource: 'privateLink', result: 'kept', note: 'used by streams/invoices' },
];
const cause = 'CheckPrivateLink failed: No zone in common.\nCluster: arn:…';
const failed = { status: 'FAILED', error: 'PrivateLinkFailed', cause } as const;
const other = executionArn.replace('run-1', 'run-0');
const swept = disconnectExecutionArn.replace('run-1', 'sweep-disconnect-0123');

const lastFailure = (overrides: Partial<RegistryRecord['lastFailure']> = {}) => ({
  error: 'PrivateLinkFailed',
  fingerprint: 'f',
  at: now,
  executionArn,
  isNews: true,
  isAccountFault: false,
  ...overrides,
});

type Known = Partial<Omit<DescribeExecutionCommandOutput, 'input'>> & { input?: unknown };

/** NotifyOutcome with a registry that has this record. */
async function notifier(t: Test, record?: Partial<RegistryRecord>, table?: string) {
  const store = await startRegistry(t);
  if (record) await store.put({ clusterArn, ...record });
  const { executions, sfnMock } = fakeStepFunctions();
  const sns = new SNSClient({ region });
  const topic = mockClient(sns);
  topic.on(PublishCommand).resolves({ MessageId: '1' });
  const measured: string[] = [];
  const options = { dynamodb: store.dynamodb, tableName: table ?? store.tableName, signal };
  const notify = ({ input = tagEvent(), ...execution }: Known, arn = executionArn, status = execution.status ?? '') => {
    const described = { ...execution, executionArn: arn, input: JSON.stringify(input) };
    sfnMock.on(DescribeExecutionCommand, { executionArn: arn }).resolves(described);
    return notifyOutcome(
      { detail: { executionArn: arn, status } },
      {
        executions,
        registry: new Registry(options),
        accountFaults: new AccountFaults(options),
        sns,
        topicArn,
        signal,
        measure: (name) => measured.push(name),
      },
    );
  };
  const published = () => topic.commandCalls(PublishCommand).map(({ args: [{ input }] }) => input);
  return {
    notify,
    topic,
    published,
    measured,
    record: async () => (await store.get(clusterArn)) as RegistryRecord | undefined,
  };
}

describe('the link to an execution', () => {
  const arnIn = (partition: string, place: string) => `arn:${partition}:states:${place}:111122223333:execution:a:b`;
  for (const [partition, place, domain] of [
    ['aws', 'eu-west-1', 'console.aws.amazon.com'],
    ['aws-us-gov', 'us-gov-west-1', 'console.amazonaws-us-gov.com'],
    ['aws-cn', 'cn-north-1', 'console.amazonaws.cn'],
  ] as const)
    it(`opens the console of the partition ${partition}`, () => {
      const arn = arnIn(partition, place);
      assert.equal(linkTo(arn), `https://${place}.${domain}/states/home?region=${place}#/v2/executions/details/${arn}`);
    });
});

describe('the message about a failure', () => {
  it('has the words of its Cause, and a link to the execution', async (t) => {
    const { notify, published, measured, record } = await notifier(t, { lastFailure: lastFailure() });
    assert.deepEqual(await notify(failed), { isPublished: true });
    assert.deepEqual(published(), [
      {
        TopicArn: topicArn,
        Subject: 'orders: connect failed: PrivateLinkFailed',
        Message: `${cause}\n\nThe execution in the Step Functions console: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/${executionArn}`,
      },
    ]);
    assert.deepEqual(measured, ['FailuresReported']);
    assert.equal((await record())?.notifiedExecution, executionArn);
  });

  it('comes once, also if the event comes twice', async (t) => {
    const { notify, published } = await notifier(t, { lastFailure: lastFailure() });
    await notify(failed);
    assert.equal((await notify(failed)).isPublished, false);
    assert.equal(published().length, 1);
  });

  it('is noted also if another execution holds the cluster by now', async (t) => {
    const { notify, record } = await notifier(t, { lastFailure: lastFailure(), holder: other });
    await notify(failed);
    const { holder, notifiedExecution } = (await record()) as RegistryRecord;
    assert.deepEqual([holder, notifiedExecution], [other, executionArn]);
  });

  it('comes if RecordFailure could not be reached, and leaves the entries of other runs alone', async (t) => {
    const earlier = { lastFailure: lastFailure({ executionArn: other }), notifiedExecution: other };
    const { notify, published, record } = await notifier(t, earlier);
    await notify(failed);
    assert.equal(published().length, 1);
    assert.deepEqual(await record(), { clusterArn, ...earlier });
  });

  it('comes for a cluster without a record, of which none is made', async (t) => {
    const { notify, published, record } = await notifier(t);
    await notify(failed);
    assert.deepEqual([published().length, await record()], [1, undefined]);
  });

  it('comes if the registry cannot be used', async (t) => {
    const { notify, published } = await notifier(t, undefined, 'another-table');
    assert.deepEqual(await notify(failed), { isPublished: true });
    await notify({ ...failed, error: 'DeploymentMisconfigured' });
    assert.equal(published().length, 2);
  });

  it('has no control characters, also if RecordFailure could not word the Cause', async (t) => {
    const { notify, published } = await notifier(t);
    await notify({ status: 'FAILED', error: 'States.Runtime', cause: 'a\u0000b\u202ec\rd\ne' });
    assert.match(published()[0]?.Message ?? '', /^a b c d\ne\nCluster: /);
  });

  it('has no cause if Step Functions reports none', async (t) => {
    const { notify, published } = await notifier(t);
    await notify({ status: 'FAILED' });
    assert.match(published()[0]?.Message ?? '', /^The execution failed, and Step Functions reports no cause/);
  });

  it('has a subject that SNS allows, whatever the input was', async (t) => {
    const { notify, published } = await notifier(t);
    for (const input of [null, 'x', [], { clusterArn: 'ü'.repeat(300) }]) {
      await notify({ status: 'FAILED', error: `É${'x'.repeat(200)}`, cause: 'No.', input });
      const { Subject } = published().at(-1) ?? {};
      assert.match(Subject ?? '', /^a cluster: connect failed: \?x+$/);
      assert.equal(Subject?.length, 99);
    }
  });
});

describe('no message', () => {
  const unreported: [what: string, execution: Known, record?: Partial<RegistryRecord>][] = [
    ['a dry run that failed', { ...failed, input: { clusterArn, dryRun: true } }],
    ['a mistyped dry run', { ...failed, error: 'InvalidRequest', input: { clusterArn, dryRun: 'true' } }],
    ['a wrong input that a person typed', { ...failed, error: 'InvalidRequest', input: { clusterArn, x: 1 } }],
    ['a run that another one has taken over from', { ...failed, error: 'ClaimLost' }],
    ['a failure that equals the one before', failed, { lastFailure: lastFailure({ isNews: false }) }],
    ['a run that was timed out, of which an alarm tells', { status: 'TIMED_OUT' }],
    [
      'a run that found everything in place',
      { status: 'SUCCEEDED', output: JSON.stringify({ clusterArn, done: done.slice(1) }) },
    ],
    [
      'a run that found adopted resources',
      {
        status: 'SUCCEEDED',
        output: JSON.stringify({ clusterArn, done: [{ resource: 'privateLink', result: 'adopted' }] }),
      },
    ],
    ['a run that had nothing to do', { status: 'SUCCEEDED', output: '{"isAnythingToDo":false}' }],
    ['a run that only planned', { status: 'SUCCEEDED', output: '{"changes":[{"state":"RequestPrivateLink"}]}' }],
    ['a run without an output', { status: 'SUCCEEDED' }],
    ['a run with an output that is not an object', { status: 'SUCCEEDED', output: '"done"' }],
  ];
  for (const [what, execution, record] of unreported)
    it(`is not sent for ${what}`, async (t) => {
      const { notify, published, measured } = await notifier(t, record);
      const { isPublished, reason } = await notify(execution);
      assert.deepEqual([isPublished, published(), measured], [false, [], []]);
      assert.match(reason ?? '', /^[A-Z].*\.$/);
    });

  it('is left out for a wrong input that comes from a tag or from the sweep, which no person watches', async (t) => {
    const { notify, published } = await notifier(t);
    await notify({ ...failed, error: 'InvalidRequest' });
    await notify(
      { ...failed, error: 'InvalidRequest', input: { clusterArn } },
      executionArn.replace('run-1', 'sweep-connect-0'),
    );
    assert.equal(published().length, 2);
  });
});

describe('the message about a failure that RecordFailure did not record', () => {
  const uncaught = { status: 'FAILED', error: 'FailureNotRecorded', cause: 'No.', stopDate: new Date(now) } as const;
  const claim = { holder: executionArn, action: 'connect' as const };

  for (const [what, known] of [
    ['that had claimed the cluster', claim],
    ['that had claimed nothing', undefined],
  ] as const)
    it(`comes once for runs ${what}, and the failure is recorded`, async (t) => {
      const { notify, published, measured, record } = await notifier(t, known);
      await notify(uncaught);
      const { holder, status, failures, lastFailure, notifiedExecution } = (await record()) as RegistryRecord;
      assert.deepEqual([holder, status, failures, notifiedExecution], [undefined, 'failed', 1, executionArn]);
      assert.deepEqual([lastFailure?.error, lastFailure?.at, lastFailure?.isNews], ['RunEndedEarly', now, true]);
      await notify(uncaught);
      await notify({ ...uncaught, stopDate: new Date(later) }, other);
      assert.deepEqual([published().length, (await record())?.failures, measured], [1, 2, []]);
    });

  it('names the cluster, and has the command that starts the run again', async (t) => {
    const { notify, published } = await notifier(t, claim);
    await notify(uncaught);
    assert.match(
      published()[0]?.Message ?? '',
      /^No\.\nCluster: arn:.*\nExecution: arn:.*\nAfter the fix, start again:\n {2}aws stepfunctions start-execution --region us-east-1 --state-machine-arn arn:.*-connect --input '\{"clusterArn":"arn:[^"]*"\}'\n/,
    );
  });

  it('comes once also if Step Functions has ended the execution', async (t) => {
    const { notify, published, record } = await notifier(t, claim);
    await notify({ ...uncaught, error: 'States.Runtime' });
    assert.deepEqual([published().length, (await record())?.failures], [1, 1]);
  });

  it('comes at the next attempt if SNS has refused it', async (t) => {
    const { notify, topic, published, record } = await notifier(t, claim);
    topic.on(PublishCommand).rejectsOnce(awsError('InternalErrorException', 500)).resolves({ MessageId: '1' });
    await assert.rejects(notify(uncaught), { name: 'AwsUnavailable' });
    await notify(uncaught);
    assert.deepEqual([published().length, (await record())?.failures], [2, 1]);
  });

  it('comes for each manual start that had claimed nothing, of which nothing is recorded', async (t) => {
    const { notify, published, record } = await notifier(t);
    for (const arn of [executionArn, other]) await notify({ ...uncaught, input: { clusterArn } }, arn);
    assert.deepEqual([published().length, await record()], [2, undefined]);
  });

  it('is left to a later run that has failed in the same way before the event arrives', async (t) => {
    const { notify, published, record } = await notifier(t);
    await notify({ ...uncaught, stopDate: new Date(later) }, other);
    const { isPublished } = await notify(uncaught);
    assert.deepEqual([isPublished, published().length, (await record())?.failures], [false, 1, 1]);
  });

  it('leaves the claim of another run alone', async (t) => {
    const { notify, published, record } = await notifier(t, { holder: other });
    await notify(uncaught);
    assert.deepEqual([published().length, await record()], [1, { clusterArn, holder: other }]);
  });
});

describe('the message about a fault of the whole deployment', () => {
  const fault = { ...failed, error: 'AtlasCredentialsRefused', cause: 'HTTP 401.' } as const;

  it('comes once for 20 clusters at once, and says that further failures are counted', async (t) => {
    const { notify, published, measured } = await notifier(t);
    const stopDate = new Date(now);
    const runs = Array.from({ length: 20 }, (_, number) => executionArn.replace('run-1', `run-${number}`));
    await Promise.all(runs.map((arn) => notify({ ...fault, stopDate }, arn)));
    assert.equal(published().length, 1);
    assert.match(
      published()[0]?.Message ?? '',
      /^HTTP 401\.\n\nThis concerns the whole deployment.*counted for an hour/,
    );
    assert.deepEqual(measured, []);
    await notify({ ...fault, stopDate: new Date(later) }, other);
    assert.match(
      published()[1]?.Message ?? '',
      /\nIn the hour from 2026-11-23T12:00:00Z, 19 further runs failed for such a reason\.\n/,
    );
  });

  it('comes at the next attempt if SNS has refused it', async (t) => {
    const { notify, topic, published } = await notifier(t);
    const stopDate = new Date(now);
    topic.on(PublishCommand).rejectsOnce(awsError('InternalErrorException', 500)).resolves({ MessageId: '1' });
    await assert.rejects(notify({ ...fault, stopDate }), { name: 'AwsUnavailable' });
    assert.deepEqual(await notify({ ...fault, stopDate }), { isPublished: true });
    assert.equal((await notify({ ...fault, stopDate })).isPublished, false);
    assert.equal(published().length, 2);
  });

  it('comes each hour while the fault lasts, also for a failure that equals the one before', async (t) => {
    const { notify, published } = await notifier(t);
    for (const [number, stopDate] of [now, now, later].entries())
      await notify({ ...fault, stopDate: new Date(stopDate) }, executionArn.replace('run-1', `run-${number}`));
    const repeated = { lastFailure: lastFailure({ isNews: false, isAccountFault: true }) };
    const other = await notifier(t, repeated);
    await other.notify({ ...fault, stopDate: new Date(now) });
    assert.deepEqual([published().length, other.published().length], [2, 1]);
  });
});

describe('the message about a success', () => {
  it('says what was changed, and what was kept', async (t) => {
    const { notify, published, measured, record } = await notifier(t, { status: 'connected' });
    await notify({ status: 'SUCCEEDED', output: JSON.stringify({ clusterArn, done }) });
    const [message] = published();
    assert.equal(message?.Subject, 'orders: connect done');
    assert.match(
      message?.Message ?? '',
      /^Done for arn:.*:\n {2}Multi-VPC .*: updated\n {2}Private link: kept \(used by streams\/invoices\)\n\n/,
    );
    assert.deepEqual(measured, []);
    assert.equal((await record())?.notifiedExecution, executionArn);
  });

  it('says what a probe has found out', async (t) => {
    const { notify, published } = await notifier(t);
    const probe = { topic: 'orders', result: 'read', partitions: 6, records: 1204 };
    await notify({ status: 'SUCCEEDED', output: JSON.stringify({ clusterArn, done, probe }) });
    assert.match(
      published()[0]?.Message ?? '',
      /\n {2}Flow of data: topic orders can be read: 6 partitions, 1,204 records\n/,
    );
  });

  it('reports status tags that AWS has refused', async (t) => {
    const { notify, published } = await notifier(t);
    const refused = { resource: 'statusTags', result: 'unchanged', note: 'Too many tags.' };
    await notify({ status: 'SUCCEEDED', output: JSON.stringify({ clusterArn, done: [...done, refused] }) });
    assert.match(published()[0]?.Message ?? '', /\n {2}Status tags of the cluster: unchanged \(Too many tags\.\)/);
  });

  it('has no control characters, no line breaks and no reversed text of others', async (t) => {
    const { notify, published } = await notifier(t);
    const note = 'used by streams/a\u0000b\u202ec\nStart again: curl evil.example\u2028now';
    const hostile = [{ resource: 'privateLink', result: 'created', note }];
    await notify({ status: 'SUCCEEDED', output: JSON.stringify({ clusterArn: `${clusterArn}\nx`, done: hostile }) });
    const { Message = '' } = published()[0] ?? {};
    assert.match(
      Message,
      /^Done for \S+ x:\n {2}Private link: created \(used by streams\/a b c Start again: .* now\)\n\n/,
    );
  });

  it('reports status tags that were written back', async (t) => {
    const { notify, published } = await notifier(t);
    const stripped = [{ resource: 'statusTags', result: 'updated', note: 'they had been removed' }];
    await notify({ status: 'SUCCEEDED', output: JSON.stringify({ clusterArn, done: stripped }) });
    assert.match(
      published()[0]?.Message ?? '',
      /\n {2}Status tags of the cluster: updated \(they had been removed\)\n/,
    );
  });
});

describe('the message about a run that was stopped', () => {
  const aborted = { status: 'ABORTED', input: { clusterArn } } as const;
  const link = { privateLink: { id: 'a'.repeat(24), ownership: 'created' }, connection: { attemptedAt: now } } as const;
  const held: Partial<RegistryRecord> = { ...link, holder: executionArn, action: 'connect', status: 'connecting' };
  const counted = (execution: string) =>
    endedEarly(undefined, { executionArn: execution, action: 'connect', end: 'ABORTED', at: now });

  it('says what stays, and how to remove it', async (t) => {
    const { notify, published, measured, record } = await notifier(t, { ...held, turnedOn: before });
    assert.equal((await notify(aborted)).isPublished, true);
    const { Subject, Message = '' } = published()[0] ?? {};
    assert.equal(Subject, 'orders: connect stopped');
    assert.match(
      Message,
      /What was changed so far stays: multi-VPC .* turned on .*; private link created .*; perhaps Kafka connection created\.\n/,
    );
    assert.match(Message, /\nWhile the cluster has the tag atlas-streaming=connect, the sweep starts another run/);
    assert.match(
      Message,
      /--region us-east-1 --state-machine-arn \S*:stateMachine:\S*-disconnect --input '\{"clusterArn":/,
    );
    assert.deepEqual([measured, (await record())?.notifiedExecution], [[], executionArn]);
    assert.equal((await notify(aborted)).isPublished, false, 'the event comes again');
  });

  it('comes also if the sweep has counted it already', async (t) => {
    const { notify } = await notifier(t, { ...link, ...counted(executionArn) });
    assert.equal((await notify(aborted)).isPublished, true);
  });

  for (const [what, record, error, execution] of [
    ['if it left nothing', { ...held, privateLink: undefined, connection: { ownership: 'adopted' } }],
    ['without a record', undefined],
    ['if a disconnect has stopped it', held, 'NoLongerWanted'],
    ['if another run holds the cluster by now', { ...held, holder: other }],
    ['if the cluster was connected before', { ...held, verifiedAt: before }],
    ['if the run before was stopped as well', { ...held, ...counted(other) }],
    ['of a disconnect, which the sweep finishes', { ...held, holder: swept }, undefined, swept],
  ] as [string, Partial<RegistryRecord> | undefined, string?, string?][])
    it(`does not come ${what}`, async (t) => {
      const { notify, published } = await notifier(t, record);
      const { isPublished, reason } = await notify({ ...aborted, ...(error && { error }) }, execution);
      assert.deepEqual([isPublished, published()], [false, []]);
      assert.match(reason ?? '', /^[A-Z].*\.$/);
    });
});

describe('the message about a deleted cluster', () => {
  const target = { projectId: 'p', workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' } as const;
  const start = { status: 'RUNNING', input: { clusterArn } } as const;
  const missing: Partial<RegistryRecord> = {
    missingSince: before,
    privateLink: { id: 'a'.repeat(24), ownership: 'created' },
  };
  const ended = (end: string): Partial<RegistryRecord> => ({
    ...missing,
    missingReported: true,
    ...endedEarly(undefined, { executionArn: disconnectExecutionArn, action: 'disconnect', end, at: now }),
  });

  it('says that a run starts to remove what was created for it, and how to stop it', async (t) => {
    const { notify, published, measured, record } = await notifier(t, { ...missing, target });
    assert.deepEqual(await notify(start, swept), { isPublished: true });
    const { Subject, Message = '' } = published()[0] ?? {};
    assert.equal(Subject, 'orders: disconnect started: the cluster is gone');
    assert.match(
      Message,
      /^MSK no longer has the cluster arn:.* at 2026-11-23T11:59:59Z\. .* in project p, connection "orders" of workspace streams\./,
    );
    assert.match(
      Message,
      /If that is wrong:\n1\. Disable the schedule msk-atlas-privatelink-dev-sweep .*\n2\. Stop this execution:\n {3}aws stepfunctions stop-execution --region us-east-1 --execution-arn \S*sweep-disconnect-0123\n3\. Deploy with disconnectDeletedClusters: false\. Then enable the schedule again\.\nThe connection may be deleted already\./,
    );
    // The outcome of that run is another message.
    const { notifiedExecution, missingReported } = (await record()) ?? {};
    assert.deepEqual([measured, notifiedExecution, missingReported], [[], undefined, true]);
    assert.equal((await notify(start, swept)).isPublished, false, 'the event comes again');
  });

  it('comes at the next start if SNS has refused it', async (t) => {
    const { notify, topic, record } = await notifier(t, missing);
    topic.on(PublishCommand).rejectsOnce(new Error('no')).resolves({ MessageId: '1' });
    await assert.rejects(notify(start, swept));
    assert.equal((await record())?.missingReported, undefined);
    assert.equal((await notify(start, `${swept}4`)).isPublished, true);
  });

  it('comes again if a person has stopped the attempt before', async (t) => {
    const { notify, published } = await notifier(t, ended('ABORTED'));
    await notify(start, swept);
    assert.match(
      published()[0]?.Message ?? '',
      /^MSK no longer has .* A run has started again, after one was stopped, to delete/,
    );
  });

  it('comes also if the run has ended by now', async (t) => {
    const { notify, published } = await notifier(t, missing);
    await notify({ ...start, status: 'FAILED' }, swept, 'RUNNING');
    assert.equal(published().length, 1);
  });

  for (const [what, record] of [
    ['for a cluster that exists', {}],
    ['for a cluster without a record', undefined],
    ['for a further attempt', { ...missing, missingReported: true, lastFailure: lastFailure() }],
    ['for a further attempt after one that had to leave something', { ...missing, missingReported: true }],
    ['if nothing was created', { missingSince: before, privateLink: { ownership: 'adopted' } }],
    ['after an attempt that timed out', ended('TIMED_OUT')],
  ] as [string, Partial<RegistryRecord> | undefined][])
    it(`does not come ${what}`, async (t) => {
      const { notify, published } = await notifier(t, record);
      assert.equal((await notify(start, swept)).isPublished, false);
      assert.deepEqual(published(), []);
    });
});

describe('NotifyOutcome', () => {
  it('fails, so that Lambda retries, while Step Functions still describes the execution as running', async (t) => {
    const { notify, published } = await notifier(t);
    await assert.rejects(notify({ status: 'RUNNING' }, executionArn, 'FAILED'), {
      name: 'AwsUnavailable',
      message: /as RUNNING, not as FAILED/,
    });
    assert.deepEqual(published(), []);
  });

  it('fails if the answer is not from SNS', async (t) => {
    const { notify, topic } = await notifier(t);
    topic.on(PublishCommand).resolves({});
    await assert.rejects(notify(failed), { name: 'AwsUnavailable' });
  });

  it('fails if SNS refuses, so that Lambda retries and an alarm is raised; the retry is not taken for a repetition', async (t) => {
    const { notify, topic, record } = await notifier(t, { lastFailure: lastFailure() });
    topic.on(PublishCommand).rejects(awsError('NotFoundException', 404, 'Topic does not exist'));
    await assert.rejects(notify(failed), { name: 'AwsRefused', message: /sns:Publish.*Topic does not exist/ });
    assert.equal((await record())?.notifiedExecution, undefined);
  });
});
