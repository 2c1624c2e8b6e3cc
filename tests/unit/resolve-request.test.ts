import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListTagsForResourceCommand, TagResourceCommand } from '@aws-sdk/client-kafka';
import { DescribeExecutionCommand, type ExecutionStatus, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { resolveRequest } from '../../functions/resolve-request/resolve-request.ts';
import { settingsOf } from '../../shared/msk/tags.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { Registry } from '../../shared/registry/registry.ts';
import type { Request } from '../../shared/request/request.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import type { Test } from '../fixtures/loopback.ts';
import { startRegistry } from '../fixtures/registry.ts';
import {
  accountId,
  clusterArn,
  disconnectExecutionArn,
  executionArn,
  functionArn,
  later,
  now,
  projectId,
  request,
  secretArn,
  tagEvent,
  wait,
} from '../fixtures/request.ts';
import { settings } from '../fixtures/settings.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const otherProjectId = 'a'.repeat(24);
const connect = { 'atlas-streaming': 'connect' };

/** Runs the state for a cluster with these tags, in a deployment with these variables. Step Functions knows `others`. */
async function resolver(
  t: Test,
  tags: Record<string, string> = {},
  variables: Record<string, string> = {},
  { others = {}, recorded }: { others?: Record<string, { status: ExecutionStatus }>; recorded?: object } = {},
) {
  const { client, msk } = fakeMsk();
  msk.on(ListTagsForResourceCommand, { ResourceArn: clusterArn }).resolves({ Tags: tags });
  msk.on(TagResourceCommand).resolves({});
  const allowed = { ALLOWED_TARGETS: `${projectId}/*,${otherProjectId}/*`, ...variables };
  const { executions, sfnMock } = fakeStepFunctions(others);
  sfnMock.on(StopExecutionCommand).resolves({});
  const { dynamodb, tableName, get, put } = await startRegistry(t);
  if (recorded) await put({ clusterArn, ...recorded });
  const registry = new Registry({ dynamodb, tableName, signal });
  const deps = { msk: client, registry, executions, settings: settings(allowed), wait, functionArn };
  const start = (action: 'connect' | 'disconnect', input: unknown, execution: string, at = now) =>
    resolveRequest({ run: { action, input }, executionArn: execution, now: at }, deps);
  const resolve = (input: unknown, execution = executionArn, at = now) => start('connect', input, execution, at);
  const resolveRemoval = (input: unknown, execution = disconnectExecutionArn, at = now) =>
    start('disconnect', input, execution, at);
  const written = () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input.Tags;
  const record = async () => (await get(clusterArn)) as RegistryRecord | undefined;
  return { msk, sfnMock, resolve, resolveRemoval, written, record, put, registry };
}

/** The output of a run that has something to do. */
const started = (reason: string, settled = request()) => {
  const { recorded: _, ...rest } = settled;
  return { isAnythingToDo: true, isHeld: false, reason, ...rest };
};
/** Without the record, which has tests of its own. */
const withoutRecord = (result: object) => {
  const { recorded: _, ...rest } = result as { recorded?: unknown };
  return rest;
};
/** And without what AWS has said about the status tags. */
const withoutRefusal = (result: object) => {
  assert.match((result as { tagsRefused?: string }).tagsRefused ?? '', /^AWS refused kafka:TagResource /);
  return { ...withoutRecord(result), tagsRefused: null };
};
const byTagged = { wantedBy: 'tag' as const };
const byTag = 'Started by the tag atlas-streaming.';
const manually = 'Started manually.';

const resolved = async (t: Test, input: object, tags = {}, variables = {}, recorded?: object) => {
  const { resolve } = await resolver(t, tags, variables, recorded ? { recorded } : {});
  return withoutRecord(await resolve({ clusterArn, ...input }));
};

describe('ResolveRequest', () => {
  it('accepts a tag event, applies the defaults of the deployment, and marks the cluster as connecting', async (t) => {
    const { resolve, msk } = await resolver(t, connect);
    assert.deepEqual(withoutRecord(await resolve(tagEvent())), started(byTag, request(byTagged)));
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming/status': 'connecting',
        'atlas-streaming/detail': `Connecting to workspace streams of Atlas project ${projectId}`,
        'atlas-streaming/execution': 'connect/run-1',
      },
    });
  });

  it('accepts the input of a manual start, whatever the tag says', async (t) => {
    const { resolve } = await resolver(t, { 'atlas-streaming': 'no' });
    assert.deepEqual(withoutRecord(await resolve({ clusterArn })), started(manually));
  });

  it('refuses a manual connect that the tag disconnect would undo, and says how to change the tag', async (t) => {
    const { resolve, record } = await resolver(t, { 'atlas-streaming': 'disconnect' });
    await assert.rejects(resolve({ clusterArn }), {
      name: 'InvalidRequest',
      message: /--tags atlas-streaming=connect/,
    });
    assert.equal(await record(), undefined);
    assert.equal((await resolve({ clusterArn, dryRun: true })).isAnythingToDo, true);
  });

  for (const [tags, reason] of [
    [{}, /^The tag atlas-streaming no longer exists\. Nothing is to be done for arn:/],
    [{ 'atlas-streaming': 'Connect' }, /is "Connect", not "connect"/],
    [{ 'atlas-streaming': 'disconnect' }, /is "disconnect", not "connect"/],
  ] as [Record<string, string>, RegExp][])
    it(`does nothing if the cluster's tags are ${JSON.stringify(tags)} when the event arrives`, async (t) => {
      const { resolve, msk } = await resolver(t, tags);
      const { reason: found, ...rest } = await resolve(tagEvent());
      assert.deepEqual(rest, { isAnythingToDo: false });
      assert.match(found, reason);
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('writes no tags in a dry run', async (t) => {
    const { resolve, msk } = await resolver(t);
    assert.deepEqual(
      withoutRecord(await resolve({ clusterArn, dryRun: true })),
      started(manually, request({ dryRun: true })),
    );
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });

  for (const [what, from, to, says] of [
    ['account', ':111122223333:', ':999999999999:', /is in account 999999999999; it must be in account 111122223333/],
    ['Region', ':us-east-1:', ':eu-west-1:', /is in Region eu-west-1; it must be in us-east-1/],
  ] as const)
    it(`refuses a secretArn of another ${what} than the cluster's, without any call`, async (t) => {
      const elsewhere = secretArn.replace(from, to);
      for (const start of ['resolve', 'resolveRemoval'] as const) {
        const { msk, [start]: run, record } = await resolver(t);
        await assert.rejects(run({ clusterArn, secretArn: elsewhere }), { name: 'InvalidRequest', message: says });
        assert.deepEqual(commandsOf(msk), []);
        assert.equal(await record(), undefined);
      }
    });

  describe('takes each setting from the input, else from the tag, else from the deployment:', () => {
    const tagged = {
      'atlas-streaming/project-id': otherProjectId,
      'atlas-streaming/workspace': 'by-tag',
      'atlas-streaming/connection-name': 'by-tag',
      'atlas-streaming/secret': 'AmazonMSK_orders',
    };

    it('the input wins over tags, and its secret may be associated', async (t) => {
      const given = {
        projectId,
        workspace: 'by-input',
        connectionName: 'by-input',
        secretArn: secretArn.replace('orders', 'billing'),
        mechanism: 'PLAIN' as const,
        config: { 'client.id': 'a' },
      };
      assert.deepEqual(
        await resolved(t, given, tagged),
        started(manually, request({ ...given, maySecretBeAssociated: true })),
      );
    });

    it('tags win over the deployment, and their secret may not be associated', async (t) => {
      assert.deepEqual(
        await resolved(t, {}, tagged),
        started(
          manually,
          request({
            projectId: otherProjectId,
            workspace: 'by-tag',
            connectionName: 'by-tag',
            secretName: 'AmazonMSK_orders',
          }),
        ),
      );
    });

    it('the deployment provides the rest, and the cluster its name', async (t) => {
      assert.deepEqual(
        await resolved(t, {}, {}, { MECHANISM: 'PLAIN', ATLAS_WORKSPACE: 'by-default' }),
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
    it(`refuses a cluster in another ${what} before any call`, async (t) => {
      for (const input of [{ clusterArn: arn }, tagEvent({ resources: [arn] })]) {
        const { resolve, msk } = await resolver(t, connect);
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

  it('refuses any other wrong input before any call', async (t) => {
    for (const input of [{}, null, { clusterArn: 'x' }, { clusterArn, mechanism: 'X' }, tagEvent({ resources: [] })]) {
      const { resolve, msk } = await resolver(t, connect);
      await assert.rejects(resolve(input), { name: 'InvalidRequest' });
      assert.deepEqual(commandsOf(msk), []);
    }
  });

  const refused: [what: string, input: object, tags: Record<string, string>, complaint: RegExp][] = [
    [
      'a project in the input that is not allowed',
      { projectId: 'b'.repeat(24) },
      {},
      /^projectId is "b{24}", so the target is "b{24}\/streams", which this deployment does not allow\. It allows only: "5f1a/,
    ],
    [
      'a project in a tag that is not allowed',
      {},
      { 'atlas-streaming/project-id': 'b'.repeat(24) },
      /^The tag atlas-streaming\/project-id is "b{24}", so the target is "b{24}\/streams", which this deployment does not/,
    ],
    [
      'a tag that is not a project id',
      {},
      { 'atlas-streaming/project-id': 'mine' },
      /^The tag atlas-streaming\/project-id is "mine"; it must be the 24 hexadecimal .* for example "/,
    ],
    [
      'a tag that is not the name of a workspace',
      {},
      { 'atlas-streaming/workspace': 'a/b' },
      /^The tag atlas-streaming\/workspace is "a\/b"; it must be .* for example "streams"/,
    ],
    [
      'a tag that Atlas would refuse as a connection name',
      {},
      { 'atlas-streaming/connection-name': 'a b' },
      /^The tag atlas-streaming\/connection-name is "a b"; it must be .* for example "orders-msk"/,
    ],
    [
      'a tag that is not the name of an MSK secret',
      {},
      { 'atlas-streaming/secret': 'payroll' },
      /^The tag atlas-streaming\/secret is "payroll"; it must be the name of .* starts with AmazonMSK_, for example "Amaz/,
    ],
  ];
  for (const [what, input, tags, complaint] of refused)
    it(`refuses ${what} and changes nothing`, async (t) => {
      const { resolve, msk } = await resolver(t, tags);
      await assert.rejects(resolve({ clusterArn, ...input }), { name: 'InvalidRequest', message: complaint });
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('ignores a wrong tag that the input overrides', async (t) => {
    const tags = { 'atlas-streaming/project-id': 'mine', 'atlas-streaming/workspace': 'a/b' };
    assert.deepEqual(await resolved(t, { projectId, workspace: 'streams' }, tags), started(manually));
  });

  it('refuses a cluster that does not exist', async (t) => {
    const { resolve, msk } = await resolver(t);
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    await assert.rejects(resolve({ clusterArn }), {
      name: 'InvalidRequest',
      message: /^clusterArn is "arn:.*", but MSK has no such cluster; it must be the ARN of an existing one/,
    });
  });

  it('lets the machine retry if MSK throttles', async (t) => {
    const { resolve, msk } = await resolver(t);
    msk.on(ListTagsForResourceCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(resolve({ clusterArn }), { name: 'AwsThrottled' });
  });
});

describe('ResolveRequest of the disconnect machine', () => {
  const disconnect = { 'atlas-streaming': 'disconnect' };

  it('accepts a tag event, marks the cluster as disconnecting, and ignores the setting tags', async (t) => {
    const { resolveRemoval, written } = await resolver(t, { ...disconnect, 'atlas-streaming/workspace': 'by-tag' });
    assert.deepEqual(withoutRecord(await resolveRemoval(tagEvent())), started(byTag, request(byTagged)));
    assert.deepEqual(written(), {
      'atlas-streaming/status': 'disconnecting',
      'atlas-streaming/detail': `Disconnecting from workspace streams of Atlas project ${projectId}`,
      'atlas-streaming/execution': 'disconnect/run-1',
    });
  });

  it('accepts the input of a manual start, whatever the tag says', async (t) => {
    const { resolveRemoval } = await resolver(t, connect);
    assert.deepEqual(withoutRecord(await resolveRemoval({ clusterArn })), started(manually));
  });

  const untag = { DISCONNECT_ON_UNTAG: 'true' };
  const events: [what: string, tags: Record<string, string>, variables: Record<string, string>, reason: RegExp][] = [
    [
      'no longer exists, and the deployment does not disconnect on untag',
      {},
      {},
      /^The tag .* no longer exists\. Nothing/,
    ],
    ['says connect', connect, {}, /is "connect", not "disconnect"\. Nothing/],
    ['says connect again, in a deployment that disconnects on untag', connect, untag, /is "connect", not "disconnect"/],
    ['says something else, in such a deployment', { 'atlas-streaming': '' }, untag, /is "", not "disconnect"/],
  ];
  for (const [what, tags, variables, reason] of events)
    it(`does nothing if the tag ${what}`, async (t) => {
      const { resolveRemoval, msk } = await resolver(t, tags, variables);
      const { reason: found, ...rest } = await resolveRemoval(tagEvent());
      assert.deepEqual(rest, { isAnythingToDo: false });
      assert.match(found, reason);
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    });

  it('accepts the removal of the tag if the deployment disconnects on untag', async (t) => {
    const { resolveRemoval, written } = await resolver(t, {}, untag, { recorded: { wasTagged: true } });
    assert.equal((await resolveRemoval(tagEvent())).isAnythingToDo, true);
    assert.equal(written()?.['atlas-streaming/status'], 'disconnecting');
  });

  it('keeps a cluster connected that never had the tag', async (t) => {
    const { resolveRemoval } = await resolver(t, {}, untag, { recorded: { verifiedAt: now } });
    assert.equal((await resolveRemoval(tagEvent())).isAnythingToDo, false);
  });

  it('never connects because of a removed tag', async (t) => {
    const { resolve } = await resolver(t, {}, untag);
    assert.equal((await resolve(tagEvent())).isAnythingToDo, false);
  });

  it('removes what Atlas has for a deleted cluster', async (t) => {
    const { resolveRemoval, msk } = await resolver(t);
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404));
    assert.deepEqual(withoutRefusal(await resolveRemoval({ clusterArn })), started(manually));
  });

  it('continues, as the connect machine does, if AWS refuses the status tags of a cluster that has 50', async (t) => {
    const { resolveRemoval, msk } = await resolver(t);
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    assert.deepEqual(withoutRefusal(await resolveRemoval({ clusterArn })), started(manually));
    const other = await resolver(t);
    other.msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    assert.deepEqual(withoutRefusal(await other.resolve({ clusterArn })), started(manually));
  });

  it('lets the machine retry if AWS fails to write the status tags', async (t) => {
    const { resolveRemoval, msk } = await resolver(t);
    msk.on(TagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(resolveRemoval({ clusterArn }), { name: 'AwsUnavailable' });
  });

  it('accepts only the projects that the deployment allows', async (t) => {
    const { resolveRemoval, msk } = await resolver(t);
    await assert.rejects(resolveRemoval({ clusterArn, projectId: 'b'.repeat(24) }), { name: 'InvalidRequest' });
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
  });
});

/** What the registry says about a cluster that is connected. */
const target = { projectId, workspace: 'recorded', connectionName: 'recorded', mechanism: 'SCRAM-512' };
const connected = {
  target,
  secretArn,
  secretVersionId: 'version-1',
  connection: { id: 'c'.repeat(24), ownership: 'created' },
  privateLink: { id: 'a'.repeat(24), ownership: 'created' },
  status: 'connected',
  verifiedAt: now,
};
const recordedRequest = { workspace: 'recorded', connectionName: 'recorded', secretArn };

describe('ResolveRequest and the recorded target:', () => {
  it('the registry wins over the deployment, so a changed default moves nobody', async (t) => {
    const variables = { ATLAS_WORKSPACE: 'new', ATLAS_PROJECT_ID: otherProjectId, MECHANISM: 'PLAIN' };
    assert.deepEqual(
      await resolved(t, {}, { 'atlas-streaming/status': 'connected' }, variables, connected),
      started(manually, request(recordedRequest)),
    );
  });

  const changes: [what: string, input: object, tags: Record<string, string>, asked: string][] = [
    ['a tag', {}, { 'atlas-streaming/workspace': 'b' }, 'the tag atlas-streaming/workspace is "b"'],
    ['the input', { connectionName: 'b' }, {}, 'connectionName in the input is "b"'],
    [
      "the mechanism's tag",
      {},
      { 'atlas-streaming/mechanism': 'PLAIN' },
      'the tag atlas-streaming/mechanism is "PLAIN"',
    ],
    [
      'a wrong tag of the mechanism',
      {},
      { 'atlas-streaming/mechanism': 'iam' },
      'the tag atlas-streaming/mechanism is "iam"',
    ],
    ['a wrong tag', {}, { 'atlas-streaming/project-id': 'b' }, 'the tag atlas-streaming/project-id is "b"'],
    [
      'the tag of a forbidden project',
      {},
      { 'atlas-streaming/project-id': 'b'.repeat(24) },
      `the tag atlas-streaming/project-id is "${'b'.repeat(24)}"`,
    ],
    [
      'both',
      { mechanism: 'PLAIN' },
      { 'atlas-streaming/project-id': otherProjectId },
      `the tag atlas-streaming/project-id is "${otherProjectId}" and mechanism in the input is "PLAIN"`,
    ],
  ];
  for (const [what, input, tags, asked] of changes)
    it(`the recorded target stays, all of it, if ${what} asks for another one`, async (t) => {
      const found = await resolved(t, input, { 'atlas-streaming/status': 'connected', ...tags }, {}, connected);
      const targetChange = `The cluster is connected as "recorded" in workspace "recorded" of project ${projectId} (SCRAM-512), but ${asked}`;
      assert.deepEqual(found, started(manually, request({ ...recordedRequest, targetChange })));
    });

  it('settings that name the recorded target change nothing', async (t) => {
    const tags = { 'atlas-streaming/workspace': 'recorded', 'atlas-streaming/status': 'connected' };
    assert.deepEqual(
      await resolved(t, { projectId }, tags, {}, connected),
      started(manually, request(recordedRequest)),
    );
  });

  it('a cluster for which nothing was created moves with its settings', async (t) => {
    const adopted = { target, connection: { ownership: 'adopted' }, privateLink: { ownership: 'unknown' } };
    const found = await resolved(t, { workspace: 'b' }, {}, {}, adopted);
    assert.deepEqual(found, started(manually, request({ workspace: 'b', connectionName: 'recorded' })));
  });

  for (const connection of [undefined, { id: 'c'.repeat(24), ownership: 'adopted' }])
    it(`without a connection of ours only the project stays, because the link is in it: ${connection?.ownership}`, async (t) => {
      const { connection: _, verifiedAt: __, ...rest } = connected;
      const left = { ...rest, status: 'disconnected', ...(connection && { connection }) };
      const moved = await resolver(t, { 'atlas-streaming/workspace': 'b' }, {}, { recorded: left });
      // AWS fails after the claim, so the state is repeated.
      moved.msk.on(TagResourceCommand).rejectsOnce(awsError('InternalServerErrorException', 500)).resolves({});
      await assert.rejects(moved.resolve({ clusterArn }), { name: 'AwsUnavailable' });
      assert.deepEqual(
        withoutRecord(await moved.resolve({ clusterArn })),
        started(manually, request({ workspace: 'b', connectionName: 'recorded', secretArn })),
      );
      const { targetChange } = (await resolved(t, { projectId: otherProjectId }, {}, {}, left)) as {
        targetChange?: string;
      };
      assert.match(targetChange ?? '', /but projectId in the input is "a{24}"$/);
    });

  it('an attempt whose outcome is unclear binds as a creation does', async (t) => {
    const unclear = { target, connection: { attemptedAt: now } };
    const { targetChange } = (await resolved(t, { workspace: 'b' }, {}, {}, unclear)) as { targetChange?: string };
    assert.match(targetChange ?? '', /but workspace in the input is "b"$/);
  });

  it('the target counts that is recorded when the run claims the cluster, not the one of a moment before', async (t) => {
    const { resolve, registry, put, msk } = await resolver(t);
    const read = registry.readRecord.bind(registry);
    // Another run ends between the read and the claim.
    registry.readRecord = async (arn) => {
      const found = await read(arn);
      await put({ clusterArn, ...connected });
      return found;
    };
    const { workspace, recorded } = (await resolve({ clusterArn })) as ReturnType<typeof request>;
    assert.deepEqual([workspace, recorded?.target], ['recorded', target]);
    assert.equal(msk.commandCalls(TagResourceCommand).length, 1);
  });

  it('the secret of the tag or the input wins over the recorded one', async (t) => {
    const sent = { secretArn, secretVersionId: 'version-1' };
    const byTag = await resolved(t, {}, { 'atlas-streaming/secret': 'AmazonMSK_b' }, {}, sent);
    assert.deepEqual(byTag, started(manually, request({ secretName: 'AmazonMSK_b' })));
    const given = secretArn.replace('orders', 'billing');
    const byInput = await resolved(t, { secretArn: given }, { 'atlas-streaming/secret': 'x' }, {}, sent);
    assert.deepEqual(byInput, started(manually, request({ secretArn: given, maySecretBeAssociated: true })));
  });

  it('a recorded secret counts only if Atlas was sent its password', async (t) => {
    assert.deepEqual(await resolved(t, {}, {}, {}, { secretArn }), started(manually));
  });

  it('a field of the other machine is refused before the run claims the cluster', async (t) => {
    const { resolve, resolveRemoval, record } = await resolver(t);
    await assert.rejects(resolve({ clusterArn, includeAdopted: true }), {
      name: 'InvalidRequest',
      message: /disconnect/,
    });
    for (const field of [{ claim: true }, { acceptPrincipal: '123456789012' }])
      await assert.rejects(resolveRemoval({ clusterArn, ...field }), {
        name: 'InvalidRequest',
        message: /connect mach/,
      });
    assert.equal(await record(), undefined);
  });

  it('a disconnect works on the recorded target, whatever the tags say', async (t) => {
    const tags = { 'atlas-streaming': 'disconnect', 'atlas-streaming/workspace': 'a/b', 'atlas-streaming/status': 'x' };
    const { resolveRemoval } = await resolver(t, tags, {}, { recorded: connected });
    const found = withoutRecord(await resolveRemoval(tagEvent()));
    assert.deepEqual(found, started(byTag, request({ ...recordedRequest, ...byTagged })));
  });

  it('a disconnect whose input names another target is refused before it claims the cluster', async (t) => {
    for (const recorded of [connected, { target, connection: { ownership: 'adopted' } }]) {
      const { resolveRemoval, record } = await resolver(t, {}, {}, { recorded });
      await assert.rejects(resolveRemoval({ clusterArn, workspace: 'b' }), {
        name: 'InvalidRequest',
        message: /asks for workspace "b", but the cluster is connected as "recorded".*Leave this field out/,
      });
      assert.equal((await record())?.holder, undefined);
    }
  });

  it('status tags that were removed are noticed on a connected cluster, and on no other', async (t) => {
    const stripped = async (recorded: object, tags = {}) =>
      ((await resolved(t, {}, tags, {}, recorded)) as { wereTagsStripped?: boolean }).wereTagsStripped;
    assert.equal(await stripped(connected), true);
    assert.equal(await stripped(connected, { 'atlas-streaming/status': 'connected' }), false);
    assert.equal(await stripped({ ...connected, status: 'failed' }), false);
    assert.equal(await stripped({}), false);
    assert.equal(await stripped({ ...connected, status: 'connecting', holder: executionArn }), true, 'in a repetition');
    assert.equal(await stripped({ ...connected, tagsRefused: 'Too many tags.' }), false, 'they were never written');
  });

  it('status tags that AWS refuses were not removed by anybody, and the later states know', async (t) => {
    const { resolve, msk } = await resolver(t, {}, {}, { recorded: connected });
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    const { wereTagsStripped, tagsRefused } = (await resolve({ clusterArn })) as ReturnType<typeof request>;
    assert.equal(wereTagsStripped, false);
    assert.match(tagsRefused ?? '', /^AWS refused kafka:TagResource .*Too many tags\./);
  });
});

describe('ResolveRequest claims the cluster:', () => {
  const other = executionArn.replace('run-1', 'run-0');
  const held = (
    holder: string,
    claimedAt = now,
    action = holder.includes('-disconnect:') ? 'disconnect' : 'connect',
  ) => ({
    recorded: { clusterArn, holder, action, claimedAt, wantedBy: 'tag', status: `${action}ing` },
  });
  const running = (...holders: string[]) => ({
    others: Object.fromEntries(holders.map((holder) => [holder, { status: 'RUNNING' as const }])),
  });
  const fiveMinutesAgo = '2026-11-23T11:54:59.000Z';

  it('the record says who works on what, and since when', async (t) => {
    const { resolve, record } = await resolver(t, { ...connect, 'atlas-streaming/workspace': 'b' });
    const { recorded } = (await resolve(tagEvent())) as ReturnType<typeof request>;
    const { settings: fingerprint, ...rest } = (await record()) ?? { clusterArn };
    assert.deepEqual(rest, {
      clusterArn,
      holder: executionArn,
      action: 'connect',
      claimedAt: now,
      wantedBy: 'tag',
      status: 'connecting',
      wasTagged: true,
    });
    assert.match(fingerprint ?? '', /^[\da-f]{16}$/);
    assert.deepEqual(recorded, await record());
  });

  it('exactly one of 20 simultaneous starts works, and the others name it', async (t) => {
    const executions = Array.from({ length: 20 }, (_, i) => executionArn.replace('run-1', `run-${i}`));
    const { resolve, record } = await resolver(t, connect, {}, running(...executions));
    const results = await Promise.all(executions.map((execution) => resolve(tagEvent(), execution)));
    const holder = (await record())?.holder ?? '';
    assert.deepEqual(results.filter(({ isAnythingToDo }) => isAnythingToDo).length, 1);
    const reason = `Execution ${holder} is working on ${clusterArn}, so this execution changes nothing.`;
    assert.equal(results.filter((result) => result.reason === reason).length, 19);
  });

  it('a second run of the same action does nothing, and names the first', async (t) => {
    const connecting = await resolver(t, connect, {}, { ...held(other), ...running(other) });
    for (const input of [{ clusterArn }, tagEvent()]) {
      const { isAnythingToDo, reason } = await connecting.resolve(input);
      assert.deepEqual([isAnythingToDo, reason.includes(other)], [false, true]);
    }
    const removing = disconnectExecutionArn.replace('run-1', 'run-0');
    const disconnecting = await resolver(t, connect, {}, { ...held(removing), ...running(removing) });
    assert.match((await disconnecting.resolveRemoval({ clusterArn })).reason, /-disconnect:run-0 is working/);
    assert.ok(
      !commandsOf(connecting.msk).includes('TagResource') &&
        !commandsOf(disconnecting.sfnMock).includes('StopExecution'),
    );
  });

  it('a connect waits for a disconnect that is at work, and then goes on', async (t) => {
    const situation = { ...held(disconnectExecutionArn), ...running(disconnectExecutionArn) };
    const { resolve, msk, sfnMock, record } = await resolver(t, connect, {}, situation);
    assert.deepEqual(await resolve(tagEvent()), {
      isAnythingToDo: true,
      isHeld: true,
      reason: `Execution ${disconnectExecutionArn} is disconnecting ${clusterArn}; this execution waits for it.`,
      clusterArn,
      pollSeconds: wait.pollSeconds,
    });
    assert.ok(!commandsOf(msk).includes('TagResource'));
    assert.equal((await record())?.holder, disconnectExecutionArn);
    sfnMock.on(DescribeExecutionCommand).resolves({ status: 'SUCCEEDED' });
    const { isAnythingToDo } = await resolve(tagEvent(), executionArn, later);
    assert.deepEqual([isAnythingToDo, (await record())?.holder], [true, executionArn]);
  });

  it('a disconnect stops a connect that is at work, and waits once until its last function has ended', async (t) => {
    const { resolveRemoval, sfnMock, msk, record } = await resolver(t, {}, {}, { ...held(other), ...running(other) });
    const first = await resolveRemoval({ clusterArn });
    assert.deepEqual(
      { ...first, reason: '' },
      { isAnythingToDo: true, isHeld: true, reason: '', clusterArn, pollSeconds: 90 },
    );
    assert.match(first.reason, /run-0 was working on arn:.* and was stopped/);
    const stopped = sfnMock.commandCalls(StopExecutionCommand)[0]?.args[0].input;
    assert.deepEqual([stopped?.executionArn, stopped?.error], [other, 'NoLongerWanted']);
    assert.match(stopped?.cause ?? '', new RegExp(`^Execution ${disconnectExecutionArn} has taken over the cluster`));
    assert.equal((await record())?.holder, disconnectExecutionArn);
    assert.ok(!commandsOf(msk).includes('TagResource'));
    sfnMock
      .on(DescribeExecutionCommand, { executionArn: other })
      .resolves({ executionArn: other, status: 'ABORTED', stopDate: new Date(now) });
    const retried = await resolveRemoval({ clusterArn });
    assert.equal('isHeld' in retried && retried.isHeld, true);
    assert.equal((await record())?.claimedAt, now);
    const second = await resolveRemoval({ clusterArn }, disconnectExecutionArn, later);
    assert.deepEqual([second.isAnythingToDo, 'isHeld' in second && second.isHeld], [true, false]);
    assert.equal(sfnMock.commandCalls(StopExecutionCommand).length, 1);
  });

  it('a disconnect stops the connect again if Step Functions did not know it, or it was redriven', async (t) => {
    const { resolveRemoval, sfnMock } = await resolver(t, {}, {}, { ...held(other), ...running(other) });
    await resolveRemoval({ clusterArn });
    await resolveRemoval({ clusterArn }, disconnectExecutionArn, later);
    assert.equal(sfnMock.commandCalls(StopExecutionCommand).length, 2);
  });

  it('an execution of a former deployment holds nothing, and is not described', async (t) => {
    const former = other.replace('privatelink-dev', 'privatelink-old');
    const { resolve, sfnMock, record } = await resolver(t, connect, {}, held(former));
    assert.equal((await resolve(tagEvent())).isAnythingToDo, true);
    assert.equal((await record())?.holder, executionArn);
    assert.equal(sfnMock.commandCalls(DescribeExecutionCommand).length, 0);
  });

  it('a disconnect that is no longer wanted after that gives the cluster back', async (t) => {
    const tags: Record<string, string> = { 'atlas-streaming': 'disconnect' };
    const recorded = { ...connected, ...held(other).recorded };
    const { resolveRemoval, record } = await resolver(t, tags, {}, { recorded, ...running(other) });
    await resolveRemoval(tagEvent());
    tags['atlas-streaming'] = 'connect';
    assert.equal((await resolveRemoval(tagEvent(), disconnectExecutionArn, later)).isAnythingToDo, false);
    const { holder, status, lastExecution, verifiedAt } = (await record()) ?? {};
    assert.deepEqual([holder, status, lastExecution], [undefined, undefined, disconnectExecutionArn]);
    assert.equal(verifiedAt, connected.verifiedAt, 'what was connected is verified again');
  });

  it('a disconnect does not take the cluster from a connect that it may not stop', async (t) => {
    const { resolveRemoval, sfnMock, record } = await resolver(t, {}, {}, { ...held(other), ...running(other) });
    sfnMock.on(StopExecutionCommand).rejects(awsError('AccessDeniedException', 400));
    await assert.rejects(resolveRemoval({ clusterArn }), { name: 'AwsRefused', message: /states:StopExecution/ });
    assert.equal((await record())?.holder, other);
  });

  for (const status of ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const)
    it(`a run takes over from an execution that is ${status}`, async (t) => {
      const { resolve, record } = await resolver(t, {}, {}, { ...held(other), others: { [other]: { status } } });
      assert.equal((await resolve({ clusterArn })).isAnythingToDo, true);
      assert.equal((await record())?.holder, executionArn);
    });

  it('a run takes over from an execution that does not exist, five minutes after its claim', async (t) => {
    const early = await resolver(t, {}, {}, held(other));
    assert.equal((await early.resolve({ clusterArn })).isAnythingToDo, false);
    const late = await resolver(t, {}, {}, held(other, fiveMinutesAgo));
    assert.equal((await late.resolve({ clusterArn })).isAnythingToDo, true);
  });

  it('a run continues if it holds the cluster itself, because its first answer was lost', async (t) => {
    const { resolve, sfnMock } = await resolver(t, {}, {}, held(executionArn));
    assert.equal((await resolve({ clusterArn })).isAnythingToDo, true);
    assert.deepEqual(commandsOf(sfnMock), []);
  });

  it('a lost race is decided by the record as it is then', async (t) => {
    const { resolve, registry, put } = await resolver(t, {}, {}, running(other));
    const read = registry.readRecord.bind(registry);
    registry.readRecord = async (arn) => {
      const found = await read(arn);
      if (!found) await put(held(other).recorded);
      return found;
    };
    assert.match((await resolve({ clusterArn })).reason, /run-0 is working on/);
  });

  it('the machine retries if a race is lost again and again', async (t) => {
    const { resolve, registry } = await resolver(t);
    registry.claim = async () => undefined;
    await assert.rejects(resolve({ clusterArn }), { name: 'VersionConflict' });
  });

  it('wrong settings end a run before it claims the cluster', async (t) => {
    const { resolve, record } = await resolver(t, { ...connect, 'atlas-streaming/workspace': 'a/b' });
    await assert.rejects(resolve(tagEvent()), { name: 'InvalidRequest' });
    assert.equal(await record(), undefined);
  });

  it('a dry run claims nothing, and stops nothing', async (t) => {
    const { resolve, resolveRemoval, msk, sfnMock, record } = await resolver(
      t,
      {},
      {},
      { ...held(other), ...running(other) },
    );
    for (const dryRun of [resolve, resolveRemoval])
      assert.equal((await dryRun({ clusterArn, dryRun: true })).isAnythingToDo, true);
    assert.deepEqual([...new Set(commandsOf(msk)), ...commandsOf(sfnMock)], ['ListTagsForResource']);
    assert.deepEqual(await record(), held(other).recorded);
  });

  it('a disconnect leaves the verification valid until it removes something, and remembers since when the cluster is missing', async (t) => {
    const { resolveRemoval, record, msk } = await resolver(t, {}, {}, { recorded: connected });
    msk.on(ListTagsForResourceCommand).rejects(awsError('NotFoundException', 404));
    msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404));
    await resolveRemoval({ clusterArn });
    const { verifiedAt, missingSince, status } = (await record()) ?? {};
    assert.deepEqual([verifiedAt, missingSince, status], [connected.verifiedAt, now, 'disconnecting']);
  });

  it('the machine retries if Step Functions throttles', async (t) => {
    const { resolve, sfnMock, record } = await resolver(t, {}, {}, held(other));
    sfnMock.on(DescribeExecutionCommand).rejects(awsError('ThrottlingException', 400));
    await assert.rejects(resolve({ clusterArn }), { name: 'AwsThrottled', message: /states:DescribeExecution/ });
    assert.equal((await record())?.holder, other);
  });
});

describe('ResolveRequest, for a cluster whose connection another party has replaced,', () => {
  const stoppedProcessors = [{ name: 'a', tier: 'SP10', pipelineHash: 'hash', stoppedAt: now }];
  const recorded = {
    target: { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' },
    privateLink: { id: '6a1f0000aaaaaaaaaaaaaaaa', ownership: 'created' },
    connection: { id: '6a1f0001aaaaaaaaaaaaaaaa', ownership: 'adopted' },
  };
  const tags = { ...connect, 'atlas-streaming/workspace': 'others' };

  it('stays in the workspace in which a run has stopped stream processors', async (t) => {
    const resolve = async (record: object) =>
      ((await (await resolver(t, tags, {}, { recorded: record })).resolve(tagEvent())) as Request).workspace;
    assert.equal(await resolve({ ...recorded, stoppedProcessors }), 'streams');
    assert.equal(await resolve(recorded), 'others');
  });
});

describe('ResolveRequest, for a cluster with a wrong setting tag,', () => {
  const swept = executionArn.replace('run-1', 'sweep-connect-1');
  const wrong = { ...connect, 'atlas-streaming/restart-processors': 'perhaps' };
  const recorded = {
    target: { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' },
    connection: { id: '6a1f0001aaaaaaaaaaaaaaaa', ownership: 'created' },
  };
  const stoppedProcessors = [{ name: 'a', tier: 'SP10', pipelineHash: 'hash', stoppedAt: now }];

  it('lets the sweep start what a run that died has stopped, by what is recorded', async (t) => {
    const { resolve, record } = await resolver(t, wrong, {}, { recorded: { ...recorded, stoppedProcessors } });
    const { areProcessorsStopped, workspace, restartProcessors } = (await resolve({ clusterArn }, swept)) as Request;
    assert.deepEqual([areProcessorsStopped, workspace, restartProcessors], [true, 'streams', false]);
    assert.equal((await record())?.settings, settingsOf({}), 'so the next sweep finds the tag, and reports it');
  });

  it('refuses every other run', async (t) => {
    const { resolve, put } = await resolver(t, wrong, {}, { recorded: { ...recorded, stoppedProcessors } });
    await assert.rejects(resolve(tagEvent()), { name: 'InvalidRequest', message: /restart-processors/ });
    await put({ clusterArn, ...recorded });
    await assert.rejects(resolve({ clusterArn }, swept), { name: 'InvalidRequest', message: /restart-processors/ });
  });
});

describe('ResolveRequest, started by the sweep,', () => {
  const sweepConnect = executionArn.replace('run-1', 'sweep-connect-1');
  const sweepDisconnect = disconnectExecutionArn.replace('run-1', 'sweep-disconnect-1');
  const failed = (execution: string) => ({
    status: 'failed',
    failures: 1,
    lastFailure: {
      ...{ error: 'AtlasRefused', fingerprint: 'f', at: now, executionArn: execution },
      ...{ isNews: true, isAccountFault: false },
    },
  });

  const connects: [
    what: string,
    tags: Record<string, string>,
    recorded: object | undefined,
    wantedBy: string | undefined,
  ][] = [
    ['connects a tagged cluster as its tag does', connect, undefined, 'tag'],
    ['repairs an untagged cluster that was connected', {}, connected, 'sweep'],
    ['does nothing for an untagged cluster that was never connected', {}, { target, status: 'failed' }, undefined],
    ['does nothing for an untagged cluster without a record', {}, undefined, undefined],
    [
      'does nothing for a cluster whose tag says disconnect by now',
      { 'atlas-streaming': 'disconnect' },
      connected,
      undefined,
    ],
  ];
  for (const [what, tags, recorded, wantedBy] of connects)
    it(what, async (t) => {
      const { resolve } = await resolver(t, tags, {}, recorded ? { recorded } : {});
      const found = await resolve({ clusterArn }, sweepConnect);
      assert.deepEqual(
        [found.isAnythingToDo, 'wantedBy' in found ? found.wantedBy : undefined],
        [wantedBy !== undefined, wantedBy],
      );
      if (!found.isAnythingToDo)
        assert.match(
          found.reason,
          /^The tag or the registry has changed since the sweep started this run\. The cluster has (no|the) tag atlas-streaming/,
        );
    });

  const { verifiedAt: _, ...unverified } = connected;
  const disconnects: [what: string, tags: Record<string, string>, recorded: object | undefined, isDue: boolean][] = [
    ['disconnects a tagged cluster', { 'atlas-streaming': 'disconnect' }, connected, true],
    ['removes the rest of an untagged cluster', {}, { ...connected, status: 'disconnected' }, true],
    ['goes on with a disconnect that died', {}, { ...unverified, status: 'disconnecting' }, true],
    ['goes on with a disconnect that failed', {}, { ...connected, ...failed(disconnectExecutionArn) }, true],
    ['removes the record of a failed connect that has created nothing', {}, failed(executionArn), true],
    ['does nothing for what a failed connect has created', {}, { ...unverified, ...failed(executionArn) }, false],
    ['removes what was created by a connect that is no longer wanted', {}, { ...unverified, status: undefined }, true],
    ['does nothing for a connected cluster if the wish was taken back', {}, { ...connected, status: undefined }, false],
    ['removes an empty record', {}, {}, true],
    ['does nothing for a connected cluster', {}, connected, false],
    ['does nothing while a person connects the cluster', {}, { ...unverified, status: 'connecting' }, false],
    [
      'does nothing for a connected cluster whose last verification failed',
      {},
      { ...connected, ...failed(executionArn) },
      false,
    ],
    ['does nothing if the tag says connect by now', connect, { ...connected, status: 'disconnected' }, false],
    ['does nothing without a record', {}, undefined, false],
  ];
  for (const [what, tags, recorded, isDue] of disconnects)
    it(what, async (t) => {
      const { resolveRemoval, msk } = await resolver(t, tags, {}, recorded ? { recorded } : {});
      msk.on(TagResourceCommand).rejectsOnce(awsError('InternalServerErrorException', 500)).resolves({});
      if (isDue) await assert.rejects(resolveRemoval({ clusterArn }, sweepDisconnect), { name: 'AwsUnavailable' });
      // In the repetition this execution holds the cluster.
      assert.equal((await resolveRemoval({ clusterArn }, sweepDisconnect)).isAnythingToDo, isDue);
    });

  it('removes what the disconnect before was asked to remove, and forgets it at the next wish', async (t) => {
    const { resolve, resolveRemoval, record, put } = await resolver(t, {}, {}, { recorded: connected });
    const isIncluded = async (input: object, execution = disconnectExecutionArn) => {
      const start = execution.includes('-disconnect:') ? resolveRemoval : resolve;
      const { includeAdopted } = (await start({ clusterArn, ...input }, execution)) as { includeAdopted?: boolean };
      const recorded = (await record())?.includeAdopted;
      await put({ ...connected, ...failed(execution), clusterArn, ...(recorded && { includeAdopted: recorded }) });
      return [includeAdopted, recorded];
    };
    assert.deepEqual(await isIncluded({ includeAdopted: true }), [true, true]);
    assert.deepEqual(await isIncluded({}, sweepDisconnect), [true, true]);
    assert.deepEqual(await isIncluded({ dryRun: true }), [false, true], 'a dry run says what it would do itself');
    assert.deepEqual(await isIncluded({}), [false, undefined]);
    assert.deepEqual(await isIncluded({ includeAdopted: true }), [true, true]);
    assert.deepEqual(await isIncluded({}, executionArn), [false, undefined]);
  });

  it('ends on untag only if the deployment says so and a tag started the run', async (t) => {
    const endsOnUntag = async (input: unknown, execution: string, flag: string) => {
      const { resolve } = await resolver(t, connect, { DISCONNECT_ON_UNTAG: flag });
      return ((await resolve(input, execution)) as { endsOnUntag?: boolean }).endsOnUntag;
    };
    assert.equal(await endsOnUntag(tagEvent(), executionArn, 'true'), true);
    assert.equal(await endsOnUntag({ clusterArn }, sweepConnect, 'true'), true);
    assert.equal(await endsOnUntag({ clusterArn }, executionArn, 'true'), false);
    assert.equal(await endsOnUntag(tagEvent(), executionArn, 'false'), false);
  });
});

describe('ResolveRequest and the mechanism:', () => {
  const tag = (value: string) => ({ 'atlas-streaming/mechanism': value });
  const byRole = {
    ...connected,
    target: { ...target, mechanism: 'AWS_MSK_IAM' },
    secretArn: undefined,
    secretVersionId: undefined,
  };
  const onlyLink = (mechanism: string) => ({ target: { ...target, mechanism }, privateLink: connected.privateLink });
  const mechanismOf = async (...args: Parameters<typeof resolved>) => {
    const { mechanism, targetChange } = (await resolved(...args)) as ReturnType<typeof request>;
    return { mechanism, targetChange };
  };

  for (const mechanism of ['auto', 'SCRAM-512', 'PLAIN', 'AWS_MSK_IAM'] as const) {
    it(`${mechanism} is the same in the input, in the tag and in the deployment`, async (t) => {
      const expected = started(manually, request({ mechanism }));
      assert.deepEqual(await resolved(t, { mechanism }), expected);
      assert.deepEqual(await resolved(t, {}, tag(mechanism)), expected);
      assert.deepEqual(await resolved(t, {}, {}, { MECHANISM: mechanism }), expected);
    });

    it(`an input wins over the tag, and the tag over the deployment: ${mechanism}`, async (t) => {
      const other = { MECHANISM: mechanism === 'PLAIN' ? 'AWS_MSK_IAM' : 'PLAIN' };
      assert.equal((await mechanismOf(t, { mechanism }, tag(other.MECHANISM), other)).mechanism, mechanism);
      assert.equal((await mechanismOf(t, {}, tag(mechanism), other)).mechanism, mechanism);
    });

    it(`a deployment with ${mechanism} moves no connected cluster`, async (t) => {
      for (const record of [connected, byRole])
        assert.deepEqual(await mechanismOf(t, {}, {}, { MECHANISM: mechanism }, record), {
          mechanism: record.target.mechanism,
          targetChange: null,
        });
    });
  }

  it('auto never differs from what is recorded', async (t) => {
    for (const record of [connected, byRole, onlyLink('PLAIN'), onlyLink('AWS_MSK_IAM')])
      for (const [input, tags] of [
        [{ mechanism: 'auto' }, {}],
        [{}, tag('auto')],
      ])
        assert.deepEqual(await mechanismOf(t, input ?? {}, tags, { MECHANISM: 'SCRAM-512' }, record), {
          mechanism: record.target.mechanism,
          targetChange: null,
        });
  });

  it('auto is chosen later if nothing was created for the recorded mechanism', async (t) => {
    const tried = { target: byRole.target, status: 'failed' };
    const adopted = { ...tried, connection: { ownership: 'adopted' }, privateLink: { ownership: 'adopted' } };
    for (const record of [tried, adopted])
      assert.equal((await mechanismOf(t, { mechanism: 'auto' }, {}, {}, record)).mechanism, 'auto');
    // A deployment that names one mechanism moves no recorded cluster.
    assert.equal((await mechanismOf(t, {}, {}, { MECHANISM: 'PLAIN' }, tried)).mechanism, 'AWS_MSK_IAM');
  });

  it('a connected cluster stays with its mechanism if a tag or the input asks for another one', async (t) => {
    const text = (mechanism: string, asked: string) =>
      `The cluster is connected as "recorded" in workspace "recorded" of project ${projectId} (${mechanism}), but ${asked}`;
    assert.deepEqual(await mechanismOf(t, {}, tag('AWS_MSK_IAM'), {}, connected), {
      mechanism: 'SCRAM-512',
      targetChange: text('SCRAM-512', 'the tag atlas-streaming/mechanism is "AWS_MSK_IAM"'),
    });
    assert.deepEqual(await mechanismOf(t, { mechanism: 'SCRAM-512', secretArn }, {}, {}, byRole), {
      mechanism: 'AWS_MSK_IAM',
      targetChange: text('AWS_MSK_IAM', 'mechanism in the input is "SCRAM-512"'),
    });
  });

  it('a link of ours without a connection binds the scheme, so SCRAM-512 and PLAIN are free', async (t) => {
    for (const [recorded, asked] of [
      ['SCRAM-512', 'PLAIN'],
      ['PLAIN', 'SCRAM-512'],
    ] as const)
      assert.deepEqual(await mechanismOf(t, {}, tag(asked), {}, onlyLink(recorded)), {
        mechanism: asked,
        targetChange: null,
      });
    for (const [recorded, asked] of [
      ['SCRAM-512', 'AWS_MSK_IAM'],
      ['AWS_MSK_IAM', 'PLAIN'],
    ] as const) {
      const found = await mechanismOf(t, {}, tag(asked), {}, onlyLink(recorded));
      assert.equal(found.mechanism, recorded);
      assert.match(found.targetChange ?? '', new RegExp(`mechanism is "${asked}"$`));
    }
    // An adopted link binds nothing here: CheckPrerequisites compares the schemes.
    const adopted = { ...onlyLink('SCRAM-512'), privateLink: { id: 'a'.repeat(24), ownership: 'adopted' } };
    assert.deepEqual(await mechanismOf(t, {}, tag('AWS_MSK_IAM'), {}, adopted), {
      mechanism: 'AWS_MSK_IAM',
      targetChange: null,
    });
  });

  it('a wrong tag is refused in one sentence before the run claims the cluster', async (t) => {
    for (const record of [undefined, onlyLink('SCRAM-512')]) {
      const { resolve, msk } = await resolver(t, tag('iam'), {}, record ? { recorded: record } : {});
      await assert.rejects(resolve({ clusterArn }), {
        name: 'InvalidRequest',
        message:
          'The tag atlas-streaming/mechanism is "iam"; it must be one of "auto", "SCRAM-512", "PLAIN", "AWS_MSK_IAM".',
      });
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    }
  });

  it('a connection by role has no secret, whatever the tag of the secret and an earlier record say', async (t) => {
    const expected = started(manually, request({ mechanism: 'AWS_MSK_IAM' }));
    const sent = { secretArn, secretVersionId: 'version-1' };
    for (const secret of ['AmazonMSK_b', 'no name of a secret'])
      assert.deepEqual(
        await resolved(t, { mechanism: 'AWS_MSK_IAM' }, { 'atlas-streaming/secret': secret }, {}, sent),
        expected,
      );
  });

  const refused: [why: string, input: object, tags: object, variables: Record<string, string>, recorded?: object][] = [
    ['mechanism in the input is "AWS_MSK_IAM"', { mechanism: 'AWS_MSK_IAM' }, tag('SCRAM-512'), {}, connected],
    ['the tag atlas-streaming/mechanism is "AWS_MSK_IAM"', {}, tag('AWS_MSK_IAM'), {}],
    ['the recorded mechanism is "AWS_MSK_IAM"', {}, {}, {}, byRole],
    ['the deployment\'s mechanism is "AWS_MSK_IAM"', {}, {}, { MECHANISM: 'AWS_MSK_IAM' }],
  ];
  for (const [why, input, tags, variables, recorded] of refused)
    it(`a secret in the input is refused if ${why}`, async (t) => {
      await assert.rejects(resolved(t, { ...input, secretArn }, tags, variables, recorded), {
        name: 'InvalidRequest',
        message: `secretArn is for a SCRAM mechanism, but ${why}, which uses no secret; leave secretArn out, or ask for the mechanism "SCRAM-512".`,
      });
    });

  it('a disconnect accepts auto and the recorded mechanism, and refuses another one', async (t) => {
    for (const mechanism of ['auto', 'AWS_MSK_IAM'] as const) {
      const { resolveRemoval } = await resolver(t, tag('PLAIN'), {}, { recorded: byRole });
      const { mechanism: found } = (await resolveRemoval({ clusterArn, mechanism })) as ReturnType<typeof request>;
      assert.equal(found, 'AWS_MSK_IAM');
    }
    const { resolveRemoval } = await resolver(t, {}, {}, { recorded: byRole });
    await assert.rejects(resolveRemoval({ clusterArn, mechanism: 'SCRAM-512' }), {
      name: 'InvalidRequest',
      message: /asks for mechanism "SCRAM-512", but the cluster is connected as .* \(AWS_MSK_IAM\);/,
    });
  });
});

describe('ResolveRequest and what a run does beyond connecting:', () => {
  const tag = (name: string, value: string) => ({ [`atlas-streaming/${name}`]: value });
  const topics = tag('topics', 'orders  payments');
  const all = { RESTART_PROCESSORS: 'true', PROBE: 'true', REBOOT_WINDOW: 'daily 22:00-04:00 UTC' };

  it('the input wins over tags, and tags over the deployment', async (t) => {
    const asked = { topics: ['a'], probe: false, restartProcessors: false, rebootWindow: 'none' };
    const tagged = { ...topics, ...tag('probe', 'true'), ...tag('restart-processors', 'true') };
    assert.deepEqual(await resolved(t, asked, tagged, all), started(manually, request({ topics: ['a'] })));
    const byTags = { topics: ['orders', 'payments'], probe: true, restartProcessors: true };
    assert.deepEqual(await resolved(t, {}, tagged), started(manually, request(byTags)));
    const off = { ...topics, ...tag('probe', 'false'), ...tag('restart-processors', 'false') };
    assert.deepEqual(
      await resolved(t, {}, off, all),
      started(manually, request({ topics: byTags.topics, rebootWindow: all.REBOOT_WINDOW })),
    );
    assert.deepEqual(
      await resolved(t, {}, topics, all),
      started(manually, request({ ...byTags, rebootWindow: all.REBOOT_WINDOW })),
    );
  });

  it("remembers the reboot window of a manual start until the brokers have rebooted, and so does the sweep's run", async (t) => {
    const [saturday, sunday] = ['Sat 02:00-06:00 UTC', 'Sun 02:00-06:00 UTC'];
    const { resolve, record, registry } = await resolver(t, { ...topics, ...connect }, all);
    const windowOf = async (input: object, execution: string) => {
      const { rebootWindow } = (await resolve({ clusterArn, ...input }, execution)) as Request;
      await registry.release(clusterArn, execution, { status: 'failed' }).catch(() => undefined);
      return rebootWindow;
    };
    await windowOf({ dryRun: true, rebootWindow: sunday }, executionArn);
    assert.equal((await record())?.rebootWindow, undefined);
    assert.equal(await windowOf({ rebootWindow: saturday }, executionArn), saturday);
    assert.equal((await record())?.rebootWindow, saturday);
    assert.equal(await windowOf({}, executionArn.replace('run-1', 'sweep-1')), saturday);
    assert.equal(await windowOf({}, executionArn.replace('run-1', 'run-2')), saturday);
    assert.equal(await windowOf({ rebootWindow: sunday }, executionArn.replace('run-1', 'run-3')), sunday);
    assert.equal((await record())?.rebootWindow, sunday);
    assert.equal(await windowOf({ rebootWindow: 'none' }, executionArn.replace('run-1', 'run-4')), null);
    assert.equal((await record())?.rebootWindow, undefined);
    assert.equal(await windowOf({}, executionArn.replace('run-1', 'run-5')), all.REBOOT_WINDOW);
  });

  it('a deployment that probes says so for a cluster without topics, which has nothing to read', async (t) => {
    assert.deepEqual(
      await resolved(t, {}, {}, { PROBE: 'true' }),
      started(manually, request({ isProbeWithoutTopic: true })),
    );
    assert.deepEqual(await resolved(t, { probe: false }, {}, { PROBE: 'true' }), started(manually));
  });

  for (const [what, input, tags, says] of [
    ['a probe without topics', { probe: true }, {}, /^probe is true, but neither the input nor a tag names a topic/],
    [
      'a tagged probe without topics',
      {},
      tag('probe', 'true'),
      /^The tag atlas-streaming\/probe is "true", but neither .*\n {2}aws kafka tag-resource .* --tags atlas-streaming\/topics=orders$/s,
    ],
    ['a flag', {}, tag('probe', 'yes'), /^The tag atlas-streaming\/probe is "yes"; it must be true or false\.$/],
    ['a flag', {}, tag('restart-processors', ''), /restart-processors is ""; it must be true or false\.$/],
    [
      'topics',
      {},
      tag('topics', ' '),
      /topics is " "; it must be the names of different .* example "orders payments"\.$/,
    ],
    [
      'topics',
      {},
      tag('topics', 'a b=c'),
      /^The tag atlas-streaming\/topics has the topic "b=c"; it must be the names/,
    ],
    ['topics', {}, tag('topics', 'a a'), /topics has the topic "a" more than once; it must be the names/],
  ] as [string, object, Record<string, string>, RegExp][])
    it(`${what} is refused: ${JSON.stringify({ ...input, ...tags })}`, async (t) => {
      const { resolve, record } = await resolver(t, tags);
      await assert.rejects(resolve({ clusterArn, ...input }), { name: 'InvalidRequest', message: says });
      assert.equal(await record(), undefined);
    });

  it('a disconnect has none of it, and refuses it in the input', async (t) => {
    const { resolveRemoval } = await resolver(t, { ...topics, ...tag('probe', 'x') }, all);
    const { topics: named, probe, restartProcessors, rebootWindow } = (await resolveRemoval({ clusterArn })) as Request;
    assert.deepEqual([named, probe, restartProcessors, rebootWindow], [[], false, false, null]);
    for (const input of [{ topics: ['a'] }, { probe: false }, { restartProcessors: true }, { rebootWindow: 'none' }])
      await assert.rejects(resolveRemoval({ clusterArn, ...input }), {
        message: new RegExp(`^The input has the field ${Object.keys(input)[0]}, which only the connect machine knows`),
      });
  });
});

describe('ResolveRequest while the deployment is paused', () => {
  const pause = { PAUSED: 'true' };
  const reason =
    'The deployment is paused (setting paused), so tags and the sweep start nothing. When the pause ends, the next sweep starts what is due. A manual start works.';

  it('starts nothing by a tag, claims nothing, and says so on the tags of a cluster that is not connected', async (t) => {
    const { resolve, record, written, msk } = await resolver(t, connect, pause);
    assert.deepEqual(await resolve(tagEvent()), { isAnythingToDo: false, reason });
    assert.equal(await record(), undefined);
    assert.deepEqual(written(), {
      'atlas-streaming/status': 'paused',
      'atlas-streaming/detail':
        'The deployment is paused setting paused . When the pause ends the next sweep starts what is due.',
      'atlas-streaming/execution': 'connect/run-1',
    });
    assert.deepEqual(commandsOf(msk), ['ListTagsForResource', 'TagResource']);
  });

  it('leaves the tags of a connected cluster, and of one that another execution works on', async (t) => {
    for (const recorded of [
      { status: 'connected' },
      { status: 'connecting', holder: `${executionArn}-2`, action: 'connect', claimedAt: now },
    ]) {
      const { resolve, msk } = await resolver(t, connect, pause, { recorded });
      assert.deepEqual(await resolve(tagEvent()), { isAnythingToDo: false, reason });
      assert.deepEqual(commandsOf(msk), ['ListTagsForResource']);
    }
  });

  it('starts nothing by the sweep, and no disconnect by a tag', async (t) => {
    const recorded = { status: 'connected' };
    const { resolve, resolveRemoval } = await resolver(t, { 'atlas-streaming': 'disconnect' }, pause, { recorded });
    assert.deepEqual(await resolveRemoval(tagEvent()), { isAnythingToDo: false, reason });
    const swept = executionArn.replace('run-1', `sweep-connect-${'0'.repeat(32)}`);
    const { resolve: resolveTagged } = await resolver(t, connect, pause);
    assert.deepEqual(await resolveTagged({ clusterArn }, swept), { isAnythingToDo: false, reason });
    assert.equal(
      ((await resolve(tagEvent())) as { reason: string }).reason.startsWith('The tag atlas-streaming is'),
      true,
    );
  });

  it('gives back a cluster that it has claimed before the pause began', async (t) => {
    const recorded = { status: 'connecting', holder: executionArn, action: 'connect', claimedAt: now };
    const { resolve, record } = await resolver(t, connect, pause, { recorded });
    assert.deepEqual(await resolve(tagEvent()), { isAnythingToDo: false, reason });
    assert.equal((await record())?.holder, undefined);
  });

  it('accepts a manual start, and a dry run', async (t) => {
    assert.deepEqual(await resolved(t, {}, {}, pause), started(manually));
    assert.deepEqual(await resolved(t, { dryRun: true }, {}, pause), started(manually, request({ dryRun: true })));
  });
});
