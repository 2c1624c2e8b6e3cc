import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand } from '@aws-sdk/client-kafka';
import type * as z from 'zod/mini';
import { type RecordSuccessInput, recordSuccess } from '../../functions/record-success/record-success.ts';
import { fingerprint } from '../../shared/registry/fingerprint.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { Registry } from '../../shared/registry/registry.ts';
import { bootstrapServers, privateLinkId } from '../fixtures/atlas.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import { assertCopyable } from '../fixtures/copyable.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import type { Test } from '../fixtures/loopback.ts';
import { startRegistry } from '../fixtures/registry.ts';
import {
  before,
  byRole,
  clusterArn,
  executionArn,
  login,
  now,
  principalArn,
  projectId,
  request,
  roleArn,
  secretArn,
  taskInput,
} from '../fixtures/request.ts';

type Run = z.infer<typeof RecordSuccessInput>['run'];

const sid = 'AtlasStreamProcessing123456789012';
const connectionId = '6a7941e0c0eb9e7a17723361';

/** A run that has changed everything. */
const everything: Run = {
  startedAt: before,
  request: request({ connectionName: 'orders*1' }),
  plan: { login, isConnected: false },
  connectivity: { result: 'updated' },
  scramSecretAssociation: { result: 'created' },
  principal: { principalArn },
  recordedPlan: { isAccountListed: true },
  policy: { sid, result: 'created', ownership: 'created' },
  privateLink: { id: privateLinkId, result: 'created', ownership: 'created' },
  connection: {
    id: connectionId,
    name: 'orders*1',
    state: 'READY',
    result: 'created',
    ownership: 'created',
    bootstrapServers,
    secretVersionId: 'version-1',
  },
};

/** A run that CheckPrerequisites has ended, because everything was in place. */
const verification: Run = {
  ...everything,
  plan: { login, isConnected: true },
  policy: { sid, result: 'unchanged', ownership: 'adopted' },
  privateLink: { id: privateLinkId, result: 'adopted', ownership: 'adopted' },
  connection: { ...everything.connection, result: 'unchanged' },
};

async function recorder(t: Test, attributes: object = { status: 'connecting', failures: 2 }, holder = executionArn) {
  const { client, msk } = fakeMsk();
  msk.on(TagResourceCommand).resolves({});
  const held = await heldRegistry(t, attributes, holder);
  const measured: unknown[] = [];
  const measure = (...metric: unknown[]) => measured.push(metric);
  const record = (run = everything, at = now, registry = held.registry) =>
    recordSuccess({ ...taskInput(run), now: at }, { msk: client, registry, measure });
  return { msk, measured, record, registered: held.whole };
}

const detail = 'Connection orders*1 in workspace streams is READY';
const released = { clusterArn, status: 'connected', detail, verifiedAt: now, lastExecution: executionArn };

