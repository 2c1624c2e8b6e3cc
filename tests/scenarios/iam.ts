import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { atlasError } from '../../emulators/atlas/error.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import { externalId } from '../../emulators/iam-world.ts';
import { streamsRoleArn } from '../../emulators/world.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByTag,
  type Ended,
  faultAt,
  privateConnectivityIsOn as isOn,
  recordOf,
  resultsIn,
  startOwnCloud,
  swept,
} from './local-cloud.ts';
import { otherWayIsOn } from './way.ts';

/** What only a connection by IAM has: a role. */

const roleArn = streamsRoleArn({ region: 'us-east-1', accountId: '123456789012' });
const byRole = { mechanism: 'AWS_MSK_IAM', aws: { roleArn } };
/** A cluster that its owner has prepared for both ways. */
const both = {
  clientAuthentication: otherWayIsOn().clientAuthentication,
  vpcConnectivity: { scram: true, iam: true, tls: false },
  serverProperties: 'allow.everyone.if.no.acl.found=false',
};
const mechanismTag = 'atlas-streaming/mechanism';

const connectionOf = ({ world }: Cloud) => world.project.connections('streams')[0] ?? assert.fail('no connection');
const authenticationOf = (cloud: Cloud) => connectionOf(cloud).settings.authentication;
const mechanismOf = async (cloud: Cloud) => (await recordOf(cloud)).target?.mechanism;
/** A message about the failure is no change. */
const changed = (cloud: Cloud) => changes(cloud).filter((call) => call !== 'sns Publish');

function assertUnmet(cloud: Cloud, run: Ended, says: RegExp): void {
  assertFailed(run, 'PrerequisitesNotMet', says);
  assert.deepEqual(changed(cloud), []);
}

suite('a connection by IAM', () => {
  test('needs neither SCRAM nor a secret nor a Kafka ACL, and logs in as the streams role', async () => {
    const cloud = await cloudWith();
    const run = await connectByTag(cloud);
    assertConnected(run);
    const { cluster, project } = cloud.world;
    const { authentication, bootstrapServers, security } = connectionOf(cloud).settings;
    assert.deepEqual([authentication, security], [byRole, { protocol: 'SASL_SSL' }]);
    assert.match(bootstrapServers, /^b-\d\.iam\.orders\..*:1400\d,/);
    assert.equal(project.links[0]?.request.authenticationScheme, 'IAM');
    assert.deepEqual(cluster.connectivity.vpcConnectivity, { scram: false, iam: true, tls: false });
    assert.ok(!run.states.includes('AssociateScramSecret'));
    const { streamsRoleArn: named, scramSecretArn } = run.output as Record<string, unknown>;
    assert.deepEqual([named, scramSecretArn], [roleArn, undefined]);
    assert.equal(resultsIn(run).scramSecretAssociation, undefined);
    const asked = new Set(cloud.recorder.exchanges.map(({ operation }) => operation));
    for (const operation of ['ListScramSecrets', 'DescribeConfigurationRevision', 'DescribeSecret'])
      assert.ok(!asked.has(operation), operation);
  });

  test('gets its role back if another one was put in its place', async () => {
    const cloud = await connectedCloud();
    const aws = { roleArn: 'arn:aws:iam::123456789012:role/of-a-person' };
    connectionOf(cloud).update({ type: 'Kafka', authentication: { mechanism: 'AWS_MSK_IAM', aws } });
    const plan = await connectByHand(cloud, { dryRun: true });
    assert.match(JSON.stringify(plan.output), /"state":"CreateConnection"[^}]*role/);
    assertConnected(await connectByHand(cloud));
    assert.deepEqual(changes(cloud), ['atlas updateGroupStreamConnection']);
    assert.deepEqual(authenticationOf(cloud), byRole);
  });

  test('is not changed while its role is not authorized, and is verified again after that', async () => {
    const cloud = await connectedCloud();
    const { accessRoles } = cloud.world.project;
    const [role = assert.fail('no role')] = accessRoles.all;
    accessRoles.remove('AWS', role.roleId);
    assertUnmet(cloud, await connectByHand(cloud), /is not registered in Atlas project/);
    assert.deepEqual(authenticationOf(cloud), byRole);
    const again = accessRoles.create();
    Object.assign(again, { externalId });
    assertUnmet(cloud, await connectByHand(cloud), RegExp(`aws authorize ${again.roleId} --projectId`));
    accessRoles.authorize(again.roleId, roleArn);
    assertConnected(await connectByHand(cloud));
  });

  test('cannot be made with a secret in the input', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const secretArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_orders-a1B2c3';
    assertFailed(await connectByHand(cloud, { mechanism: 'AWS_MSK_IAM', secretArn }), 'InvalidRequest', /secretArn/);
    assert.deepEqual(changed(cloud), []);
  });
});

