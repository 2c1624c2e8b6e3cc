import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GetClusterPolicyCommand, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { applyClusterPolicy } from '../../functions/apply-cluster-policy/apply-cluster-policy.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import { clusterArn, principalArn } from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const foreign = { Sid: 'Firehose', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'kafka:*', Resource: '*' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

function applier(Policy?: string) {
  const { kafka, msk } = fakeMsk();
  if (Policy === undefined) msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy, CurrentVersion: 'KTVPDKIKX0DER' });
  msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K2' });
  const put = () => msk.commandCalls(PutClusterPolicyCommand)[0]?.args[0].input;
  return { msk, put, apply: () => applyClusterPolicy({ clusterArn, principalArn }, { kafka, signal }) };
}

const written = { sid: 'AtlasStreamProcessing123456789012', outcome: 'written' };

describe('ApplyClusterPolicy', () => {
  it('writes the first policy of a cluster without a version', async () => {
    const { apply, put } = applier();
    assert.deepEqual(await apply(), written);
    assert.deepEqual(put(), { ClusterArn: clusterArn, CurrentVersion: undefined, Policy: policyOf(ours) });
  });

  it('adds its statement to the others and gives the version back', async () => {
    const { apply, put } = applier(policyOf(foreign));
    assert.deepEqual(await apply(), written);
    assert.deepEqual(put(), {
      ClusterArn: clusterArn,
      CurrentVersion: 'KTVPDKIKX0DER',
      Policy: policyOf(foreign, ours),
    });
  });

  it('writes nothing when nothing is missing', async () => {
    const { apply, msk } = applier(policyOf(foreign, { ...ours, Principal: { AWS: '123456789012' } }));
    assert.deepEqual(await apply(), { ...written, outcome: 'unchanged' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });

  for (const text of [
    'Current cluster policy version needed for Update',
    'The policy version is not current.',
    "The version of the cluster policy isn't current. Check the current version and try again.",
    'The policy version does not match.',
  ])
    it(`comes again to merge into the newer policy when MSK says "${text}"`, async () => {
      const { apply, msk } = applier(policyOf(foreign));
      msk
        .on(PutClusterPolicyCommand)
        .rejectsOnce(awsError('BadRequestException', 400, text))
        .resolves({});
      await assert.rejects(apply(), { name: 'VersionConflict', message: new RegExp(`meanwhile \\(${text}\\)`) });
      const newer = { ...foreign, Sid: 'Newer' };
      msk.on(GetClusterPolicyCommand).resolves({ Policy: policyOf(foreign, newer), CurrentVersion: 'K2' });
      assert.deepEqual(await apply(), written);
      const { CurrentVersion, Policy } = msk.commandCalls(PutClusterPolicyCommand)[1]?.args[0].input ?? {};
      assert.deepEqual([CurrentVersion, Policy], ['K2', policyOf(foreign, newer, ours)]);
    });

  for (const text of ['The principal is invalid.', 'Unsupported policy Version 2008-10-17.'])
    it(`ends the run when MSK refuses the policy, with what it said: ${text}`, async () => {
      const { apply, msk } = applier();
      msk.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, text));
      await assert.rejects(apply(), { name: 'AwsRefused', message: new RegExp(`PutClusterPolicy.*${text}`) });
    });

  it('writes nothing when the policy would be too long', async () => {
    const { apply, msk } = applier(policyOf({ ...foreign, Sid: 'x'.repeat(20_400) }));
    await assert.rejects(apply(), { name: 'PolicyRefused', message: /MSK allows 20480/ });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });
});
