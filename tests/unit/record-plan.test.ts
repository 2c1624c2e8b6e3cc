import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListTagsForResourceCommand } from '@aws-sdk/client-kafka';
import { recordPlan } from '../../functions/record-plan/record-plan.ts';
import type { Request } from '../../shared/request/request.ts';
import { awsError, fakeMsk } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import type { Test } from '../fixtures/loopback.ts';
import { clusterArn, executionArn, login, principalArn, projectId, request, taskInput } from '../fixtures/request.ts';

const former = 'arn:aws:iam::210987654321:root';
const target = { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' };

async function planner(
  t: Test,
  overrides: Partial<Request> = {},
  tag: string | undefined = 'connect',
  { holder, listed = [] }: { holder?: string; listed?: string[] } = {},
) {
  const { registry, record, whole } = await heldRegistry(t, { principalArn: former, status: 'connecting' }, holder);
  const { client, msk } = fakeMsk();
  msk
    .on(ListTagsForResourceCommand, { ResourceArn: clusterArn })
    .resolves({ Tags: tag === undefined ? {} : { 'atlas-streaming': tag } });
  const input = taskInput({ request: request(overrides), plan: { login }, principal: { principalArn } });
  return {
    plan: () => recordPlan(input, { msk: client, registry, allowedAccounts: new Set(listed) }),
    record,
    whole,
    msk,
  };
}

const pinned = { clusterArn, principalArn: former };

describe('RecordPlan', () => {
  it('records the target and the principal before anything is created, and not a secret that was not sent yet', async (t) => {
    const { plan, record } = await planner(t);
    assert.deepEqual(await plan(), { target, isAccountListed: false });
    assert.deepEqual(await record(), { target, principalArn, status: 'connecting' });
  });

  it('records nothing if Atlas names another principal than the recorded one', async (t) => {
    const { plan, record } = await planner(t, { recorded: pinned });
    await assert.rejects(plan(), { name: 'PrincipalChanged', message: /"acceptPrincipal":"123456789012"/ });
    assert.deepEqual(await record(), { principalArn: former, status: 'connecting' });
  });

  it('records another principal that a person has accepted', async (t) => {
    const { plan, record } = await planner(t, { recorded: pinned, acceptPrincipal: '123456789012' });
    await plan();
    assert.equal((await record()).principalArn, principalArn);
  });

  it('records nothing if atlasAwsAccountIds lists other accounts, although a person accepts this one', async (t) => {
    for (const overrides of [{}, { recorded: pinned, acceptPrincipal: '123456789012' }]) {
      const { plan, record } = await planner(t, overrides, 'connect', { listed: ['999988887777'] });
      await assert.rejects(plan(), { name: 'PrincipalNotAllowed', message: /AWS account 123456789012/ });
      assert.deepEqual(await record(), { principalArn: former, status: 'connecting' });
    }
  });

  it('passes on that atlasAwsAccountIds lists the account', async (t) => {
    const { plan } = await planner(t, {}, 'connect', { listed: ['123456789012'] });
    assert.deepEqual(await plan(), { target, isAccountListed: true });
  });

  for (const [tag, endsOnUntag] of [
    ['disconnect', false],
    ['off', true],
  ] as const)
    it(`gives the cluster back and ends if the tag is "${tag}" now`, async (t) => {
      const { plan, whole } = await planner(t, { endsOnUntag }, tag);
      await assert.rejects(plan(), { name: 'NoLongerWanted' });
      assert.deepEqual(await whole(), { clusterArn, principalArn: former, lastExecution: executionArn });
    });

  it('goes on if the tag is another one, unless the run ends on untag', async (t) => {
    assert.deepEqual((await (await planner(t, {}, 'off')).plan()).target, target);
  });

  it('records nothing after another execution has taken over', async (t) => {
    const { plan, record } = await planner(t, {}, 'connect', { holder: takenOverBy });
    await assert.rejects(plan(), { name: 'ClaimLost' });
    assert.equal((await record()).target, undefined);
  });

  it('lets the machine retry if MSK throttles', async (t) => {
    const { plan, msk } = await planner(t);
    msk.on(ListTagsForResourceCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(plan(), { name: 'AwsThrottled' });
  });
});