suite('the streams role', () => {
  test('that is not registered is an unmet prerequisite before the first change, with the commands that register it', async () => {
    const cloud = await cloudWith({ project: { awsRoles: [] } });
    const project = '64b7e1c2d3f4a5968778695a';
    const says = RegExp(
      `${roleArn} is not registered .*\\n.*:\\n +atlas cloudProviders accessRoles aws create --projectId ${project}\\n.*authorize ROLE_ID --projectId ${project} --iamAssumedRoleArn ${roleArn}\\n`,
      's',
    );
    for (const input of [{}, { dryRun: true }]) assertUnmet(cloud, await connectByHand(cloud, input), says);
  });

  test('that is authorized later lets the sweep connect the cluster', async () => {
    const cloud = await cloudWith({ cluster: isOn, project: { awsRoles: [{ externalId }] } });
    const { accessRoles } = cloud.world.project;
    const { roleId = '' } = accessRoles.all[0] ?? {};
    assertUnmet(cloud, await connectByTag(cloud), RegExp(`aws authorize ${roleId} --projectId .* ${roleArn}\\n`));
    accessRoles.authorize(roleId, roleArn);
    assert.deepEqual((await swept(cloud, 16)).ends, ['Connected']);
  });

  test('that does not trust the project is an unmet prerequisite which names the settings', async () => {
    const another = 'b1f0c7de-5a3e-4c62-9d41-0e7a2f6c8b15';
    const cloud = await cloudWith({ project: { awsRoles: [{ externalId: another, authorized: true }] } });
    assertUnmet(cloud, await connectByTag(cloud), RegExp(`the setting streamsRoleExternalIds lacks ${another}`));
  });

  test('that requires the tag logs in to no cluster that a person connects without it', async (t) => {
    const settings = { streamsRoleRequiresTag: 'true' };
    const cloud = await startOwnCloud(t, { settings, world: { cluster: isOn } });
    assertUnmet(cloud, await connectByHand(cloud), /only to clusters with the tag atlas-streaming=connect/);
    assertConnected(await connectByTag(cloud));
    assertConnected(await connectByHand(cloud));
  });

  test('about which Atlas answers with 2 MB ends the run in a clear error before the first change', async () => {
    const cloud = await cloudWith();
    const answer = { status: 200, body: JSON.stringify({ awsIamRoles: ['x'.repeat(2_000_000)] }) };
    cloud.intercept = faultAt('listGroupCloudProviderAccess', () => answer, Number.POSITIVE_INFINITY);
    assertFailed(await connectByTag(cloud), 'AtlasUnavailable', /is longer than 1 MB/);
    assert.deepEqual(changed(cloud), []);
  });

  test('whose registration the credentials may not read does not stop the run, and the plan says so', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const { answer } = atlasError(403, 'USER_UNAUTHORIZED', 'Not you.');
    cloud.intercept = faultAt('listGroupCloudProviderAccess', () => answer, Number.POSITIVE_INFINITY);
    const { output } = await connectByHand(cloud, { dryRun: true });
    assert.match((output as { note: string }).note, /was not checked, because .*\(HTTP 403\)/);
    assertConnected(await connectByTag(cloud));
  });
});

