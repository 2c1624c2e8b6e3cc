import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../emulators/cloud.ts';
import { firehoseStatement, policyOf } from '../fixtures/cluster-policy.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByHand,
  disconnectByTag,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from './local-cloud.ts';

/** The account of the local Atlas, and the Sid of our statement. */
const atlas = '821274765805';
const ourSid = `AtlasStreamProcessing${atlas}`;

const deny = { Sid: 'Perimeter', Effect: 'Deny', Principal: '*', Action: 'kafka:*', Resource: '*' };
/** As templates of landing zones have it: who is not of the organization, and is no service of AWS, is denied everything. */
const perimeter = {
  ...deny,
  Condition: {
    StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
    BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
  },
};
const readers = (AWS: string) => ({
  Sid: 'Readers',
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'kafka:Get*',
  Resource: '*',
});
const deletedRole = 'arn:aws:iam::210987654321:role/was-here';

const withFirehose =
  (...others: object[]) =>
  (clusterArn: string) =>
    policyOf(firehoseStatement(clusterArn), ...others);

const sids = ({ world: { cluster } }: Cloud) =>
  [cluster.policy?.document.Statement ?? []].flat().map(({ Sid }) => Sid ?? '');

/** Someone adds a Deny beside our statement. */
function addDeny({ world: { cluster } }: Cloud): void {
  const policy = cluster.policy ?? assert.fail('there is a policy');
  Object.assign(policy.document, { Statement: [policy.document.Statement, deny].flat() });
}

suite('a cluster policy that shuts Atlas out', () => {
  test('ends the run before the brokers are rebooted, and the message names the statement', async () => {
    for (const dryRun of [false, true]) {
      const cloud = await cloudWith({ cluster: { policy: withFirehose(deny) } });
      assertFailed(
        await connectByHand(cloud, { dryRun }),
        'PrerequisitesNotMet',
        /statement "Perimeter" denies Atlas's account 821274765805 kafka:CreateVpcConnection, .*Nothing was changed\./s,
      );
      assert.deepEqual(changes(cloud), []);
    }
  });

  test('ends a verification, although our statement is complete', async () => {
    const cloud = await connectedCloud();
    addDeny(cloud);
    const plan = await connectByHand(cloud, { dryRun: true });
    assert.match(
      (plan.output as { note: string }).note,
      /^A run would verify the connection, and end in PolicyRefused\. .*statement "Perimeter" denies Atlas's account/,
    );
    const run = await connectByHand(cloud);
    assertFailed(run, 'PolicyRefused', /statement "Perimeter" denies Atlas's account .*Nothing was changed\./s);
    assert.equal(run.states.at(-3), 'RecordSuccess');
  });

  test('rotates under a Deny, and says that it denies', async () => {
    const cloud = await connectedCloud();
    const { secretsManager, scramSecrets, project, cluster } = cloud.world;
    addDeny(cloud);
    const rotate = (password: string) =>
      secretsManager.rotate(scramSecrets[0]?.arn ?? '', JSON.stringify({ username: 'atlas', password }));
    const passwordInAtlas = () => project.connections('streams')[0]?.settings.authentication.password;

    const version = rotate('second');
    const { runs } = await swept(cloud, 15);
    const [run = assert.fail('not started')] = runs;
    assertFailed(
      run,
      'PolicyRefused',
      /^RecordSuccess failed: Connection orders in workspace streams was verified and is READY, but Atlas could not set it up again: .*statement "Perimeter" denies .*or remove the statement .*Changed by this run: Kafka connection updated/s,
    );
    assert.equal(passwordInAtlas(), 'second');
    const record = await recordOf(cloud);
    assert.deepEqual([record.status, record.secretVersionId, record.failures], ['failed', version, 1]);
    assert.match(
      cluster.tags.all['atlas-streaming/detail'] ?? '',
      /^RecordSuccess PolicyRefused - Connection orders .* READY but .*statement Perimeter denies/,
    );

    // The first sweep after a failure records what it may depend on.
    assert.deepEqual((await swept(cloud, 5)).ends, []);
    rotate('third');
    assert.deepEqual((await swept(cloud, 5)).ends, ['SetupFailed']);
    assert.equal(passwordInAtlas(), 'third');
    const { failures, lastFailure } = await recordOf(cloud);
    assert.deepEqual([failures, lastFailure?.isNews], [2, false]);
  });

  test('repairs under a Deny, and says that it denies', async () => {
    const cloud = await connectedCloud();
    cloud.world.cluster.policy = { document: policyOf(deny) as never, version: 'K2' };
    assertFailed(
      await connectByHand(cloud),
      'PolicyRefused',
      /Changed by this run: statement for Atlas in the cluster policy created/,
    );
    assert.deepEqual(sids(cloud), ['Perimeter', ourSid]);
  });

  test('under a condition is named in the plan, and as a cause of the link that FAILED', async () => {
    const cloud = await cloudWith({ cluster: { ...isOn, policy: withFirehose(perimeter) } });
    const planned = await connectByHand(cloud, { dryRun: true });
    assert.equal(planned.endState, 'Planned', planned.cause);
    const named =
      /statement "Perimeter" denies kafka:CreateVpcConnection, .* under the condition \{"StringNotEqualsIfExists":/;
    assert.match((planned.output as { note: string }).note, named);

    const run = await connectByTag(cloud);
    assertFailed(run, 'PrivateLinkFailed', named);
    assert.match(
      run.cause ?? '',
      /Check the cluster policy"\. The cluster policy may deny Atlas's account 821274765805/,
    );
    assert.equal(run.states.at(-4), 'CheckPrivateLink');
    const again = await connectByHand(cloud);
    assertFailed(again, 'PrivateLinkFailed', named);
    assert.equal(again.states.at(-4), 'RequestPrivateLink');
  });

  test('except its account lets it connect, as the message about the Deny advises', async () => {
    const exempting = { ...perimeter.Condition, StringNotEquals: { 'aws:PrincipalAccount': atlas } };
    for (const Condition of [exempting, { StringNotEquals: { 'aws:PrincipalAccount': atlas } }]) {
      const cloud = await cloudWith({ cluster: { ...isOn, policy: withFirehose({ ...deny, Condition }) } });
      assertConnected(await connectByTag(cloud));
    }
  });

  test('a conditional Allow for Atlas is none, so our statement is added', async () => {
    const Condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } };
    const terraform = { ...deny, Sid: 'Terraform', Effect: 'Allow', Principal: { AWS: atlas }, Condition };
    const cloud = await cloudWith({ cluster: { ...isOn, policy: withFirehose(terraform) } });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(sids(cloud), ['Firehose', 'Terraform', ourSid]);
  });
});

