import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-kafka';
import type * as z from 'zod/mini';
import { type RecordRemovalInput, recordRemoval } from '../../functions/record-removal/record-removal.ts';
import { hasCreated, type RegistryRecord } from '../../shared/registry/record.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { fakeRegistry, lost, record as recordOf } from '../fixtures/fake-registry.ts';
import { clusterArn, disconnectExecutionArn, now, principalArn, projectId, request } from '../fixtures/request.ts';

type Run = z.infer<typeof RecordRemovalInput>['run'];

const target = { projectId, workspace: 'streams', connectionName: 'orders*1', mechanism: 'SCRAM-512' } as const;

/** A run that has removed everything. */
const everything: Run = {
  request: request({ connectionName: 'orders*1', recorded: recordOf({ target }) }),
  connection: { result: 'removed' },
  privateLink: { result: 'removed' },
  policy: { result: 'removed' },
};

const statement = { sid: 'AtlasStreamProcessing123456789012', principalArn, ownership: 'created' } as const;

/** @param held what the registry holds at the end of the run */
function recorder(held: RegistryRecord = recordOf()) {
  const { client, msk } = fakeMsk();
  msk.on(TagResourceCommand).resolves({});
  msk.on(UntagResourceCommand).resolves({});
  const { registry, writes, item } = fakeRegistry(held);
  const written = () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input;
  const detail = () => written()?.Tags?.['atlas-streaming/detail'] ?? '';
  const record = (run = everything) =>
    recordRemoval({ run, executionArn: disconnectExecutionArn, now }, { msk: client, registry });
  return { msk, written, detail, record, writes, item };
}

