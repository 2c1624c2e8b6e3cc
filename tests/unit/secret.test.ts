import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { AwsUnavailable } from '../../shared/errors.ts';
import { readScramSecret } from '../../shared/secrets/scram-secret.ts';
import { readSecret } from '../../shared/secrets/secret.ts';
import { awsError, signal } from '../fixtures/aws.ts';
import { secretArn } from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';

describe('a secret', () => {
  it('is read as JSON, with its version', async () => {
    const { secretsManager } = fakeSecretsManager({ [secretArn]: '{"a":1}' });
    assert.deepEqual(await readSecret(secretArn, secretsManager, signal), { value: { a: 1 }, versionId: 'version-1' });
  });

  it('that is no JSON has no value, and no error repeats it', async () => {
    const { secretsManager } = fakeSecretsManager({ [secretArn]: 'hunter2' });
    assert.deepEqual(await readSecret(secretArn, secretsManager, signal), { value: undefined, versionId: 'version-1' });
  });

  it('that is binary has no value', async () => {
    const { secretsManager, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand).resolves({ SecretBinary: Buffer.from('{"a":1}'), VersionId: 'v' });
    assert.equal((await readSecret(secretArn, secretsManager, signal)).value, undefined);
  });
});

describe('a SCRAM secret', () => {
  const read = (SecretString: string) =>
    readScramSecret(secretArn, fakeSecretsManager({ [secretArn]: SecretString }).secretsManager, signal);

  it('gives user, password and version', async () => {
    assert.deepEqual(await read('{"username":"atlas","password":"hunter2","engine":"kafka"}'), {
      username: 'atlas',
      password: 'hunter2',
      versionId: 'version-1',
    });
  });

  const unusable: [secret: string, why: RegExp][] = [
    ['hunter2', /is no JSON object/],
    ['"hunter2"', /is no JSON object/],
    ['["hunter2"]', /is no JSON object/],
    ['', /is no JSON object/],
    ['{"password":"hunter2"}', /has no usable username;/],
    ['{"username":"hunter2","password":""}', /has no usable password;/],
    ['{"user":"hunter2","password":5}', /has no usable username and password;/],
  ];
  for (const [secret, why] of unusable)
    it(`is unusable when it is ${secret || 'empty'}, and says what is right`, async () => {
      const { unusable: sentence = '' } = await read(secret);
      assert.match(sentence, why);
      assert.ok(sentence.includes(secretArn) && sentence.includes('{"username":"…","password":"…"}'));
      assert.doesNotMatch(sentence, /hunter2/);
    });

  it('is unusable when AWS refuses it, with the reason and a remedy', async () => {
    const { secretsManager, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand).rejects(awsError('AccessDeniedException', 400, 'Access to KMS is denied.'));
    const { unusable: sentence } = await readScramSecret(secretArn, secretsManager, signal);
    assert.match(
      sentence ?? '',
      /AccessDeniedException: Access to KMS is denied\..*policies of the secret and of its KMS/,
    );
  });

  it('is asked for again when AWS gives no answer', async () => {
    const { secretsManager, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand).rejects(awsError('InternalServiceError', 500));
    await assert.rejects(readScramSecret(secretArn, secretsManager, signal), AwsUnavailable);
  });
});
