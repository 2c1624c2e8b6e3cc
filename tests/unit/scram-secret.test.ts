import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { AwsThrottled, AwsUnavailable } from '../../shared/errors.ts';
import { readScramSecret } from '../../shared/secrets/scram-secret.ts';
import { secretNameOf } from '../../shared/secrets/secret-arn.ts';
import { awsError } from '../fixtures/aws.ts';
import { secretArn } from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';

describe('a SCRAM secret', () => {
  const read = (SecretString: string) => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand, { SecretId: secretArn }).resolves({ SecretString, VersionId: 'version-1' });
    return readScramSecret(secretArn, secrets);
  };

  it('has a user, a password and a version', async () => {
    assert.deepEqual(await read('{"username":"atlas","password":"hunter2","engine":"kafka"}'), {
      username: 'atlas',
      password: 'hunter2',
      versionId: 'version-1',
    });
  });

  const unusable: [secret: string, why: RegExp][] = [
    ['hunter2', /isn't a JSON object/],
    ['"hunter2"', /isn't a JSON object/],
    ['["hunter2"]', /isn't a JSON object/],
    ['', /isn't a JSON object/],
    ['{"password":"hunter2"}', /has no usable username;/],
    ['{"username":"hunter2","password":""}', /has no usable password;/],
    ['{"user":"hunter2","password":5}', /has no usable username and password;/],
  ];
  for (const [secret, why] of unusable)
    it(`is unusable if it is ${secret || 'empty'}; the reason names the right shape and no value`, async () => {
      const { unusable: sentence = '' } = await read(secret);
      assert.match(sentence, why);
      assert.ok(sentence.includes(secretArn) && sentence.includes('{"username":"…","password":"…"}'));
      assert.doesNotMatch(sentence, /hunter2/);
    });

  it('is unusable if AWS refuses to return it, with the reason and a remedy', async () => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand).rejects(awsError('AccessDeniedException', 400, 'Access to KMS is denied.'));
    const { unusable: sentence } = await readScramSecret(secretArn, secrets);
    assert.match(
      sentence ?? '',
      /AccessDeniedException: "Access to KMS is denied\.".*have the tag atlas-streaming=allow.*policies of the secret and of its KMS/,
    );
    assert.ok(sentence?.endsWith(`--secret-id ${secretArn} --tags Key=atlas-streaming,Value=allow`), sentence);
  });

  it('is read again by the machine if AWS throttles or does not answer', async () => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock
      .on(GetSecretValueCommand)
      .rejectsOnce(awsError('InternalServiceError', 500))
      .rejectsOnce(awsError('ThrottlingException', 400));
    await assert.rejects(readScramSecret(secretArn, secrets), AwsUnavailable);
    await assert.rejects(readScramSecret(secretArn, secrets), AwsThrottled);
  });
});

describe("a secret's name", () => {
  it('is in its ARN, without the six characters of AWS at its end', () => {
    assert.equal(secretNameOf(secretArn), 'AmazonMSK_orders');
    assert.equal(secretNameOf(secretArn.replace('orders', 'a/b-c-123456')), 'AmazonMSK_a/b-c-123456');
  });
});
