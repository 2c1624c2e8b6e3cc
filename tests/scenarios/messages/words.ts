import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Message } from '../../../emulators/sns.ts';
import { entered, Watched } from './watched.ts';

/** Every kind of message, word for word. What differs from run to run is in angle brackets. */
const wordsOf = ({ subject, text }: Message, { clusterArn }: Watched): string[] => [
  subject,
  ...text
    .replaceAll(clusterArn, '<cluster>')
    .replaceAll(
      /arn:aws:states:[\w-]+:\d{12}:execution:msk-atlas-privatelink-local-(connect|disconnect):[\w-]+/g,
      '<$1>',
    )
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\b[0-9a-f]{24}\b/g, '<id>')
    .split('\n'),
];

const consoleOf = (action: string) =>
  `The execution in the Step Functions console: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/<${action}>`;
const machine = (action: string) =>
  `arn:aws:states:us-east-1:123456789012:stateMachine:msk-atlas-privatelink-local-${action}`;
const startAgain = (action: string, input = '{"clusterArn":"<cluster>"}') =>
  `aws stepfunctions start-execution --region us-east-1 --state-machine-arn ${machine(action)} --input '${input}'`;

/** Checks that the messages since the last check are these, and no more. */
async function assertSaid(watched: Watched, ...expected: string[][]): Promise<void> {
  const messages = await watched.messages();
  assert.deepEqual(
    messages.map((message) => wordsOf(message, watched)),
    expected,
  );
}

/** The end of the Cause of a run that the tag has started. */
const whatNext = (action: string) => [
  'Cluster: <cluster>',
  `Execution: <${action}>`,
  'After the fix, start again:',
  `  ${startAgain(action)}`,
  'The sweep starts a run after <time>, or earlier if the cluster, its setting tags or its SCRAM secret change.',
  "Don't use Redrive: it enters only the last state again, which fails again. Start a new execution.",
];

