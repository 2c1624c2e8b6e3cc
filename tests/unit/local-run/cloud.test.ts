import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { Cloud, type CloudOptions } from '../../../emulators/cloud.ts';
import { personsAccessKeyId } from '../../../emulators/deployment/iam.ts';
import type { apiCallEvent } from '../../../emulators/event-bridge.ts';

/** A cloud whose functions do not run: each of their invocations lasts until the end of the test. */
async function startCloud(t: TestContext, options: Partial<CloudOptions> = {}) {
  const cloud = await Cloud.start({ speed: 0, ...options });
  const { promise, resolve } = Promise.withResolvers<{ milliseconds: number; payload: null }>();
  cloud.interceptInvocation = () => promise;
  t.after(() => {
    resolve({ milliseconds: 0, payload: null });
    return cloud.close();
  });
  const [connect, disconnect] = cloud.deployment.machines.map(({ arn }) => arn);
  const addRule = (eventPattern: object, targetArn = '', matchesTrail = true) =>
    cloud.deployment.rules.push({
      name: 'added',
      eventPattern: eventPattern as never,
      targetArn,
      isEnabled: true,
      matchesTrail,
    });
  const arnsOf = (executions: { arn: string }[]) =>
    executions.map(({ arn }) => (arn.includes('-disconnect:') ? disconnect : connect));
  return { cloud, connect, disconnect, addRule, arnsOf };
}

suite('EventBridge in the local cloud', () => {
  const source = ['someone'];

  test('starts the target of each rule that matches an event', async (t) => {
    const { cloud, connect, disconnect, addRule, arnsOf } = await startCloud(t);
    addRule({ source }, connect);
    addRule({ source: ['another'] }, connect);
    addRule({ source }, disconnect);
    const event = { source: 'someone' };
    const started = cloud.deliver(event);
    assert.deepEqual(arnsOf(started), [connect, disconnect]);
    for (const { input } of started) assert.deepEqual(input, event);
    assert.deepEqual(cloud.deliver({ source: 'nobody' }), []);
  });

  const trailPattern = {
    source: ['aws.kafka'],
    detail: { eventName: ['TagResource', 'UntagResource', 'CreateClusterV2'] },
  };

  test('gets no events of API calls without a trail', async (t) => {
    const { cloud, connect, addRule } = await startCloud(t);
    addRule(trailPattern, connect);
    assert.deepEqual(await cloud.tag({ team: 'a' }), []);
  });

  test('gets an event for each API call that changes tags or creates a cluster, if there is a trail', async (t) => {
    const { cloud, connect, disconnect, addRule, arnsOf } = await startCloud(t, { hasTrail: true });
    addRule(trailPattern, connect);
    addRule(trailPattern, disconnect, false);
    assert.deepEqual(arnsOf(await cloud.tag({ team: 'a' })), [connect], 'only the rule for events of CloudTrail');
    assert.equal((await cloud.tag({ team: 'a' })).length, 1, 'a call that changes nothing is a call');
    assert.equal((await cloud.untag(['team'])).length, 1);
    const { arn } = cloud.world.createCluster({ tags: { team: 'b' } });
    const { input } = cloud.executions.at(-1) ?? assert.fail('not started');
    const { responseElements } = (input as ReturnType<typeof apiCallEvent>).detail;
    assert.deepEqual(responseElements && [responseElements.clusterArn, responseElements.state], [arn, 'CREATING']);
    cloud.hasTrail = false;
    assert.deepEqual(await cloud.tag({ team: 'c' }, arn), []);
  });
});

suite('a world of the local cloud', () => {
  test('has a registry, which is empty in the next world', async (t) => {
    const { cloud } = await startCloud(t);
    const { arn: clusterArn } = cloud.world.cluster;
    const item = { clusterArn, privateLink: { id: '1' } };
    await cloud.registry.put(item);
    const dynamodb = new DynamoDBClient({
      endpoint: cloud.endpoints.dynamoDbUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: personsAccessKeyId, secretAccessKey: 'local' },
    });
    t.after(() => dynamodb.destroy());
    const command = new GetItemCommand({ TableName: cloud.registry.name, Key: { clusterArn: { S: clusterArn } } });
    assert.deepEqual((await dynamodb.send(command)).Item?.privateLink, { M: { id: { S: '1' } } });
    assert.deepEqual(await cloud.registry.get(clusterArn), item);
    assert.equal(cloud.recorder.exchangesOf('dynamodb').length, 1);
    await cloud.replaceWorld({});
    assert.deepEqual(await cloud.registry.all(), []);
    assert.equal(await cloud.registry.get(clusterArn), undefined);
  });

  test('may have further clusters, and a cluster may be deleted and created again under its name', async (t) => {
    const { cloud } = await startCloud(t);
    const { world } = cloud;
    const payments = world.createCluster({ name: 'payments' });
    assert.match(payments.arn, /^arn:aws:kafka:us-east-1:123456789012:cluster\/payments\//);
    world.msk.deleteCluster(world.cluster.arn);
    const orders = world.createCluster();
    assert.equal(orders.seed.name, 'orders');
    assert.notEqual(orders.arn, world.cluster.arn);
    assert.deepEqual([...world.msk.clusters.keys()], [payments.arn, orders.arn]);
  });
});
