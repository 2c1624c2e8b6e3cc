import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-kafka';
import { recordRemoval } from '../../functions/record-removal/record-removal.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import { clusterArn, disconnectExecutionArn, projectId, request } from '../fixtures/request.ts';

const input = {
  request: request({ connectionName: 'orders*1' }),
  connection: { outcome: 'deleted' },
  privateLink: { outcome: 'deleted', usedBy: [] as string[] },
  policy: { outcome: 'removed' },
  executionArn: disconnectExecutionArn,
};

function recorder() {
  const { kafka, msk } = fakeMsk();
  msk.on(TagResourceCommand).resolves({});
  msk.on(UntagResourceCommand).resolves({});
  const written = () => msk.commandCalls(TagResourceCommand)[0]?.args[0].input;
  return { msk, written, record: (overrides = {}) => recordRemoval({ ...input, ...overrides }, { kafka, signal }) };
}

describe('RecordRemoval', () => {
  it('sums up the run', async () => {
    assert.deepEqual(await recorder().record(), {
      clusterArn,
      projectId,
      workspace: 'streams',
      done: {
        connection: 'orders*1 deleted',
        privateLink: 'deleted',
        policyStatement: 'removed',
        privateConnectivity: 'unchanged: other consumers may use it',
        scramSecret: 'unchanged: other clients may use it',
      },
      privateLinkUsedBy: [],
      statusTags: 'written',
    });
  });

  it("writes the outcome on the cluster's tags, and takes away what said that it is connected", async () => {
    const { record, written, msk } = recorder();
    await record();
    assert.deepEqual(written(), {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'disconnected',
        'atlas-streaming:detail': 'Connection orders 1 in workspace streams: deleted',
        'atlas-streaming:execution': disconnectExecutionArn,
      },
    });
    assert.deepEqual(commandsOf(msk), ['TagResource', 'UntagResource']);
  });

  it('names the connections for which the private link stays', async () => {
    const { record, written } = recorder();
    const usedBy = ['streams/invoices', 'other/orders'];
    const privateLink = { outcome: 'kept: other connections use it', usedBy };
    const { done, privateLinkUsedBy } = await record({ privateLink, policy: { outcome: 'kept' } });
    assert.deepEqual([done.privateLink, done.policyStatement], ['kept: other connections use it', 'kept']);
    assert.deepEqual(privateLinkUsedBy, usedBy);
    assert.match(
      written()?.Tags?.['atlas-streaming:detail'] ?? '',
      /: deleted the private link stays used by streams\/invoices other\/orders$/,
    );
  });

  it('says that a connection which is not ours was kept', async () => {
    const { record, written } = recorder();
    const outcome = 'kept: connection "orders" exists and is of type Cluster, not Kafka';
    assert.equal((await record({ connection: { outcome } })).done.connection, `orders*1 ${outcome}`);
    assert.match(written()?.Tags?.['atlas-streaming:detail'] ?? '', /kept: connection orders exists/);
  });

  for (const [what, refuse] of [
    ['the cluster is gone', TagResourceCommand],
    ['AWS does not let them go', UntagResourceCommand],
  ] as const)
    it(`makes no failure of the removal over tags when ${what}`, async () => {
      const { record, msk } = recorder();
      if (refuse === TagResourceCommand)
        msk.on(TagResourceCommand).rejects(awsError('NotFoundException', 404, 'Gone.'));
      else msk.on(UntagResourceCommand).rejects(awsError('NotFoundException', 404, 'Gone.'));
      const { statusTags, done } = await record();
      assert.match(statusTags, /^not written: AWS refused kafka:(Unt|T)agResource .*Gone\./);
      assert.equal(done.privateLink, 'deleted');
    });

  it('is tried again when AWS does not answer', async () => {
    const { record, msk } = recorder();
    msk.on(UntagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });
});
