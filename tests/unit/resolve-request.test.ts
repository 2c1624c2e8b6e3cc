import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListTagsForResourceCommand, TagResourceCommand } from '@aws-sdk/client-kafka';
import { DescribeExecutionCommand, type ExecutionStatus } from '@aws-sdk/client-sfn';
import { resolveRequest } from '../../functions/resolve-request/resolve-request.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import {
  accountId,
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  functionArn,
  now,
  projectId,
  request,
  secretArn,
  tagEvent,
} from '../fixtures/request.ts';
import { settings } from '../fixtures/settings.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const otherProjectId = 'a'.repeat(24);
const connect = { 'atlas-streaming': 'connect' };

/** Runs the state for a cluster with these tags, in a deployment with these variables; `others` have run or are running. */
function resolver(
  tags: Record<string, string> = {},
  variables: Record<string, string> = {},
  others: Record<string, { status: ExecutionStatus }> = {},
) {
  const { kafka, msk } = fakeMsk();
  msk.on(ListTagsForResourceCommand, { ResourceArn: clusterArn }).resolves({ Tags: tags });
  msk.on(TagResourceCommand).resolves({});
  const allowed = { ALLOWED_PROJECT_IDS: otherProjectId, ...variables };
  const { sfn, sfnMock } = fakeStepFunctions(others);
  const deps = { kafka, sfn, settings: settings(allowed), functionArn, signal };
  const resolve = (input: unknown) => resolveRequest({ action: 'connect', input, executionArn, now }, deps);
  const resolveRemoval = (input: unknown) =>
    resolveRequest({ action: 'disconnect', input, executionArn: disconnectExecutionArn, now }, deps);
  const written = () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags;
  return { msk, sfnMock, resolve, resolveRemoval, written };
}

const resolved = async (input: object, tags = {}, variables = {}) =>
  (await resolver(tags, variables).resolve({ clusterArn, ...input })).request;

