import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { lookUpPrincipal } from '../../functions/look-up-principal/look-up-principal.ts';
import { type Answer, apiError, fakeAtlas, ok } from '../fixtures/atlas.ts';
import { request, taskInput } from '../fixtures/request.ts';

async function lookUp(t: TestContext, answer: Answer) {
  const { atlas, requests } = await fakeAtlas(t, { 'GET /accountDetails': answer });
  return { requests, result: lookUpPrincipal(taskInput({ request: request() }), { atlas }) };
}

describe('LookUpPrincipal', () => {
  it("finds the root of Atlas's account for the project and the cluster's Region", async (t) => {
    const { result, requests } = await lookUp(t, ok({ awsAccountId: '123456789012', cidrBlock: '', vpcId: 'vpc-1' }));
    assert.deepEqual(await result, {
      awsAccountId: '123456789012',
      principalArn: 'arn:aws:iam::123456789012:root',
    });
    assert.deepEqual(requests[0]?.query, { cloudProvider: 'aws', regionName: 'US_EAST_1' });
  });

  it("keeps the addresses of Atlas's VPC, which an error may name in a command", async (t) => {
    const found = async (cidrBlock: unknown) =>
      (await (await lookUp(t, ok({ awsAccountId: '123456789012', cidrBlock }))).result).cidrBlock;
    const blocks = ['192.168.248.0/21', '10.0.0.0/16', '172.16.0.0/16', '172.31.255.240/28', '100.127.0.0/24'];
    for (const block of blocks) assert.equal(await found(block), block);
    for (const other of ['', null, undefined, 7, '192.168.248.0', '10.0.0.0/8; reboot', '::/0', `${'1'.repeat(99)}/8`])
      assert.equal(await found(other), undefined);
  });

  it('keeps no addresses that are not a block of a VPC: the command would open the cluster to others', async (t) => {
    for (const cidrBlock of [
      ...['0.0.0.0/0', '999.1.1.1/99', '10.0.0.256/24', '010.0.0.0/24', '10.0.0.0/8', '10.0.0.0/15', '10.0.0.0/29'],
      ...['10.0.0.0/024', '8.8.8.0/24', '172.15.0.0/16', '172.32.0.0/16', '192.169.0.0/16', '100.128.0.0/16'],
    ]) {
      const { result } = await lookUp(t, ok({ awsAccountId: '123456789012', cidrBlock }));
      assert.equal((await result).cidrBlock, undefined, cidrBlock);
    }
  });

  for (const status of [400, 404])
    it(`says what the project needs if Atlas answers ${status}`, async (t) => {
      const { result } = await lookUp(t, apiError(status, 'NOTHING_THERE', 'Nothing there.'));
      await assert.rejects(result, {
        name: 'PrerequisitesNotMet',
        message: /in US_EAST_1\. .*NOTHING_THERE: "Nothing there\.".*deploy an Atlas cluster .* on AWS in US_EAST_1/,
      });
    });

  it('ends the run if Atlas refuses', async (t) => {
    const { result } = await lookUp(t, apiError(403, 'USER_UNAUTHORIZED'));
    await assert.rejects(result, { name: 'AtlasCredentialsRefused', status: 403 });
    const { result: hidden } = await lookUp(t, apiError(404, 'GROUP_NOT_FOUND', 'No group with ID x exists.'));
    await assert.rejects(hidden, { name: 'AtlasRefused', message: /GROUP_NOT_FOUND/ });
  });

  it('never accepts an account id that is not 12 digits', async (t) => {
    for (const awsAccountId of [undefined, '', '*', '12345', 'arn:aws:iam::123456789012:root']) {
      const { result } = await lookUp(t, ok({ awsAccountId }));
      await assert.rejects(result, { name: 'AtlasUnavailable', message: /\(awsAccountId\)/ });
    }
  });
});
