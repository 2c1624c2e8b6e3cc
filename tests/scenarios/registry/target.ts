import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Outcome } from '../../../shared/outcomes.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  cloudWithVariables,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByTag,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from '../local-cloud.ts';
import { isByIam, onlyOnce } from '../way.ts';
import { assertNothingLeft, ourSid } from './others.ts';

const dataProcessRegion = { cloudProvider: 'AWS', region: 'VIRGINIA_USA' };
const project = { workspaces: ['streams', 'asked'].map((name) => ({ name, dataProcessRegion })) };

const connectionsOf = ({ world }: Cloud) =>
  world.project.workspaces.flatMap(({ name }) =>
    world.project.connections(name).map(({ settings }) => `${name}/${settings.name}`),
  );

/** Sets tags whose event is lost. */
async function tagUnnoticed(t: TestContext, cloud: Cloud, tags: Record<string, string>): Promise<void> {
  const { mock } = t.mock.method(cloud, 'deliver', () => []);
  await cloud.tag(tags);
  mock.restore();
}

suite('a cluster that was connected with settings of a manual start', () => {
  const asked = { workspace: 'asked', connectionName: 'by-hand' };

  test('is removed from there by the tag disconnect', async () => {
    const cloud = await cloudWith({ cluster: isOn, project });
    assertConnected(await connectByHand(cloud, asked));
    assert.deepEqual(connectionsOf(cloud), ['asked/by-hand']);
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    await assertNothingLeft(cloud);
  });

  test('gets no second connection by the sweep or by its tag, whatever the deployment has as its default', async (t) => {
    const cloud = await cloudWith({ cluster: isOn, project });
    assertConnected(await connectByHand(cloud, asked));
    await tagUnnoticed(t, cloud, { 'atlas-streaming': 'connect' });
    assert.deepEqual((await swept(cloud)).ends, []);
    assert.deepEqual((await swept(cloud, 7 * 60)).ends, ['Connected']);
    await cloud.tag({ 'atlas-streaming': 'pause' });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(connectionsOf(cloud), ['asked/by-hand']);
    assert.equal((await recordOf(cloud)).target?.workspace, 'asked');
  });
});

suite('a target that changes', () => {
  test('is reported once, and the connected target is verified, repaired and rotated as before', async (t) => {
    const cloud = await connectedCloud({ project });
    await tagUnnoticed(t, cloud, { 'atlas-streaming/workspace': 'asked' });
    const { runs, result } = await swept(cloud, 15);
    assert.match(result.started[0]?.reason ?? '', /setting tags have changed/);
    const [first = assert.fail('not started')] = runs;
    const says =
      /connected as "orders" in workspace "streams" .*the tag atlas-streaming\/workspace is "asked".* set the tag back:\n.*\nOr remove it, .*\n.*\nTo move it:\n {2}1\. Disconnect the cluster:/;
    assertFailed(first, 'TargetChanged', says);
    assert.equal((await recordOf(cloud)).status, 'connected');
    assert.equal(cloud.world.cluster.tags.all['atlas-streaming/status'], 'connected');
    assert.deepEqual((await swept(cloud, 15)).ends, []);

    const { secretsManager, scramSecrets, project: atlas } = cloud.world;
    if (!isByIam()) secretsManager.rotate(scramSecrets[0]?.arn ?? '', '{"username":"atlas","password":"new"}');
    cloud.world.cluster.policy = undefined;
    const later = await swept(cloud, isByIam() ? 6 * 60 : 15);
    assert.deepEqual(later.ends, ['Connected']);
    const [{ output } = assert.fail('not started')] = later.runs;
    const { note = '' } = output as { note?: string };
    assert.match(note, /the tag atlas-streaming\/workspace is "asked"\. This was reported before/);
    assert.equal(atlas.connections('streams')[0]?.settings.authentication.password, isByIam() ? undefined : 'new');
    assert.ok(cloud.world.cluster.policy);
    assert.deepEqual(connectionsOf(cloud), ['streams/orders']);
  });

  test('is reached by a disconnect and then a connect', async () => {
    const cloud = await connectedCloud({ project });
    await cloud.tag({ 'atlas-streaming/workspace': 'asked' });
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(connectionsOf(cloud), ['asked/orders']);
  });
});

