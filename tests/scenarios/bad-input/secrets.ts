import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertConnected, connectByHand, connectByTag } from '../local-cloud.ts';
import { assertRejected, assertUntouched, cloudInUse, secret } from './rejection.ts';

const scram = (fields: object) => JSON.stringify(fields);

const unusable: [what: string, secretString: string, says: RegExp][] = [
  ['not JSON', secret, /isn't a JSON object; it must be JSON such as \{"username":"…","password":"…"\}/],
  ['JSON that is cut short', `{"username":"atlas","password":"${secret}`, /isn't a JSON object/],
  ['a properties file', `username=atlas\npassword=${secret}`, /isn't a JSON object/],
  ['a JSON list', scram(['atlas', secret]), /isn't a JSON object/],
  ['a JSON string', JSON.stringify(secret), /isn't a JSON object/],
  ['JSON in quotes', JSON.stringify(scram({ username: 'atlas', password: secret })), /isn't a JSON object/],
  ['a number', '42', /isn't a JSON object/],
  ['null', 'null', /isn't a JSON object/],
  ['an empty object', '{}', /has no usable username and password; it must be/],
  ['a secret without a user', scram({ password: secret }), /has no usable username;/],
  ['a secret without a password', scram({ username: secret }), /has no usable password;/],
  ['a secret with an empty password', scram({ username: secret, password: '' }), /has no usable password;/],
  ['a secret with an empty user', scram({ username: '', password: secret }), /has no usable username;/],
  ['a secret of numbers', scram({ username: 1, password: 2 }), /has no usable username and password;/],
  ['a secret of nulls', scram({ username: null, password: null }), /has no usable username and password;/],
  ['a secret with other field names', scram({ user: 'atlas', pass: secret }), /has no usable username and password;/],
  [
    'a secret with names in upper case',
    scram({ Username: 'atlas', Password: secret }),
    /has no usable username and password;/,
  ],
  [
    'a secret in the field __proto__',
    `{"__proto__":{"username":"atlas","password":"${secret}"}}`,
    /has no usable username and password;/,
  ],
  ['64 KB that are not JSON', secret.repeat(3800), /isn't a JSON object/],
];

suite('a SCRAM secret is rejected, and not repeated, if it is', () => {
  for (const [what, secretString, says] of unusable)
    test(what, async () => {
      const cloud = await cloudInUse({}, { scramSecrets: [{ secretString }] });
      const whole = RegExp(`The SCRAM secret arn:aws:secretsmanager:.* ${says.source}`);
      assertRejected(cloud, await connectByTag(cloud), { error: 'PrerequisitesNotMet', says: whole });
    });

  test('absent, although the input names it', async () => {
    const cloud = await cloudInUse();
    const secretArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_nobody-a1B2c3';
    const says =
      /The SCRAM secret arn:aws:.*AmazonMSK_nobody-a1B2c3 cannot be read \(ResourceNotFoundException: .*\. It must exist/;
    assertRejected(cloud, await connectByHand(cloud, { secretArn }), { error: 'PrerequisitesNotMet', says });
  });

  test('not JSON, together with everything else that is missing', async () => {
    const cloud = await cloudInUse({ clientBroker: 'PLAINTEXT' }, { scramSecrets: [{ secretString: secret }] });
    const says =
      /^CheckPrerequisites failed: 2 prerequisites are not met.*\n1\. .*must be TLS.*\n2\. The SCRAM secret .* isn't a JSON object/;
    assertRejected(cloud, await connectByTag(cloud), { error: 'PrerequisitesNotMet', says });
  });
});

suite('a SCRAM secret is used unchanged if it has', () => {
  const unusual: [what: string, user: object][] = [
    ['more fields', { username: 'atlas', password: secret, engine: 'kafka', host: ['b-1'], nested: { a: null } }],
    ['spaces, quotes and letters of other languages', { username: 'ätłas "\\ 東京', password: ` ${secret}"\\\n😀 ` }],
    ['a password of 60 KB', { username: 'atlas', password: secret.repeat(3500) }],
  ];
  for (const [what, user] of unusual)
    test(what, async () => {
      const cloud = await cloudInUse({}, { scramSecrets: [{ secretString: scram(user) }] });
      assertConnected(await connectByTag(cloud));
      const [connection] = cloud.world.project.connections('streams');
      const { username, password } = connection?.settings.authentication ?? {};
      assert.deepEqual({ ...user, username, password }, user);
    });
});

const noCredentials: [what: string, secretString: string][] = [
  ['not JSON', secret],
  ['a JSON list', scram(['kqzxbvjw', secret])],
  ['a JSON string', JSON.stringify(secret)],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['half of an API key', scram({ privateKey: secret })],
  ['an API key with an empty half', scram({ publicKey: '', privateKey: secret })],
  ['an API key of numbers', scram({ publicKey: 1, privateKey: 2 })],
  ['an API key with a newline, which no HTTP header allows', scram({ publicKey: 'kqzxbvjw\n', privateKey: secret })],
  ['an API key with a NUL', scram({ publicKey: 'kqzxbvjw', privateKey: `${secret}\0` })],
  ['half of a service account', scram({ clientId: 'mdb_sa_id_1', clientsecret: secret })],
  ['the SCRAM secret', scram({ username: 'atlas', password: secret })],
  ['64 KB that are not JSON', secret.repeat(3800)],
];

suite('the Atlas credentials are rejected, and not repeated, if they are', () => {
  for (const [what, secretString] of noCredentials)
    test(what, async () => {
      const cloud = await cloudInUse();
      cloud.world.secretsManager.rotate('atlas-streaming-credentials', secretString);
      const says =
        /The Atlas credentials secret has no usable credentials\. It must be JSON such as \{"publicKey":"…","privateKey":"…"\} for/;
      assertRejected(cloud, await connectByTag(cloud), { error: 'DeploymentMisconfigured', says });
    });

  test('but are accepted if they are an API key with additional fields', async () => {
    const cloud = await cloudInUse();
    const secrets = cloud.world.secretsManager;
    const { secretString = '' } = secrets.secret('atlas-streaming-credentials')?.versions.at(-1) ?? {};
    secrets.rotate('atlas-streaming-credentials', scram({ ...JSON.parse(secretString), note: 'ours', tags: [1] }));
    const run = await connectByHand(cloud, { dryRun: true });
    assert.equal(run.endState, 'Planned', run.cause);
    assertUntouched(cloud);
  });
});
