import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AccountFaults, isAccountFault } from '../../shared/registry/account-faults.ts';
import { Registry } from '../../shared/registry/registry.ts';
import { signal } from '../fixtures/aws.ts';
import type { Test } from '../fixtures/loopback.ts';
import { startRegistry } from '../fixtures/registry.ts';
import { before, executionArn, later, now } from '../fixtures/request.ts';

const run = (number: number) => executionArn.replace('run-1', `run-${number}`);

async function counter(t: Test) {
  const { dynamodb, tableName } = await startRegistry(t);
  return {
    faults: new AccountFaults({ dynamodb, tableName, signal }),
    registry: new Registry({ dynamodb, tableName, signal }),
  };
}

describe('failures that concern the whole deployment', () => {
  it('are those of the credentials and of the deployment', () => {
    const names = ['AtlasCredentialsRefused', 'DeploymentMisconfigured', 'AtlasRefused', 'InvalidRequest'];
    assert.deepEqual(names.filter(isAccountFault), ['AtlasCredentialsRefused', 'DeploymentMisconfigured']);
  });

  it('are one message if 20 come at once', async (t) => {
    const { faults } = await counter(t);
    const counted = await Promise.all(Array.from({ length: 20 }, (_, number) => faults.count(run(number), now)));
    assert.equal(counted.filter((it) => it !== undefined).length, 1);
  });

  it('are one message an hour, which says how many there were in the hour before', async (t) => {
    const { faults } = await counter(t);
    assert.deepEqual(await faults.count(run(1), now), {});
    await faults.reported(run(1));
    assert.equal(await faults.count(run(2), now), undefined);
    assert.equal(await faults.count(run(3), now), undefined);
    assert.deepEqual(await faults.count(run(4), later), { earlier: { windowStart: now, further: 2 } });
    await faults.reported(run(4));
    assert.equal(await faults.count(run(5), later), undefined);
  });

  it('tell nothing of the hour before if only one was in it', async (t) => {
    const { faults } = await counter(t);
    await faults.count(run(1), now);
    assert.deepEqual(await faults.count(run(2), later), {});
  });

  it('are reported again for the same execution until the message was published', async (t) => {
    const { faults } = await counter(t);
    assert.deepEqual(await faults.count(run(1), now), {});
    assert.deepEqual(await faults.count(run(1), now), {});
    await faults.reported(run(1));
    assert.equal(await faults.count(run(1), now), undefined);
  });

  it('are counted also if they arrive in another order', async (t) => {
    const { faults } = await counter(t);
    await faults.count(run(1), now);
    assert.equal(await faults.count(run(2), before), undefined);
  });

  it('are no record of a cluster', async (t) => {
    const { faults, registry } = await counter(t);
    await faults.count(run(1), now);
    assert.deepEqual((await registry.scan()).records, []);
  });

  it('fail as DeploymentMisconfigured if the table is missing', async (t) => {
    const { dynamodb } = await startRegistry(t);
    const faults = new AccountFaults({ dynamodb, tableName: 'another', signal });
    await assert.rejects(faults.count(run(1), now), { name: 'DeploymentMisconfigured' });
  });
});
