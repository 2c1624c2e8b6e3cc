import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cloud } from '../../../emulators/cloud.ts';
import type { Outcome } from '../../../shared/outcomes.ts';
import { firehoseStatement, policyOf } from '../../fixtures/cluster-policy.ts';
import {
  assertConnected,
  assertFailed,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  disconnectByHand,
  disconnectByTag,
  type Ended,
  privateConnectivityIsOn as isOn,
  recordOf,
  swept,
} from '../local-cloud.ts';
import { isByIam, linkOfWay } from '../way.ts';
import { createForeignConnection, createForeignLink, everything, ourSid, terraformStatement } from './others.ts';

/** What another party has in the policy of a cluster: a statement for Firehose, and others. */
const theirs =
  (...others: object[]) =>
  (clusterArn: string) =>
    policyOf(firehoseStatement(clusterArn), ...others);

/** A cluster whose policy lets Atlas connect, by a statement of Terraform, and which has a link that Terraform has made. */
async function cloudOfTerraform(): Promise<{ cloud: Cloud; linkId: string }> {
  const cloud = await cloudWith({ cluster: { ...isOn, policy: theirs(terraformStatement) } });
  return { cloud, linkId: createForeignLink(cloud) };
}

const ownerships = async (cloud: Cloud) => {
  const { privateLink, connection, statement } = await recordOf(cloud);
  return [privateLink?.ownership, connection?.ownership, statement?.ownership];
};

const outcomesOf = ({ output }: Ended): Outcome[] => (output as { done: Outcome[] }).done;
const outcomeOf = (run: Ended, resource: string) => outcomesOf(run).find((it) => it.resource === resource);

suite('a disconnect leaves byte for byte as it was', () => {
  test('a private link that another tool has made, and its statement', async () => {
    const { cloud, linkId } = await cloudOfTerraform();
    const before = everything(cloud);
    const connecting = await connectByTag(cloud);
    assertConnected(connecting);
    assert.equal(cloud.world.project.links.length, 1);
    assert.deepEqual(await ownerships(cloud), ['adopted', 'created', 'adopted']);
    assert.equal(outcomeOf(connecting, 'privateLink')?.result, 'adopted');

    const run = await disconnectByTag(cloud);
    assert.equal(run.endState, 'Disconnected');
    assert.equal(everything(cloud), before);
    const { result, note = '' } = outcomeOf(run, 'privateLink') ?? {};
    assert.equal(result, 'kept');
    assert.match(note, /not created by this deployment.*\$51 a month.*"includeAdopted": true/);
    assert.equal(cloud.world.project.links[0]?.id, linkId);
    assert.equal(await cloud.registry.get(cloud.world.cluster.arn), undefined, 'nothing of ours is left');
  });

  test('a connection that a person has made, whose login no run changes', async () => {
    const { cloud, linkId } = await cloudOfTerraform();
    createForeignConnection(cloud, 'orders', linkId);
    const before = everything(cloud);
    const connecting = await connectByTag(cloud);
    assertConnected(connecting);
    assert.deepEqual(await ownerships(cloud), ['adopted', 'adopted', 'adopted']);
    assert.equal((await recordOf(cloud)).secretVersionId, undefined);
    assert.equal(everything(cloud), before);
    assert.equal(outcomeOf(connecting, 'connection')?.result, 'adopted');

    const { secretsManager, scramSecrets } = cloud.world;
    if (!isByIam()) secretsManager.rotate(scramSecrets[0]?.arn ?? '', '{"username":"atlas","password":"new"}');
    assert.deepEqual((await swept(cloud, 15)).ends, [], 'a rotation does not concern it');
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.equal(everything(cloud), before);
    assert.deepEqual(changes(cloud), ['kafka UntagResource']);
  });

  test('a statement that another party has written under our Sid', async () => {
    const { Resource: _, ...statement } = terraformStatement;
    const cloud = await cloudWith({ cluster: isOn });
    const { arn } = cloud.world.cluster;
    const document = theirs({ ...statement, Sid: ourSid, Resource: arn })(arn);
    cloud.world.cluster.policy = { document: document as never, version: 'K1BYHAND' };
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(await ownerships(cloud), ['created', 'created', 'adopted']);
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.deepEqual(cloud.world.project.links, []);
    assert.equal(JSON.stringify(cloud.world.cluster.policy?.document), JSON.stringify(document));
  });

  test('our statement, after another party has added a principal to it', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const { cluster } = cloud.world;
    assertConnected(await connectByTag(cloud));
    const { document, version = '' } = cluster.policy ?? {};
    const others = 'arn:aws:iam::210987654321:root';
    const [ours] = [document?.Statement].flat() as [typeof terraformStatement];
    const edited = policyOf({ ...ours, Principal: { AWS: [ours.Principal.AWS, others] } });
    cluster.policy = { document: edited as never, version };
    const run = await disconnectByTag(cloud);
    assert.equal(run.endState, 'Disconnected');
    const { result, note = '' } = outcomeOf(run, 'policyStatement') ?? {};
    assert.equal(result, 'kept');
    assert.match(
      note,
      /^AtlasStreamProcessing\d+, which another party has changed\. To remove it, edit the cluster policy\.$/,
    );
    assert.deepEqual(cluster.policy?.document, edited);
    assert.deepEqual([cloud.world.project.links, await cloud.registry.get(cluster.arn)], [[], undefined]);
  });

  test('a statement under our Sid that grants something else, which also ends the connect', async () => {
    const policy = (arn: string) => policyOf({ ...firehoseStatement(arn), Sid: ourSid });
    const cloud = await cloudWith({ cluster: { ...isOn, policy } });
    assertFailed(await connectByTag(cloud), 'PolicyRefused', /has a statement with the Sid .*, which does not grant/);
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.deepEqual(cloud.world.cluster.policy?.document, policy(cloud.world.cluster.arn));
    assert.deepEqual(cloud.world.project.links, []);
  });

  test('everything that a run has found, although all tags were stripped after it had connected', async () => {
    const cloud = await cloudWith({ cluster: { ...isOn, policy: theirs() } });
    const { project, cluster } = cloud.world;
    const other = cloud.world.createCluster({ ...isOn, name: 'pay', policy: policyOf(terraformStatement) });
    const { id } = project.createLink(linkOfWay(other.arn));
    createForeignConnection(cloud, 'pay', id);
    const before = everything(cloud);
    assertConnected(await connectByTag(cloud));
    await cloud.untag(Object.keys(cluster.tags.all));
    assert.deepEqual(cluster.tags.all, {});
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.equal(everything(cloud), before);
    assert.equal(await cloud.registry.get(cluster.arn), undefined);
  });

  test('all of it without a record, and the output says what it has found', async () => {
    const { cloud, linkId } = await cloudOfTerraform();
    createForeignConnection(cloud, 'orders', linkId);
    const before = everything(cloud);
    const run = await disconnectByHand(cloud);
    assert.equal(run.endState, 'Disconnected');
    assert.equal(everything(cloud), before);
    const [connection, privateLink] = outcomesOf(run);
    assert.deepEqual([connection?.result, privateLink?.result], ['kept', 'kept']);
    assert.match(connection?.note ?? '', /not created by this deployment, as far as the registry knows.*"claim": true/);
    assert.ok(privateLink?.note?.includes(linkId), privateLink?.note);
  });
});

