import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TagResourceCommand } from '@aws-sdk/client-kafka';
import { recordSuccess } from '../../functions/record-success/record-success.ts';
import { bootstrapServers, privateLinkId } from '../fixtures/atlas.ts';
import { awsError, fakeMsk, signal } from '../fixtures/aws.ts';
import {
  before,
  clusterArn,
  executionArn,
  now,
  principalArn,
  projectId,
  request,
  secretArn,
} from '../fixtures/request.ts';

const input = {
  request: request({ connectionName: 'orders*1' }),
  plan: { secretArn, isScramSecretAssociated: false },
  connectivity: { operationArn: 'arn:aws:kafka:us-east-1:111122223333:cluster-operation/orders/1/2' },
  principal: { principalArn },
  policy: { sid: 'AtlasStreamProcessing123456789012', outcome: 'written' },
  privateLink: { id: privateLinkId, outcome: 'requested' },
  connection: { name: 'orders*1', state: 'READY', outcome: 'created', bootstrapServers, secretVersionId: 'version-1' },
  executionArn,
  startedAt: before,
  now,
};

function recorder() {
  const { kafka, msk } = fakeMsk();
  msk.on(TagResourceCommand).resolves({});
  const measured: unknown[] = [];
  const measure = (...metric: unknown[]) => measured.push(metric);
  const record = (overrides = {}) => recordSuccess({ ...input, ...overrides }, { kafka, signal, measure });
  return { msk, measured, record };
}

describe('RecordSuccess', () => {
  it('sums up the run', async () => {
    assert.deepEqual(await recorder().record(), {
      clusterArn,
      projectId,
      workspace: 'streams',
      connection: { name: 'orders*1', state: 'READY', bootstrapServers, mechanism: 'SCRAM-512' },
      privateLinkId,
      atlasPrincipal: principalArn,
      scramSecretArn: secretArn,
      done: {
        privateConnectivity: 'turned on',
        scramSecret: 'associated',
        policyStatement: 'AtlasStreamProcessing123456789012 written',
        privateLink: 'requested',
        connection: 'created',
      },
      statusTags: 'written',
      verifiedAt: now,
    });
  });

  it('measures how long a first connect has taken, and no other run', async () => {
    const { record, measured } = recorder();
    await record({ connection: { ...input.connection, outcome: 'unchanged' } });
    assert.deepEqual(measured, []);
    await record({ startedAt: '2026-11-23T10:59:30.500Z', now: '2026-11-23T12:00:00Z' });
    assert.deepEqual(measured, [['TimeToConnect', 'Seconds', 3629.5]]);
  });

  it('tells what was there already', async () => {
    const { done } = await recorder().record({
      plan: { secretArn, isScramSecretAssociated: true },
      connectivity: { operationArn: '' },
    });
    assert.deepEqual([done.privateConnectivity, done.scramSecret], ['unchanged', 'unchanged']);
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

  it('does not fail a connection that is READY over tags that AWS refuses', async () => {
    const { record, msk } = recorder();
    msk.on(TagResourceCommand).rejects(awsError('BadRequestException', 400, 'Too many tags.'));
    const { statusTags, connection } = await record();
    assert.match(statusTags, /^not written, or not all of them: AWS refused kafka:TagResource .*Too many tags\./);
    assert.equal(connection.state, 'READY');
  });

  it('brings the three tags of its beginning up to date where AWS has no room for six', async () => {
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

  it('is tried again when AWS does not answer', async () => {
    const { record, msk } = recorder();
    msk.on(TagResourceCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });

  it('is tried again when AWS does not answer the shorter list', async () => {
    const { record, msk } = recorder();
    msk
      .on(TagResourceCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'Too many tags.'))
      .rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(record(), { name: 'AwsUnavailable' });
  });
});
