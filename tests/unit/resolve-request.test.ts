import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListTagsForResourceCommand, TagResourceCommand } from '@aws-sdk/client-kafka';
import { DescribeExecutionCommand, type ExecutionStatus } from '@aws-sdk/client-sfn';
import { resolveRequest } from '../../functions/resolve-request/resolve-request.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import {
  accountId,
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  functionArn,
  projectId,
  request,
  secretArn,
  tagEvent,
} from '../fixtures/request.ts';
import { settings } from '../fixtures/settings.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const otherProjectId = 'a'.repeat(24);
const connect = { 'atlas-streaming': 'connect' };

/** Runs the state for a cluster with these tags, in a deployment with these variables. Step Functions knows `others`. */
function resolver(
  tags: Record<string, string> = {},
  variables: Record<string, string> = {},
  others: Record<string, { status: ExecutionStatus }> = {},
) {
  const { client, msk } = fakeMsk();
  msk.on(ListTagsForResourceCommand, { ResourceArn: clusterArn }).resolves({ Tags: tags });
  msk.on(TagResourceCommand).resolves({});
  const allowed = { ALLOWED_PROJECT_IDS: otherProjectId, ...variables };
  const { executions, sfnMock } = fakeStepFunctions(others);
  const deps = { msk: client, executions, settings: settings(allowed), functionArn };
  const resolve = (input: unknown) => resolveRequest({ run: { action: 'connect', input }, executionArn }, deps);
  const resolveRemoval = (input: unknown) =>
    resolveRequest({ run: { action: 'disconnect', input }, executionArn: disconnectExecutionArn }, deps);
  const written = () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags;
  return { msk, sfnMock, resolve, resolveRemoval, written };
}

/** The output of a run that has something to do. */
const started = (reason: string, settled = request()) => ({ isAnythingToDo: true, reason, ...settled });
const byTag = 'Started by the tag atlas-streaming.';
const manually = 'Started manually or by the sweep.';

const resolved = (input: object, tags = {}, variables = {}) =>
  resolver(tags, variables).resolve({ clusterArn, ...input });

