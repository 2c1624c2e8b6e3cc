import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeleteClusterPolicyCommand, GetClusterPolicyCommand, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { removeClusterPolicy } from '../../functions/remove-cluster-policy/remove-cluster-policy.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import { clusterArn, principalArn } from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const foreign = { Sid: 'Firehose', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'kafka:*', Resource: '*' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

function remover(Policy?: string) {
  const { kafka, msk } = fakeMsk();
  if (Policy === undefined) msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy, CurrentVersion: 'KTVPDKIKX0DER' });
  msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K2' });
  msk.on(DeleteClusterPolicyCommand, { ClusterArn: clusterArn }).callsFake(() => {
    msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
    return answered;
  });
  const put = (index = 0) => msk.commandCalls(PutClusterPolicyCommand)[index]?.args[0].input;
  return { msk, put, remove: () => removeClusterPolicy({ clusterArn, principalArn }, { kafka, signal }) };
}

/** As AWS answers. */
const answered = { $metadata: { httpStatusCode: 200, requestId: '6357e0b2-0e6a-4b86-a0b4-70df934c2e31' } };
const removed = { sid: 'AtlasStreamProcessing123456789012', outcome: 'removed' };

describe('RemoveClusterPolicy', () => {
  it('takes its statement out from between the others and gives the version back', async () => {
    const last = { ...foreign, Sid: 'Terraform' };
    const { remove, put, msk } = remover(policyOf(foreign, ours, last));
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(put(), {
      ClusterArn: clusterArn,
      CurrentVersion: 'KTVPDKIKX0DER',
      Policy: policyOf(foreign, last),
    });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'PutClusterPolicy']);
  });

  it('deletes a policy that would be empty', async () => {
    const { remove, msk } = remover(policyOf(ours));
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'DeleteClusterPolicy']);
  });

  it('looks whether the policy is gone when the answer does not have the id of a request', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).callsFake(() => {
      msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
      return { $metadata: {} };
    });
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'DeleteClusterPolicy', 'GetClusterPolicy']);
  });

  it('is tried again when MSK still shows the policy that somebody has said to be deleted', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).resolves({ $metadata: {} });
    await assert.rejects(remove(), { name: 'AwsUnavailable', message: /still shows the policy/ });
  });

  for (const [what, policy] of [
    ['there is no policy', undefined],
    ['it has no statement of ours', policyOf(foreign, { ...ours, Sid: 'Terraform' })],
    ['it has one of ours for another Atlas account', policyOf(atlasStatement(clusterArn, 'arn:aws:iam::1:root'))],
  ] as const)
    it(`writes nothing when ${what}`, async () => {
      const { remove, msk } = remover(policy);
      assert.deepEqual(await remove(), { ...removed, outcome: 'absent' });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
    });

  it('is done when the policy goes between the look and the deletion', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk
      .on(GetClusterPolicyCommand)
      .resolvesOnce({ Policy: policyOf(ours), CurrentVersion: 'K1' })
      .rejects(awsError('NotFoundException', 404));
    msk.on(DeleteClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
    assert.deepEqual(await remove(), removed);
  });

  it('comes again and loses no edit that somebody made meanwhile', async () => {
    const { remove, put, msk } = remover(policyOf(foreign, ours));
    msk
      .on(PutClusterPolicyCommand)
      .rejectsOnce(awsError('BadRequestException', 400, 'The policy version is not current.'))
      .resolves({});
    await assert.rejects(remove(), { name: 'VersionConflict' });
    const newer = { ...foreign, Sid: 'Newer' };
    msk.on(GetClusterPolicyCommand).resolves({ Policy: policyOf(foreign, ours, newer), CurrentVersion: 'K2' });
    assert.deepEqual(await remove(), removed);
    assert.deepEqual([put(1)?.CurrentVersion, put(1)?.Policy], ['K2', policyOf(foreign, newer)]);
  });

  it('ends the run when MSK refuses, with what it said', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).rejects(awsError('BadRequestException', 400, 'Not now.'));
    await assert.rejects(remove(), { name: 'AwsRefused', message: /kafka:DeleteClusterPolicy.*Not now\./ });
  });

  it('is tried again when MSK does not answer', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(remove(), { name: 'AwsUnavailable' });
  });

  it('leaves a policy alone that it cannot read', async () => {
    const { remove, msk } = remover('{"Version":');
    await assert.rejects(remove(), { name: 'PolicyRefused' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });
});
