import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeleteClusterPolicyCommand, GetClusterPolicyCommand, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { removeClusterPolicy } from '../../functions/remove-cluster-policy/remove-cluster-policy.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, principalArn, request, taskInput } from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const foreign = { Sid: 'Firehose', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'kafka:*', Resource: '*' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

function remover(Policy?: string) {
  const { client, msk } = fakeMsk();
  if (Policy === undefined) msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy, CurrentVersion: 'KTVPDKIKX0DER' });
  msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K2' });
  msk.on(DeleteClusterPolicyCommand, { ClusterArn: clusterArn }).callsFake(() => {
    msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
    return answered;
  });
  const put = (index = 0) => msk.commandCalls(PutClusterPolicyCommand)[index]?.args[0].input;
  const remove = (principal: { principal?: { principalArn: string } } = { principal: { principalArn } }) =>
    removeClusterPolicy(taskInput({ request: request(), ...principal }), { msk: client });
  return { msk, put, remove };
}

/** AWS's own answer has a request id. */
const answered = { $metadata: { httpStatusCode: 200, requestId: '6357e0b2-0e6a-4b86-a0b4-70df934c2e31' } };
const removed = { sid: 'AtlasStreamProcessing123456789012', result: 'removed' };

describe('RemoveClusterPolicy', () => {
  it('removes its statement from between the others, with the version that it read', async () => {
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

  it('deletes a policy that has no other statement', async () => {
    const { remove, msk } = remover(policyOf(ours));
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'DeleteClusterPolicy']);
  });

  it('reads the policy again if the answer to the deletion has no request id', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).callsFake(() => {
      msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
      return { $metadata: {} };
    });
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'DeleteClusterPolicy', 'GetClusterPolicy']);
  });

  it('lets the machine retry if MSK still shows the policy after such an answer', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).resolves({ $metadata: {} });
    await assert.rejects(remove(), { name: 'AwsUnavailable', message: /still shows the policy/ });
  });

  for (const [what, policy] of [
    ['there is no policy', undefined],
    ['it has no statement of ours', policyOf(foreign, { ...ours, Sid: 'Terraform' })],
    ['it has one of ours for another Atlas account', policyOf(atlasStatement(clusterArn, 'arn:aws:iam::1:root'))],
  ] as const)
    it(`writes nothing if ${what}`, async () => {
      const { remove, msk } = remover(policy);
      assert.deepEqual(await remove(), { ...removed, result: 'absent' });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
    });

  it('keeps what there is if Atlas no longer names an account, and says so', async () => {
    const { remove, msk } = remover(policyOf(ours));
    const { result, note } = await remove({});
    assert.equal(result, 'kept');
    assert.match(note ?? '', /Atlas no longer names an AWS account/);
    assert.deepEqual(commandsOf(msk), []);
  });

  it('treats a policy that another party has just deleted as removed', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk
      .on(GetClusterPolicyCommand)
      .resolvesOnce({ Policy: policyOf(ours), CurrentVersion: 'K1' })
      .rejects(awsError('NotFoundException', 404));
    msk.on(DeleteClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
    assert.deepEqual(await remove(), removed);
  });

  it('lets the machine retry, and keeps an edit that another party has just made', async () => {
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

  it('ends the run if MSK refuses, with the reason', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).rejects(awsError('BadRequestException', 400, 'Not now.'));
    await assert.rejects(remove(), { name: 'AwsRefused', message: /kafka:DeleteClusterPolicy.*Not now\./ });
  });

  it('lets the machine retry if MSK fails', async () => {
    const { remove, msk } = remover(policyOf(ours));
    msk.on(DeleteClusterPolicyCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(remove(), { name: 'AwsUnavailable' });
  });

  it('does not change a policy that it cannot read', async () => {
    const { remove, msk } = remover('{"Version":');
    await assert.rejects(remove(), { name: 'PolicyRefused' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });
});
