import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  BatchAssociateScramSecretCommand,
  DescribeClusterV2Command,
  ListScramSecretsCommand,
} from '@aws-sdk/client-kafka';
import { associateScramSecret } from '../../functions/associate-scram-secret/associate-scram-secret.ts';
import { awsError, commandsOf, fakeMsk } from '../fixtures/aws.ts';
import { heldRegistry, takenOverBy } from '../fixtures/held.ts';
import { clusterArn, executionArn, login, request, secretArn, taskInput } from '../fixtures/request.ts';

const unreadable = "Amazon MSK wasn't able to access the provided secret.";
const alreadyAssociated =
  'The provided secret is already associated with this cluster. To update the association, first disassociate the secret.';
const refused = (ErrorMessage: string) => ({
  UnprocessedScramSecrets: [{ SecretArn: secretArn, ErrorCode: 'InvalidSecretArn', ErrorMessage }],
});

async function associator(t: TestContext, associated: string[] = [], holder = executionArn) {
  const { registry } = await heldRegistry(t, {}, holder);
  const { client, msk } = fakeMsk();
  msk.on(ListScramSecretsCommand).resolves({ SecretArnList: associated });
  msk.on(DescribeClusterV2Command).resolves({ ClusterInfo: { State: 'ACTIVE' } });
  const input = taskInput({ request: request(), plan: { login } });
  const associate = () => associateScramSecret(input, { msk: client, registry });
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

  it('is done if MSK refuses the secret because it is associated by now', async (t) => {
    const { msk, associate } = await associator(t);
    msk
      .on(ListScramSecretsCommand)
      .resolvesOnce({ SecretArnList: [] })
      .resolves({ SecretArnList: [secretArn] });
    msk
      .on(BatchAssociateScramSecretCommand)
      .resolvesOnce(refused(alreadyAssociated))
      .rejects(awsError('BadRequestException', 400, 'The list provided is odd.'));
    assert.deepEqual(await associate(), { result: 'created' });
    msk
      .on(ListScramSecretsCommand)
      .resolvesOnce({ SecretArnList: [] })
      .resolves({ SecretArnList: [secretArn] });
    assert.deepEqual(await associate(), { result: 'created' });
  });

  for (const [what, text] of [
    ['cannot read the secret, as with a new one', unreadable],
    ['has associated it and does not show it yet', alreadyAssociated],
  ] as const)
    it(`lets the machine retry if MSK ${what}`, async (t) => {
      const { msk, associate } = await associator(t);
      msk.on(BatchAssociateScramSecretCommand).resolves(refused(text));
      await assert.rejects(associate(), (error: Error) => {
        assert.equal(error.name, 'AwsUnavailable');
        assert.ok(error.message.includes(`AmazonMSK_orders-a1B2c3 (InvalidSecretArn: "${text}")`), error.message);
        assert.match(error.message, /created a moment ago.*customer managed KMS key/);
        return true;
      });
      assert.equal(msk.commandCalls(BatchAssociateScramSecretCommand).length, 1);
    });

  it('ends the run at once if MSK refuses the secret for another reason, with the reason and a remedy', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).resolves(refused('The key is odd.'));
    await assert.rejects(associate(), {
      name: 'AwsRefused',
      code: 'InvalidSecretArn',
      message: /AmazonMSK_orders-a1B2c3 \(InvalidSecretArn: "The key is odd\."\).*customer managed KMS key/,
    });
    assert.equal(msk.commandCalls(BatchAssociateScramSecretCommand).length, 1);
  });

  it('ends the run if MSK refuses the call while the cluster is ACTIVE', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).rejects(awsError('BadRequestException', 400, 'Odd.'));
    await assert.rejects(associate(), { name: 'AwsRefused', message: /BadRequestException: "Odd\."/ });
  });

  it('lets the machine retry if MSK throttles', async (t) => {
    const { msk, associate } = await associator(t);
    msk.on(BatchAssociateScramSecretCommand).rejects(awsError('TooManyRequestsException', 429));
    await assert.rejects(associate(), { name: 'AwsThrottled' });
  });
});