suite('the message says word for word,', () => {
  test('if a run fails, the Cause', async () => {
    const watched = await Watched.start({ cluster: { state: 'FAILED' } });
    await watched.tag();
    await assertSaid(watched, [
      'orders: connect failed: ClusterUnusable',
      'InspectCluster failed: Cluster <cluster> is FAILED; it must be ACTIVE. Check the cluster in the MSK console. If you cannot repair it, ask AWS Support.',
      'Nothing was changed.',
      ...whatNext('connect'),
      '',
      consoleOf('connect'),
    ]);
  });

  test("if a function does not answer within its state's time-out, that its log has the details", async () => {
    const watched = await Watched.start();
    watched.silence('LookUpPrincipal');
    await watched.tag();
    await assertSaid(watched, [
      'orders: connect failed: FunctionTimedOut',
      "LookUpPrincipal failed: The function did not answer within the time-out of its state (States.Timeout). Its log group has the details: /aws/lambda/msk-atlas-privatelink-local-LookUpPrincipal. This is usually transient, but it outlasted this state's retries. Nothing is lost: start a new execution later, which continues with what exists.",
      'Nothing was changed.',
      ...whatNext('connect'),
      '',
      consoleOf('connect'),
    ]);
  });

  test('if RecordFailure fails as well, how to continue', async () => {
    const watched = await Watched.start({ scramSecrets: [{ isAssociated: false }] });
    watched.fail('RecordFailure');
    await watched.tag();
    await assertSaid(watched, [
      'orders: connect failed: FailureNotRecorded',
      "The run failed, and then its state RecordFailure failed too, so the registry and the cluster's status tags may be out of date. The first failed state in this execution's events says what went wrong; the log of the function RecordFailure says why it could not record that. Don't use Redrive, which only fails again. Everything is safe to repeat. Start a new execution.",
      'Cluster: <cluster>',
      'Execution: <connect>',
      'After the fix, start again:',
      `  ${startAgain('connect')}`,
      '',
      consoleOf('connect'),
    ]);
  });

  test('if Step Functions itself ends a run, its words, and how to start again', async () => {
    const watched = await Watched.start();
    watched.replace('CheckPrerequisites', { payload: 'x'.repeat(262_144) });
    await watched.tag();
    await assertSaid(watched, [
      'orders: connect failed: States.DataLimitExceeded',
      "The state/task 'CheckPrerequisites' returned a result with a size exceeding the maximum number of bytes service limit.",
      'Cluster: <cluster>',
      'Execution: <connect>',
      'After the fix, start again:',
      `  ${startAgain('connect')}`,
      '',
      consoleOf('connect'),
    ]);
    await watched.startByHand({ clusterArn: watched.clusterArn, config: { 'client.id': 'x'.repeat(261_900) } });
    await assertSaid(watched, [
      'orders: connect failed: States.DataLimitExceeded',
      "The state/task 'ResolveRequest' returned a result with a size exceeding the maximum number of bytes service limit.",
      'Cluster: <cluster>',
      'Execution: <connect>',
      'After the fix, start again:',
      `  ${startAgain('connect', '<the same input>')}`,
      '',
      consoleOf('connect'),
    ]);
  });

  test('if the credentials are refused, that it concerns the whole deployment, and later how often', async () => {
    const watched = await Watched.start({ atlasCredentials: { publicKey: 'expired', privateKey: 'expired' } });
    const refused = [
      'orders: connect failed: AtlasCredentialsRefused',
      'CheckPrerequisites failed: Atlas refused GET /api/atlas/v2/groups/<id>/streams/streams with HTTP 401 (UNEXPECTED_ERROR: "You are not authorized for this resource."). Check the keys in the Atlas credentials secret: Atlas doesn\'t know them. The credentials are in arn:aws:secretsmanager:us-east-1:123456789012:secret:atlas-streaming-credentials-a1B2c3. To replace them:',
      '  aws secretsmanager put-secret-value --region us-east-1 --secret-id arn:aws:secretsmanager:us-east-1:123456789012:secret:atlas-streaming-credentials-a1B2c3 --secret-string file://credentials.json',
      'Nothing was changed.',
      ...whatNext('connect'),
      '',
      'This concerns the whole deployment, not only this cluster. Further failures of this kind are counted for an hour, not reported one by one; the next message says how many there were.',
    ];
    await watched.tag();
    await assertSaid(watched, [...refused, '', consoleOf('connect')]);
    await watched.sweepFor(2);
    await assertSaid(watched, [
      ...refused,
      'In the hour from <time>, 1 further run failed for such a reason.',
      '',
      consoleOf('connect'),
    ]);
  });

  test('if a run has changed something, with notifyOnSuccess, what', async () => {
    const watched = await Watched.start({}, { notifyOnSuccess: 'true' });
    await watched.tag();
    await assertSaid(watched, [
      'orders: connect done',
      'Done for <cluster>:',
      '  Statement for Atlas in the cluster policy: created (AtlasStreamProcessing821274765805; AWS account 821274765805. The account was not compared with a list, because the setting atlasAwsAccountIds is empty)',
      '  Private link: created',
      '  Kafka connection: created',
      '',
      consoleOf('connect'),
    ]);
    await watched.tag({ 'atlas-streaming': 'disconnect' });
    await assertSaid(watched, [
      'orders: disconnect done',
      'Done for <cluster>:',
      '  Kafka connection: removed',
      '  Private link: removed',
      '  Statement for Atlas in the cluster policy: removed',
      '  Multi-VPC private connectivity of the cluster: kept (other clients may use it)',
      '  Association of the SCRAM secret with the cluster: kept (other clients may use it)',
      '',
      consoleOf('disconnect'),
    ]);
  });

  test('if a cluster is gone, what is removed and how to stop that, and again after a person has stopped it', async () => {
    const watched = await Watched.start();
    const { cloud, clusterArn } = watched;
    await watched.tag();
    cloud.world.msk.deleteCluster(clusterArn);
    cloud.interceptInvocation = async ({ name }, next) => {
      if (name === 'DeletePrivateLink') cloud.executions.at(-1)?.abort();
      return next();
    };
    const gone = (again = '') => [
      'orders: disconnect started: the cluster is gone',
      `MSK no longer has the cluster <cluster>; the sweep noticed it at <time>. A run has started${again} to delete what was created for the cluster in Atlas in project <id>, connection "orders" of workspace streams. Atlas bills a private link by the hour.`,
      '',
      'If that is wrong:',
      '1. Disable the schedule msk-atlas-privatelink-local-sweep in EventBridge Scheduler. Otherwise the sweep starts such a run again, 15 minutes or more after the stop.',
      '2. Stop this execution:',
      '   aws stepfunctions stop-execution --region us-east-1 --execution-arn <disconnect>',
      '3. Deploy with disconnectDeletedClusters: false. Then enable the schedule again.',
      'The connection may be deleted already.',
      '',
      consoleOf('disconnect'),
    ];
    await watched.sweepFor(0.5);
    await assertSaid(watched, gone());
    watched.fail('none', 0);
    await watched.sweepFor(0.75);
    await assertSaid(watched, gone(' again, after one was stopped,'));
  });

  test('if a tag asks for another target, how to keep the connection, and how to move it', async () => {
    const watched = await Watched.start();
    await watched.tag();
    await watched.messages();
    await watched.cloud.tag({ 'atlas-streaming/workspace': 'asked' });
    await watched.sweepFor(0.25);
    const tag = 'aws kafka tag-resource --region us-east-1 --resource-arn <cluster> --tags';
    await assertSaid(watched, [
      'orders: asked for another target',
      'RecordSuccess: The cluster is connected as "orders" in workspace "streams" of project <id> (SCRAM-512), but the tag atlas-streaming/workspace is "asked". A cluster has one target: the recorded connection was verified and stays. This is reported once. To keep the connection, set the tag back:',
      `  ${tag} atlas-streaming/workspace=streams`,
      'Or remove it, if it was not there before:',
      '  aws kafka untag-resource --region us-east-1 --resource-arn <cluster> --tag-keys atlas-streaming/workspace',
      'To move it:',
      '  1. Disconnect the cluster:',
      `     ${tag} atlas-streaming=disconnect`,
      '  2. When the cluster\'s tag atlas-streaming/status is "disconnected", connect it:',
      `     ${tag} atlas-streaming=connect`,
      'The cluster has no connection for about an hour then: the new private link takes about 30 minutes, and the new connection about 25.',
      'Nothing was changed.',
      'Cluster: <cluster>',
      'Execution: <connect>',
      "Don't use Redrive: it enters only the last state again, which fails again.",
      '',
      consoleOf('connect'),
    ]);
  });

  test('if a person stops a run, what stays, and how to remove it', async () => {
    const watched = await Watched.start();
    const [run = assert.fail()] = await watched.cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(run, 'WaitForConnection');
    run.abort();
    await run.result;
    await assertSaid(watched, [
      'orders: connect stopped',
      'A run that connects the cluster <cluster> was stopped before the cluster was connected. What was changed so far stays: statement for Atlas in the cluster policy created; private link created (billed by the hour, about $51 a month); Kafka connection created.',
      'While the cluster has the tag atlas-streaming=connect, the sweep starts another run, 15 minutes or more after the stop. Without the tag, no run completes or removes it.',
      'To remove it, set the tag to disconnect. If the cluster does not have the tag connect, you can run this instead:',
      `  ${startAgain('disconnect')}`,
      '',
      consoleOf('connect'),
    ]);
  });
});