suite('a cluster policy with a principal that was deleted', () => {
  test('ends the run before the brokers are rebooted if AWS shows its unique id', async () => {
    const cloud = await cloudWith({ cluster: { policy: withFirehose(readers('AROAEXAMPLEDELETED01')) } });
    const run = await connectByTag(cloud);
    assertFailed(run, 'PrerequisitesNotMet', /statement "Readers" names AROAEXAMPLEDELETED01, the unique id/);
    assert.deepEqual(changes(cloud), []);
  });

  test('ends the run with MSK’s words and the statement if the policy has its ARN', async () => {
    const cloud = await cloudWith({
      cluster: { ...isOn, policy: withFirehose(readers(deletedRole)) },
      deletedPrincipals: [deletedRole],
    });
    const run = await connectByTag(cloud);
    assertFailed(
      run,
      'PolicyRefused',
      /The IAM Principal was not found\..* It can be statement "Readers" \(arn:aws:iam::210987654321:role\/was-here\)\. Replace/,
    );
    assert.equal(run.states.at(-4), 'ApplyClusterPolicy');
    assert.deepEqual(cloud.world.project.links, []);
  });

  test('ends a disconnect with what stays and what to do, and the next one removes it', async () => {
    const cloud = await connectedCloud({ cluster: { policy: withFirehose(readers(deletedRole)) } });
    const { cluster, project } = cloud.world;
    // AWS shows the unique id from now on.
    const { document, version = '' } = cluster.policy ?? {};
    const shown = JSON.parse(JSON.stringify(document).replace(deletedRole, 'AROAEXAMPLEDELETED01'));
    cluster.policy = { document: shown, version };
    const plan = await disconnectByHand(cloud, { dryRun: true });
    assert.match(JSON.stringify(plan.output), /statement \\"Readers\\" names AROAEXAMPLEDELETED01, the unique id/);

    const run = await disconnectByTag(cloud);
    assert.equal(run.error, 'PolicyRefused', run.cause);
    assert.match(run.cause ?? '', /It can be statement "Readers" \(AROAEXAMPLEDELETED01\)\./);
    assert.match(run.cause ?? '', /Until then AtlasStreamProcessing821274765805 stays in the cluster policy/);
    assert.deepEqual([project.links, project.connections('streams')], [[], []]);
    assert.deepEqual(sids(cloud), ['Firehose', 'Readers', ourSid]);
    assert.equal((await recordOf(cloud)).statement?.ownership, 'created');

    const corrected = JSON.parse(JSON.stringify(shown).replace('AROAEXAMPLEDELETED01', '210987654321'));
    cluster.policy = { document: corrected, version };
    assert.equal((await disconnectByHand(cloud)).endState, 'Disconnected');
    assert.deepEqual(sids(cloud), ['Firehose', 'Readers']);
  });
});

suite('a statement under our Sid in another shape', () => {
  test('is never replaced, although the registry says that we have written one', async () => {
    const cloud = await connectedCloud();
    const { cluster } = cloud.world;
    const { document, version = '' } = cluster.policy ?? {};
    const [ours] = [document?.Statement].flat();
    const theirs = policyOf({ ...ours, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } } });
    cluster.policy = { document: theirs as never, version };
    const run = await connectByHand(cloud);
    assertFailed(
      run,
      'PolicyRefused',
      /has a statement with the Sid AtlasStreamProcessing821274765805, which does not/,
    );
    assert.deepEqual(cluster.policy?.document, theirs);
    assert.deepEqual(changes(cloud), []);
  });
});
