import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-kafka';
import type * as z from 'zod/mini';
import { type RecordRemovalInput, recordRemoval } from '../../functions/record-removal/record-removal.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, disconnectExecutionArn, projectId, request, taskInput } from '../fixtures/request.ts';

type Run = z.infer<typeof RecordRemovalInput>['run'];

/** A run that has removed everything. */
const everything: Run = {
  request: request({ connectionName: 'orders*1' }),
  connection: { result: 'removed' },
  privateLink: { result: 'removed', usedBy: [] },
  policy: { result: 'removed' },
};

function recorder() {
  const { client, msk } = fakeMsk();
  msk.on(TagResourceCommand).resolves({});
  msk.on(UntagResourceCommand).resolves({});
  const written = () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input;
  const record = (run = everything) =>
    recordRemoval({ ...taskInput(run), executionArn: disconnectExecutionArn }, { msk: client });
  return { msk, written, record };
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
    });
  });

  it("writes the outcome on the cluster's tags, and removes the tags that describe the connection", async () => {
    const { record, written, msk } = recorder();
    await record();
    assert.deepEqual(written(), {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'disconnected',
        'atlas-streaming:detail': 'Connection orders 1 in workspace streams: removed. Private link: removed',
        'atlas-streaming:execution': disconnectExecutionArn,
      },
    });
    assert.deepEqual(commandsOf(msk), ['TagResource', 'UntagResource']);
  });

  it('names the connections that still use the private link', async () => {
    const { record, written } = recorder();
    const { policy: _, ...rest } = everything;
    const privateLink = { result: 'kept' as const, usedBy: ['streams/invoices', 'other/orders'] };
    const { done } = await record({ ...rest, privateLink });
    assert.deepEqual(done.slice(1, 3), [
      { resource: 'privateLink', result: 'kept', note: 'used by streams/invoices, other/orders' },
      { resource: 'policyStatement', result: 'kept', note: 'the private link needs it' },
    ]);
    assert.match(
      written()?.Tags?.['atlas-streaming:detail'] ?? '',
      /: removed\. Private link: kept - used by streams\/invoices other\/orders$/,
    );
  });

  it('says that a connection that is not ours was kept, and why', async () => {
    const { record, written } = recorder();
    const connection = {
      result: 'kept' as const,
      note: 'connection "orders" exists and is of type Cluster, not Kafka',
    };
    const { done } = await record({ ...everything, connection });
    assert.deepEqual(done[0], { resource: 'connection', ...connection });
    assert.match(
      written()?.Tags?.['atlas-streaming:detail'] ?? '',
      /streams: kept - connection orders exists and is of type Cluster not Kafka\. Private link: removed$/,
    );
  });

  for (const [what, refuse] of [
    ['the cluster no longer exists', TagResourceCommand],
    ['AWS refuses to remove them', UntagResourceCommand],
  ] as const)
    it(`does not fail over status tags if ${what}`, async () => {
      const { record, msk } = recorder();
      if (refuse === TagResourceCommand)
        msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404, 'Gone.'));
      else msk.on(UntagResourceCommand).rejects(awsError('NotFoundException', 404, 'Gone.'));
      const { statusTags, done } = await record();
      assert.match(statusTags, /^not written: AWS refused kafka:(Unt|T)agResource .*Gone\./);
      assert.deepEqual(done[0], { resource: 'connection', result: 'removed' });
    });

  it('lets the machine retry if AWS fails', async () => {
    const { record, msk } = recorder();
    msk.on(UntagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });
});
