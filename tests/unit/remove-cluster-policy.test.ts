import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DeleteClusterPolicyCommand,
  DescribeClusterV2Command,
  GetClusterPolicyCommand,
  PutClusterPolicyCommand,
} from '@aws-sdk/client-kafka';
import { removeClusterPolicy } from '../../functions/remove-cluster-policy/remove-cluster-policy.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { awsError, cluster, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { fakeRegistry, lost, record } from '../fixtures/fake-registry.ts';
import {
  before,
  clusterArn,
  deadline,
  disconnectExecutionArn,
  later,
  now,
  principalArn,
  request,
  wait,
} from '../fixtures/request.ts';

const ours = atlasStatement(clusterArn, principalArn);
const created = { sid: ours.Sid, principalArn, ownership: 'created' } as const;
const foreign = { Sid: 'Firehose', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'kafka:*', Resource: '*' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

interface Situation {
  /** What the registry held when the run claimed the cluster; null: nothing. */
  recorded?: Partial<RegistryRecord> | null;
  held?: RegistryRecord;
  isClusterLinked?: boolean;
  includeAdopted?: boolean;
}

/** The registry records our statement as created, and no link stays, unless the situation differs. */
function remover(Policy?: string, situation: Situation = {}) {
  const { recorded = { statement: created }, held, isClusterLinked = false, includeAdopted = false } = situation;
  const { client, msk } = fakeMsk();
  if (Policy === undefined) msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
  else
    msk.on(GetClusterPolicyCommand, { ClusterArn: clusterArn }).resolves({ Policy, CurrentVersion: 'KTVPDKIKX0DER' });
  msk.on(PutClusterPolicyCommand).resolves({ CurrentVersion: 'K2' });
  msk.on(DeleteClusterPolicyCommand, { ClusterArn: clusterArn }).callsFake(() => {
    msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
    return answered;
  });
  const claimed = recorded && record(recorded);
  const { registry, writes, item } = fakeRegistry(held ?? claimed ?? record());
  const put = (index = 0) => msk.commandCalls(PutClusterPolicyCommand)[index]?.args[0].input;
  const visit = (earlier?: { deadline: string }) => {
    const run = {
      request: request({ recorded: claimed, includeAdopted }),
      privateLink: { isClusterLinked },
      ...(earlier && { policy: earlier }),
    };
    const input = { run, executionArn: disconnectExecutionArn, now };
    return removeClusterPolicy(input, { msk: client, registry, wait });
  };
  /** The result without its times. */
  const remove = async () => {
    const { deadline: until, pollSeconds, ...rest } = await visit();
    assert.deepEqual([until, pollSeconds], [deadline, 20]);
    return rest;
  };
  return { msk, put, remove, visit, writes, item };
}

/** AWS's own answer has a request id. */
const answered = { $metadata: { httpStatusCode: 200, requestId: '6357e0b2-0e6a-4b86-a0b4-70df934c2e31' } };
const removed = { isDone: true, sid: 'AtlasStreamProcessing123456789012', result: 'removed' };

describe('RemoveClusterPolicy', () => {
  it('removes its statement from between the others, with the version that it read, and forgets it', async () => {
    const last = { ...foreign, Sid: 'Terraform' };
    const { remove, put, msk, writes, item } = remover(policyOf(foreign, ours, last));
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(put(), {
      ClusterArn: clusterArn,
      CurrentVersion: 'KTVPDKIKX0DER',
      Policy: policyOf(foreign, last),
    });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'PutClusterPolicy']);
    assert.deepEqual(writes, ['confirm', '-statement']);
    assert.equal(item()?.statement, undefined);
  });

  it('changes nothing if another execution has claimed the cluster', async () => {
    const { remove, msk } = remover(policyOf(ours), { held: lost({ statement: created }) });
    await assert.rejects(remove(), { name: 'ClaimLost' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });

  it('removes what an unclear attempt has written, in any spelling of MSK, and records that it is ours before', async () => {
    const statement = { sid: ours.Sid, principalArn, attemptedAt: now };
    for (const same of [ours, { ...ours, Principal: { AWS: ['123456789012'] }, Action: ours.Action.toReversed() }]) {
      const { remove, writes } = remover(policyOf(same), { recorded: { statement } });
      assert.deepEqual(await remove(), removed);
      assert.deepEqual(writes, ['statement', '-statement']);
    }
  });

  it('deletes a policy that has no other statement', async () => {
    const { remove, msk } = remover(policyOf(ours));
    assert.deepEqual(await remove(), removed);
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy', 'DeleteClusterPolicy']);
  });

  it('also removes the statement for a former account, if a run died between the two', async () => {
    const former = { ...ours, Sid: 'AtlasStreamProcessing210987654321' };
    const recorded = { statement: { ...created, formerSid: former.Sid } };
    const both = remover(policyOf(foreign, ours, former), { recorded });
    assert.equal((await both.remove()).result, 'removed');
    assert.equal(both.put()?.Policy, policyOf(foreign));
    const one = remover(policyOf(foreign, former), { recorded });
    assert.equal((await one.remove()).result, 'removed');
    assert.equal(one.put()?.Policy, policyOf(foreign));
    // Also if the one for the present account is not ours, or no longer only ours.
    for (const ownership of ['adopted', 'created'] as const) {
      const edited = { ...ours, Action: 'kafka:*' };
      const its = { recorded: { statement: { ...recorded.statement, ownership } } };
      const beside = remover(policyOf(foreign, edited, former), its);
      assert.equal((await beside.remove()).result, 'kept');
      assert.equal(beside.put()?.Policy, policyOf(foreign, edited));
    }
  });

  it('keeps a statement under the Sid of a former account if another party has changed it', async () => {
    const former = { ...ours, Sid: 'AtlasStreamProcessing210987654321', Action: 'kafka:*' };
    const recorded = { statement: { ...created, formerSid: former.Sid } };
    const { remove, put } = remover(policyOf(former, ours), { recorded });
    assert.equal((await remove()).result, 'removed');
    assert.equal(put()?.Policy, policyOf(former));
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

  for (const [what, policy] of [
    ['there is no policy, or the cluster is gone', undefined],
    ['it has no statement of ours', policyOf(foreign, { ...ours, Sid: 'Terraform' })],
    ['it has one of ours for another Atlas account', policyOf(atlasStatement(clusterArn, 'arn:aws:iam::1:root'))],
  ] as const)
    it(`changes nothing if ${what}, and forgets the statement`, async () => {
      const { remove, msk, item } = remover(policy);
      assert.deepEqual(await remove(), { ...removed, result: 'absent' });
      assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
      assert.equal(item()?.statement, undefined);
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

  it('lets the machine retry if MSK fails, or still shows the policy after its deletion', async () => {
    const failing = remover(policyOf(ours));
    failing.msk.on(DeleteClusterPolicyCommand).rejects(awsError('InternalServerErrorException', 500));
    await assert.rejects(failing.remove(), { name: 'AwsUnavailable' });
    const shown = remover(policyOf(ours));
    shown.msk.on(DeleteClusterPolicyCommand).resolves({ $metadata: {} });
    await assert.rejects(shown.remove(), { name: 'AwsUnavailable', message: /still shows the policy/ });
    assert.deepEqual(shown.item()?.statement, created);
  });

  it('does not change a policy that it cannot read', async () => {
    const { remove, msk } = remover('{"Version":');
    await assert.rejects(remove(), { name: 'PolicyRefused' });
    assert.deepEqual(commandsOf(msk), ['GetClusterPolicy']);
  });
});

describe('RemoveClusterPolicy keeps', () => {
  const read = ['GetClusterPolicy'];

  it('its statement as long as a private link to the cluster stays', async () => {
    const { remove, msk, writes } = remover(policyOf(ours), { isClusterLinked: true });
    const note = 'a private link to the cluster needs it';
    assert.deepEqual(await remove(), { ...removed, result: 'kept', note });
    assert.deepEqual([commandsOf(msk), writes], [read, []]);
  });

  it('a statement with a Sid like ours that no record names, and says how to remove it', async () => {
    for (const recorded of [null, {}]) {
      const { remove, msk, writes } = remover(policyOf(foreign, ours), { recorded, includeAdopted: true });
      const { note = '', remedy = '', ...rest } = await remove();
      assert.deepEqual(rest, { ...removed, result: 'kept' });
      assert.match(note, /^AtlasStreamProcessing123456789012, not created by this deployment/);
      assert.match(remedy, /^To remove it, delete it in the cluster policy\. Or take it over: .*"claim": true/);
      assert.deepEqual([commandsOf(msk), writes], [read, []]);
    }
  });

  it('a policy without any such statement, and finds nothing in it', async () => {
    const { remove, writes } = remover(policyOf(foreign, { ...ours, Sid: 'AtlasStreamProcessing' }), {
      recorded: null,
    });
    assert.deepEqual([await remove(), writes], [{ isDone: true, sid: '', result: 'absent' }, []]);
  });

  it('an adopted statement, unless the input includes it and it is exactly what we would have written', async () => {
    const recorded = { statement: { ...created, ownership: 'adopted' as const } };
    const { note, remedy = '' } = await remover(policyOf(ours), { recorded }).remove();
    assert.equal(note, 'AtlasStreamProcessing123456789012, not created by this deployment');
    assert.match(remedy, /"includeAdopted": true/);
    const included = { recorded, includeAdopted: true };
    assert.deepEqual(await remover(policyOf(ours), included).remove(), removed);
    const wider = policyOf({ ...ours, Action: 'kafka:*' });
    assert.equal((await remover(wider, included).remove()).result, 'kept');
  });

  it('an adopted statement under another Sid or without one, whatever the input says', async () => {
    for (const Sid of ['Terraform', undefined]) {
      const recorded = { statement: { ...created, sid: Sid ?? '', ownership: 'adopted' as const } };
      const { remove, writes } = remover(policyOf(foreign, { ...ours, Sid }), { recorded, includeAdopted: true });
      const { result, note, remedy } = await remove();
      assert.deepEqual(
        [result, note, remedy],
        [
          'kept',
          `${Sid ?? 'a statement without a Sid'}, not created by this deployment`,
          'To remove it, edit the cluster policy.',
        ],
      );
      assert.deepEqual(writes, []);
    }
  });

  const shared = { ...ours, Principal: { AWS: [principalArn, 'arn:aws:iam::999999999999:root'] } };

  it('its statement if another party has changed it, says so, and forgets it, whatever the input says', async () => {
    for (const edited of [shared, { ...ours, Action: 'kafka:*' }, { ...ours, Effect: 'Deny' }]) {
      const { remove, msk, item } = remover(policyOf(foreign, edited), { includeAdopted: true });
      assert.deepEqual(await remove(), {
        ...removed,
        result: 'kept',
        note: `${ours.Sid}, which another party has changed`,
        remedy: 'To remove it, edit the cluster policy.',
      });
      assert.deepEqual(commandsOf(msk), read);
      assert.equal(item()?.statement, undefined);
    }
  });

  it('a changed statement in its record as long as a private link to the cluster stays', async () => {
    const { remove, writes } = remover(policyOf(shared), { isClusterLinked: true });
    assert.deepEqual([(await remove()).result, writes], ['kept', []]);
  });

  it('a changed statement that another execution has to decide on', async () => {
    const { remove } = remover(policyOf(shared), { held: lost({ statement: created }) });
    await assert.rejects(remove(), { name: 'ClaimLost' });
  });

  it('a statement that differs from what an unclear attempt would have written, and records that', async () => {
    const statement = { sid: ours.Sid, principalArn, attemptedAt: now };
    for (const different of [
      { ...ours, Action: [...ours.Action, 'kafka:CreateTopic'] },
      { ...ours, Principal: { AWS: [principalArn, 'arn:aws:iam::999999999999:root'] } },
      { ...ours, Resource: [clusterArn, `${clusterArn}0`] },
      { ...ours, Condition: {} },
      { ...ours, Effect: 'Deny' },
    ]) {
      const { remove, item } = remover(policyOf(different), { recorded: { statement } });
      const { note, result } = await remove();
      assert.deepEqual([result, note], ['kept', `${ours.Sid}, which differs from what this deployment writes`]);
      assert.deepEqual(item()?.statement, { ...statement, ownership: 'unknown' });
    }
  });
});

describe('RemoveClusterPolicy, if MSK refuses the change,', () => {
  function refused(State: string | undefined) {
    const it = remover(policyOf(ours));
    it.msk.on(DeleteClusterPolicyCommand).rejects(awsError('BadRequestException', 400, 'Not now.'));
    const described = it.msk.on(DescribeClusterV2Command);
    if (State) described.resolves({ ClusterInfo: cluster({ State: State as 'ACTIVE' }) });
    else described.rejects(awsError('NotFoundException', 404));
    return it;
  }

  it('waits for a cluster that is not ACTIVE, until the deadline, and then removes the statement', async () => {
    for (const state of ['UPDATING', 'HEALING', 'DELETING']) {
      const { visit, msk, item } = refused(state);
      assert.deepEqual(await visit({ deadline: later }), {
        isDone: false,
        sid: removed.sid,
        result: 'unchanged',
        deadline: later,
        pollSeconds: 20,
      });
      await assert.rejects(visit({ deadline: before }), {
        name: 'WaitTimedOut',
        message: new RegExp(`^The cluster is still ${state}, and MSK changes its policy only while it is ACTIVE, and`),
      });
      assert.deepEqual(item()?.statement, created);
      msk.on(DeleteClusterPolicyCommand).resolves(answered);
      assert.equal((await visit({ deadline: later })).result, 'removed');
    }
  });

  it('says that its statement stays, and what to do, if MSK refuses another party’s statement', async () => {
    const gone = { ...foreign, Sid: 'Old', Principal: { AWS: 'AROAEXAMPLEDELETED01' } };
    const { remove, msk, item } = remover(policyOf(gone, ours));
    const said = 'The cluster policy is not valid. The IAM Principal was not found.';
    msk.on(PutClusterPolicyCommand).rejects(awsError('BadRequestException', 400, said));
    msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: cluster({ State: 'ACTIVE' }) });
    await assert.rejects(remove(), (error: Error) => {
      assert.equal(error.name, 'PolicyRefused');
      assert.match(
        error.message,
        /The IAM Principal was not found\."\)\. .* It can be statement "Old" \(AROAEXAMPLEDELETED01\)/,
      );
      assert.match(
        error.message,
        / Until then AtlasStreamProcessing123456789012 stays in the cluster policy, .*same edit/,
      );
      return true;
    });
    assert.deepEqual(item()?.statement, created, 'it is not forgotten');
    msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: cluster({ State: 'UPDATING' }) });
    assert.equal((await remove()).isDone, false, 'MSK may refuse because the cluster is busy');
  });

  it('finds at its next visit that a deleted cluster has no policy', async () => {
    const { visit, msk } = refused(undefined);
    assert.equal((await visit()).isDone, false);
    msk.on(GetClusterPolicyCommand).rejects(awsError('NotFoundException', 404));
    assert.deepEqual([(await visit()).isDone, (await visit()).result], [true, 'absent']);
  });

  it('ends the run with the reason if the cluster is ACTIVE, or FAILED, which does not pass', async () => {
    for (const state of ['ACTIVE', 'FAILED'])
      await assert.rejects(refused(state).visit(), {
        name: 'AwsRefused',
        message: /kafka:DeleteClusterPolicy.*Not now\./,
      });
  });
});
