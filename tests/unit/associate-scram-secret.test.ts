import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it, type TestContext } from 'node:test';
import {
  BatchAssociateScramSecretCommand,
  DescribeClusterV2Command,
  ListScramSecretsCommand,
} from '@aws-sdk/client-kafka';
import { associateScramSecret } from '../../functions/associate-scram-secret/associate-scram-secret.ts';
import { awsError, commandsOf, fakeMsk, signal } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import { clusterArn, executionArn, request, secretArn, taskInput } from '../fixtures/request.ts';

const refused = {
  UnprocessedScramSecrets: [
    { SecretArn: secretArn, ErrorCode: 'InvalidSecretArn', ErrorMessage: 'Amazon MSK was not able to access it.' },
  ],
};

async function associator(t: TestContext, associated: string[] = [], holder = executionArn) {
  const { registry } = await heldRegistry(t, {}, holder);
  const { client, msk } = fakeMsk();
  msk.on(ListScramSecretsCommand).resolves({ SecretArnList: associated });
  msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: { State: 'ACTIVE' } });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.timers.reset();
    syncBuiltinESMExports();
  });
  const input = taskInput({ request: request(), plan: { secretArn } });
  // The pauses between the attempts end at once.
  const associate = async () => {
    const result = associateScramSecret(input, { msk: client, registry, signal });
    let isDone = false;
    result
      .catch(() => {})
      .finally(() => {
        isDone = true;
      });
    while (!isDone) {
      await new Promise(setImmediate);
      t.mock.timers.tick(1_000);
    }
    return result;
  };
  return { msk, associate };
}

describe('AssociateScramSecret', () => {
  it('lets the machine wait for a cluster that has left ACTIVE', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).rejects(awsError('BadRequestException', 400, 'Not in that state.'));
    msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: { State: 'UPDATING' } });
    await assert.rejects(associate(), { name: 'ClusterBusy', message: /The cluster is UPDATING/ });
  });

  it('associates the secret, and only that one', async (t) => {
    const { msk, associate } = await associator(t, [`${secretArn}2`]);
    msk.on(BatchAssociateScramSecretCommand).resolves({ UnprocessedScramSecrets: [] });
    assert.deepEqual(await associate(), { result: 'created' });
    assert.deepEqual(msk.commandCalls(BatchAssociateScramSecretCommand)[0]?.args[0].input, {
      ClusterArn: clusterArn,
      SecretArnList: [secretArn],
    });
  });

  it('sends nothing if an earlier attempt has already associated the secret, and reports it as created', async (t) => {
    const { msk, associate } = await associator(t, [`${secretArn}2`, secretArn]);
    assert.deepEqual(await associate(), { result: 'created' });
    assert.deepEqual(commandsOf(msk), ['ListScramSecrets']);
  });

  it('an execution that has lost its claim associates nothing', async (t) => {
    const { msk, associate } = await associator(t, [], takenOverBy);
    await assert.rejects(associate(), { name: 'ClaimLost' });
    assert.deepEqual(commandsOf(msk), ['ListScramSecrets']);
  });

  it('retries if MSK refuses a secret inside an HTTP 200, as it may do with a new one', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).resolvesOnce(refused).resolvesOnce(refused).resolves({});
    assert.deepEqual(await associate(), { result: 'created' });
    assert.equal(msk.commandCalls(BatchAssociateScramSecretCommand).length, 3);
  });

  it('ends the run if MSK keeps refusing the secret, with the reason and a remedy', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).resolves(refused);
    await assert.rejects(associate(), {
      name: 'AwsRefused',
      code: 'InvalidSecretArn',
      message: /AmazonMSK_orders-a1B2c3 \(InvalidSecretArn: Amazon MSK was not able.*customer managed KMS key/,
    });
    assert.equal(msk.commandCalls(BatchAssociateScramSecretCommand).length, 3);
  });

  it('lets the machine retry if MSK throttles', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(associate(), { name: 'AwsThrottled' });
  });
});
