import type { DescribeTopicResponse, TopicInfo } from '@aws-sdk/client-kafka';
import { kafkaArn, type Topic } from '../kafka/topic.ts';
import type { Cluster } from './cluster.ts';
import { mskError } from './router.ts';

/**
 * Documented: topics are known of provisioned clusters with Kafka 3.6.0 or later. Assumed: the text of the refusal.
 *
 * @throws Refusal BadRequestException
 */
export function checkTopicsSupported({ seed: { kafkaVersion } }: Cluster): void {
  const [major = 0, minor = 0] = kafkaVersion.split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 6)) return;
  const message = `This operation requires Apache Kafka 3.6.0 or later. The cluster runs ${kafkaVersion}.`;
  throw mskError('BadRequestException', message, 'clusterArn');
}

export function topicInfo({ arn, seed }: Cluster, { name, partitions }: Topic): TopicInfo {
  return {
    TopicArn: kafkaArn(arn, 'topic', name),
    TopicName: name,
    ReplicationFactor: Math.min(3, seed.numberOfBrokerNodes),
    PartitionCount: partitions,
    OutOfSyncReplicaCount: 0,
  };
}

export function describeTopic(cluster: Cluster, topic: Topic): DescribeTopicResponse {
  const { OutOfSyncReplicaCount: _, ...info } = topicInfo(cluster, topic);
  return { ...info, Configs: Buffer.from('cleanup.policy=delete\n').toString('base64'), Status: 'ACTIVE' };
}
