import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListTagsForResourceCommand, TagResourceCommand } from '@aws-sdk/client-kafka';
import { recordFailure } from '../../functions/record-failure/record-failure.ts';
import * as errors from '../../shared/errors.ts';
import { readDefinition } from '../../statemachine/definition.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import {
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  functionArn,
  tagEvent,
  taskInput,
} from '../fixtures/request.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

/** What Step Functions catches if a Lambda function throws. */
const thrown = (errorType: string, errorMessage: string) => ({
  Error: errorType,
  Cause: JSON.stringify({ errorType, errorMessage, trace: ['at x'] }),
});
const failed = { CheckPrivateLink: thrown('PrivateLinkFailed', 'Atlas could not set it up (no policy). Fix it.') };

const other = executionArn.replace('run-1', 'run-0');

/** Runs the state for a cluster with these tags. */
function recorder(found: Record<string, string> = {}, known: Parameters<typeof fakeStepFunctions>[0] = {}) {
  const { client, msk } = fakeMsk();
  const { executions } = fakeStepFunctions(known);
  msk.on(ListTagsForResourceCommand, { ResourceArn: clusterArn }).resolves({ Tags: found });
  msk.on(TagResourceCommand).resolves({});
  const record = ({
    connection = {},
    ...overrides
  }: {
    failed?: object;
    input?: unknown;
    connection?: object;
  } = {}) => {
    const run = {
      input: 'input' in overrides ? overrides.input : { clusterArn },
      failed: { ...(overrides.failed ?? failed) } as Record<string, { Error: string }>,
      connection,
    };
    return recordFailure(taskInput(run), { msk: client, executions, functionArn });
  };
  return { msk, record, tags: () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags };
}

