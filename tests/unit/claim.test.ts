import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExecutionStatus } from '@aws-sdk/client-sfn';
import { claimCluster } from '../../functions/resolve-request/claim.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { Registry } from '../../shared/registry/registry.ts';
import { signal } from '../fixtures/aws.ts';
import { startRegistry } from '../fixtures/registry.ts';
import { clusterArn, disconnectExecutionArn, executionArn } from '../fixtures/request.ts';
import { fakeStepFunctions } from '../fixtures/step-functions.ts';

const now = '2026-11-27T12:00:00.000Z';
const secondsAgo = (seconds: number) => new Date(Date.parse(now) - seconds * 1000);
const dead = `${executionArn}-dead`;

describe('After an execution that holds the cluster was stopped, claimCluster', () => {
  const claimAfter = async (t: Parameters<typeof startRegistry>[0], status: ExecutionStatus, seconds: number) => {
    const { dynamodb, tableName, put, get } = await startRegistry(t);
    const found: RegistryRecord = {
      clusterArn,
      holder: dead,
      action: 'connect',
      claimedAt: secondsAgo(600).toISOString(),
    };
    await put(found);
    const { executions } = fakeStepFunctions({ [dead]: { status, stopDate: secondsAgo(seconds) } });
    const claim = { holder: disconnectExecutionArn, action: 'disconnect', claimedAt: now, wantedBy: 'tag' } as const;
    const registry = new Registry({ dynamodb, tableName, signal });
    const options = { registry, executions, wait: { pollSeconds: 240, timeoutMinutes: 1440 } };
    const claimed = await claimCluster(clusterArn, claim, found, options);
    const record = (await get(clusterArn)) as unknown as RegistryRecord;
    assert.equal(record.holder, disconnectExecutionArn);
    const retried = await claimCluster(clusterArn, claim, record, options);
    const later = { ...claim, claimedAt: new Date(Date.parse(now) + 90_000).toISOString() };
    return { claimed, retried, again: await claimCluster(clusterArn, later, record, options) };
  };

  for (const status of ['ABORTED', 'TIMED_OUT'] as const)
    it(`claims it, and waits until the last function of an execution that is ${status} must have ended, also in a retry`, async (t) => {
      const { claimed, retried, again } = await claimAfter(t, status, 89);
      assert.equal(claimed.is, 'held');
      assert.equal('pollSeconds' in claimed && claimed.pollSeconds, 90);
      assert.equal(retried.is, 'held');
      assert.equal(again.is, 'claimed');
    });

  it('waits no longer than 90 seconds', async (t) => {
    assert.equal((await claimAfter(t, 'ABORTED', 90)).claimed.is, 'claimed');
  });

  for (const status of ['FAILED', 'SUCCEEDED'] as const)
    it(`does not wait if it is ${status}, because its last function has ended`, async (t) => {
      assert.equal((await claimAfter(t, status, 0)).claimed.is, 'claimed');
    });
});
