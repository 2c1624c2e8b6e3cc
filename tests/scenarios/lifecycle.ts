import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { UntagResourceCommand } from '@aws-sdk/client-kafka';
import type { Cloud } from '../../emulators/cloud.ts';
import { mskError } from '../../emulators/msk/router.ts';
import type { Outcome } from '../../shared/outcomes.ts';
import { waits } from '../../shared/waits.ts';
import { readDefinition } from '../../statemachine/definition.ts';
import { firehoseStatement, policyOf } from '../fixtures/cluster-policy.ts';
import {
  assertConnected,
  changes,
  cloudWith,
  connectByHand,
  connectByTag,
  connectedCloud,
  disconnectByHand,
  type Ended,
  ended,
  entered,
  failFunction,
  privateConnectivityIsOn as isOn,
  recordOf,
  resultsIn,
  startOwnCloud,
  swept,
} from './local-cloud.ts';
import { authenticationOfWay, brokersOfWay, isByIam, onlyOnce, scramOnly } from './way.ts';

const foreignPolicy = (clusterArn: string) => policyOf(firehoseStatement(clusterArn));

const status = ({ world: { cluster } }: Cloud) => cluster.tags.all['atlas-streaming/status'];

const removals = ['atlas deleteGroupStreamConnection', 'atlas deleteGroupStreamPrivateLinkConnection'];

/** A connection over the link of the cluster, as another party may create one. */
function otherConnection(cloud: Cloud, name: string) {
  const { project, cluster } = cloud.world;
  return {
    type: 'Kafka' as const,
    name,
    bootstrapServers: brokersOfWay(cluster),
    authentication: authenticationOfWay(cloud, 'other'),
    security: { protocol: 'SASL_SSL' },
    networking: {
      access: {
        type: 'PRIVATE_LINK' as const,
        connectionId: project.links.find(({ request }) => request.arn === cluster.arn)?.id ?? '',
      },
    },
  };
}

const outcomeOf = ({ output }: Ended, resource: string): Outcome | undefined =>
  (output as { done: Outcome[] }).done.find((outcome) => outcome.resource === resource);

