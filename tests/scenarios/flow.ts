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
  disconnectByTag,
  ended,
  entered,
  privateConnectivityIsOn,
  recordOf,
} from './local-cloud.ts';

const topics = (names: string) => ({ 'atlas-streaming/topics': names });
const topicCalls = ({ recorder }: Cloud) =>
  recorder.exchanges.map(({ operation }) => operation).filter((name) => name.includes('Topic'));

suite('the named topics', () => {
  test('are checked before the first change, and a missing one is reported with similar names', async () => {
    const cloud = await cloudWith({ cluster: { tags: topics('ordres payments') } });
    const run = await connectByTag(cloud);
    assertFailed(run, 'PrerequisitesNotMet', /has no topic ordres\. Similar names: orders\. Create the topic/);
    assert.deepEqual(changes(cloud), []);
  });

  test('are read in one request each if they exist, and without any there is none', async () => {
    const cloud = await cloudWith({ cluster: { ...privateConnectivityIsOn, tags: topics('orders payments') } });
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(topicCalls(cloud), ['DescribeTopic', 'DescribeTopic']);
    const other = await cloudWith({ cluster: privateConnectivityIsOn });
    assertConnected(await connectByTag(other));
    assert.deepEqual(topicCalls(other), []);
  });

  test('are in the plan of a dry run, with their partitions', async () => {
    const cloud = await cloudWith();
    const { output } = await connectByHand(cloud, { dryRun: true, topics: ['orders'] });
    const { topics: planned, note } = output as { topics: object[]; note: string };
    assert.deepEqual(planned, [{ name: 'orders', partitions: 6 }]);
    assert.match(note, /Topic orders has 6 partitions\./);
  });

  test('are not checked with an older Apache Kafka, and the cluster is connected', async () => {
    const seed = { ...privateConnectivityIsOn, kafkaVersion: '3.5.1', tags: topics('ordres') };
    const cloud = await cloudWith({ cluster: seed });
    const { output } = await connectByHand(cloud, { dryRun: true });
    assert.match((output as { note: string }).note, /topic ordres exists was not checked\. MSK shows topics only with/);
    assertConnected(await connectByTag(cloud));
    assert.deepEqual(topicCalls(cloud), []);
  });
});

const day = 24 * 60;

/** A window that opens in five to six days. */
function windowOf({ clock }: Cloud): string {
  const then = new Date(clock.now().getTime() + 6 * day * 60_000);
  return `${then.toUTCString().slice(0, 3)} 00:00-01:00 UTC`;
}

/** A connect that waits for the reboot window. */
async function waiting(cloud: Cloud) {
  const rebootWindow = windowOf(cloud);
  const execution = cloud.start({ clusterArn: cloud.world.cluster.arn, rebootWindow });
  await entered(execution, 'WaitForRebootWindow');
  const [opening = ''] = /[\d-]{10}T[\d:]{8}Z$/.exec((await recordOf(cloud)).detail ?? '') ?? [];
  const open = () => cloud.clock.advance((Date.parse(opening) - cloud.clock.now().getTime()) / 60_000);
  return { execution, opening, open };
}

suite('the reboot window', () => {
  test('is waited for before the brokers reboot, and tag and registry say until when', async () => {
    const cloud = await cloudWith();
    const { execution, opening, open } = await waiting(cloud);
    assert.deepEqual(changes(cloud), []);
    const { detail, holder } = await recordOf(cloud);
    assert.match(
      detail ?? '',
      /^Waits for the reboot window \w{3} 00:00-01:00 UTC, which opens \d{4}-\d\d-\d\dT00:00:00Z$/,
    );
    assert.equal(holder, execution.arn);
    const { all } = cloud.world.cluster.tags;
    assert.equal(all['atlas-streaming/status'], 'connecting');
    assert.match(all['atlas-streaming/detail'] ?? '', /^Waits for the reboot window .* which opens /);

    open();
    assertConnected(await ended(execution));
    const update = cloud.recorder.exchanges.find(({ operation }) => operation === 'UpdateConnectivity');
    assert.ok(Number(update?.at) >= Date.parse(opening), String(update?.at));
  });

  test('is followed by another check of everything that the reboot is for', async () => {
    const cloud = await cloudWith();
    const { execution, open } = await waiting(cloud);
    cloud.world.cluster.seed.clientAuthentication.unauthenticated = true;
    open();
    assertFailed(await ended(execution), 'PrerequisitesNotMet', /Unauthenticated access is on/);
    assert.deepEqual(changes(cloud), []);
  });

  test('ends with the tag disconnect, which stops the run', async () => {
    const cloud = await cloudWith();
    const { execution } = await waiting(cloud);
    assert.equal((await disconnectByTag(cloud)).endState, 'Disconnected');
    assert.equal((await execution.result).status, 'ABORTED');
    assert.equal(cloud.world.cluster.tags.all['atlas-streaming/status'], 'disconnected');
  });

  test('is not waited for if connectivity is on already', async () => {
    const cloud = await cloudWith({ cluster: privateConnectivityIsOn });
    const run = await connectByHand(cloud, { rebootWindow: windowOf(cloud) });
    assertConnected(run);
    assert.ok(!run.states.includes('EnablePrivateConnectivity'));
  });

  test('is in the plan of a dry run', async () => {
    const cloud = await cloudWith();
    const { output } = await connectByHand(cloud, { dryRun: true, rebootWindow: windowOf(cloud) });
    assert.match(
      JSON.stringify(output),
      /Before that, the run waits for the reboot window \w{3} 00:00-01:00 UTC, which opens/,
    );
  });
});