describe('RecordSuccess', () => {
  it('returns what the run has done', async (t) => {
    assert.deepEqual(await (await recorder(t)).record(), {
      clusterArn,
      projectId,
      workspace: 'streams',
      connection: { name: 'orders*1', state: 'READY', bootstrapServers, mechanism: 'SCRAM-512' },
      privateLinkId,
      atlasPrincipal: principalArn,
      scramSecretArn: secretArn,
      done: [
        { resource: 'multiVpcConnectivity', result: 'updated', note: 'turned on' },
        { resource: 'scramSecretAssociation', result: 'created' },
        {
          resource: 'policyStatement',
          result: 'created',
          note: `${sid}; AWS account 123456789012, which atlasAwsAccountIds allows`,
        },
        { resource: 'privateLink', result: 'created' },
        { resource: 'connection', result: 'created' },
      ],
      statusTags: 'written',
      registry: 'written',
      verifiedAt: now,
    });
  });

  it('forgets the reboot window of a manual start, because connectivity is on', async (t) => {
    const { record, registered } = await recorder(t, { status: 'connecting', rebootWindow: 'Sat 02:00-06:00 UTC' });
    await record();
    assert.equal(((await registered()) as RegistryRecord).rebootWindow, undefined);
  });

  it('says which topics were not checked, and why', async (t) => {
    const uncheckedTopics =
      'Whether topic orders exists was not checked. MSK shows topics only with Apache Kafka 3.6.0 or newer.';
    const run: Run = { ...everything, plan: { ...everything.plan, uncheckedTopics } };
    assert.equal((await (await recorder(t)).record(run)).note, uncheckedTopics);
    const moved = { ...run, request: request({ targetChange: 'The tags ask for B', wantedBy: 'console' }) };
    const recorded = { targetsChanged: [fingerprint('The tags ask for B')] };
    const { note = '' } = await (await recorder(t, recorded)).record({
      ...moved,
      request: { ...moved.request, recorded: { clusterArn, ...recorded } },
    });
    assert.match(note, /^The tags ask for B\. This was reported before.* Whether topic orders exists was not checked/);
  });

  describe('with a probe', () => {
    const probe = { topic: 'orders', result: 'read', partitions: 6, records: 1204, isEnded: true } as const;
    const words = 'topic orders can be read: 6 partitions, 1,204 records';
    const proof = {
      topic: 'orders',
      connectionId,
      secretVersionId: 'version-1',
      at: now,
      result: 'read',
      detail: words,
    };

    it('says in detail, output and record what was proved', async (t) => {
      const { record, registered } = await recorder(t);
      const output = await record({ ...everything, probe });
      assert.deepEqual(output.probe, { topic: 'orders', result: 'read', partitions: 6, records: 1204 });
      const after = (await registered()) as RegistryRecord;
      assert.deepEqual([after.detail, after.proof], [`${detail}, and ${words}`, proof]);
    });

    it('says that the topic is reachable, or why nothing was proved, which leaves an earlier proof alone', async (t) => {
      const reachable = await recorder(t);
      await reachable.record({ ...everything, probe: { ...probe, result: 'reachable', records: 0 } });
      const after = (await reachable.registered()) as RegistryRecord;
      assert.deepEqual(
        [after.detail, after.proof?.result],
        [`${detail}; topic orders is reachable, no record to read`, 'reachable'],
      );
      const unproved = await recorder(t, { status: 'connecting', proof });
      await unproved.record({
        ...everything,
        probe: { topic: 'orders', result: 'notProved', note: 'Atlas refuses it.' },
      });
      const later = (await unproved.registered()) as RegistryRecord;
      assert.deepEqual([later.detail, later.proof], [`${detail}, not proved: Atlas refuses it.`, proof]);
    });

    it('repeats what was proved before, if no probe was needed', async (t) => {
      const { record, registered } = await recorder(t);
      const recorded = { clusterArn, proof } as RegistryRecord;
      const request = { ...everything.request, recorded };
      const run = { ...everything, request, probe: { topic: 'orders', result: 'read', isSkipped: true } } as Run;
      const { probe: finding } = await record(run);
      assert.equal(finding?.note, `${words}, as a probe found out at ${now}`);
      assert.equal(((await registered()) as RegistryRecord).detail, `${detail}, and ${words}`);
    });

    it('says that nothing is proved if the deployment asks for a proof and no topic is named', async (t) => {
      const { record, registered } = await recorder(t);
      const request = { ...everything.request, isProbeWithoutTopic: true };
      assert.deepEqual((await record({ ...everything, request })).probe, {
        result: 'notProved',
        note: 'no topic is named',
      });
      assert.equal(((await registered()) as RegistryRecord).detail, `${detail}, not proved: no topic is named`);
    });

    it('says nothing about the probe of an earlier run', async (t) => {
      const { record } = await recorder(t);
      assert.equal((await record({ ...everything, probe: { isEnded: true } })).probe, undefined);
    });
  });

  it('names the role in place of a secret, and records it', async (t) => {
    const { record, registered } = await recorder(t);
    const { scramSecretAssociation: _, ...run } = { ...verification, plan: { login: byRole, isConnected: true } };
    const output = await record(run);
    assert.deepEqual([output.streamsRoleArn, output.scramSecretArn], [roleArn, undefined]);
    assert.equal(output.connection.mechanism, 'AWS_MSK_IAM');
    assert.ok(!output.done.some(({ resource }) => resource === 'scramSecretAssociation'));
    const after = (await registered()) as RegistryRecord;
    assert.deepEqual([after.roleArn, after.target?.mechanism], [roleArn, 'AWS_MSK_IAM']);
  });

  it('says if no setting confirms the AWS account that it lets in, and nothing if it has let none in', async (t) => {
    const noteOf = async (run: Run) => (await (await recorder(t)).record(run)).done[2]?.note;
    assert.equal(
      await noteOf({ ...everything, recordedPlan: { isAccountListed: false } }),
      `${sid}; AWS account 123456789012. The account was not compared with a list, because the setting atlasAwsAccountIds is empty`,
    );
    assert.equal(await noteOf({ ...everything, policy: { sid, result: 'unchanged', ownership: 'created' } }), sid);
  });

  it('measures the duration of a first connect, and of no other run', async (t) => {
    const { record, measured } = await recorder(t);
    await record({ ...everything, connection: { ...everything.connection, result: 'unchanged' } });
    assert.deepEqual(measured, []);
    await record({ ...everything, startedAt: '2026-11-23T10:59:30.500Z' }, '2026-11-23T12:00:00Z');
    assert.deepEqual(measured, [['TimeToConnect', 'Seconds', 3629.5]]);
  });

  it('reports what the run did not need to visit as unchanged', async (t) => {
    const { connectivity: _, scramSecretAssociation: __, ...rest } = everything;
    const { done } = await (await recorder(t)).record(rest);
    assert.deepEqual(done.slice(0, 2), [
      { resource: 'multiVpcConnectivity', result: 'unchanged' },
      { resource: 'scramSecretAssociation', result: 'unchanged' },
    ]);
  });

  it("writes the outcome on the cluster's tags, in the characters that MSK allows", async (t) => {
    const { record, msk } = await recorder(t);
    await record();
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming/status': 'connected',
        'atlas-streaming/detail': 'Connection orders 1 in workspace streams is READY',
        'atlas-streaming/execution': 'connect/run-1',
        'atlas-streaming/verified-at': '20261123T120000Z',
      },
    });
  });

  it('does not fail over tags that AWS refuses, because the connection is READY', async (t) => {
    const { record, msk, registered } = await recorder(t);
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    const { statusTags, connection } = await record();
    assert.match(statusTags, /^not written: AWS refused kafka:TagResource .*Too many tags\./);
    assert.equal(connection.state, 'READY');
    assert.deepEqual(await registered(), released);
  });

  it('lets the machine retry if AWS fails', async (t) => {
    const { record, msk } = await recorder(t);
    msk.on(TagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });

  it('says what is not ours, because disconnect leaves it', async (t) => {
    const note = 'not created by this deployment: runs never change it, and send it no rotated password';
    const { done } = await (await recorder(t)).record({
      ...verification,
      policy: { sid: 'TerraformAtlas', result: 'adopted', ownership: 'adopted' },
      connection: { ...verification.connection, result: 'adopted', ownership: 'adopted', note },
    });
    const leftAlone = 'not created by this deployment, so a disconnect leaves it';
    assert.deepEqual(done.slice(2), [
      { resource: 'policyStatement', result: 'adopted', note: `TerraformAtlas; ${leftAlone}` },
      { resource: 'privateLink', result: 'adopted', note: leftAlone },
      { resource: 'connection', result: 'adopted', note },
    ]);
  });

  it('says what a claim has made ours, because a disconnect deletes it', async (t) => {
    const adopted = { ownership: 'adopted' as const };
    const claimed: Run = {
      ...everything,
      request: request({
        claim: true,
        recorded: {
          clusterArn,
          statement: { sid, principalArn, ownership: 'created' },
          privateLink: { id: privateLinkId, ...adopted },
          connection: { id: connectionId, ...adopted },
        },
      }),
      policy: { sid, result: 'unchanged', ownership: 'created' },
      privateLink: { id: privateLinkId, result: 'unchanged', ownership: 'created' },
      connection: { ...everything.connection, id: undefined, result: 'updated', note: 'user, password' },
    };
    const { done } = await (await recorder(t)).record(claimed);
    const takenOver = 'now belongs to this deployment: a disconnect deletes it';
    assert.deepEqual(
      done.slice(2).map(({ note }) => note),
      [sid, takenOver, `user, password; ${takenOver}`],
    );
  });
});