suite('the tag disconnect', () => {
  test('removes what was created, in the order that Atlas requires, and nothing else', async () => {
    const cloud = await connectedCloud({ cluster: { policy: foreignPolicy } });
    const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    const run = await ended(execution);
    assert.equal(run.endState, 'Disconnected');
    assert.deepEqual(changes(cloud), [...removals, 'kafka PutClusterPolicy', 'kafka UntagResource']);
    const { cluster, project } = cloud.world;
    assert.deepEqual([project.links, project.connections('streams')], [[], []]);
    assert.deepEqual(cluster.policy?.document, foreignPolicy(cluster.arn));
    assert.equal(cluster.connectivity.vpcConnectivity[isByIam() ? 'iam' : 'scram'], true);
    assert.equal(cluster.scramSecretArns.length, isByIam() ? 0 : 1);
    assert.deepEqual(Object.keys(cluster.tags.all).sort(), [
      'atlas-streaming',
      'atlas-streaming/detail',
      'atlas-streaming/execution',
      'atlas-streaming/status',
    ]);
    assert.equal(status(cloud), 'disconnected');
    assert.equal(await cloud.registry.get(cluster.arn), undefined, 'the record is deleted');
    assert.deepEqual(resultsIn(run), {
      connection: 'removed',
      privateLink: 'removed',
      policyStatement: 'removed',
      multiVpcConnectivity: 'kept',
      ...(!isByIam() && { scramSecretAssociation: 'kept' }),
    });
  });

  test('deletes a policy that has no other statement', async () => {
    const cloud = await connectedCloud();
    assert.equal((await disconnectByHand(cloud)).endState, 'Disconnected');
    assert.ok(changes(cloud).includes('kafka DeleteClusterPolicy'));
    assert.equal(cloud.world.cluster.policy, undefined);
  });

  test('changes nothing the second time, and says so', async () => {
    const cloud = await connectedCloud();
    await disconnectByHand(cloud);
    const before = changes(cloud).filter((it) => it !== 'kafka UntagResource');
    const run = await disconnectByHand(cloud);
    assert.equal(run.endState, 'Disconnected');
    assert.deepEqual(
      changes(cloud).filter((it) => it !== 'kafka UntagResource'),
      before,
    );
    const { connection, privateLink, policyStatement } = resultsIn(run);
    assert.deepEqual([connection, privateLink, policyStatement], ['absent', 'absent', 'absent']);
  });

  test('waits while Atlas still deploys the connection', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { connectionMinutes: 40 } });
    const connecting = cloud.start({ clusterArn: cloud.world.cluster.arn });
    await entered(connecting, 'WaitForConnection');
    connecting.abort();
    await connecting.result;
    cloud.recorder.exchanges.splice(0);
    const { endState, states } = await disconnectByHand(cloud);
    assert.equal(endState, 'Disconnected');
    assert.ok(states.filter((it) => it === 'WaitForConnectionRemoval').length > 2);
    const calls = (operation: string) =>
      cloud.recorder.exchangesOf('atlas', operation).filter(({ status }) => status !== 401).length;
    assert.equal(calls('deleteGroupStreamConnection'), 1);
    assert.equal(calls('getGroupStreamConnection'), states.filter((it) => it === 'DeleteConnection').length);
  });

  test('keeps a private link that another connection uses, and the statement, and names the connection', async () => {
    const cloud = await connectedCloud();
    cloud.world.project.createConnection('streams', otherConnection(cloud, 'reports'));
    const run = await disconnectByHand(cloud);
    assert.equal(run.endState, 'Disconnected');
    assert.deepEqual(outcomeOf(run, 'privateLink'), {
      resource: 'privateLink',
      result: 'kept',
      note: 'used by streams/reports. The sweep removes the private link when no connection uses it.',
    });
    assert.equal(outcomeOf(run, 'policyStatement')?.result, 'kept');
    assert.equal(cloud.world.project.links.length, 1);
    assert.ok(cloud.world.cluster.policy);
    assert.match(cloud.world.cluster.tags.all['atlas-streaming/detail'] ?? '', /used by streams\/reports/);
  });

  test('keeps a connection of that name that does not use the link', async () => {
    const cloud = await cloudWith({ cluster: isOn });
    const access = { type: 'PUBLIC' as const };
    cloud.world.project.createConnection('streams', { ...otherConnection(cloud, 'orders'), networking: { access } });
    assert.equal((await disconnectByHand(cloud)).endState, 'Disconnected');
    assert.equal(cloud.world.project.connections('streams').length, 1);
  });

  test('waits for a connection that Atlas deletes slowly, as reported from the tests of MongoDB', async () => {
    const cloud = await connectedCloud({ atlas: { connectionDeletionMinutes: 45 } });
    const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
    const { endState } = await ended(execution);
    assert.equal(endState, 'Disconnected');
    const { project } = cloud.world;
    assert.deepEqual([project.links, project.connections('streams')], [[], []]);
    const minutes = cloud.clock.minutesSince(execution.startDate);
    assert.ok(minutes > 45 && minutes < waits.removal.timeoutMinutes, `${minutes} minutes`);
  });

  test('fails and names the stream processors that use the connection', async () => {
    const cloud = await connectedCloud();
    const pipeline = [{ $source: { connectionName: 'orders', topic: 'orders' } }];
    cloud.world.project.addProcessor('streams', { name: 'enrich', pipeline });
    const { endState, error, cause } = await disconnectByHand(cloud);
    assert.deepEqual([endState, error], ['RemovalFailed', 'ConnectionInUse']);
    assert.match(cause ?? '', /in use by stream processor "enrich"/);
    assert.deepEqual(changes(cloud), []);
    assert.equal(status(cloud), 'failed');
  });

  test('lists what it would delete and changes nothing, in a dry run', async () => {
    const cloud = await connectedCloud();
    const tags = cloud.world.cluster.tags.all;
    const { endState, output } = await disconnectByHand(cloud, { dryRun: true });
    assert.equal(endState, 'Planned');
    assert.deepEqual(
      (output as { changes: { state: string }[] }).changes.map(({ state }) => state),
      ['DeleteConnection', 'DeletePrivateLink', 'RemoveClusterPolicy'],
    );
    assert.deepEqual(changes(cloud), []);
    assert.deepEqual(cloud.world.cluster.tags.all, tags);
  });

  test('removes the recorded statement, and does not ask Atlas for its account', async () => {
    const cloud = await connectedCloud();
    const run = await disconnectByHand(cloud);
    assert.equal(outcomeOf(run, 'policyStatement')?.result, 'removed');
    assert.deepEqual(cloud.recorder.exchangesOf('atlas', 'getGroupStreamAccountDetails'), []);
  });

  test('waits until MSK lets it change the policy', async () => {
    const cloud = await connectedCloud();
    const { cluster } = cloud.world;
    let isUpdating = false;
    cloud.intercept = async (call, next) => {
      if (call.operation !== 'DeleteClusterPolicy') return next();
      if (!isUpdating) cluster.startUpdate(cluster.connectivity);
      isUpdating = true;
      if (cluster.state === 'ACTIVE') return next();
      return mskError('BadRequestException', `The cluster is in the ${cluster.state} state.`).answer;
    };
    const { endState, states } = await disconnectByHand(cloud);
    assert.equal(endState, 'Disconnected');
    assert.ok(states.includes('WaitForCluster'));
    assert.equal(cluster.policy, undefined);
    assert.equal(await cloud.registry.get(cluster.arn), undefined);
  });

  test('disconnects a deleted cluster, if a person starts it', async () => {
    const cloud = await connectedCloud();
    cloud.world.msk.clusters.delete(cloud.world.cluster.arn);
    const { endState, output } = await disconnectByHand(cloud);
    assert.equal(endState, 'Disconnected');
    assert.deepEqual(cloud.world.project.links, []);
    assert.match((output as { statusTags: string }).statusTags, /not written/);
  });
});