suite("a change of Atlas's AWS account", () => {
  const other = '210987654321';

  /** From now on, Atlas names another account. */
  function moveAtlas(cloud: Cloud): void {
    cloud.intercept = async (call, next) => {
      const answer = await next();
      if (call.operation !== 'getGroupStreamAccountDetails') return answer;
      return { ...answer, body: answer.body.replaceAll(cloud.world.project.awsAccountId, other) };
    };
  }

  for (const { when, at, prepare } of [
    { when: 'a verification', at: 'CheckPrerequisites', prepare: () => {} },
    {
      when: 'a repair',
      at: 'RecordPlan',
      prepare: ({ world, clock }: Cloud) => {
        world.project.deleteConnection('streams', 'orders');
        clock.advance(5);
      },
    },
  ])
    test(`ends ${when} in PrincipalChanged before anything is written`, async () => {
      const cloud = await connectedCloud();
      prepare(cloud);
      moveAtlas(cloud);
      const run = await connectByHand(cloud);
      assertFailed(
        run,
        'PrincipalChanged',
        RegExp(`^${at} failed: .*${other}:root.*${cloud.world.project.awsAccountId}:root`),
      );
      assert.deepEqual(changes(cloud), []);
    });

  test('is accepted by acceptPrincipal with that account, and our statement for the old one goes', async () => {
    const cloud = await connectedCloud();
    moveAtlas(cloud);
    assertFailed(
      await connectByHand(cloud, { acceptPrincipal: '999988887777' }),
      'PrincipalChanged',
      /999988887777|2109/,
    );
    assertConnected(await connectByHand(cloud, { acceptPrincipal: other }));
    const { cluster } = cloud.world;
    const sids = [cluster.policy?.document.Statement].flat().map((statement) => statement?.Sid);
    assert.deepEqual(sids, [ourSid.replace(/\d+/, other)]);
    assert.equal((await recordOf(cloud)).principalArn, `arn:aws:iam::${other}:root`);
    assertConnected(await connectByHand(cloud));
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    await assertNothingLeft(cloud);
  });
});

suite('the parameter atlasAwsAccountIds', onlyOnce, () => {
  const atlasAccount = '821274765805';
  /** A message about the failure is no change. */
  const changed = (cloud: Cloud) => changes(cloud).filter((call) => call !== 'sns Publish');

  test('ends a first connect before the first change if Atlas names another account, and allows it otherwise', async () => {
    const others = await cloudWithVariables({ ATLAS_AWS_ACCOUNT_IDS: '999988887777, 210987654321' });
    const says = RegExp(
      `^CheckPrerequisites failed: Atlas names AWS account ${atlasAccount} .*one of 999988887777, 210987654321\\..*:\n {2}atlas api .*\nIf it is Atlas's: .*\nNothing was changed\\.`,
    );
    for (const input of [{}, { dryRun: true }, { acceptPrincipal: atlasAccount }])
      assertFailed(await connectByHand(others, input), 'PrincipalNotAllowed', says);
    assert.deepEqual(changed(others), []);

    const cloud = await cloudWithVariables(
      { ATLAS_AWS_ACCOUNT_IDS: `999988887777, ${atlasAccount}` },
      { cluster: isOn },
    );
    const plan = await connectByHand(cloud, { dryRun: true });
    const account = `AWS account ${atlasAccount}, which atlasAwsAccountIds allows`;
    assert.match(JSON.stringify(plan.output), RegExp(`Atlas connects from ${account}\\.`));
    const run = await connectByHand(cloud);
    assertConnected(run);
    const { done } = run.output as { done: Outcome[] };
    const { note } = done.find(({ resource }) => resource === 'policyStatement') ?? {};
    assert.equal(note, `${ourSid}; ${account}`);
  });

  test('ends a run in RecordPlan, before the policy is changed, if connectivity is on already', async () => {
    const cloud = await cloudWithVariables({ ATLAS_AWS_ACCOUNT_IDS: '999988887777' }, { cluster: isOn });
    const run = await connectByHand(cloud);
    assertFailed(run, 'PrincipalNotAllowed', /^RecordPlan failed: .*\. The cluster policy was not changed\./);
    assert.deepEqual(changed(cloud), []);
  });
});
