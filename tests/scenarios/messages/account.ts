import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../../emulators/atlas/error.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { isOn, Watched } from './watched.ts';

/** Tags 20 clusters at once, and waits for the ends of the runs. */
async function tagTwenty(seed: WorldSeed): Promise<Watched> {
  const watched = await Watched.start(seed);
  const { world } = watched.cloud;
  const scramSecretArns = world.scramSecrets.map(({ arn }) => arn);
  const clusters = Array.from({ length: 20 }, (_, index) =>
    world.createCluster({ name: `cluster-${index}`, ...isOn, scramSecretArns }),
  );
  const runs = await Promise.all(clusters.map(({ arn }) => watched.tag(undefined, arn)));
  assert.ok(runs.every(({ status }) => status === 'FAILED'));
  return watched;
}

suite('a fault of the whole account is one message an hour with a count', () => {
  test('if Atlas refuses the key of 20 clusters', async () => {
    const watched = await tagTwenty({ atlasCredentials: { publicKey: 'expired', privateKey: 'expired' } });
    const [first, ...others] = await watched.messages();
    assert.match(first?.subject ?? '', /^cluster-\d+: connect failed: AtlasCredentialsRefused$/);
    assert.match(first?.text ?? '', /This concerns the whole deployment/);
    assert.deepEqual(others, []);
    await watched.sweepFor(0.75);
    assert.deepEqual(await watched.subjects(), [], 'within the hour');
    await watched.sweepFor(7.25);
    const later = (await watched.messages()).map(({ text }) => /^In the hour from .*$/m.exec(text)?.[0] ?? text);
    assert.equal(later.length, 2, 'the pauses are 15 minutes, 1 hour and 6 hours');
    assert.match(later[0] ?? '', /^In the hour from .*Z, 39 further runs failed for such a reason\.$/);
    assert.match(later[1] ?? '', /^In the hour from .*Z, 19 further runs failed for such a reason\.$/);
    assert.deepEqual(watched.alarms(), []);
  });

  test('if the key no longer sees the project of the deployment', async () => {
    const watched = await Watched.start();
    const { cloud } = watched;
    const other = cloud.world.createCluster({
      ...isOn,
      name: 'other',
      scramSecretArns: cloud.world.scramSecrets.map(({ arn }) => arn),
    });
    await watched.tag();
    await watched.tag({ 'atlas-streaming': 'connect', 'atlas-streaming/connection-name': 'other' }, other.arn);
    assert.deepEqual(await watched.subjects(), []);
    const refusal = atlasError(404, 'GROUP_NOT_FOUND', 'No group with that ID exists.').answer;
    cloud.intercept = async ({ service }, next) => (service === 'atlas' ? refusal : next());
    const runs = await watched.sweepFor(6.5);
    assert.ok(runs.length > 1 && runs.every(({ error }) => error === 'AtlasCredentialsRefused'));
    assert.equal(new Set(runs.map(({ cause = '' }) => /^Cluster: (.*)$/m.exec(cause)?.[1])).size, 2);
    const [first, ...others] = await watched.messages();
    assert.match(
      first?.text ?? '',
      /Check the parameter atlasProjectId, and that the API key .* belongs to this project/,
    );
    assert.deepEqual(others, []);
    assert.deepEqual(watched.alarms(), []);
  });

  test('if the credentials secret has no credentials', async () => {
    const watched = await tagTwenty({ atlasCredentials: { user: 'me' } });
    const [first, ...others] = await watched.messages();
    assert.match(first?.subject ?? '', /^cluster-\d+: connect failed: DeploymentMisconfigured$/);
    assert.deepEqual(others, []);
    assert.deepEqual(watched.alarms(), []);
  });
});