suite('the removal of the tag', () => {
  const untag = ({ kafka, world: { cluster } }: Cloud) =>
    kafka.send(new UntagResourceCommand({ ResourceArn: cluster.arn, TagKeys: ['atlas-streaming'] }));

  test('does nothing', async () => {
    const cloud = await connectedCloud();
    const { length } = cloud.executions;
    await untag(cloud);
    assert.equal(cloud.executions.length, length);
  });

  test('disconnects if disconnectOnUntag is true', onlyOnce, async (t) => {
    const settings = { disconnectOnUntag: 'true' };
    const cloud = await startOwnCloud(t, { settings, world: { cluster: isOn } });
    assertConnected(await connectByTag(cloud));
    await untag(cloud);
    const last = cloud.executions.at(-1) ?? assert.fail('not started');
    assert.equal((await ended(last)).endState, 'Disconnected');
    assert.deepEqual(cloud.world.project.links, []);
  });
});

suite('a removal that fails', () => {
  const { States } = readDefinition('disconnect');
  // Only after a connect that died, a disconnect visits EndProbe and StartProcessors.
  const others = ['RecordFailure', 'EndProbe', 'StartProcessors'];
  for (const name of Object.keys(States).filter((it) => States[it]?.Type === 'Task' && !others.includes(it))) {
    test(`in ${name} says so in its Cause and, if it held the cluster, on the tags`, async () => {
      const cloud = await connectedCloud();
      failFunction(cloud, name, { errorType: 'AtlasRefused', errorMessage: 'Atlas said no.' });
      const { endState, error, cause } = await disconnectByHand(cloud, name === 'PlanRemoval' ? { dryRun: true } : {});
      assert.deepEqual([endState, error], ['RemovalFailed', 'AtlasRefused']);
      assert.match(cause ?? '', new RegExp(`^${name} failed: Atlas said no\\.`));
      // A manual start that fails before it has claimed the cluster concerns only its caller.
      assert.equal(status(cloud), /^(ResolveRequest|PlanRemoval)$/.test(name) ? 'connected' : 'failed');
    });
  }

  test('ends with FailureNotRecorded if RecordFailure fails as well', async () => {
    const cloud = await connectedCloud();
    const error = { errorType: 'TypeError', errorMessage: 'x is undefined' };
    cloud.interceptInvocation = async ({ name }, next) =>
      /^(DeletePrivateLink|RecordFailure)$/.test(name) ? { milliseconds: 0, error } : next();
    assert.equal((await disconnectByHand(cloud)).endState, 'FailureNotRecorded');
  });
});

