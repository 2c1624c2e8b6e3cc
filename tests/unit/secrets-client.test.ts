import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { awsError } from '../fixtures/aws.ts';
import { secretArn } from '../fixtures/request.ts';
import { fakeSecretsManager } from '../fixtures/secrets-manager.ts';
import { haveSignal } from '../fixtures/signals.ts';

describe('SecretsClient', () => {
  it('throws our errors from every call, with the secret that the call is about, and passes its abort signal', async () => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock.onAnyCommand().rejects(awsError('InternalServiceError', 500));
    for (const [action, call] of [
      ['GetSecretValue', secrets.read(secretArn)],
      ['DescribeSecret', secrets.describe(secretArn)],
      ['PutSecretValue', secrets.putVersion(secretArn, { after: 'version-1', value: {} })],
    ] as const)
      await assert.rejects(call, (error: Error) => {
        assert.equal(error.name, 'AwsUnavailable');
        assert.ok(error.message.includes(`secretsmanager:${action} on ${secretArn}`), error.message);
        return true;
      });
    assert.ok(haveSignal(secretsMock).every(Boolean));
  });

  it('keeps the code of a refusal', async () => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand).rejects(awsError('ResourceNotFoundException', 400));
    await assert.rejects(secrets.read(secretArn), { name: 'AwsRefused', code: 'ResourceNotFoundException' });
  });
});

describe('a secret', () => {
  /** Reads a secret with this content. */
  const read = (content: { SecretString?: string; SecretBinary?: Uint8Array }) => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock.on(GetSecretValueCommand, { SecretId: secretArn }).resolves({ ...content, VersionId: 'version-1' });
    return secrets.read(secretArn);
  };

  it('is read as JSON, with its version', async () => {
    assert.deepEqual(await read({ SecretString: '{"a":1}' }), { value: { a: 1 }, versionId: 'version-1' });
  });

  it('that is not JSON has no value, and nothing repeats its text', async () => {
    const secret = await read({ SecretString: 'hunter2' });
    assert.deepEqual(secret, { value: undefined, versionId: 'version-1' });
    assert.doesNotMatch(inspect(secret, { showHidden: true }), /hunter2/);
  });

  it('that is binary has no value', async () => {
    assert.equal((await read({ SecretBinary: Buffer.from('{"a":1}') })).value, undefined);
  });

  it('has versions with stages, tags, a key unless it is the default one, and perhaps a date of deletion', async () => {
    const { secrets, secretsMock } = fakeSecretsManager();
    const VersionIdsToStages = { a: ['AWSCURRENT'], b: ['AWSPREVIOUS'] };
    secretsMock
      .on(DescribeSecretCommand, { SecretId: secretArn })
      .resolvesOnce({ VersionIdsToStages, Tags: [{ Key: 'team', Value: 'orders' }], KmsKeyId: 'key-1' })
      .resolvesOnce({ DeletedDate: new Date(0) });
    assert.deepEqual(await secrets.describe(secretArn), {
      versionStages: VersionIdsToStages,
      tags: { team: 'orders' },
      kmsKeyId: 'key-1',
      isDeleted: false,
    });
    assert.deepEqual(await secrets.describe(secretArn), {
      versionStages: {},
      tags: {},
      kmsKeyId: undefined,
      isDeleted: true,
    });
  });
});

describe('a new version of a secret', () => {
  it('has an id that follows from the version that was read, so that only one writer can write it', async () => {
    const { secrets, secretsMock } = fakeSecretsManager();
    secretsMock.on(PutSecretValueCommand).resolvesOnce({}).rejects(awsError('ResourceExistsException', 400));
    const id = createHash('sha256').update('version-1').digest('hex');
    const write = () => secrets.putVersion(secretArn, { after: 'version-1', value: { a: 1 } });
    assert.equal(await write(), id);
    assert.deepEqual(secretsMock.commandCalls(PutSecretValueCommand)[0]?.args[0].input, {
      SecretId: secretArn,
      SecretString: '{"a":1}',
      ClientRequestToken: id,
    });
    assert.equal(await write(), undefined);
  });
});
