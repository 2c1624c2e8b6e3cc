import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../emulators/atlas/error.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { placesToLook, secretsOf, spellings } from '../fixtures/leaks.ts';
import {
  assertConnected,
  assertFailed,
  cloudWith,
  connectByHand,
  connectByTag,
  faultAt,
  privateConnectivityIsOn as isOn,
  recordOf,
} from './local-cloud.ts';

/** Contains what JSON and URLs escape. */
const password = 'p"a\\s/s+wörd';
const scramSecrets = [{ secretString: JSON.stringify({ username: 'atlas', password }) }];

async function assertNothingLeaks(cloud: Cloud, ...others: string[]): Promise<void> {
  // NotifyOutcome works after the end of the run.
  await cloud.messages();
  const records = JSON.stringify(await cloud.registry.all());
  const places = {
    ...placesToLook(cloud),
    'the registry': records,
    'the log of a function': JSON.stringify([...cloud.lambda.logs]),
  };
  for (const [place, text] of Object.entries(places))
    for (const secret of [password, ...secretsOf(cloud), ...others].flatMap(spellings))
      assert.ok(!text.includes(secret), `a secret is in ${place}`);
}

const cloudWithSecrets = (world: WorldSeed = {}) => cloudWith({ cluster: isOn, scramSecrets, ...world });

suite('no password, private key, client secret or access token leaks', () => {
  for (const atlasCredentials of ['api-key', 'service-account'] as const) {
    test(`in a run that connects with credentials of the kind ${atlasCredentials}`, async () => {
      const cloud = await cloudWithSecrets({ atlasCredentials });
      assertConnected(await connectByTag(cloud));
      const [sent] = cloud.recorder
        .exchangesOf('atlas', 'createGroupStreamConnection')
        .filter(({ status }) => status === 200);
      assert.equal(JSON.parse(sent?.requestBody ?? '{}').authentication.password, password, 'Atlas got the password');
      await assertNothingLeaks(cloud);
    });
  }

  test('if Atlas repeats the password in its refusal', async () => {
    const cloud = await cloudWithSecrets();
    cloud.intercept = faultAt('createGroupStreamConnection', ({ body }) => {
      const { password } = JSON.parse(body).authentication;
      return atlasError(400, 'VALIDATION_ERROR', `The password ${password} is too short.`).answer;
    });
    assertFailed(await connectByTag(cloud), 'AtlasRefused', /VALIDATION_ERROR: "The password \*\*\* is too short/);
    assert.ok(
      cloud.lambda.logs.get('CreateConnection')?.join().includes('VALIDATION_ERROR'),
      'the failure is in the log',
    );
    await assertNothingLeaks(cloud);
  });

  test('if Atlas never answers the request that contains the password', async () => {
    const cloud = await cloudWithSecrets();
    cloud.intercept = faultAt('createGroupStreamConnection', () => 'reset', Number.POSITIVE_INFINITY);
    assertFailed(await connectByTag(cloud), 'AtlasUnavailable', /Atlas did not answer POST/);
    await assertNothingLeaks(cloud);
  });

  test('if the SCRAM secret is not valid JSON', async () => {
    const cloud = await cloudWithSecrets({ scramSecrets: [{ secretString: `{"username":"atlas",${password}` }] });
    assertFailed(await connectByTag(cloud), 'PrerequisitesNotMet', /isn't a JSON object/);
    await assertNothingLeaks(cloud);
  });

  test('if the answer of Secrets Manager is cut short', async () => {
    const cloud = await cloudWithSecrets();
    const cut = { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' } };
    cloud.intercept = faultAt(
      'GetSecretValue',
      async (_, next) => ({ ...cut, body: (await next()).body.slice(0, -9) }),
      100,
    );
    const { endState, error } = await connectByTag(cloud);
    assert.deepEqual([endState, error], ['SetupFailed', 'AwsUnavailable']);
    await assertNothingLeaks(cloud);
  });

  test('if Atlas does not know the credentials', async () => {
    const privateKey = '5c2b1f0e-an-unknown-private-key';
    const cloud = await cloudWithSecrets({ atlasCredentials: { publicKey: 'unknown', privateKey } });
    assertFailed(await connectByTag(cloud), 'AtlasCredentialsRefused', /HTTP 401/);
    await assertNothingLeaks(cloud, privateKey);
  });

  test('if the credentials secret has the wrong fields', async () => {
    const cloud = await cloudWithSecrets({ atlasCredentials: { publicKey: 'known', privatekey: password } });
    assertFailed(await connectByTag(cloud), 'DeploymentMisconfigured', /has no usable credentials/);
    await assertNothingLeaks(cloud);
  });
});

test('a SCRAM secret that Atlas could not be sent does not replace the one in use', async () => {
  const cloud = await cloudWithSecrets({
    scramSecrets: ['one', 'two'].map((username) => ({
      name: `AmazonMSK_${username}`,
      secretString: JSON.stringify({ username, password }),
    })),
  });
  const [one, two] = cloud.world.scramSecrets.map(({ arn }) => arn);
  assertConnected(await connectByHand(cloud, { secretArn: one }));
  const { project } = cloud.world;
  const { processors } = project.workspaces[0] ?? assert.fail('there is a workspace');
  project.addProcessor('streams', { name: 'reader', pipeline: [{ $source: { connectionName: 'orders' } }] });
  const user = () => project.connections('streams')[0]?.settings.authentication.username;
  assertFailed(await connectByHand(cloud, { secretArn: two }), 'ConnectionInUse', /reader/);
  assert.deepEqual([user(), (await recordOf(cloud)).secretArn], ['one', one]);
  processors.splice(0);
  assertConnected(await connectByHand(cloud));
  assert.equal(user(), 'one');
  assertConnected(await connectByHand(cloud, { secretArn: two }));
  assert.deepEqual([user(), (await recordOf(cloud)).secretArn], ['two', two]);
});
