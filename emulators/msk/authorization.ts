import { type Authorize, accessDeniedMessage } from '../aws.ts';
import { kafkaArn } from '../kafka/topic.ts';
import { mskError } from './router.ts';

/** Documented in the service authorization reference: these operations have no resource type, so only `*` can allow them. */
const onAnyResource = ['GetBootstrapBrokers', 'DescribeClusterOperationV2', 'ListClustersV2'];

/** Documented in the service authorization reference: further actions that the caller of an operation must be allowed. */
const dependentActions: Record<string, string[]> = {
  UpdateConnectivity: ['ec2:DescribeRouteTables', 'ec2:DescribeSubnets'],
};

/** Assumed, from what a sample of AWS grants: the same for the customer managed key of the cluster's data. */
const actionsOnDataKey: Record<string, string[]> = {
  UpdateConnectivity: ['kms:CreateGrant', 'kms:DescribeKey'],
};

/**
 * Documented in the developer guide: the actions of Kafka that an operation on topics needs, on the cluster or the topic. Assumed: all are
 * checked beside that of MSK, and ListTopics must be allowed for all topics.
 */
const kafkaActions: Record<string, { ofCluster: string[]; ofTopic: string[] }> = {
  ListTopics: { ofCluster: ['Connect'], ofTopic: ['DescribeTopic'] },
  DescribeTopic: { ofCluster: ['Connect'], ofTopic: ['DescribeTopic', 'DescribeTopicDynamicConfiguration'] },
};

interface AuthorizedInput {
  ClusterArn?: string;
  TopicName?: string;
  ResourceArn?: string;
  Arn?: string;
  Tags?: object;
  TagKeys?: string[];
  ConnectivityInfo?: { PublicAccess?: { Type?: string } };
}

/**
 * Checks that the caller may do everything that this call needs.
 *
 * @param dataKey of the cluster
 * @throws Refusal AccessDeniedException
 */
export function checkPermission(
  authorize: Authorize,
  caller: string,
  operation: string,
  input: AuthorizedInput,
  dataKey: string | undefined,
): void {
  const { ClusterArn, TopicName, ResourceArn, Arn, Tags, TagKeys, ConnectivityInfo } = input;
  const publicAccess = ConnectivityInfo?.PublicAccess?.Type;
  const context = {
    tagKeys: TagKeys ?? (Tags && Object.keys(Tags)),
    publicAccessEnabled: publicAccess === undefined ? undefined : publicAccess !== 'DISABLED',
  };
  const check = (action: string, resource: string | undefined) => {
    if (authorize(caller, action, resource, context)) return;
    throw mskError('AccessDeniedException', accessDeniedMessage(caller, action, resource));
  };
  const topicArn = ClusterArn && kafkaArn(ClusterArn, 'topic', TopicName ?? '*');
  // Documented in the service authorization reference: DescribeTopic is about a topic.
  const resource = TopicName === undefined ? (ClusterArn ?? ResourceArn ?? Arn) : topicArn;
  check(`kafka:${operation}`, onAnyResource.includes(operation) ? undefined : resource);
  const { ofCluster = [], ofTopic = [] } = kafkaActions[operation] ?? {};
  for (const action of ofCluster) check(`kafka-cluster:${action}`, ClusterArn);
  for (const action of ofTopic) check(`kafka-cluster:${action}`, topicArn);
  for (const action of dependentActions[operation] ?? []) check(action, undefined);
  if (dataKey) for (const action of actionsOnDataKey[operation] ?? []) check(action, dataKey);
}