suite('auto, with a streams role, means', () => {
  test('IAM if the cluster has both ways on', async () => {
    const cloud = await cloudWith({ cluster: both, scramSecrets: [{}] });
    assertConnected(await connectByTag(cloud));
    assert.equal(await mechanismOf(cloud), 'AWS_MSK_IAM');
  });

  test('SCRAM if the input or a tag names a SCRAM secret', async () => {
    const tags = { 'atlas-streaming/secret': 'AmazonMSK_orders' };
    for (const cluster of [both, { ...both, tags }]) {
      const cloud = await cloudWith({ cluster, scramSecrets: [{}] });
      const secretArn = cloud.world.scramSecrets[0]?.arn;
      assertConnected(await connectByHand(cloud, cluster === both ? { secretArn } : {}));
      assert.equal(await mechanismOf(cloud), 'SCRAM-512');
    }
  });

  test('SCRAM if the cluster has IAM authentication off', async () => {
    const clientAuthentication = { scram: true, iam: false, tls: false, unauthenticated: false };
    const vpcConnectivity = { scram: true, iam: false, tls: false };
    const cluster = { ...both, clientAuthentication, vpcConnectivity };
    const cloud = await cloudWith({ cluster, scramSecrets: [{}] });
    assertConnected(await connectByTag(cloud));
    assert.equal(authenticationOf(cloud).mechanism, 'SCRAM-512');
  });

  test('the scheme of the private link that another party has made, which another mechanism cannot use', async () => {
    const says =
      /has the authentication scheme SASL_SCRAM, .* AWS_MSK_IAM needs IAM, .*set the mechanism to SCRAM-512 .*its owner can delete it .*about 30 minutes/s;
    // If private connectivity for IAM is off, the run fails before the reboot that would be useless.
    for (const [cluster, error, changes] of [
      [{ ...both, ...otherWayIsOn() }, 'PrerequisitesNotMet', []],
      [both, 'PrivateLinkFailed', ['kafka PutClusterPolicy']],
    ] as const) {
      const cloud = await cloudWith({ cluster, scramSecrets: [{}] });
      cloud.world.project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cloud.world.cluster.arn });
      assertFailed(await connectByHand(cloud, { mechanism: 'AWS_MSK_IAM' }), error, says);
      assert.deepEqual(changed(cloud), changes);
      assertConnected(await connectByTag(cloud));
      assert.equal(await mechanismOf(cloud), 'SCRAM-512');
    }
  });

  test('what a connected cluster has, although a secret is named later', async () => {
    const cloud = await connectedCloud({ cluster: both, scramSecrets: [{}] });
    await cloud.tag({ 'atlas-streaming/secret': 'AmazonMSK_orders' });
    assertConnected(await connectByHand(cloud, { mechanism: 'auto' }));
    assert.deepEqual([changes(cloud), authenticationOf(cloud)], [[], byRole]);
  });
});

suite('a cluster that is connected by IAM', () => {
  test('stays so if its tag asks for SCRAM, and moves by a disconnect and a connect', async () => {
    const cloud = await connectedCloud({ cluster: both, scramSecrets: [{}] });
    await cloud.tag({ [mechanismTag]: 'SCRAM-512' });
    const run = await connectByHand(cloud);
    assertFailed(
      run,
      'TargetChanged',
      RegExp(
        `set the tag back:\\n.*${mechanismTag}=AWS_MSK_IAM.*\\nTo move it:\\n  1. Prepare what SASL/SCRAM needs.*about an hour`,
        's',
      ),
    );
    assert.deepEqual([changed(cloud), authenticationOf(cloud)], [[], byRole]);

    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assertConnected(await connectByTag(cloud));
    assert.equal(authenticationOf(cloud).mechanism, 'SCRAM-512');
    const { roleArn: recorded, secretArn } = await recordOf(cloud);
    assert.deepEqual([recorded, secretArn], [undefined, cloud.world.scramSecrets[0]?.arn]);
  });

  test('needs no run when a secret of its cluster rotates', async () => {
    const cloud = await connectedCloud({ cluster: both, scramSecrets: [{}] });
    const { secretsManager, scramSecrets } = cloud.world;
    secretsManager.rotate(scramSecrets[0]?.arn ?? '', '{"username":"atlas","password":"new"}');
    assert.deepEqual((await swept(cloud, 15)).ends, []);
  });
});