suite('the sweep', () => {
  test('connects a tagged cluster whose event was lost, and starts nothing afterwards', async () => {
    const cloud = await cloudWith({ cluster: { ...isOn, tags: { 'atlas-streaming': 'connect' } } });
    const { runs } = await swept(cloud);
    assert.deepEqual(
      runs.map(({ endState }) => endState),
      ['Connected'],
    );
    const again = await swept(cloud);
    assert.deepEqual([again.runs.length, again.result.asItShouldBe], [0, 1]);
  });

  test('does not start a run that another sweep has started', async () => {
    const cloud = await cloudWith({ cluster: { ...isOn, tags: { 'atlas-streaming': 'connect' } } });
    const [one, other] = await Promise.all([cloud.sweep(), cloud.sweep()]);
    assert.equal(new Set([...one.started, ...other.started]).size, 1);
    assert.equal(cloud.machine.executions.length, 1);
    await ended(cloud.machine.executions[0] ?? assert.fail('not started'));
  });

  test('sends the password of a rotated secret to Atlas and records its version', scramOnly, async () => {
    const cloud = await connectedCloud();
    const { secretsManager, scramSecrets, project } = cloud.world;
    const [secret = assert.fail('no secret')] = scramSecrets;
    const version = secretsManager.rotate(secret.arn, JSON.stringify({ username: 'atlas', password: 'new' }));
    const { result, runs } = await swept(cloud);
    assert.match(result.started[0]?.reason ?? '', /secret has rotated/);
    assert.deepEqual(
      runs.map(({ endState }) => endState),
      ['Connected'],
    );
    assert.deepEqual(changes(cloud), ['atlas updateGroupStreamConnection']);
    assert.equal(project.connections('streams')[0]?.settings.authentication?.password, 'new');
    assert.equal((await recordOf(cloud)).secretVersionId, version);
  });

  test('sends the password again after a run that failed before it recorded the version', scramOnly, async () => {
    const cloud = await cloudWith({ cluster: isOn });
    failFunction(cloud, 'RecordSuccess', { errorType: 'TypeError', errorMessage: 'x is undefined' }, 1);
    assert.equal((await connectByTag(cloud)).endState, 'SetupFailed');
    const { secretsManager, scramSecrets, project } = cloud.world;
    const version = secretsManager.rotate(
      scramSecrets[0]?.arn ?? '',
      JSON.stringify({ username: 'atlas', password: 'new' }),
    );
    assertConnected(await connectByHand(cloud));
    assert.equal(project.connections('streams')[0]?.settings.authentication?.password, 'new');
    assert.equal((await recordOf(cloud)).secretVersionId, version);
  });

  test('keeps the recorded version of the secret while Atlas refuses the new password', scramOnly, async () => {
    const cloud = await connectedCloud();
    const { secretsManager, scramSecrets, project } = cloud.world;
    const { secretVersionId } = await recordOf(cloud);
    const version = secretsManager.rotate(
      scramSecrets[0]?.arn ?? '',
      JSON.stringify({ username: 'atlas', password: 'new' }),
    );
    const pipeline = [{ $source: { connectionName: 'orders' } }];
    project.addProcessor('streams', { name: 'enrich', pipeline });
    const { runs } = await swept(cloud);
    assert.deepEqual(
      runs.map(({ error }) => error),
      ['ConnectionInUse'],
    );
    assert.equal((await recordOf(cloud)).secretVersionId, secretVersionId);
    assert.notEqual(secretVersionId, version);
  });

  test('disconnects a cluster with the tag disconnect', async (t) => {
    const cloud = await connectedCloud();
    t.mock.method(cloud, 'deliver', () => undefined);
    await cloud.tag({ 'atlas-streaming': 'disconnect' });
    const { runs } = await swept(cloud);
    assert.deepEqual(
      runs.map(({ endState }) => endState),
      ['Disconnected'],
    );
  });
});

