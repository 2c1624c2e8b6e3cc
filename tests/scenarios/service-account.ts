import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../emulators/atlas/error.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import {
  assertConnected,
  assertFailed,
  cloudWith,
  connectByTag,
  disconnectByTag,
  faultAt,
  privateConnectivityIsOn as isOn,
  startOwnCloud,
} from './local-cloud.ts';

const world = { cluster: isOn, atlasCredentials: 'service-account' } as const;

const tokenRequests = (cloud: Cloud) => cloud.recorder.exchangesOf('atlas', 'createToken').length;
const shared = (cloud: Cloud) => {
  const [secret = assert.fail('there is a secret')] = cloud.deployment.secrets;
  return cloud.world.secretsManager.secret(secret.name)?.versions ?? [];
};
const callsAtlas = ['CheckPrerequisites', 'LookUpPrincipal', 'RequestPrivateLink', 'CreateConnection'];

suite('a service account', () => {
  test('needs one token request for all functions of a connect and a disconnect', async () => {
    const cloud = await cloudWith(world);
    assertConnected(await connectByTag(cloud));
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    const callers = new Set(cloud.recorder.exchanges.map(({ service, operation }) => `${service} ${operation}`));
    for (const operation of ['createGroupStreamConnection', 'deleteGroupStreamConnection'])
      assert.ok(callers.has(`atlas ${operation}`));
    assert.equal(tokenRequests(cloud), 1);
    assert.equal(shared(cloud).length, 3, 'the first version, the claim and the token');
  });

  test('connects if the function that requests the token ends in the middle, with one token request', async () => {
    const cloud = await cloudWith(world);
    const { arn } = cloud.deployment.functions.find(({ name }) => name === callsAtlas[0]) ?? assert.fail('it exists');
    cloud.intercept = faultAt('PutSecretValue', async (_, next) => {
      const answer = await next();
      cloud.lambda.end(arn, 'crash');
      return answer;
    });
    const run = await connectByTag(cloud);
    assertConnected(run);
    assert.deepEqual([...new Set(run.retried)], [callsAtlas[0]]);
    assert.equal(tokenRequests(cloud), 1);
  });

  test("connects after Atlas's limit of token requests, and sends none before Retry-After", async () => {
    const cloud = await cloudWith(world);
    const detail = 'Resource /api/oauth/token is limited to 10 requests every 1 minutes.';
    const { answer } = atlasError(429, 'RATE_LIMITED', detail, { headers: { 'retry-after': '55' } });
    cloud.intercept = faultAt('createToken', () => answer);
    const run = await connectByTag(cloud);
    assertConnected(run);
    const [refused, accepted] = cloud.recorder.exchangesOf('atlas', 'createToken').map(({ at }) => at.getTime());
    assert.ok((accepted ?? 0) - (refused ?? 0) >= 55_000);
    assert.equal(tokenRequests(cloud), 2);
  });

  test('connects within minutes after a Retry-After of a year', async () => {
    const cloud = await cloudWith(world);
    const { answer } = atlasError(429, 'RATE_LIMITED', 'Slow down.', { headers: { 'retry-after': '31536000' } });
    cloud.intercept = faultAt('createToken', () => answer);
    assertConnected(await connectByTag(cloud));
    const [refused, accepted] = cloud.recorder.exchangesOf('atlas', 'createToken').map(({ at }) => at.getTime());
    const seconds = ((accepted ?? 0) - (refused ?? 0)) / 1000;
    assert.ok(seconds >= 120 && seconds < 600, `${seconds} s`);
  });

  test('connects after an outage of the token endpoint in which five requests fail', async () => {
    const cloud = await cloudWith(world);
    cloud.intercept = faultAt('createToken', () => ({ status: 500, headers: {}, body: '' }), 5);
    assertConnected(await connectByTag(cloud));
    assert.equal(tokenRequests(cloud), 6);
    assert.equal(shared(cloud).length, 8, 'the first version, six claims and the token');
  });

  test('whose role may not write the shared token fails, and says which secret', async () => {
    const cloud = await cloudWith(world);
    const secret = shared(cloud);
    cloud.intercept = faultAt('PutSecretValue', () => ({
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: 'AccessDeniedException', Message: 'Not authorized.' }),
    }));
    const run = await connectByTag(cloud);
    assertFailed(run, 'DeploymentMisconfigured', /atlas-access-token-\w+, in which the functions share.*Deploy again/);
    assert.deepEqual([tokenRequests(cloud), secret.length], [0, 1]);
  });
});

/** Its functions have not run yet: one that has used a service account tries its token first. */
test('an API key neither reads nor writes the shared token', async (t) => {
  const cloud = await startOwnCloud(t, { world: { cluster: isOn } });
  assertConnected(await connectByTag(cloud));
  const [secret] = cloud.deployment.secrets;
  const used = cloud.recorder.exchanges.filter(({ requestBody }) => requestBody.includes(secret?.name ?? ''));
  assert.deepEqual(used, []);
});