describe('RecordFailure', () => {
  it("keeps the error's class, and names the failed state, the reason, the cluster and the execution", async () => {
    assert.deepEqual(await recorder().record(), {
      error: 'PrivateLinkFailed',
      cause: [
        'CheckPrivateLink failed: Atlas could not set it up (no policy). Fix it.',
        `Cluster: ${clusterArn}`,
        `Execution: ${executionArn}`,
      ].join('\n'),
    });
  });

  for (const [what, input] of [
    ['that the input names', { clusterArn }],
    ['that was tagged', tagEvent()],
    ['in an input that is otherwise wrong', { clusterArn, mechanism: 'X' }],
  ] as const)
    it(`writes the failure in short on the tags of the cluster ${what}`, async () => {
      const { record, tags } = recorder();
      await record({ input });
      assert.deepEqual(tags(), {
        'atlas-streaming:status': 'failed',
        'atlas-streaming:detail': 'CheckPrivateLink PrivateLinkFailed: Atlas could not set it up no policy . Fix it.',
        'atlas-streaming:execution': executionArn,
      });
    });

  it('writes on the tags which version of the secret was sent to Atlas before the failure', async () => {
    const { record, tags } = recorder();
    await record({ connection: { secretVersionId: 'version-1' } });
    assert.equal(tags()?.['atlas-streaming:secret-version'], 'version-1');
  });

  it('cuts and cleans a long message for the tags, and keeps it whole in the Cause', async () => {
    const { record, tags } = recorder();
    const message = `2 prerequisites are not met:\n1. "${'a'.repeat(200)}"\n2. ${'b'.repeat(200)}`;
    const { cause } = await record({ failed: { CheckPrerequisites: thrown('PrerequisitesNotMet', message) } });
    assert.ok(cause.startsWith(`CheckPrerequisites failed: ${message}\n`));
    const detail = tags()?.['atlas-streaming:detail'] ?? '';
    assert.match(detail, /^[\p{L}\p{N}_.:/=+\-@ ]{256}$/u);
  });

  it('cuts a message that would not fit into the Cause', async () => {
    const { cause } = await recorder().record({ failed: { InspectCluster: thrown('AwsRefused', 'x'.repeat(40_000)) } });
    const [first, ...rest] = cause.split('\n');
    assert.equal(first, `InspectCluster failed: ${'x'.repeat(30_000)}`);
    assert.deepEqual(rest, [`Cluster: ${clusterArn}`, `Execution: ${executionArn}`]);
    assert.ok(cause.length < 32_768);
  });

  it('removes control characters from a message, and half of a character at its end', async () => {
    const message = `Atlas said\n1. "\u0007\u0085\u202e\ud800 ü"${'x'.repeat(29_977)}😀`;
    const { cause } = await recorder().record({ failed: { InspectCluster: thrown('AtlasRefused', message) } });
    assert.match(cause, /^InspectCluster failed: Atlas said\n1\. " {5}ü"x+\nCluster: /);
    assert.ok(cause.isWellFormed());
  });

  for (const [status, holder] of [
    ['connecting', other],
    ['disconnecting', disconnectExecutionArn],
  ] as const)
    it(`leaves the tags unchanged while another execution is ${status} the cluster, and says so`, async () => {
      const held = { 'atlas-streaming:status': status, 'atlas-streaming:execution': holder };
      const { record, msk } = recorder(held, { [holder]: { status: 'RUNNING' } });
      const { error, cause } = await record();
      assert.equal(error, 'PrivateLinkFailed');
      assert.ok(
        cause.endsWith(`\nStatus tags were left unchanged because execution ${holder} is working on this cluster.`),
        cause,
      );
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  const notHeld: [what: string, status: string, holder?: string][] = [
    ['of its own run', 'connecting', executionArn],
    ['of another run that has ended', 'connected', other],
    ['of another run that has ended without a final status', 'connecting', other],
    ['that name no execution', 'connecting'],
    ['that name an execution of another deployment, which anybody may write', 'connecting', 'me'],
  ];
  for (const [what, status, holder] of notHeld)
    it(`overwrites tags ${what}`, async () => {
      const { record, tags } = recorder({
        'atlas-streaming:status': status,
        ...(holder && { 'atlas-streaming:execution': holder }),
      });
      assert.ok((await record()).cause.endsWith(`Execution: ${executionArn}`));
      assert.equal(tags()?.['atlas-streaming:status'], 'failed');
    });

  it('leaves the tags of a connected cluster unchanged if only an input is wrong', async () => {
    const { record, msk } = recorder({ 'atlas-streaming:status': 'connected' });
    const { cause } = await record({ failed: { ResolveRequest: thrown('InvalidRequest', 'mechanism is "x".') } });
    assert.match(cause, /the cluster is still connected/);
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });

  it('mentions tags that it may not read besides the error, and writes none', async () => {
    const { record, msk } = recorder();
    msk.on(ListTagsForResourceCommand).rejects(awsError('ForbiddenException', 403));
    const { error, cause } = await record();
    assert.equal(error, 'PrivateLinkFailed');
    assert.match(cause, /\nStatus tags could not be written: AWS refused kafka:ListTagsForResource /);
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });

  const untagged: [what: string, input: unknown][] = [
    ['a dry run', { clusterArn, dryRun: true }],
    ['an input that was meant as a dry run', { clusterArn, dryRun: 'true' }],
    ['a cluster in another Region', { clusterArn: clusterArn.replace('us-east-1', 'eu-west-1') }],
    ['a cluster in another account', { clusterArn: clusterArn.replace('111122223333', '999999999999') }],
    ['a cluster in another partition', tagEvent({ resources: [clusterArn.replace('arn:aws:', 'arn:aws-cn:')] })],
    ['an input without a cluster', { cluster: 'orders' }],
    ['an input that is not an object', 'orders'],
    ['no input', null],
  ];
  for (const [what, input] of untagged)
    it(`writes no tags for ${what}`, async () => {
      const { record, msk } = recorder();
      const { error, cause } = await record({ input });
      assert.deepEqual(commandsOf(msk), []);
      assert.equal(error, 'PrivateLinkFailed');
      assert.match(cause, /^CheckPrivateLink failed: .*\n(Cluster: .*\n)?Execution: arn:/);
    });

  for (const [what, refusal] of [
    ['refuses', awsError('NotFoundException', 404, 'There is no such cluster.')],
    ['fails to write', awsError('ServiceUnavailableException', 503)],
  ] as const)
    it(`mentions tags that AWS ${what} besides the error, not instead of it`, async () => {
      const { record, msk } = recorder();
      msk.on(TagResourceCommand).rejects(refusal);
      const { error, cause } = await record();
      assert.equal(error, 'PrivateLinkFailed');
      assert.match(cause, /^CheckPrivateLink failed: .*\n.*\n.*\nStatus tags could not be written: AWS /);
    });

  it("adds nothing to the words of the project's own errors", async () => {
    for (const name of ['AtlasRefused', 'WaitTimedOut', 'DeploymentMisconfigured']) {
      const { cause } = await recorder().record({ failed: { InspectCluster: thrown(name, 'Do this.') } });
      assert.ok(cause.startsWith('InspectCluster failed: Do this.\n'), cause);
    }
  });

  it('says that every error that the machine retries is usually transient, and what to do', async () => {
    const retriers = readDefinition('connect').States.InspectCluster?.Retry ?? [];
    const retried = retriers.flatMap(({ ErrorEquals }) => ErrorEquals).filter((name) => name in errors);
    for (const name of ['AwsUnavailable', 'AtlasThrottled']) assert.ok(retried.includes(name), name);
    for (const name of retried) {
      const { cause } = await recorder().record({ failed: { InspectCluster: thrown(name, 'AWS is busy.') } });
      assert.match(
        cause,
        /^InspectCluster failed: AWS is busy\. This is usually transient.*start the execution again later/,
        name,
      );
    }
  });

  const engine: [what: string, caught: { Error: string; Cause?: string }, said: RegExp][] = [
    ['a time-out of the state', { Error: 'States.Timeout' }, /States\.Timeout/],
    [
      'a crash of the function',
      thrown('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: killed'),
      /Runtime exited with error: signal: killed \(Runtime\.ExitError\)/,
    ],
    [
      "Lambda's own words",
      { Error: 'Lambda.TooManyRequestsException', Cause: 'Rate exceeded.' },
      /Rate exceeded\. \(Lambda\.TooManyRequestsException\)/,
    ],
  ];
  for (const [what, caught, said] of engine)
    it(`explains ${what}, and where to find the details`, async () => {
      const { error, cause } = await recorder().record({ failed: { InspectCluster: caught } });
      assert.equal(error, caught.Error);
      assert.match(cause, said);
      assert.match(
        cause,
        /^InspectCluster failed: .*did not report an error of its own.*log group.*start the execution again/,
      );
    });

  it('reports an error whose Cause is JSON of another shape', async () => {
    for (const Cause of ['null', '5', '{"message":"x"}']) {
      const { cause } = await recorder().record({ failed: { InspectCluster: { Error: 'Odd', Cause } } });
      assert.ok(
        cause.startsWith(`InspectCluster failed: ${Cause} (Odd). The function did not report an error of its own.`),
        cause,
      );
    }
  });
});