suite('a run on a connected cluster', () => {
  test('writes only the status tags if nothing differs', async () => {
    const cloud = await connectedCloud();
    assertConnected(await connectByHand(cloud));
    assert.deepEqual(changes(cloud), []);
    const writes = cloud.recorder.exchanges.filter(
      ({ method, service }) =>
        method !== 'GET' && service !== 'secretsmanager' && service !== 'states' && service !== 'dynamodb',
    );
    assert.deepEqual(
      writes.map(({ operation }) => operation),
      ['TagResource', 'TagResource'],
    );
  });

  test('reads everything once and skips all other states if nothing differs', async () => {
    const cloud = await connectedCloud();
    const before = cloud.recorder.exchanges.length;
    const run = await connectByHand(cloud);
    assertConnected(run);
    assert.deepEqual(run.states.slice(-6), [
      'IsAlreadyConnected',
      'AlreadyConnected',
      'AreProcessorsToBeStarted',
      'IsProbeWanted',
      'RecordSuccess',
      'Connected',
    ]);
    const answered = cloud.recorder.exchanges
      .slice(before)
      .filter(({ status, service }) => status === 200 && service !== 'secretsmanager');
    const reads = answered.filter(({ service }) => service !== 'dynamodb').map(({ operation }) => operation);
    assert.deepEqual(
      reads.filter((it) => it !== 'TagResource'),
      [...new Set(reads)].filter((it) => it !== 'TagResource'),
    );
    const registry = answered.filter(({ service }) => service === 'dynamodb').map(({ operation }) => operation);
    assert.deepEqual(registry, ['GetItem', 'UpdateItem', 'UpdateItem'], 'the record, the claim, and the outcome');
  });

  test('repairs only what differs', async () => {
    const cloud = await connectedCloud({ cluster: { policy: foreignPolicy } });
    const { cluster, project } = cloud.world;
    cluster.policy = { document: foreignPolicy(cluster.arn) as never, version: 'K1EDITEDBYHAND' };
    const mechanism = project.connections('streams')[0]?.settings.authentication.mechanism;
    project.connections('streams')[0]?.update({ type: 'Kafka', authentication: { mechanism: 'PLAIN' } });
    assertConnected(await connectByHand(cloud));
    assert.deepEqual(changes(cloud), ['kafka PutClusterPolicy', 'atlas updateGroupStreamConnection']);
    assert.equal(project.connections('streams')[0]?.settings.authentication.mechanism, mechanism);
    assert.equal([cluster.policy?.document.Statement].flat().length, 2);
  });
});

suite('a second execution', () => {
  test('does nothing if another one holds the cluster, and names it', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 40 } });
    const [holder = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(holder, 'WaitForPrivateLink');
    for (const second of [connectByHand(cloud), connectByHand(cloud, { mechanism: 'PLAIN' })]) {
      const { endState, output } = await second;
      assert.equal(endState, 'NothingToDo');
      assert.ok((output as { reason: string }).reason.includes(holder.arn));
    }
    assertConnected(await ended(holder));
  });

  test('takes over from a holder that was stopped', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 40 } });
    const [holder = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(holder, 'WaitForPrivateLink');
    holder.abort();
    await holder.result;
    assertConnected(await connectByHand(cloud));
  });

  test('with a mistake in its input does not change the tags of the holder', async () => {
    const cloud = await cloudWith({ cluster: isOn, atlas: { linkMinutes: 40 } });
    const [holder = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'connect' });
    await entered(holder, 'WaitForPrivateLink');
    assert.equal((await connectByHand(cloud, { dryrun: true })).error, 'InvalidRequest');
    assert.equal(cloud.world.cluster.tags.all['atlas-streaming/execution'], `connect/${holder.name}`);
    assertConnected(await ended(holder));
  });
});