describe('RecordRemoval', () => {
  it('returns what the run has done', async () => {
    assert.deepEqual(await recorder().record(), {
      clusterArn,
      projectId,
      workspace: 'streams',
      connectionName: 'orders*1',
      done: [
        { resource: 'connection', result: 'removed' },
        { resource: 'privateLink', result: 'removed' },
        { resource: 'policyStatement', result: 'removed' },
        { resource: 'multiVpcConnectivity', result: 'kept', note: 'other clients may use it' },
        { resource: 'scramSecretAssociation', result: 'kept', note: 'other clients may use it' },
      ],
      statusTags: 'written',
      isRecordKept: false,
    });
  });

  it('says nothing about a SCRAM secret if the connection logged in as a role', async () => {
    const { request } = everything;
    const target = { ...(request.recorded?.target ?? assert.fail()), mechanism: 'AWS_MSK_IAM' as const };
    const recorded = { clusterArn, ...request.recorded, target };
    const { done } = await recorder().record({ ...everything, request: { ...request, recorded } });
    assert.deepEqual(
      done.map(({ resource }) => resource),
      ['connection', 'privateLink', 'policyStatement', 'multiVpcConnectivity'],
    );
  });

  it("writes the outcome on the cluster's tags, removes the time of the last verification, and deletes the record", async () => {
    const { record, written, msk, writes, item } = recorder();
    await record();
    assert.deepEqual(written(), {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming/status': 'disconnected',
        'atlas-streaming/detail': 'Connection orders 1 in workspace streams removed. Private link removed',
        'atlas-streaming/execution': 'disconnect/run-1',
      },
    });
    assert.deepEqual(msk.commandCalls(UntagResourceCommand)[0]?.args[0].input.TagKeys, ['atlas-streaming/verified-at']);
    assert.deepEqual([writes, item()], [['confirm', 'delete'], undefined]);
  });

  it('keeps the record of what another connection uses, without the failures of earlier runs, and gives the cluster back', async () => {
    const privateLink = { id: 'a'.repeat(24), ownership: 'created' } as const;
    const lastFailure = {
      error: 'E',
      fingerprint: 'f',
      at: now,
      executionArn: 'x',
      isNews: true,
      isAccountFault: false,
    };
    const { record, item, detail } = recorder(recordOf({ privateLink, statement, failures: 2, lastFailure }));
    const { done, isRecordKept } = await record({
      ...everything,
      privateLink: { result: 'kept', note: 'used by streams/invoices, other/orders', remedy: 'The sweep removes it.' },
      policy: { result: 'kept', note: 'a private link to the cluster needs it' },
    });
    assert.equal(isRecordKept, true);
    assert.deepEqual(done.slice(1, 3), [
      {
        resource: 'privateLink',
        result: 'kept',
        note: 'used by streams/invoices, other/orders. The sweep removes it.',
      },
      { resource: 'policyStatement', result: 'kept', note: 'a private link to the cluster needs it' },
    ]);
    assert.match(detail(), / removed\. Private link kept - used by streams\/invoices other\/orders$/);
    assert.deepEqual(item(), {
      clusterArn,
      privateLink,
      statement,
      status: 'disconnected',
      detail:
        'Connection orders*1 in workspace streams removed. Private link kept - used by streams/invoices, other/orders',
      verifiedAt: now,
      lastExecution: disconnectExecutionArn,
    });
  });

  const created = { id: 'a'.repeat(24), ownership: 'created' } as const;
  const adopted = { id: 'a'.repeat(24), ownership: 'adopted' } as const;
  const unknown = { id: 'b'.repeat(24), ownership: 'unknown', attemptedAt: now } as const;
  const cases: [what: string, held: Partial<RegistryRecord>, isKept: boolean][] = [
    ['a connection of ours is left', { connection: created }, true],
    ['an attempt is still unclear', { privateLink: { attemptedAt: now } }, true],
    ['our statement is left for an adopted link', { privateLink: adopted, statement }, true],
    ['only adopted and unknown resources are left', { privateLink: adopted, connection: unknown }, false],
    ['only a statement is left that is not ours', { statement: { ...statement, ownership: 'adopted' } }, false],
  ];
  for (const [what, held, isKept] of cases)
    it(`${isKept ? 'keeps' : 'deletes'} the record if ${what}`, async () => {
      const { record, item } = recorder(recordOf(held));
      assert.equal((await record()).isRecordKept, isKept);
      assert.equal(item() !== undefined, isKept);
      assert.equal(hasCreated(recordOf(held)), isKept);
    });

  it('says why a connection was kept: in short on the tag, and with the remedy in the output', async () => {
    const { record, detail } = recorder();
    const connection = {
      result: 'kept' as const,
      note: 'not created by this deployment',
      remedy: 'Do this.',
    };
    const { done } = await record({ ...everything, connection });
    assert.deepEqual(done[0], {
      resource: 'connection',
      result: 'kept',
      note: 'not created by this deployment. Do this.',
    });
    assert.match(detail(), /streams kept - not created by this deployment\. Private link removed$/);
  });

  it('says since when multi-VPC connectivity is on because of this deployment, and that it is billed', async () => {
    const turnedOn = '2026-11-20T10:00:00.000Z';
    const { done } = await recorder().record({ ...everything, request: request({ recorded: recordOf({ turnedOn }) }) });
    assert.deepEqual(done[3], {
      resource: 'multiVpcConnectivity',
      result: 'kept',
      note: `turned on by this deployment at ${turnedOn}; other clients may use it. MSK bills it by the hour, about $16 a month. Turn it off in MSK if nothing else needs it`,
    });
  });

  for (const [what, held, expected] of [
    [
      'was deleted',
      { missingSince: now, turnedOn: now },
      ['absent', 'deleted with the cluster', 'absent', 'deleted with the cluster'],
    ],
    [
      'was never connected',
      {},
      ['unchanged', 'a disconnect never turns it off', 'unchanged', 'a disconnect never removes it'],
    ],
  ] as const)
    it(`says what becomes of the settings of a cluster that ${what}`, async () => {
      const { done } = await recorder().record({
        ...everything,
        request: request({ recorded: { clusterArn, ...held } }),
      });
      assert.deepEqual(
        done.slice(3).flatMap(({ result, note }) => [result, note]),
        expected,
      );
    });

  it('writes neither tags nor the record if another execution has claimed the cluster', async () => {
    const { record, msk, writes } = recorder(lost());
    await assert.rejects(record(), { name: 'ClaimLost' });
    assert.deepEqual([commandsOf(msk), writes], [[], []]);
  });

  it('returns the same if it is repeated because its answer was lost', async () => {
    for (const held of [recordOf(), recordOf({ statement })]) {
      const { record, msk, item } = recorder(held);
      const first = await record();
      const [tagged, closed] = [commandsOf(msk), item()];
      assert.deepEqual(await record(), first);
      assert.deepEqual([commandsOf(msk), item()], [tagged, closed]);
    }
  });

  for (const [what, refuse, says] of [
    ['the cluster no longer exists', TagResourceCommand, /^not written: AWS refused kafka:TagResource .*Gone\./],
    [
      'AWS refuses to remove one',
      UntagResourceCommand,
      /^written, but atlas-streaming\/verified-at stays: AWS refused kafka:UntagResource .*Gone\./,
    ],
  ] as const)
    it(`does not fail over status tags if ${what}`, async () => {
      const { record, msk, item } = recorder();
      if (refuse === TagResourceCommand)
        msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404, 'Gone.'));
      else msk.on(UntagResourceCommand).rejects(awsError('NotFoundException', 404, 'Gone.'));
      const { statusTags, done } = await record();
      assert.match(statusTags, says);
      assert.deepEqual(done[0], { resource: 'connection', result: 'removed' });
      assert.equal(item(), undefined);
    });

  it('lets the machine retry if AWS fails, with the claim', async () => {
    const { record, msk, item } = recorder();
    msk.on(UntagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
    assert.equal(item()?.holder, disconnectExecutionArn);
  });
});