describe('ResolveRequest', () => {
  it('takes a tag event, fills in the defaults of the deployment and marks the cluster as connecting', async () => {
    const { resolve, msk } = resolver(connect);
    assert.deepEqual(await resolve(tagEvent()), {
      decision: { isAnythingToDo: true, reason: 'Started by the tag atlas-streaming.' },
      request: request(),
      waits: {
        cluster: { pollSeconds: 20, usualMinutes: 45, timeoutMinutes: 720, deadline: '2026-11-24T00:00:00.000Z' },
        privateLink: { pollSeconds: 20, usualMinutes: 32, timeoutMinutes: 90 },
        connection: { pollSeconds: 20, usualMinutes: 26, timeoutMinutes: 90 },
        removal: { pollSeconds: 30, timeoutMinutes: 120, deadline: '2026-11-23T14:00:00.000Z' },
      },
    });
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'connecting',
        'atlas-streaming:detail': `Connecting to workspace streams of Atlas project ${projectId}`,
        'atlas-streaming:execution': executionArn,
      },
    });
  });

  it('takes the input of a console start, whatever the tag says', async () => {
    const { resolve } = resolver({ 'atlas-streaming': 'no' });
    const { decision, request: settled } = await resolve({ clusterArn });
    assert.deepEqual([decision.isAnythingToDo, settled], [true, request()]);
  });

  for (const [tags, reason] of [
    [{}, /atlas-streaming of arn:.* is gone/],
    [{ 'atlas-streaming': 'Connect' }, /is "Connect", not "connect"/],
    [{ 'atlas-streaming': 'disconnect' }, /is "disconnect", not "connect"/],
  ] as [Record<string, string>, RegExp][])
    it(`does nothing when the cluster's tags are ${JSON.stringify(tags)} by the time the event arrives`, async () => {
      const { resolve, msk } = resolver(tags);
      const { decision, ...rest } = await resolve(tagEvent());
      assert.deepEqual(rest, { request: null, waits: null });
      assert.equal(decision.isAnythingToDo, false);
      assert.match(decision.reason, reason);
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('writes no tags in a dry run', async () => {
    const { resolve, msk } = resolver();
    assert.equal((await resolve({ clusterArn, dryRun: true })).request?.dryRun, true);
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });

  describe('settles each setting by the input, else by the tag, else by the deployment:', () => {
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
      assert.deepEqual(await resolved(given, tagged), request({ ...given, maySecretBeAssociated: true }));
    });

    it('tags win over the deployment, and their secret may not be associated', async () => {
      assert.deepEqual(
        await resolved({}, tagged),
        request({ projectId: otherProjectId, workspace: 'by-tag', connectionName: 'by-tag', secretArn }),
      );
    });

    it('the deployment gives the rest, and the cluster its name', async () => {
      assert.deepEqual(
        await resolved({}, {}, { KAFKA_AUTH_MECHANISM: 'PLAIN', ATLAS_WORKSPACE: 'by-default' }),
        request({ mechanism: 'PLAIN', workspace: 'by-default', connectionName: 'orders' }),
      );
    });
  });

  const foreign: [what: string, arn: string, complaint: RegExp][] = [
    ['Region', clusterArn.replace('us-east-1', 'eu-west-1'), /is in Region eu-west-1; it must be in us-east-1/],
    [
      'account',
      clusterArn.replace(accountId, '999999999999'),
      /account 999999999999; it must be of account 111122223333/,
    ],
    ['partition', clusterArn.replace('arn:aws:', 'arn:aws-cn:'), /partition "aws-cn"; it must be of "aws"/],
  ];
  for (const [what, arn, complaint] of foreign)
    it(`refuses a cluster of another ${what} before it calls anything`, async () => {
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

  it('refuses any other input before it calls anything', async () => {
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
      'a tag that is no project id',
      {},
      { 'atlas-streaming:project-id': 'mine' },
      /^The tag atlas-streaming:project-id is "mine"; it must be the 24 hexadecimal .* for example "/,
    ],
    [
      'a tag that is no workspace',
      {},
      { 'atlas-streaming:workspace': 'a/b' },
      /^The tag atlas-streaming:workspace is "a\/b"; it must be .* for example "streams"/,
    ],
    [
      'a tag that Atlas would refuse as connection name',
      {},
      { 'atlas-streaming:connection-name': 'a b' },
      /^The tag atlas-streaming:connection-name is "a b"; it must be .* for example "orders-msk"/,
    ],
    [
      'a tag that is no ARN of an MSK secret',
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

  it('takes no notice of a wrong tag that the input overrides', async () => {
    const tags = { 'atlas-streaming:project-id': 'mine', 'atlas-streaming:workspace': 'a/b' };
    assert.deepEqual(await resolved({ projectId, workspace: 'streams' }, tags), request());
  });

  it('names the parameter when a default of the deployment is wrong', async () => {
    await assert.rejects(resolved({}, {}, { ATLAS_WORKSPACE: '' }), {
      name: 'InvalidRequest',
      message: /^The parameter atlasWorkspace is ""; it must be/,
    });
  });

  it('refuses a cluster that MSK does not know', async () => {
    const { resolve, msk } = resolver();
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    await assert.rejects(resolve({ clusterArn }), {
      name: 'InvalidRequest',
      message: /^clusterArn is "arn:.*", and MSK knows no such cluster; it must be the ARN of an existing one/,
    });
  });

  it('is tried again when MSK does not answer', async () => {
    const { resolve, msk } = resolver();
    msk.on(ListTagsForResourceCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(resolve({ clusterArn }), { name: 'AwsThrottled' });
  });
});

describe('ResolveRequest of the disconnect machine', () => {
  const disconnect = { 'atlas-streaming': 'disconnect' };

  it('takes a tag event, with the same settings, and marks the cluster as disconnecting', async () => {
    const { resolveRemoval, written } = resolver({ ...disconnect, 'atlas-streaming:workspace': 'by-tag' });
    const { decision, request: settled } = await resolveRemoval(tagEvent());
    assert.deepEqual(decision, { isAnythingToDo: true, reason: 'Started by the tag atlas-streaming.' });
    assert.deepEqual(settled, request({ workspace: 'by-tag' }));
    assert.deepEqual(written(), {
      'atlas-streaming:status': 'disconnecting',
      'atlas-streaming:detail': `Disconnecting from workspace by-tag of Atlas project ${projectId}`,
      'atlas-streaming:execution': disconnectExecutionArn,
    });
  });

  it('hands on what the last run has recorded', async () => {
    const recorded = {
      'atlas-streaming:private-link-id': 'f'.repeat(24),
      'atlas-streaming:secret-version': 'version-1',
    };
    const { resolveRemoval } = resolver({ ...disconnect, ...recorded });
    const { request: settled } = await resolveRemoval(tagEvent());
    assert.deepEqual(settled, request({ privateLinkId: 'f'.repeat(24), secretVersion: 'version-1' }));
  });

  it('takes the input of a console start, whatever the tag says', async () => {
    const { decision } = await resolver(connect).resolveRemoval({ clusterArn });
    assert.deepEqual(decision, { isAnythingToDo: true, reason: 'Started by hand, or by the sweep.' });
  });

  const untag = { DISCONNECT_ON_UNTAG: 'true' };
  const events: [what: string, tags: Record<string, string>, variables: Record<string, string>, reason: RegExp][] = [
    ['is gone, and the deployment keeps what is connected', {}, {}, /^The tag atlas-streaming of arn:.* is gone\./],
    ['says connect', connect, {}, /is "connect", not "disconnect"\.$/],
    ['says connect again, in a deployment that disconnects on untag', connect, untag, /is "connect", not "disconnect"/],
    ['says something else, in such a deployment', { 'atlas-streaming': '' }, untag, /is "", not "disconnect"/],
  ];
  for (const [what, tags, variables, reason] of events)
    it(`does nothing when the tag ${what}`, async () => {
      const { resolveRemoval, msk } = resolver(tags, variables);
      const { decision, ...rest } = await resolveRemoval(tagEvent());
      assert.deepEqual(rest, { request: null, waits: null });
      assert.equal(decision.isAnythingToDo, false);
      assert.match(decision.reason, reason);
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('takes the removal of the tag where the deployment says so', async () => {
    const { resolveRemoval, written } = resolver({}, untag);
    assert.equal((await resolveRemoval(tagEvent())).decision.isAnythingToDo, true);
    assert.equal(written()?.['atlas-streaming:status'], 'disconnecting');
  });

  it('never takes the removal of the tag for a wish to connect', async () => {
    const { decision } = await resolver({}, untag).resolve(tagEvent());
    assert.equal(decision.isAnythingToDo, false);
  });

  it('takes away what Atlas has for a cluster that is gone', async () => {
    const { resolveRemoval, msk } = resolver();
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404));
    const { decision, request: settled } = await resolveRemoval({ clusterArn });
    assert.deepEqual([decision.isAnythingToDo, settled], [true, request()]);
  });

  it('goes on, as the other does, when AWS refuses the status tags of a cluster that has 50', async () => {
    const { resolve, resolveRemoval, msk } = resolver();
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    for (const start of [resolve, resolveRemoval]) {
      const { decision, request: settled } = await start({ clusterArn });
      assert.deepEqual([decision.isAnythingToDo, settled], [true, request()]);
    }
  });

  it('is tried again when AWS does not take the status tags', async () => {
    const { resolveRemoval, msk } = resolver();
    msk.on(TagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(resolveRemoval({ clusterArn }), { name: 'AwsUnavailable' });
  });

  it('is no way around the projects that the deployment allows', async () => {
    const { resolveRemoval, msk } = resolver();
    await assert.rejects(resolveRemoval({ clusterArn, projectId: 'b'.repeat(24) }), { name: 'InvalidRequest' });
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });
});

describe('one run per cluster', () => {
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
    it(`a second one leaves a cluster alone that another execution ${what}, and names it`, async () => {
      const { resolve, msk } = resolver(heldBy(holder, status), {}, { [holder]: { status: 'RUNNING' } });
      for (const input of [{ clusterArn }, tagEvent()])
        assert.deepEqual(await resolve(input), {
          decision: {
            isAnythingToDo: false,
            reason: `Execution ${holder} holds ${clusterArn} and is still running; this one leaves it alone.`,
          },
          request: null,
          waits: null,
        });
      assert.ok(!commandsOf(msk).includes('TagResource'));
    });

  it('a second one leaves it alone also where its own settings are wrong', async () => {
    const tags = { ...heldBy(other), 'atlas-streaming:workspace': 'a/b' };
    const { resolve, msk } = resolver(tags, {}, { [other]: { status: 'RUNNING' } });
    for (const input of [{ clusterArn, projectId: 'b'.repeat(24) }, tagEvent()]) {
      const { decision, request: settled } = await resolve(input);
      assert.deepEqual([decision.isAnythingToDo, decision.reason.includes(other), settled], [false, true, null]);
    }
    assert.ok(!commandsOf(msk).includes('TagResource'));
  });

  it('wrong settings end a run that takes over, before it marks the cluster', async () => {
    const tags = { ...heldBy(other), 'atlas-streaming:workspace': 'a/b' };
    const { resolve, msk } = resolver(tags, {}, { [other]: { status: 'FAILED' } });
    await assert.rejects(resolve(tagEvent()), { name: 'InvalidRequest' });
    assert.ok(!commandsOf(msk).includes('TagResource'));
  });

  it('a removal leaves a cluster alone that is being connected', async () => {
    const { resolveRemoval } = resolver(heldBy(other), {}, { [other]: { status: 'RUNNING' } });
    const { decision } = await resolveRemoval({ clusterArn });
    assert.deepEqual([decision.isAnythingToDo, decision.reason.includes(other)], [false, true]);
  });

  for (const status of ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const)
    it(`takes over from one that is ${status}`, async () => {
      const { resolve, written } = resolver(heldBy(other), {}, { [other]: { status } });
      assert.equal((await resolve({ clusterArn })).decision.isAnythingToDo, true);
      assert.equal(written()?.['atlas-streaming:execution'], executionArn);
    });

  it('takes over from one that Step Functions has forgotten, or never knew', async () => {
    const { resolve, sfnMock } = resolver(heldBy(other));
    for (const name of ['ExecutionDoesNotExist', 'InvalidArn']) {
      sfnMock.on(DescribeExecutionCommand).rejects(awsError(name, 400));
      assert.equal((await resolve({ clusterArn })).decision.isAnythingToDo, true, name);
    }
  });

  for (const status of ['connected', 'failed', 'disconnected'])
    it(`takes a cluster that is ${status}, without asking about its last run`, async () => {
      const { resolve, sfnMock } = resolver(heldBy(other, status), {}, { [other]: { status: 'RUNNING' } });
      assert.equal((await resolve({ clusterArn })).decision.isAnythingToDo, true);
      assert.deepEqual(commandsOf(sfnMock), []);
    });

  const foreign: [what: string, execution: string][] = [
    ['another machine', other.replace('-connect:', '-backup:')],
    ['a machine of almost the same name', other.replace('-connect:', ':')],
    ['another stage', other.replace('-dev-', '-prod-')],
    ['another account', other.replace(accountId, '999999999999')],
    ['another Region', other.replace('us-east-1', 'eu-west-1')],
    ['no Step Functions', 'arn:aws:lambda:us-east-1:111122223333:function:x'],
    ['nobody', 'me'],
  ];
  for (const [what, execution] of foreign)
    it(`takes no notice of a tag that names an execution of ${what}`, async () => {
      const { resolve, sfnMock } = resolver(heldBy(execution), {}, { [execution]: { status: 'RUNNING' } });
      assert.equal((await resolve({ clusterArn })).decision.isAnythingToDo, true);
      assert.deepEqual(commandsOf(sfnMock), []);
    });

  it('goes on when it holds the cluster itself: its first answer was lost', async () => {
    const { resolve, sfnMock } = resolver(heldBy(executionArn), {}, { [executionArn]: { status: 'RUNNING' } });
    assert.equal((await resolve({ clusterArn })).decision.isAnythingToDo, true);
    assert.deepEqual(commandsOf(sfnMock), []);
  });

  it('lets a dry run look at a cluster that is held, and a dry run holds none', async () => {
    const { resolve, resolveRemoval, msk, sfnMock } = resolver(heldBy(other), {}, { [other]: { status: 'RUNNING' } });
    for (const dryRun of [resolve, resolveRemoval])
      assert.equal((await dryRun({ clusterArn, dryRun: true })).decision.isAnythingToDo, true);
    assert.deepEqual([...new Set(commandsOf(msk)), ...commandsOf(sfnMock)], ['ListTagsForResource']);
  });

  it('is tried again when Step Functions does not answer', async () => {
    const { resolve, msk, sfnMock } = resolver(heldBy(other));
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('ThrottlingException', 400));
    await assert.rejects(resolve({ clusterArn }), { name: 'AwsThrottled', message: /states:DescribeExecution/ });
    assert.ok(!commandsOf(msk).includes('TagResource'));
  });
});