suite('what was adopted', () => {
  async function adopted(): Promise<Cloud> {
    const { cloud, linkId } = await cloudOfTerraform();
    createForeignConnection(cloud, 'orders', linkId);
    assertConnected(await connectByTag(cloud));
    return cloud;
  }

  test('is removed too if the input of a disconnect has includeAdopted', async () => {
    const cloud = await adopted();
    assert.equal((await disconnectByHand(cloud, { includeAdopted: true })).endState, 'Disconnected');
    const { project, cluster } = cloud.world;
    assert.deepEqual([project.links, project.connections('streams')], [[], []]);
    assert.deepEqual(cluster.policy?.document, theirs(terraformStatement)(cluster.arn), 'it has another Sid than ours');
    assert.equal(await cloud.registry.get(cluster.arn), undefined);
  });

  test('stays as it was if a run with claim fails', async () => {
    const cloud = await adopted();
    const { project } = cloud.world;
    const { processors } = project.workspaces[0] ?? assert.fail('there is a workspace');
    project.addProcessor('streams', { name: 'reader', pipeline: [{ $source: { connectionName: 'orders' } }] });
    const before = everything(cloud);
    const run = await connectByHand(cloud, { claim: true });
    assertFailed(run, 'ConnectionInUse', /\nNothing was changed\.\n/);
    assert.deepEqual(await ownerships(cloud), ['adopted', 'adopted', 'adopted']);
    processors.splice(0);
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.equal(everything(cloud), before);
  });

  test('becomes ours by claim: it gets our login, and disconnect removes it', async () => {
    const cloud = await adopted();
    assertConnected(await connectByHand(cloud, { claim: true }));
    assert.deepEqual((await ownerships(cloud)).slice(0, 2), ['created', 'created']);
    const { project, scramSecrets, cluster } = cloud.world;
    const { username, aws } = project.connections('streams')[0]?.settings.authentication ?? {};
    const { streamsRole } = cloud.deployment;
    assert.deepEqual([username, aws?.roleArn], isByIam() ? [undefined, streamsRole?.arn] : ['atlas', undefined]);
    const { secretVersionId, roleArn } = await recordOf(cloud);
    assert.deepEqual([secretVersionId, roleArn], [scramSecrets[0]?.versions[0]?.id, streamsRole?.arn]);
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.deepEqual([project.links, project.connections('streams')], [[], []]);
    assert.deepEqual(cluster.policy?.document, theirs(terraformStatement)(cluster.arn));
  });
});
