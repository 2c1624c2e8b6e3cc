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
import { clusterArn, secretArn } from '../fixtures/request.ts';

const refused = {
  UnprocessedScramSecrets: [
    { SecretArn: secretArn, ErrorCode: 'InvalidSecretArn', ErrorMessage: 'Amazon MSK was not able to access it.' },
  ],
};

function associator(t: TestContext, ...associated: string[]) {
  const { kafka, msk } = fakeMsk();
  msk.on(ListScramSecretsCommand).resolves({ SecretArnList: associated });
  msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: { State: 'ACTIVE' } });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.timers.reset();
    syncBuiltinESMExports();
  });
  // The pauses between the tries pass at once.
  const associate = async () => {
    const result = associateScramSecret({ clusterArn, secretArn }, { kafka, signal });
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
  it('lets the machine wait for a cluster that has left ACTIVE meanwhile', async (t) => {
    const { msk, associate } = associator(t);
    msk.on(BatchAssociateScramSecretCommand).rejects(awsError('BadRequestException', 400, 'Not in that state.'));
    msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: { State: 'UPDATING' } });
    await assert.rejects(associate(), { name: 'ClusterBusy', message: /The cluster is UPDATING/ });
  });

  it('associates the secret, and only that one', async (t) => {
    const { msk, associate } = associator(t, `${secretArn}2`);
    msk.on(BatchAssociateScramSecretCommand).resolves({ UnprocessedScramSecrets: [] });
    assert.deepEqual(await associate(), { secretArn });
    assert.deepEqual(msk.commandCalls(BatchAssociateScramSecretCommand)[0]?.args[0].input, {
      ClusterArn: clusterArn,
      SecretArnList: [secretArn],
    });
  });

  it('does nothing when the secret is associated already', async (t) => {
    const { msk, associate } = associator(t, `${secretArn}2`, secretArn);
    assert.deepEqual(await associate(), { secretArn });
    assert.deepEqual(commandsOf(msk), ['ListScramSecrets']);
  });

  it('tries again when MSK refuses a secret inside an HTTP 200, since a new one is refused at first', async (t) => {
    const { msk, associate } = associator(t);
    msk.on(BatchAssociateScramSecretCommand).resolvesOnce(refused).resolvesOnce(refused).resolves({});
    assert.deepEqual(await associate(), { secretArn });
    assert.equal(msk.commandCalls(BatchAssociateScramSecretCommand).length, 3);
  });

  it('ends the run when MSK refuses the secret for good, with its reason and a remedy', async (t) => {
    const { msk, associate } = associator(t);
    msk.on(BatchAssociateScramSecretCommand).resolves(refused);
    await assert.rejects(associate(), {
      name: 'AwsRefused',
      code: 'InvalidSecretArn',
      message: /AmazonMSK_orders-a1B2c3 \(InvalidSecretArn: Amazon MSK was not able.*customer managed KMS key/,
    });
    assert.equal(msk.commandCalls(BatchAssociateScramSecretCommand).length, 3);
  });

  it('is tried again by the machine when MSK does not answer', async (t) => {
    const { msk, associate } = associator(t);
    msk.on(BatchAssociateScramSecretCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(associate(), { name: 'AwsThrottled' });
  });
});
