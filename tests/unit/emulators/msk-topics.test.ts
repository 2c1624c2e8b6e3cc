import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  BadRequestException,
  DescribeTopicCommand,
  ListTopicsCommand,
  type ListTopicsCommandInput,
  NotFoundException,
} from '@aws-sdk/client-kafka';
import type { MskOptions } from '../../../emulators/msk/msk.ts';
import type { ClusterSeed } from '../../../emulators/msk/seed.ts';
import { startMsk } from '../../fixtures/emulators.ts';

const uuid = '0a1b2c3d-1111-2222-3333-444455556666-2';
const prefix = 'arn:aws:kafka:us-east-1:123456789012:';
const ClusterArn = `${prefix}cluster/orders/${uuid}`;
const topicArn = (name: string) => `${prefix}topic/orders/${uuid}/${name}`;

async function start(t: TestContext, seed: Partial<ClusterSeed> = {}, options: Partial<MskOptions> = {}) {
  const { kafka, msk, clock } = await startMsk(t, options);
  const cluster = msk.addCluster({ arn: ClusterArn, ...seed });
  return {
    cluster,
    clock,
    list: (input: Partial<ListTopicsCommandInput> = {}) =>
      kafka.send(new ListTopicsCommand({ ClusterArn: cluster.arn, ...input })),
    describeTopic: (TopicName: string) => kafka.send(new DescribeTopicCommand({ ClusterArn: cluster.arn, TopicName })),
  };
}

describe("the topics of MSK's emulator", () => {
  it('are described with their partitions', async (t) => {
    const { describeTopic } = await start(t);
    const { $metadata: _, Configs, ...topic } = await describeTopic('orders');
    assert.deepEqual(topic, {
      TopicArn: topicArn('orders'),
      TopicName: 'orders',
      PartitionCount: 6,
      ReplicationFactor: 3,
      Status: 'ACTIVE',
    });
    assert.match(Buffer.from(Configs ?? '', 'base64').toString(), /^cleanup\.policy=/);
  });

  it('do not include one that does not exist', async (t) => {
    const { describeTopic } = await start(t);
    await assert.rejects(describeTopic('order'), NotFoundException);
  });

  it('are listed by prefix and by page', async (t) => {
    const topics = ['orders', 'orders-dlq', 'payments'].map((name) => ({ name, partitions: 1, records: 0 }));
    const { list } = await start(t, { topics });
    const names = async (input: Partial<ListTopicsCommandInput>) => {
      const { Topics = [], NextToken } = await list(input);
      return { names: Topics.map(({ TopicName }) => TopicName), NextToken };
    };
    assert.deepEqual((await names({ TopicNameFilter: 'orders' })).names, ['orders', 'orders-dlq']);
    const first = await names({ MaxResults: 2 });
    assert.deepEqual(first.names, ['orders', 'orders-dlq']);
    const rest = await names({ MaxResults: 2, NextToken: first.NextToken });
    assert.deepEqual(rest, { names: ['payments'], NextToken: undefined });
    await assert.rejects(list({ MaxResults: 101 }), BadRequestException);
  });

  it('are shown about a minute after their creation', async (t) => {
    const { cluster, clock, describeTopic } = await start(t);
    cluster.createTopic({ name: 'new', partitions: 1, records: 0 });
    await assert.rejects(describeTopic('new'), NotFoundException);
    clock.advance(1);
    assert.equal((await describeTopic('new')).PartitionCount, 1);
  });

  it('are known of provisioned, ACTIVE clusters with Kafka 3.6.0 or later', async (t) => {
    for (const seed of [
      { kafkaVersion: '2.8.1' },
      { kafkaVersion: '3.5.1' },
      { state: 'MAINTENANCE' as const },
      { arn: ClusterArn.replace(/2$/, 's1') },
    ]) {
      const { list, describeTopic } = await start(t, seed);
      await assert.rejects(list(), BadRequestException, JSON.stringify(seed));
      await assert.rejects(describeTopic('orders'), BadRequestException);
    }
    for (const kafkaVersion of ['3.6.0.1', '3.7.x.kraft', '4.0.x'])
      assert.equal((await (await start(t, { kafkaVersion })).list()).Topics?.length, 2, kafkaVersion);
  });

  it('need the actions of MSK and of Kafka, on the cluster and the topic', async (t) => {
    const asked = new Set<string>();
    const authorize: MskOptions['authorize'] = (_, action, resource) => asked.add(`${action} ${resource}`) && true;
    const { list, describeTopic } = await start(t, {}, { authorize });
    await list();
    await describeTopic('orders');
    assert.deepEqual(
      [...asked],
      [
        `kafka:ListTopics ${ClusterArn}`,
        `kafka-cluster:Connect ${ClusterArn}`,
        `kafka-cluster:DescribeTopic ${topicArn('*')}`,
        `kafka:DescribeTopic ${topicArn('orders')}`,
        `kafka-cluster:DescribeTopic ${topicArn('orders')}`,
        `kafka-cluster:DescribeTopicDynamicConfiguration ${topicArn('orders')}`,
      ],
    );
    for (const missing of [...asked].map((it) => it.split(' ')[0])) {
      const denied = await start(t, {}, { authorize: (_, action) => action !== missing });
      const calls = await Promise.allSettled([denied.list(), denied.describeTopic('orders')]);
      const [refused] = calls.filter(({ status }) => status === 'rejected');
      assert.match(String((refused as PromiseRejectedResult).reason), new RegExp(`AccessDenied.*${missing}`));
    }
  });
});