describe('ResolveRequest', () => {
  it('accepts a tag event, applies the defaults of the deployment, and marks the cluster as connecting', async () => {
    const { resolve, msk } = resolver(connect);
    assert.deepEqual(await resolve(tagEvent()), started(byTag));
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'connecting',
        'atlas-streaming:detail': `Connecting to workspace streams of Atlas project ${projectId}`,
        'atlas-streaming:execution': executionArn,
      },
    });
  });

  it('accepts the input of a manual start, whatever the tag says', async () => {
    const { resolve } = resolver({ 'atlas-streaming': 'no' });
    assert.deepEqual(await resolve({ clusterArn }), started(manually));
  });

  for (const [tags, reason] of [
    [{}, /atlas-streaming of arn:.* no longer exists/],
    [{ 'atlas-streaming': 'Connect' }, /is "Connect", not "connect"/],
    [{ 'atlas-streaming': 'disconnect' }, /is "disconnect", not "connect"/],
  ] as [Record<string, string>, RegExp][])
    it(`does nothing if the cluster's tags are ${JSON.stringify(tags)} when the event arrives`, async () => {
      const { resolve, msk } = resolver(tags);
      const { reason: found, ...rest } = await resolve(tagEvent());
      assert.deepEqual(rest, { isAnythingToDo: false });
      assert.match(found, reason);
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('writes no tags in a dry run', async () => {
    const { resolve, msk } = resolver();
    assert.deepEqual(await resolve({ clusterArn, dryRun: true }), started(manually, request({ dryRun: true })));
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });

  describe('takes each setting from the input, else from the tag, else from the deployment:', () => {
    const tagged = {
      'atlas-streaming:project-id': otherProjectId,
      'atlas-streaming:workspace': 'by-tag',
      'atlas-streaming:connection-name': 'by-tag',
      'atlas-streaming:secret-arn': secretArn,
    };

    it('the input wins over tags, and its secret may be associated', async () => {
      const given = {
        projectId,
        workspace: 'by-input',
        connectionName: 'by-input',
        secretArn: secretArn.replace('orders', 'billing'),
        mechanism: 'PLAIN' as const,
        config: { 'client.id': 'a' },
      };
      assert.deepEqual(
        await resolved(given, tagged),
        started(manually, request({ ...given, maySecretBeAssociated: true })),
      );
    });

    it('tags win over the deployment, and their secret may not be associated', async () => {
      assert.deepEqual(
        await resolved({}, tagged),
        started(
          manually,
          request({ projectId: otherProjectId, workspace: 'by-tag', connectionName: 'by-tag', secretArn }),
        ),
      );
    });

    it('the deployment provides the rest, and the cluster its name', async () => {
      assert.deepEqual(
        await resolved({}, {}, { MECHANISM: 'PLAIN', ATLAS_WORKSPACE: 'by-default' }),
        started(manually, request({ mechanism: 'PLAIN', workspace: 'by-default', connectionName: 'orders' })),
      );
    });
  });

  const foreign: [what: string, arn: string, complaint: RegExp][] = [
    ['Region', clusterArn.replace('us-east-1', 'eu-west-1'), /is in Region eu-west-1; it must be in us-east-1/],
    [
      'account',
      clusterArn.replace(accountId, '999999999999'),
      /account 999999999999; it must be in account 111122223333/,
    ],
    ['partition', clusterArn.replace('arn:aws:', 'arn:aws-cn:'), /partition "aws-cn"; it must be "aws"/],
  ];
  for (const [what, arn, complaint] of foreign)
    it(`refuses a cluster in another ${what} before any call`, async () => {
      for (const input of [{ clusterArn: arn }, tagEvent({ resources: [arn] })]) {
        const { resolve, msk } = resolver(connect);
        await assert.rejects(resolve(input), (error: Error) => {
          assert.equal(error.name, 'InvalidRequest');
          assert.match(error.message, complaint);
          assert.ok(error.message.startsWith(`clusterArn "${arn}"`));
          assert.match(error.message, /for example "arn:aws:kafka:us-east-1:111122223333:cluster\/orders\//);
          return true;
        });
        assert.deepEqual(commandsOf(msk), []);
      }
    });

  it('refuses any other wrong input before any call', async () => {
    for (const input of [{}, null, { clusterArn: 'x' }, { clusterArn, mechanism: 'X' }, tagEvent({ resources: [] })]) {
      const { resolve, msk } = resolver(connect);
      await assert.rejects(resolve(input), { name: 'InvalidRequest' });
      assert.deepEqual(commandsOf(msk), []);
    }
  });

  const refused: [what: string, input: object, tags: Record<string, string>, complaint: RegExp][] = [
    [
      'a project in the input that is not allowed',
      { projectId: 'b'.repeat(24) },
      {},
      /^projectId is "b{24}", which this deployment does not allow; it must be one of "5f1a2b3c4d5e6f7a8b9c0d1e", "a{24}"/,
    ],
    [
      'a project in a tag that is not allowed',
      {},
      { 'atlas-streaming:project-id': 'b'.repeat(24) },
      /^The tag atlas-streaming:project-id is "b{24}", which this deployment does not allow; it must be one of "5f1a/,
    ],
    [
      'a tag that is not a project id',
      {},
      { 'atlas-streaming:project-id': 'mine' },
      /^The tag atlas-streaming:project-id is "mine"; it must be the 24 hexadecimal .* for example "/,
    ],
    [
      'a tag that is not the name of a workspace',
      {},
      { 'atlas-streaming:workspace': 'a/b' },
      /^The tag atlas-streaming:workspace is "a\/b"; it must be .* for example "streams"/,
    ],
    [
      'a tag that Atlas would refuse as a connection name',
      {},
      { 'atlas-streaming:connection-name': 'a b' },
      /^The tag atlas-streaming:connection-name is "a b"; it must be .* for example "orders-msk"/,
    ],
    [
      'a tag that is not the ARN of an MSK secret',
      {},
      { 'atlas-streaming:secret-arn': 'arn:aws:secretsmanager:us-east-1:111122223333:secret:payroll-a1B2c3' },
      /^The tag atlas-streaming:secret-arn is ".*payroll-a1B2c3"; it must be .*AmazonMSK_/,
    ],
  ];
  for (const [what, input, tags, complaint] of refused)
    it(`refuses ${what} and changes nothing`, async () => {
      const { resolve, msk } = resolver(tags);
      await assert.rejects(resolve({ clusterArn, ...input }), { name: 'InvalidRequest', message: complaint });
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('ignores a wrong tag that the input overrides', async () => {
    const tags = { 'atlas-streaming:project-id': 'mine', 'atlas-streaming:workspace': 'a/b' };
    assert.deepEqual(await resolved({ projectId, workspace: 'streams' }, tags), started(manually));
  });

  it('refuses a cluster that does not exist', async () => {
    const { resolve, msk } = resolver();
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    await assert.rejects(resolve({ clusterArn }), {
      name: 'InvalidRequest',
      message: /^clusterArn is "arn:.*", but MSK has no such cluster; it must be the ARN of an existing one/,
    });
  });

  it('lets the machine retry if MSK throttles', async () => {
    const { resolve, msk } = resolver();
    msk.on(ListTagsForResourceCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(resolve({ clusterArn }), { name: 'AwsThrottled' });
  });
});

describe('ResolveRequest of the disconnect machine', () => {
  const disconnect = { 'atlas-streaming': 'disconnect' };

  it('accepts a tag event, with the same settings, and marks the cluster as disconnecting', async () => {
    const { resolveRemoval, written } = resolver({ ...disconnect, 'atlas-streaming:workspace': 'by-tag' });
    assert.deepEqual(await resolveRemoval(tagEvent()), started(byTag, request({ workspace: 'by-tag' })));
    assert.deepEqual(written(), {
      'atlas-streaming:status': 'disconnecting',
      'atlas-streaming:detail': `Disconnecting from workspace by-tag of Atlas project ${projectId}`,
      'atlas-streaming:execution': disconnectExecutionArn,
    });
  });

  it('passes on what the last run has recorded', async () => {
    const recorded = {
      'atlas-streaming:private-link-id': 'f'.repeat(24),
      'atlas-streaming:secret-version': 'version-1',
    };
    const { resolveRemoval } = resolver({ ...disconnect, ...recorded });
    const settled = request({ privateLinkId: 'f'.repeat(24), secretVersion: 'version-1' });
    assert.deepEqual(await resolveRemoval(tagEvent()), started(byTag, settled));
  });

  it('accepts the input of a manual start, whatever the tag says', async () => {
    assert.deepEqual(await resolver(connect).resolveRemoval({ clusterArn }), started(manually));
  });

  const untag = { DISCONNECT_ON_UNTAG: 'true' };
  const events: [what: string, tags: Record<string, string>, variables: Record<string, string>, reason: RegExp][] = [
    ['no longer exists, and the deployment does not disconnect on untag', {}, {}, /^The tag .* no longer exists\.$/],
    ['says connect', connect, {}, /is "connect", not "disconnect"\.$/],
    ['says connect again, in a deployment that disconnects on untag', connect, untag, /is "connect", not "disconnect"/],
    ['says something else, in such a deployment', { 'atlas-streaming': '' }, untag, /is "", not "disconnect"/],
  ];
  for (const [what, tags, variables, reason] of events)
    it(`does nothing if the tag ${what}`, async () => {
      const { resolveRemoval, msk } = resolver(tags, variables);
      const { reason: found, ...rest } = await resolveRemoval(tagEvent());
      assert.deepEqual(rest, { isAnythingToDo: false });
      assert.match(found, reason);
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('accepts the removal of the tag if the deployment disconnects on untag', async () => {
    const { resolveRemoval, written } = resolver({}, untag);
    assert.equal((await resolveRemoval(tagEvent())).isAnythingToDo, true);
    assert.equal(written()?.['atlas-streaming:status'], 'disconnecting');
  });

  it('never connects because of a removed tag', async () => {
    assert.equal((await resolver({}, untag).resolve(tagEvent())).isAnythingToDo, false);
  });

  it('removes what Atlas has for a deleted cluster', async () => {
    const { resolveRemoval, msk } = resolver();
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404));
    assert.deepEqual(await resolveRemoval({ clusterArn }), started(manually));
  });

  it('continues, as the connect machine does, if AWS refuses the status tags of a cluster that has 50', async () => {
    const { resolve, resolveRemoval, msk } = resolver();
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    for (const start of [resolve, resolveRemoval]) assert.deepEqual(await start({ clusterArn }), started(manually));
  });

  it('lets the machine retry if AWS fails to write the status tags', async () => {
    const { resolveRemoval, msk } = resolver();
    msk.on(TagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(resolveRemoval({ clusterArn }), { name: 'AwsUnavailable' });
  });

  it('accepts only the projects that the deployment allows', async () => {
    const { resolveRemoval, msk } = resolver();
    await assert.rejects(resolveRemoval({ clusterArn, projectId: 'b'.repeat(24) }), { name: 'InvalidRequest' });
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });
});

describe('ResolveRequest lets one run per cluster work:', () => {
  const other = executionArn.replace('run-1', 'run-0');
  const heldBy = (execution: string, status = 'connecting') => ({
    ...connect,
    'atlas-streaming:status': status,
    'atlas-streaming:execution': execution,
  });

  for (const [what, holder, status] of [
    ['connects', other, 'connecting'],
    ['disconnects', disconnectExecutionArn, 'disconnecting'],
  ] as const)
    it(`a second run does nothing while another execution ${what} the cluster, and names it`, async () => {
      const { resolve, msk } = resolver(heldBy(holder, status), {}, { [holder]: { status: 'RUNNING' } });
      for (const input of [{ clusterArn }, tagEvent()])
        assert.deepEqual(await resolve(input), {
          isAnythingToDo: false,
          reason: `Execution ${holder} is working on ${clusterArn}, so this execution changes nothing.`,
        });
      assert.ok(!commandsOf(msk).includes('TagResource'));
    });

  it('a second run does nothing even if its own settings are wrong', async () => {
    const tags = { ...heldBy(other), 'atlas-streaming:workspace': 'a/b' };
    const { resolve, msk } = resolver(tags, {}, { [other]: { status: 'RUNNING' } });
    for (const input of [{ clusterArn, projectId: 'b'.repeat(24) }, tagEvent()]) {
      const { isAnythingToDo, reason } = await resolve(input);
      assert.deepEqual([isAnythingToDo, reason.includes(other)], [false, true]);
    }
    assert.ok(!commandsOf(msk).includes('TagResource'));
  });

  it('wrong settings end a run that takes over before it marks the cluster', async () => {
    const tags = { ...heldBy(other), 'atlas-streaming:workspace': 'a/b' };
    const { resolve, msk } = resolver(tags, {}, { [other]: { status: 'FAILED' } });
    await assert.rejects(resolve(tagEvent()), { name: 'InvalidRequest' });
    assert.ok(!commandsOf(msk).includes('TagResource'));
  });

  it('a disconnect does nothing while the cluster is being connected', async () => {
    const { resolveRemoval } = resolver(heldBy(other), {}, { [other]: { status: 'RUNNING' } });
    const { isAnythingToDo, reason } = await resolveRemoval({ clusterArn });
    assert.deepEqual([isAnythingToDo, reason.includes(other)], [false, true]);
  });

  for (const status of ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const)
    it(`a run takes over from an execution that is ${status}`, async () => {
      const { resolve, written } = resolver(heldBy(other), {}, { [other]: { status } });
      assert.equal((await resolve({ clusterArn })).isAnythingToDo, true);
      assert.equal(written()?.['atlas-streaming:execution'], executionArn);
    });

  it('a run takes over from an execution that does not exist', async () => {
    const { resolve, sfnMock } = resolver(heldBy(other));
    for (const name of ['ExecutionDoesNotExist', 'InvalidArn']) {
      sfnMock.on(DescribeExecutionCommand).rejects(awsError(name, 400));
      assert.equal((await resolve({ clusterArn })).isAnythingToDo, true, name);
    }
  });

  for (const status of ['connected', 'failed', 'disconnected'])
    it(`a run accepts a cluster that is ${status} without reading its last execution`, async () => {
      const { resolve, sfnMock } = resolver(heldBy(other, status), {}, { [other]: { status: 'RUNNING' } });
      assert.equal((await resolve({ clusterArn })).isAnythingToDo, true);
      assert.deepEqual(commandsOf(sfnMock), []);
    });

  const foreign: [what: string, execution: string][] = [
    ['another machine', other.replace('-connect:', '-backup:')],
    ['a machine of almost the same name', other.replace('-connect:', ':')],
    ['another stage', other.replace('-dev-', '-prod-')],
    ['another account', other.replace(accountId, '999999999999')],
    ['another Region', other.replace('us-east-1', 'eu-west-1')],
    ['another service', 'arn:aws:lambda:us-east-1:111122223333:function:x'],
    ['no service at all', 'me'],
  ];
  for (const [what, execution] of foreign)
    it(`a run ignores a tag that names an execution of ${what}`, async () => {
      const { resolve, sfnMock } = resolver(heldBy(execution), {}, { [execution]: { status: 'RUNNING' } });
      assert.equal((await resolve({ clusterArn })).isAnythingToDo, true);
      assert.deepEqual(commandsOf(sfnMock), []);
    });

  it('a run continues if it holds the cluster itself, because its first answer was lost', async () => {
    const { resolve, sfnMock } = resolver(heldBy(executionArn), {}, { [executionArn]: { status: 'RUNNING' } });
    assert.equal((await resolve({ clusterArn })).isAnythingToDo, true);
    assert.deepEqual(commandsOf(sfnMock), []);
  });

  it('a dry run reads a held cluster, and holds none itself', async () => {
    const { resolve, resolveRemoval, msk, sfnMock } = resolver(heldBy(other), {}, { [other]: { status: 'RUNNING' } });
    for (const dryRun of [resolve, resolveRemoval])
      assert.equal((await dryRun({ clusterArn, dryRun: true })).isAnythingToDo, true);
    assert.deepEqual([...new Set(commandsOf(msk)), ...commandsOf(sfnMock)], ['ListTagsForResource']);
  });

  it('lets the machine retry if Step Functions throttles', async () => {
    const { resolve, msk, sfnMock } = resolver(heldBy(other));
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('ThrottlingException', 400));
    await assert.rejects(resolve({ clusterArn }), { name: 'AwsThrottled', message: /states:DescribeExecution/ });
    assert.ok(!commandsOf(msk).includes('TagResource'));
  });
});
