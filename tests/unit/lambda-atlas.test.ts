import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import type * as atlasModule from '../../shared/lambda/atlas.ts';
import { apiKey, frontDoor, serviceAccount } from '../fixtures/credentials.ts';
import { functionArn, projectId, region, secretArn } from '../fixtures/request.ts';

const tokenArn = `${secretArn}-of-the-token`;
const invocation = { signal: new AbortController().signal, remainingMs: () => 59_000, functionArn };

/** A function's new container, and a credentials secret that can be rotated. */
async function container(t: TestContext, credentials: object, baseUrl: string, secretId = secretArn) {
  Object.assign(process.env, {
    AWS_REGION: region,
    ATLAS_BASE_URL: `${baseUrl}/`,
    ATLAS_CREDENTIALS_SECRET_ARN: secretId,
    ATLAS_ACCESS_TOKEN_SECRET_ARN: tokenArn,
    ATLAS_PROJECT_ID: projectId,
  });
  const secrets = mockClient(SecretsManagerClient);
  t.after(() => secrets.restore());
  let version = 0;
  const rotate = (to: unknown) => {
    version += 1;
    const SecretString = JSON.stringify(to);
    secrets
      .on(GetSecretValueCommand, { SecretId: secretId })
      .resolves({ SecretString, VersionId: `version-${version}` });
  };
  let token = { SecretString: '{}', VersionId: 'token-0' };
  secrets.on(GetSecretValueCommand, { SecretId: tokenArn }).callsFake(() => token);
  secrets.on(PutSecretValueCommand, { SecretId: tokenArn }).callsFake((it) => {
    token = { SecretString: it.SecretString, VersionId: it.ClientRequestToken };
  });
  rotate(credentials);
  const { atlas }: typeof atlasModule = await import(`../../shared/lambda/atlas.ts?${t.name}`);
  // The front door answers `{}`, which isn't a workspace, so a call that is let in fails with AtlasUnavailable.
  const isLetIn = () =>
    atlas(invocation)
      .getWorkspace(projectId, 'streams')
      .catch((error: Error) => {
        if (error.name === 'AtlasUnavailable') return true;
        throw error;
      });
  return {
    isLetIn,
    rotate,
    /** Puts a value into the secret of the access token. */
    share: (value: object) => {
      token = { SecretString: JSON.stringify(value), VersionId: 'token-1' };
    },
    reads: (SecretId = secretArn) => secrets.commandCalls(GetSecretValueCommand, { SecretId }).length,
  };
}

describe("a container's Atlas client", () => {
  const rotations: [what: string, from: object, to: object][] = [
    ['an API key', apiKey, { ...apiKey, privateKey: 'another' }],
    ['a service account', serviceAccount, { ...serviceAccount, clientSecret: 'another' }],
    ['a service account instead of an API key', apiKey, serviceAccount],
  ];
  for (const [what, from, to] of rotations)
    it(`reads its secret once, and again after the secret was rotated: ${what}`, async (t) => {
      const door = await frontDoor(t, from);
      const { isLetIn, rotate, reads } = await container(t, from, door.url);
      assert.ok((await isLetIn()) && (await isLetIn()));
      assert.equal(reads(), 1);
      door.change(to);
      rotate(to);
      assert.ok((await isLetIn()) && (await isLetIn()));
      assert.equal(reads(), 2);
    });

  for (const [what, from, wrong] of rotations.slice(0, 2))
    it(`gives up if Atlas refuses it and the secret has not changed: ${what}`, async (t) => {
      const door = await frontDoor(t, from);
      const { isLetIn, reads } = await container(t, wrong, door.url);
      await assert.rejects(isLetIn(), {
        name: 'AtlasCredentialsRefused',
        message: new RegExp(
          `HTTP 401.*Atlas credentials secret.* The credentials are in ${secretArn}\\. To replace them:\n {2}aws secretsmanager put-secret-value --region us-east-1 --secret-id ${secretArn} --secret-string file://credentials.json$`,
        ),
      });
      assert.equal(reads(), 2);
    });

  it('names the secret and the Region in its command if the deployment knows only the name', async (t) => {
    const door = await frontDoor(t, apiKey);
    const { isLetIn } = await container(t, { ...apiKey, privateKey: 'another' }, door.url, 'atlas');
    await assert.rejects(isLetIn(), {
      message:
        / are in atlas\. To replace them:\n {2}aws \S+ put-secret-value --region us-east-1 --secret-id atlas --secret/,
    });
  });

  it('reads its secret again while token requests fail: it may have been rotated', async (t) => {
    const door = await frontDoor(t, serviceAccount);
    const { isLetIn, rotate, share } = await container(t, serviceAccount, door.url);
    const claimedUntil = new Date(Date.now() + 600_000).toISOString();
    share({ credentialsVersionId: 'version-1', claimedUntil, requests: 5 });
    await assert.rejects(isLetIn(), { name: 'AtlasThrottled' });
    const rotated = { ...serviceAccount, clientSecret: 'another' };
    door.change(rotated);
    rotate(rotated);
    assert.ok(await isLetIn());
  });

  it('neither reads nor writes the secret of the access token with an API key', async (t) => {
    const door = await frontDoor(t, apiKey);
    const { isLetIn, reads } = await container(t, apiKey, door.url);
    assert.ok(await isLetIn());
    assert.equal(reads(tokenArn), 0);
  });

  it('says what the secret must be if it is something else', async (t) => {
    const { isLetIn } = await container(t, { username: 'atlas', password: 'hunter2' }, 'http://127.0.0.1:1');
    await assert.rejects(isLetIn(), { name: 'DeploymentMisconfigured', message: /^(?!.*hunter2).*"publicKey"/ });
  });

  it('says which settings are missing', async (t) => {
    const { isLetIn } = await container(t, apiKey, 'http://127.0.0.1:1');
    delete process.env.ATLAS_BASE_URL;
    await assert.rejects(async () => isLetIn(), { name: 'DeploymentMisconfigured', message: /ATLAS_BASE_URL/ });
  });
});
