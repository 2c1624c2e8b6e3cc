import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GetClusterPolicyCommand, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { applyClusterPolicy } from '../../functions/apply-cluster-policy/apply-cluster-policy.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { clusterArn, principalArn, request, taskInput } from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const foreign = { Sid: 'Firehose', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'kafka:*', Resource: '*' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** @param Policy the cluster's policy; undefined if it has none */
function applier(Policy?: string) {
  const { client, msk } = fakeMsk();
  if (Policy === undefined) msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy, CurrentVersion: 'KTVPDKIKX0DER' });
  msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K2' });
  const put = () => msk.commandCalls(PutClusterPolicyCommand)[0]?.args[0].input;
  const input = taskInput({ request: request(), principal: { principalArn } });
  return { msk, put, apply: () => applyClusterPolicy(input, { msk: client }) };
}

const created = { sid: 'AtlasStreamProcessing123456789012', result: 'created' };

describe('ApplyClusterPolicy', () => {
  it('writes the first policy of a cluster without a version', async () => {
    const { apply, put } = applier();
    assert.deepEqual(await apply(), created);
    assert.deepEqual(put(), { ClusterArn: clusterArn, CurrentVersion: undefined, Policy: policyOf(ours) });
  });

  it('adds its statement to the others, with the version that it read', async () => {
    const { apply, put } = applier(policyOf(foreign));
    assert.deepEqual(await apply(), created);
    assert.deepEqual(put(), {
      ClusterArn: clusterArn,
      CurrentVersion: 'KTVPDKIKX0DER',
      Policy: policyOf(foreign, ours),
    });
  });

  it('writes nothing if nothing is missing', async () => {
    const { apply, msk } = applier(policyOf(foreign, { ...ours, Principal: { AWS: '123456789012' } }));
    assert.deepEqual(await apply(), { ...created, result: 'unchanged' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });

  for (const text of [
    'Current cluster policy version needed for Update',
    'The policy version is not current.',
    "The version of the cluster policy isn't current. Check the current version and try again.",
    'The policy version does not match.',
  ])
    it(`lets the machine retry, which merges into the newer policy, if MSK says "${text}"`, async () => {
      const { apply, msk } = applier(policyOf(foreign));
      msk
        .on(PutClusterPolicyCommand)
        .rejectsOnce(awsError('BadRequestException', 400, text))
        .resolves({});
      await assert.rejects(apply(), {
        name: 'VersionConflict',
        message: new RegExp(`Another writer changed .* \\(${text}\\)`),
      });
      const newer = { ...foreign, Sid: 'Newer' };
      msk.on(GetClusterPolicyCommand).resolves({ Policy: policyOf(foreign, newer), CurrentVersion: 'K2' });
      assert.deepEqual(await apply(), created);
      const { CurrentVersion, Policy } = msk.commandCalls(PutClusterPolicyCommand)[1]?.args[0].input ?? {};
      assert.deepEqual([CurrentVersion, Policy], ['K2', policyOf(foreign, newer, ours)]);
    });

  for (const text of ['The principal is invalid.', 'Unsupported policy Version 2008-10-17.'])
    it(`ends the run if MSK refuses the policy, with the reason: ${text}`, async () => {
      const { apply, msk } = applier();
      msk.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, text));
      await assert.rejects(apply(), { name: 'AwsRefused', message: new RegExp(`PutClusterPolicy.*${text}`) });
    });

  it('writes nothing if the policy would be too long', async () => {
    const { apply, msk } = applier(policyOf({ ...foreign, Sid: 'x'.repeat(20_400) }));
    await assert.rejects(apply(), { name: 'PolicyRefused', message: /MSK allows 20480/ });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });
});
