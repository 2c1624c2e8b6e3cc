import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GetClusterPolicyCommand, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { applyClusterPolicy } from '../../functions/apply-cluster-policy/apply-cluster-policy.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import type { Test } from '../fixtures/loopback.ts';
import { before, clusterArn, now, principalArn, request, taskInput } from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const foreign = { Sid: 'Firehose', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'kafka:*', Resource: '*' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

interface Situation {
  /** The statement in the registry. */
  recorded?: object;
  holder?: string;
  claim?: boolean;
  isLinkReady?: boolean;
}

/** @param Policy the cluster's policy; undefined if it has none */
async function applier(
  t: Test,
  Policy?: string,
  { recorded, holder, claim = false, isLinkReady = false }: Situation = {},
) {
  const { registry, record } = await heldRegistry(t, recorded && { statement: recorded }, holder);
  const { client, msk } = fakeMsk();
  if (Policy === undefined) msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy, CurrentVersion: 'KTVPDKIKX0DER' });
  msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K2' });
  const put = () => msk.commandCalls(PutClusterPolicyCommand)[0]?.args[0].input;
  const input = taskInput({ request: request({ claim }), principal: { principalArn }, plan: { isLinkReady } });
  const apply = () => applyClusterPolicy(input, { msk: client, registry });
  return { msk, put, apply, statement: async () => (await record()).statement };
}

const sid = 'AtlasStreamProcessing123456789012';
const created = { sid, result: 'created', ownership: 'created' };
/** What the registry says after it. */
const recordedAsCreated = { sid, principalArn, ownership: 'created', attemptedAt: now };

