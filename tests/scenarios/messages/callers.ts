import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { entered, Watched } from './watched.ts';

/** Nothing has reached the subscribers, and nothing will by a sweep. */
async function assertSilent(watched: Watched): Promise<void> {
  await watched.sweepFor(1);
  assert.deepEqual(await watched.subjects(), []);
  assert.deepEqual(watched.alarms(), []);
}

/** The input of the command in a Cause that starts the run again, as a shell would pass it on. */
const repeatedInput = (cause = ''): unknown =>
  JSON.parse(/ --input '([^\n]*)'$/m.exec(cause)?.[1]?.replaceAll(`'\\''`, "'") ?? 'null');

suite('a failure that concerns only its caller sends no message and fires no alarm:', () => {
  test('a dry run that fails', async () => {
    const watched = await Watched.start({ scramSecrets: [{ isAssociated: false }] });
    const { clusterArn } = watched;
    const { error, cause } = await watched.startByHand({ clusterArn, dryRun: true });
    assert.equal(error, 'PrerequisitesNotMet');
    assert.deepEqual(repeatedInput(cause), { clusterArn, dryRun: true });
    await assertSilent(watched);
    assert.deepEqual(await watched.cloud.registry.all(), []);
  });

  test('a dry run of a key that Atlas refuses', async () => {
    const watched = await Watched.start({ atlasCredentials: { publicKey: 'unknown', privateKey: 'unknown' } });
    const { error } = await watched.startByHand({ clusterArn: watched.clusterArn, dryRun: true });
    assert.equal(error, 'AtlasCredentialsRefused');
    await assertSilent(watched);
  });

  for (const [what, mistake, repeated] of [
    ['an unknown field', { conectionName: 'orders' }, {}],
    ['a wrong value', { projectId: 'payments' }, { projectId: '<projectId>' }],
    ['a value in another case', { mechanism: 'scram-sha-512' }, { mechanism: 'SCRAM-512' }],
  ] as const)
    test(`an input with ${what}, whose Cause repeats the input`, async () => {
      const watched = await Watched.start();
      const { clusterArn } = watched;
      const { error, cause } = await watched.startByHand({ clusterArn, workspace: 'other', ...mistake });
      assert.equal(error, 'InvalidRequest');
      assert.deepEqual(repeatedInput(cause), { clusterArn, workspace: 'other', ...repeated });
      await assertSilent(watched);
      assert.deepEqual(watched.cloud.world.cluster.tags.all, {});
    });

  for (const mistake of [{ dryRun: 'true' }, { dryrun: true }, { 'dry-run': 'yes' }])
    test(`a mistyped dryRun (${JSON.stringify(mistake)}), which stays a dry run of the same cluster`, async () => {
      const watched = await Watched.start();
      const { clusterArn } = watched;
      const { error, cause = '' } = await watched.startByHand({ clusterArn, workspace: 'streams', ...mistake });
      assert.equal(error, 'InvalidRequest');
      assert.deepEqual(repeatedInput(cause), { clusterArn, workspace: 'streams', dryRun: true });
      const named = [...cause.matchAll(/arn:aws:kafka:[^"'\s\\]+/g)].map(([arn]) => arn);
      assert.deepEqual(new Set(named), new Set([clusterArn]));
      const { endState } = await watched.startByHand(repeatedInput(cause));
      assert.equal(endState, 'Planned');
      await assertSilent(watched);
    });

  test('a run that a disconnect has stopped', async () => {
    const watched = await Watched.start();
    const [connect] = await watched.cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(connect ?? assert.fail(), 'WaitForPrivateLink');
    const { status } = await watched.tag({ 'atlas-streaming': 'disconnect' });
    assert.deepEqual([status, (await connect?.result)?.status], ['SUCCEEDED', 'ABORTED']);
    await assertSilent(watched);
  });

  test('a run that has lost its claim', async () => {
    const watched = await Watched.start();
    const [connect] = await watched.cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(connect ?? assert.fail(), 'WaitForPrivateLink');
    await watched.tag({ 'atlas-streaming': 'disconnect' });
    connect?.redrive();
    assert.equal((await connect?.result)?.error, 'ClaimLost');
    await assertSilent(watched);
  });
});

suite('a manual start', () => {
  test('that fails for another reason than its input is one message', async () => {
    const watched = await Watched.start({ scramSecrets: [{ isAssociated: false }] });
    await watched.startByHand({ clusterArn: watched.clusterArn });
    await watched.sweepFor(24);
    assert.deepEqual(await watched.subjects(), ['orders: connect failed: PrerequisitesNotMet']);
    assert.deepEqual(watched.alarms(), []);
  });
});