describe('RecordSuccess and the registry:', () => {
  it('the outcome is recorded, failures are forgotten, and the cluster is given back', async (t) => {
    const { record, registered } = await recorder(t);
    await record();
    assert.deepEqual(await registered(), released);
  });

  it('a verification records what it has found', async (t) => {
    const { record, registered } = await recorder(t);
    await record(verification);
    assert.deepEqual(await registered(), {
      ...released,
      target: { projectId, workspace: 'streams', connectionName: 'orders*1', mechanism: 'SCRAM-512' },
      principalArn,
      privateLink: { id: privateLinkId, ownership: 'adopted' },
      connection: { id: connectionId, ownership: 'created' },
      statement: { sid, principalArn, ownership: 'adopted' },
    });
  });

  it("a verification forgets the credentials of a connection that is another party's now", async (t) => {
    const { record, registered } = await recorder(t, { roleArn, secretArn, secretVersionId: 'v1' });
    const replaced = { ...verification.connection, ownership: 'adopted' as const };
    await record({ ...verification, plan: { login: byRole, isConnected: true }, connection: replaced });
    const { roleArn: role, secretArn: secret, secretVersionId } = await registered();
    assert.deepEqual([role, secret, secretVersionId], [undefined, undefined, undefined]);
  });

  it('a run with a claim makes what it has found ours', async (t) => {
    const { record, registered } = await recorder(t, { privateLink: { id: privateLinkId, ownership: 'adopted' } });
    await record({ ...everything, request: request({ claim: true }) });
    const { privateLink, connection, statement } = await registered();
    assert.deepEqual(
      [privateLink, connection, statement],
      [
        { id: privateLinkId, ownership: 'created' },
        { id: connectionId, ownership: 'created' },
        { sid, principalArn, ownership: 'created' },
      ],
    );
  });

  it('an execution that has lost its claim writes no tags', async (t) => {
    const { record, msk, measured } = await recorder(t, {}, takenOverBy);
    await assert.rejects(record(), { name: 'ClaimLost' });
    assert.deepEqual([commandsOf(msk), measured], [[], []]);
  });

  it('it can be repeated after AWS has failed to write the tags, and measures once', async (t) => {
    const { record, msk, measured, registered } = await recorder(t);
    msk.on(TagResourceCommand).rejectsOnce(awsError('InternalServerErrorException', 500)).resolves({});
    await assert.rejects(record(), { name: 'AwsUnavailable' });
    await record();
    assert.equal(measured.length, 1);
    assert.deepEqual(await registered(), released);
  });

  it('a registry that cannot be used does not fail a run whose connection is READY', async (t) => {
    const { record } = await recorder(t);
    const { dynamodb } = await startRegistry(t);
    const output = await record(everything, now, new Registry({ dynamodb, tableName: 'missing', signal }));
    assert.match(output.registry, /^not written: The registry \(the DynamoDB table missing\) cannot be used/);
    assert.equal(output.statusTags, 'written');
  });

  const targetChange = 'The cluster is connected to A, and its settings ask for B';
  const asking = (recorded: object) => ({
    ...verification,
    request: request({ targetChange, recorded: { clusterArn, ...recorded } }),
  });

  it('settings that ask for another target are reported once, after the verification', async (t) => {
    const { record, registered, msk } = await recorder(t);
    await assert.rejects(record(asking({})), {
      name: 'TargetChanged',
      message: /A, and its settings ask for B\. A cluster/,
    });
    const { status, verifiedAt, holder } = await registered();
    assert.deepEqual([status, verifiedAt, holder], ['connected', now, executionArn]);
    assert.deepEqual(commandsOf(msk), ['TagResource']);
    const output = await record(asking({ targetsChanged: ['another', fingerprint(targetChange)] }));
    assert.match(output.note ?? '', /ask for B\. This was reported before/);
  });

  it('a tag that asks for another target: the message has the commands that set it back, and that disconnect', async (t) => {
    const { record } = await recorder(t);
    const tagged = request({
      targetChange: 'The cluster is connected to A, but the tag atlas-streaming/workspace is "b"',
      recorded: { clusterArn },
    });
    const tag = `aws kafka tag-resource --region us-east-1 --resource-arn ${clusterArn} --tags`;
    await assert.rejects(record({ ...verification, request: tagged }), ({ message }: Error) => {
      assertCopyable(message);
      assert.ok(
        message.includes(`set the tag back:\n  ${tag} atlas-streaming/workspace=${tagged.workspace}\n`),
        message,
      );
      assert.ok(message.includes(`Disconnect the cluster:\n     ${tag} atlas-streaming=disconnect\n`), message);
      return true;
    });
  });

  it('a registry that cannot be used does not fail a run either whose settings ask for another target', async (t) => {
    const { record, msk } = await recorder(t);
    const { dynamodb } = await startRegistry(t);
    const output = await record(asking({}), now, new Registry({ dynamodb, tableName: 'missing', signal }));
    assert.match(output.registry, /^not written: /);
    assert.match(output.note ?? '', /ask for B\. A cluster has one target.*It is reported again/);
    assert.ok(commandsOf(msk).includes('TagResource'));
  });

  it('status tags that AWS refuses are reported once, and forgotten when it accepts them', async (t) => {
    const tagsRefused = 'Too many tags.';
    const run = (now: string | null, recorded: object) => ({
      ...verification,
      request: request({ tagsRefused: now, recorded: { clusterArn, ...recorded } }),
    });
    const { record, registered } = await recorder(t);
    const { done } = await record(run(tagsRefused, {}));
    assert.deepEqual(done.at(-1), { resource: 'statusTags', result: 'unchanged', note: tagsRefused });
    assert.equal((await registered()).tagsRefused, tagsRefused);
    const again = await recorder(t, { tagsRefused });
    assert.equal((await again.record(run(tagsRefused, { tagsRefused }))).done.at(-1)?.resource, 'connection');
    const accepted = await recorder(t, { tagsRefused });
    await accepted.record(run(null, { tagsRefused }));
    assert.equal((await accepted.registered()).tagsRefused, undefined);
  });

  const asked = (wantedBy: 'tag' | 'console') => ({ ...verification, request: request({ wantedBy }) });

  it('a Deny in the cluster policy is reported after the verification, and RecordFailure knows the last failure', async (t) => {
    const { record, registered } = await recorder(t);
    const policy = { ...verification.policy, denials: 'In the cluster policy, statement "P" denies Atlas.' };
    await assert.rejects(record({ ...verification, policy }), {
      name: 'PolicyRefused',
      message: `${detail.replace('is READY', 'was verified and is READY')}, but Atlas could not set it up again: ${policy.denials}`,
    });
    const { status, verifiedAt, failures, holder } = await registered();
    assert.deepEqual([status, verifiedAt, failures, holder], ['connected', now, 2, executionArn]);
  });

  it('another difference than the reported one is news', async (t) => {
    const { record } = await recorder(t);
    await assert.rejects(record(asking({ targetsChanged: [fingerprint('another')] })), { name: 'TargetChanged' });
  });

  for (const [wantedBy, left] of [
    ['console', [fingerprint(targetChange)]],
    ['tag', undefined],
  ] as const)
    it(`the reported difference is ${left ? 'remembered' : 'forgotten'} after a run of the ${wantedBy} without a difference`, async (t) => {
      const { record, registered } = await recorder(t, { targetsChanged: [fingerprint(targetChange)] });
      await record(asked(wantedBy));
      assert.deepEqual((await registered()).targetsChanged, left);
    });

  it('status tags that were removed are reported once', async (t) => {
    const stripped = (recorded: object) => ({
      ...verification,
      request: request({ wereTagsStripped: true, recorded: { clusterArn, ...recorded } }),
    });
    const { record, registered } = await recorder(t);
    const { done } = await record(stripped({}));
    assert.equal(done.at(-1)?.resource, 'statusTags');
    assert.equal((await registered()).strippedReported, true);
    const again = await recorder(t);
    assert.equal((await again.record(stripped({ strippedReported: true }))).done.at(-1)?.resource, 'connection');
  });

  const connected = {
    clusterArn,
    verifiedAt: before,
    turnedOn: before,
    secretArn,
    statement: { sid, principalArn, ownership: 'created' as const },
  };
  const notesOf = async (t: Test, recorded: RegistryRecord | null, run = everything) => {
    const { record, registered } = await recorder(t);
    const { done } = await record({ ...run, request: request({ recorded }) });
    const notes = done.filter(({ note }) => note?.includes('had been')).map(({ resource, note }) => [resource, note]);
    return { notes, reported: (await registered()).repairsReported };
  };

  it('what was repaired is reported once, with who may have broken it', async (t) => {
    const { notes, reported } = await notesOf(t, connected);
    assert.deepEqual(notes, [
      [
        'multiVpcConnectivity',
        "turned on; it had been turned off, perhaps by Terraform or CloudFormation: then declare it in that tool's configuration of the cluster",
      ],
      [
        'scramSecretAssociation',
        "it had been removed, perhaps by Terraform, CloudFormation or a Kubernetes controller: then add the secret to that tool's list",
      ],
      [
        'policyStatement',
        `${sid}; AWS account 123456789012, which atlasAwsAccountIds allows; it had been removed, perhaps by Terraform or CloudFormation: then put the statement into that tool's policy`,
      ],
    ]);
    assert.deepEqual(reported, ['multiVpcConnectivity', 'scramSecretAssociation', 'policyStatement']);
    const again = await notesOf(t, { ...connected, repairsReported: ['multiVpcConnectivity', 'policyStatement'] });
    assert.deepEqual(
      again.notes.map(([resource]) => resource),
      ['scramSecretAssociation'],
    );
    assert.deepEqual(again.reported, ['multiVpcConnectivity', 'policyStatement', 'scramSecretAssociation']);
  });

  it('a first connect, another secret and a statement of another party are no repairs', async (t) => {
    const others = {
      ...connected,
      secretArn: `${secretArn}2`,
      turnedOn: undefined,
      statement: { ...connected.statement, ownership: 'adopted' as const },
    };
    for (const recorded of [null, { ...connected, verifiedAt: undefined }, others])
      assert.deepEqual(await notesOf(t, recorded), { notes: [], reported: undefined });
    const { connectivity: _, scramSecretAssociation: __, ...nothingDone } = verification;
    assert.deepEqual(await notesOf(t, connected, nothingDone), { notes: [], reported: undefined });
  });
});
