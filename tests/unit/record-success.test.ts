import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand } from '@aws-sdk/client-kafka';
import type * as z from 'zod/mini';
import { type RecordSuccessInput, recordSuccess } from '../../functions/record-success/record-success.ts';
import { bootstrapServers, privateLinkId } from '../fixtures/atlas.ts';
import { awsError, fakeMsk } from '../fixtures/aws.ts';
import {
  before,
  clusterArn,
  executionArn,
  now,
  principalArn,
  projectId,
  request,
  secretArn,
  taskInput,
} from '../fixtures/request.ts';

type Run = z.infer<typeof RecordSuccessInput>['run'];

/** A run that has changed everything. */
const everything: Run = {
  startedAt: before,
  request: request({ connectionName: 'orders*1' }),
  plan: { secretArn },
  connectivity: { result: 'updated' },
  scramSecretAssociation: { result: 'created' },
  principal: { principalArn },
  policy: { sid: 'AtlasStreamProcessing123456789012', result: 'created' },
  privateLink: { id: privateLinkId, result: 'created' },
  connection: { name: 'orders*1', state: 'READY', result: 'created', bootstrapServers, secretVersionId: 'version-1' },
};

function recorder() {
  const { client, msk } = fakeMsk();
  msk.on(TagResourceCommand).resolves({});
  const measured: unknown[] = [];
  const measure = (...metric: unknown[]) => measured.push(metric);
  const record = (run = everything, at = now) =>
    recordSuccess({ ...taskInput(run), now: at }, { msk: client, measure });
  return { msk, measured, record };
}

describe('RecordSuccess', () => {
  it('returns what the run has done', async () => {
    assert.deepEqual(await recorder().record(), {
      clusterArn,
      projectId,
      workspace: 'streams',
      connection: { name: 'orders*1', state: 'READY', bootstrapServers, mechanism: 'SCRAM-512' },
      privateLinkId,
      atlasPrincipal: principalArn,
      scramSecretArn: secretArn,
      done: [
        { resource: 'multiVpcConnectivity', result: 'updated' },
        { resource: 'scramSecretAssociation', result: 'created' },
        { resource: 'policyStatement', result: 'created', note: 'AtlasStreamProcessing123456789012' },
        { resource: 'privateLink', result: 'created' },
        { resource: 'connection', result: 'created' },
      ],
      statusTags: 'written',
      verifiedAt: now,
    });
  });

  it('measures the duration of a first connect, and of no other run', async () => {
    const { record, measured } = recorder();
    await record({ ...everything, connection: { ...everything.connection, result: 'unchanged' } });
    assert.deepEqual(measured, []);
    await record({ ...everything, startedAt: '2026-11-23T10:59:30.500Z' }, '2026-11-23T12:00:00Z');
    assert.deepEqual(measured, [['TimeToConnect', 'Seconds', 3629.5]]);
  });

  it('reports what the run did not need to visit as unchanged', async () => {
    const { connectivity: _, scramSecretAssociation: __, ...rest } = everything;
    const { done } = await recorder().record(rest);
    assert.deepEqual(done.slice(0, 2), [
      { resource: 'multiVpcConnectivity', result: 'unchanged' },
      { resource: 'scramSecretAssociation', result: 'unchanged' },
    ]);
  });

  it("writes the outcome on the cluster's tags, in the characters that AWS allows", async () => {
    const { record, msk } = recorder();
    await record();
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[0]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'connected',
        'atlas-streaming:detail': 'Connection orders 1 in workspace streams is READY',
        'atlas-streaming:execution': executionArn,
        'atlas-streaming:private-link-id': privateLinkId,
        'atlas-streaming:secret-version': 'version-1',
        'atlas-streaming:verified-at': now,
      },
    });
  });

  it('does not fail over tags that AWS refuses, because the connection is READY', async () => {
    const { record, msk } = recorder();
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    const { statusTags, connection } = await record();
    assert.match(statusTags, /^not written, or not all of them: AWS refused kafka:TagResource .*Too many tags\./);
    assert.equal(connection.state, 'READY');
  });

  it('updates at least the three existing tags if AWS has no room for six', async () => {
    const { record, msk } = recorder();
    msk
      .on(TagResourceCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'Too many tags.'))
      .resolves({});
    const { statusTags } = await record();
    assert.match(statusTags, /^not written, or not all of them: .*Too many tags\./);
    assert.deepEqual(msk.commandCalls(TagResourceCommand)[1]?.args[0].input, {
      ResourceArn: clusterArn,
      Tags: {
        'atlas-streaming:status': 'connected',
        'atlas-streaming:detail': 'Connection orders 1 in workspace streams is READY',
        'atlas-streaming:execution': executionArn,
      },
    });
  });

  it('lets the machine retry if AWS fails', async () => {
    const { record, msk } = recorder();
    msk.on(TagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });

  it('lets the machine retry if AWS fails to write the shorter list', async () => {
    const { record, msk } = recorder();
    msk
      .on(TagResourceCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'Too many tags.'))
      .rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });
});