describe('ApplyClusterPolicy', () => {
  it('writes the first policy of a cluster without a version', async (t) => {
    const { apply, put, statement } = await applier(t);
    assert.deepEqual(await apply(), created);
    assert.deepEqual(put(), { ClusterArn: clusterArn, CurrentVersion: undefined, Policy: policyOf(ours) });
    assert.deepEqual(await statement(), recordedAsCreated);
  });

  it('adds its statement to the others, with the version that it read', async (t) => {
    const { apply, put } = await applier(t, policyOf(foreign));
    assert.deepEqual(await apply(), created);
    assert.deepEqual(put(), {
      ClusterArn: clusterArn,
      CurrentVersion: 'KTVPDKIKX0DER',
      Policy: policyOf(foreign, ours),
    });
  });

  it('writes nothing if nothing is missing', async (t) => {
    const policy = policyOf(foreign, { ...ours, Principal: { AWS: '123456789012' } });
    const { apply, msk } = await applier(t, policy, { recorded: { ...recordedAsCreated, attemptedAt: before } });
    assert.deepEqual(await apply(), { ...created, result: 'unchanged' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });

  for (const text of [
    'Current cluster policy version needed for Update',
    'The policy version is not current.',
    "The version of the cluster policy isn't current. Check the current version and try again.",
    'The policy version does not match.',
  ])
    it(`lets the machine retry, which merges into the newer policy, if MSK says "${text}"`, async (t) => {
      const { apply, msk } = await applier(t, policyOf(foreign));
      msk
        .on(PutClusterPolicyCommand)
        .rejectsOnce(awsError('BadRequestException', 400, text))
        .resolves({});
      await assert.rejects(apply(), {
        name: 'VersionConflict',
        message: new RegExp(`Another writer changed .* \\("${text}"\\)`),
      });
      const newer = { ...foreign, Sid: 'Newer' };
      msk.on(GetClusterPolicyCommand).resolves({ Policy: policyOf(foreign, newer), CurrentVersion: 'K2' });
      assert.deepEqual(await apply(), created);
      const { CurrentVersion, Policy } = msk.commandCalls(PutClusterPolicyCommand)[1]?.args[0].input ?? {};
      assert.deepEqual([CurrentVersion, Policy], ['K2', policyOf(foreign, newer, ours)]);
    });

  for (const text of ['The principal is invalid.', 'Unsupported policy Version 2008-10-17.'])
    it(`ends the run if MSK refuses the policy, with the reason: ${text}`, async (t) => {
      const { apply, msk } = await applier(t);
      msk.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, text));
      await assert.rejects(apply(), { name: 'PolicyRefused', message: new RegExp(`PutClusterPolicy.*${text}`) });
    });

  const deny = { Sid: 'Perimeter', Effect: 'Deny', Principal: '*', Action: 'kafka:*', Resource: '*' };

  it('writes nothing if another statement denies Atlas the same, and names the statement', async (t) => {
    for (const statements of [[deny], [deny, ours]]) {
      const { apply, msk, statement } = await applier(t, policyOf(...statements));
      await assert.rejects(apply(), { name: 'PolicyRefused', message: /statement "Perimeter" denies Atlas's account/ });
      assert.deepEqual([commandsOf(msk), await statement()], [['GetClusterPolicy'], undefined]);
    }
  });

  it('does its work under a Deny if the private link is ready, and says what denies', async (t) => {
    for (const { statements, result } of [
      { statements: [deny], result: 'created' },
      { statements: [deny, ours], result: 'adopted' },
    ]) {
      const { apply } = await applier(t, policyOf(...statements), { isLinkReady: true });
      const applied = await apply();
      assert.equal(applied.result, result);
      assert.match(applied.denials ?? '', /^In the cluster policy, statement "Perimeter" denies Atlas's account/);
    }
  });

  it('names the statements that deny it under a condition, whoever has written the Allow', async (t) => {
    const conditional = { ...deny, Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } };
    for (const statements of [[conditional], [conditional, ours], [conditional, { ...ours, Sid: 'Terraform' }]]) {
      const { apply } = await applier(t, policyOf(...statements));
      assert.match((await apply()).possibleDenials ?? '', /statement "Perimeter" denies .* under the condition/);
    }
  });

  it('writes nothing if a statement names a deleted role, and does not mind that if nothing is missing', async (t) => {
    const gone = { ...foreign, Sid: 'Old', Principal: { AWS: 'AROAEXAMPLEDELETED01' } };
    const { apply, msk } = await applier(t, policyOf(gone));
    await assert.rejects(apply(), { name: 'PolicyRefused', message: /statement "Old" names AROAEXAMPLEDELETED01,/ });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
    const complete = await applier(t, policyOf(gone, ours), {
      recorded: { ...recordedAsCreated, attemptedAt: before },
    });
    assert.equal((await complete.apply()).result, 'unchanged');
  });

  it('writes nothing if the policy would be too long', async (t) => {
    const { apply, msk } = await applier(t, policyOf({ ...foreign, Sid: 'x'.repeat(20_400) }));
    await assert.rejects(apply(), { name: 'PolicyRefused', message: /MSK allows 20480/ });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });
});

describe('ApplyClusterPolicy and the registry:', () => {
  const former = atlasStatement(clusterArn, 'arn:aws:iam::210987654321:root');
  const recordedFormer = { sid: former.Sid, principalArn: former.Principal.AWS, ownership: 'created' };
  const narrow = { ...ours, Action: ['kafka:DescribeCluster'] };

  it('an execution that has lost its claim writes nothing', async (t) => {
    const { apply, msk } = await applier(t, policyOf(foreign), { holder: takenOverBy });
    await assert.rejects(apply(), { name: 'ClaimLost' });
    assert.ok(!commandsOf(msk).includes('PutClusterPolicy'));
  });

  it('the attempt is recorded before the policy is written', async (t) => {
    const { apply, msk, statement } = await applier(t);
    const recordedAtPut: unknown[] = [];
    msk.on(PutClusterPolicyCommand).callsFake(async () => {
      recordedAtPut.push(await statement());
      return {};
    });
    await apply();
    assert.deepEqual(recordedAtPut, [{ sid, principalArn, attemptedAt: now }]);
  });

  it('a statement that was written although the answer was lost is ours', async (t) => {
    const { apply, msk, statement } = await applier(t);
    msk.on(PutClusterPolicyCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(apply(), { name: 'AwsUnavailable' });
    msk.on(GetClusterPolicyCommand).resolves({ Policy: policyOf(ours), CurrentVersion: 'K2' });
    assert.deepEqual(await apply(), created);
    assert.deepEqual(await statement(), recordedAsCreated);
  });

  it("another party's statement that grants enough is adopted, also under our Sid", async (t) => {
    for (const Sid of [sid, 'Terraform', undefined]) {
      const { apply, msk, statement } = await applier(t, policyOf({ ...ours, Sid }));
      assert.deepEqual(await apply(), { sid: Sid ?? '', result: 'adopted', ownership: 'adopted' });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
      assert.deepEqual(await statement(), { sid: Sid ?? '', principalArn, ownership: 'adopted' });
    }
  });

  it("another party's statement that grants enough does not become ours because an attempt is unclear", async (t) => {
    const recorded = { sid, principalArn, attemptedAt: before };
    const { apply } = await applier(t, policyOf({ ...ours, Sid: 'Terraform' }), { recorded });
    assert.deepEqual(await apply(), { sid: 'Terraform', result: 'adopted', ownership: 'adopted' });
  });

  it('a statement under our Sid that grants more than the one of an unclear attempt is adopted', async (t) => {
    const wider = { ...ours, Action: 'kafka:*' };
    for (const [recorded, ownership] of [
      [{ sid, principalArn, attemptedAt: before }, 'adopted'],
      [recordedAsCreated, 'created'],
    ] as const) {
      const result = ownership === 'created' ? 'unchanged' : 'adopted';
      const { apply, msk, statement } = await applier(t, policyOf(wider), { recorded });
      assert.deepEqual(await apply(), { sid, result, ownership });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
      assert.deepEqual(await statement(), { ...recorded, ownership });
    }
  });

  it("another party's statement under our Sid that grants something else is refused, and stays", async (t) => {
    for (const recorded of [undefined, { sid, principalArn, ownership: 'adopted' }]) {
      const { apply, msk } = await applier(t, policyOf(foreign, narrow), recorded && { recorded });
      await assert.rejects(apply(), { name: 'PolicyRefused', message: /Sid AtlasStreamProcessing123456789012, which/ });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
    }
  });

  it('our own statement that somebody has narrowed is repaired', async (t) => {
    const { apply, put } = await applier(t, policyOf(narrow), { recorded: recordedAsCreated });
    assert.deepEqual(await apply(), created);
    assert.equal(put()?.Policy, policyOf(ours));
  });

  it('a person may claim the statement under our Sid, and no other; it is recorded as adopted until the run has succeeded', async (t) => {
    const claimed = await applier(t, policyOf(ours), { claim: true });
    assert.deepEqual(await claimed.apply(), { sid, result: 'unchanged', ownership: 'created' });
    assert.deepEqual(await claimed.statement(), { sid, principalArn, ownership: 'adopted' });
    const replaced = await applier(t, policyOf(narrow), { claim: true });
    assert.deepEqual(await replaced.apply(), created);
    const other = await applier(t, policyOf({ ...ours, Sid: 'Terraform' }), { claim: true });
    assert.equal((await other.apply()).ownership, 'adopted');
  });

  it('after an accepted change of the account, our former statement is replaced', async (t) => {
    const { apply, put, statement } = await applier(t, policyOf(former, foreign), { recorded: recordedFormer });
    assert.deepEqual(await apply(), created);
    assert.equal(put()?.Policy, policyOf(foreign, ours));
    assert.deepEqual(await statement(), recordedAsCreated);
  });

  it('a statement under the Sid of our former one stays if another party has changed it', async (t) => {
    const edited = { ...former, Condition: { Bool: { 'aws:SecureTransport': 'true' } } };
    const { apply, put, statement } = await applier(t, policyOf(edited), { recorded: recordedFormer });
    assert.deepEqual(await apply(), created);
    assert.equal(put()?.Policy, policyOf(edited, ours));
    assert.deepEqual(await statement(), recordedAsCreated);
  });

  it('a statement under our Sid in another shape is refused, whatever the registry or a claim says', async (t) => {
    const strange = { ...ours, Effect: 'Deny', Action: 'kafka:DeleteTopic' };
    for (const situation of [{ recorded: recordedAsCreated }, { claim: true }]) {
      const { apply, msk } = await applier(t, policyOf(strange), situation);
      await assert.rejects(apply(), { name: 'PolicyRefused', message: /Give it another Sid, or remove it/ });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
    }
  });

  it('our former statement is not forgotten if the run dies before it writes the policy', async (t) => {
    const { apply, msk, statement } = await applier(t, policyOf(former), { recorded: recordedFormer });
    msk.on(PutClusterPolicyCommand).rejectsOnce(awsError('InternalServerErrorException', 500)).resolves({});
    await assert.rejects(apply(), { name: 'AwsUnavailable' });
    assert.deepEqual(await statement(), { sid, principalArn, attemptedAt: now, formerSid: former.Sid });
    assert.deepEqual(await apply(), created);
    assert.equal(msk.commandCalls(PutClusterPolicyCommand)[1]?.args[0].input.Policy, policyOf(ours));
    assert.deepEqual(await statement(), recordedAsCreated);
  });

  it("our former statement is removed although another party's grants enough for the new account", async (t) => {
    const granting = { ...ours, Sid: 'Terraform' };
    const { apply, put, statement } = await applier(t, policyOf(former, granting), { recorded: recordedFormer });
    assert.deepEqual(await apply(), { sid: 'Terraform', result: 'updated', ownership: 'adopted' });
    assert.equal(put()?.Policy, policyOf(granting));
    assert.deepEqual(await statement(), { sid: 'Terraform', principalArn, ownership: 'adopted' });
  });

  it("another party's statement for a former account stays", async (t) => {
    const recorded = { ...recordedFormer, ownership: 'adopted' };
    const { apply, put } = await applier(t, policyOf(former), { recorded });
    await apply();
    assert.equal(put()?.Policy, policyOf(former, ours));
  });
});
