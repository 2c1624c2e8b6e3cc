import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByTag,
  privateConnectivityIsOn as isOn,
  swept,
} from './local-cloud.ts';

const allowed = { 'atlas-streaming': 'allow' };
const theSecret = ({ world }: Cloud) => world.scramSecrets[0] ?? assert.fail('there is a secret');
const command = (cloud: Cloud) =>
  `aws secretsmanager tag-resource --region us-east-1 --secret-id ${theSecret(cloud).arn} --tags Key=atlas-streaming,Value=allow`;
const passwordsRead = (cloud: Cloud) =>
  cloud.recorder
    .exchangesOf('secretsmanager', 'GetSecretValue')
    .filter(({ requestBody }) => JSON.parse(requestBody).SecretId === theSecret(cloud).arn);
/** A message about the failure is no change. */
const changed = (cloud: Cloud) => changes(cloud).filter((call) => call !== 'sns Publish');
const passwordInAtlas = ({ world }: Cloud) => world.project.connections('streams')[0]?.settings.authentication.password;

suite('a SCRAM secret without the tag atlas-streaming=allow', () => {
  test('is not read, before the first change, and the Cause has the command that sets the tag', async () => {
    // The reboot would be useless.
    const cloud = await cloudWith({ scramSecrets: [{ tags: { team: 'orders' } }] });
    const run = await connectByTag(cloud);
    assertFailed(run, 'PrerequisitesNotMet', /^CheckPrerequisites failed: .*has no tag atlas-streaming=allow/);
    assert.ok(run.cause?.includes(`:\n  ${command(cloud)}\nNothing was changed.`), run.cause);
    assert.deepEqual([changed(cloud), passwordsRead(cloud)], [[], []]);
    assert.match(
      cloud.world.cluster.tags.all['atlas-streaming/detail'] ?? '',
      /has no tag atlas-streaming=allow so no run may read it$/,
    );
  });

  test('lets the next sweep connect the cluster as soon as it has the tag', async () => {
    const cloud = await cloudWith({ cluster: isOn, scramSecrets: [{ tags: {} }] });
    assertFailed(await connectByTag(cloud), 'PrerequisitesNotMet', /has no tag/);
    // Later attempts wait for hours. The first sweep in between records how things are.
    assert.deepEqual((await swept(cloud, 16)).ends, ['SetupFailed']);
    assert.deepEqual((await swept(cloud, 5)).ends, []);
    theSecret(cloud).tags = { ...allowed };
    const { ends, result } = await swept(cloud, 5);
    assert.deepEqual(ends, ['Connected']);
    assert.match(result.started[0]?.reason ?? '', /its secrets or its settings have changed/);
  });

  test('cannot be named by the input either', async () => {
    const cloud = await cloudWith({ cluster: isOn, scramSecrets: [{ tags: {}, isAssociated: false }] });
    const { arn } = theSecret(cloud);
    for (const input of [{ secretArn: arn }, { secretArn: arn, dryRun: true }])
      assertFailed(await connectByHand(cloud, input), 'PrerequisitesNotMet', /has no tag/);
    assert.deepEqual([changed(cloud), passwordsRead(cloud)], [[], []]);
  });

  test('keeps its connection as it is, is not rotated, and needs no tag for the disconnect', async () => {
    const cloud = await connectedCloud();
    const secret = theSecret(cloud);
    const before = passwordInAtlas(cloud);
    secret.tags = {};
    cloud.world.secretsManager.rotate(secret.arn, '{"username":"atlas","password":"new"}');
    const { runs } = await swept(cloud, 15);
    const [run = assert.fail('not started')] = runs;
    assertFailed(run, 'PrerequisitesNotMet', /has no tag/);
    assert.deepEqual([passwordInAtlas(cloud), changed(cloud)], [before, []]);
    secret.tags = { ...allowed };
    // The first sweep after the failure records how things are: then it is due after 15 minutes.
    assert.deepEqual((await swept(cloud, 15)).ends, ['Connected']);
    assert.equal(passwordInAtlas(cloud), 'new');
    secret.tags = {};
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.deepEqual(cloud.world.project.connections('streams'), []);
  });

  test('that loses its tag during the run ends it in CreateConnection, with the command', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    cloud.intercept = async (call, next) => {
      if (call.operation === 'createGroupStreamPrivateLinkConnection') theSecret(cloud).tags = {};
      return next();
    };
    const run = await connectByTag(cloud);
    assertFailed(
      run,
      'PrerequisitesNotMet',
      /^CreateConnection failed: .*AccessDenied.*have the tag atlas-streaming=allow/,
    );
    assert.ok(run.cause?.includes(`:\n  ${command(cloud)}\n`), run.cause);
  });
});

suite('a SCRAM secret connects its cluster if its own key is given by', () => {
  const account = 'arn:aws:kms:us-east-1:123456789012';
  for (const [what, kmsKeyId] of [
    ['an alias', 'alias/orders'],
    ['the ARN of an alias', `${account}:alias/orders`],
    ['an id', '1234abcd-12ab-34cd-56ef-1234567890ab'],
    ['the id of a multi-Region key', 'mrk-1234abcd12ab34cd56ef1234567890ab'],
    [
      'the ARN of a key of another account',
      'arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ],
  ] as const)
    test(what, async () => {
      const cloud = await cloudWith({ cluster: isOn, scramSecrets: [{ kmsKeyId, isAssociated: false }] });
      assertConnected(await connectByHand(cloud, { secretArn: theSecret(cloud).arn }));
    });
});

suite('a SCRAM secret is refused before the first change if it', () => {
  for (const [what, spoil, says] of [
    [
      'is encrypted with the default key',
      (cloud: Cloud) => {
        theSecret(cloud).kmsKeyId = undefined;
      },
      /the default key aws\/secretsmanager, which MSK does not accept.*\n {2}aws secretsmanager update-secret /,
    ],
    [
      'is scheduled for deletion',
      (cloud: Cloud) => {
        theSecret(cloud).deletedAt = cloud.clock.now();
      },
      /is scheduled for deletion.*:\n {2}aws secretsmanager restore-secret --region us-east-1 --secret-id arn:\S+\nNothing/,
    ],
  ] as const)
    test(what, async () => {
      for (const dryRun of [true, false]) {
        // The reboot would be useless.
        const cloud = await cloudWith({ scramSecrets: [{ isAssociated: false }] });
        spoil(cloud);
        const run = await connectByHand(cloud, { secretArn: theSecret(cloud).arn, dryRun });
        assertFailed(run, 'PrerequisitesNotMet', says);
        assert.deepEqual([changed(cloud), passwordsRead(cloud)], [[], []]);
      }
    });
});
