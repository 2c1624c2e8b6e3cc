import {
  BatchAssociateScramSecretCommand,
  type Cluster,
  type ClusterOperationV2,
  DeleteClusterPolicyCommand,
  DescribeClusterOperationV2Command,
  DescribeClusterV2Command,
  DescribeConfigurationRevisionCommand,
  DescribeTopicCommand,
  GetBootstrapBrokersCommand,
  GetClusterPolicyCommand,
  type KafkaClient,
  ListTagsForResourceCommand,
  PutClusterPolicyCommand,
  paginateListClustersV2,
  paginateListScramSecrets,
  paginateListTopics,
  TagResourceCommand,
  type UnprocessedScramSecret,
  UntagResourceCommand,
  UpdateConnectivityCommand,
  type VpcConnectivityClientAuthentication,
} from '@aws-sdk/client-kafka';
import { fromAws, noneWhenNotFound } from '../aws.ts';
import { AwsRefused, AwsUnavailable, PolicyRefused, VersionConflict } from '../errors.ts';
import { quoted } from '../foreign-text.ts';
import { authenticationOf, type Scheme } from '../login.ts';
import { correctionOf, isVersionConflict } from './policy-refusal.ts';
import { doesNotExist, unusableState } from './unusable.ts';

/** A cluster policy and its version; both are undefined if the cluster has none. */
export interface VersionedPolicy {
  policy: string | undefined;
  version: string | undefined;
}

/**
 * Amazon MSK, as far as we need it. Every method throws AwsRefused, AwsThrottled or AwsUnavailable besides what it names.
 *
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/resources.html
 */
export class MskClient {
  readonly #kafka: KafkaClient;
  readonly #options: { abortSignal: AbortSignal };

  constructor({ kafka, signal }: { kafka: KafkaClient; signal: AbortSignal }) {
    this.#kafka = kafka;
    this.#options = { abortSignal: signal };
  }

  /**
   * @returns the cluster, and how many attempts the SDK made: more than one if AWS throttles
   * @throws ClusterUnusable if the cluster does not exist
   */
  async describeCluster(clusterArn: string): Promise<{ cluster: Cluster; attempts: number }> {
    const command = new DescribeClusterV2Command({ ClusterArn: clusterArn });
    const answer = await fromAws('kafka:DescribeClusterV2', this.#kafka.send(command, this.#options)).catch(
      noneWhenNotFound,
    );
    if (answer?.ClusterInfo) return { cluster: answer.ClusterInfo, attempts: answer.$metadata?.attempts ?? 1 };
    throw doesNotExist(clusterArn);
  }

  /** All clusters of the account and Region. */
  async listClusters(): Promise<Cluster[]> {
    const pages = paginateListClustersV2({ client: this.#kafka, pageSize: 100 }, {}, this.#options);
    return fromAws(
      'kafka:ListClustersV2',
      all(pages, ({ ClusterInfoList }) => ClusterInfoList),
    );
  }

  /** The ARNs of all SCRAM secrets that are associated with the cluster. */
  async listScramSecrets(clusterArn: string): Promise<string[]> {
    const pages = paginateListScramSecrets(
      { client: this.#kafka, pageSize: 100 },
      { ClusterArn: clusterArn },
      this.#options,
    );
    return fromAws(
      'kafka:ListScramSecrets',
      all(pages, ({ SecretArnList }) => SecretArnList),
    );
  }

  /** @returns why MSK did not associate the secret, which it reports inside an HTTP 200; undefined if it did */
  async associateScramSecret(clusterArn: string, secretArn: string): Promise<UnprocessedScramSecret | undefined> {
    const command = new BatchAssociateScramSecretCommand({ ClusterArn: clusterArn, SecretArnList: [secretArn] });
    const answer = await fromAws('kafka:BatchAssociateScramSecret', this.#kafka.send(command, this.#options));
    return answer.UnprocessedScramSecrets?.[0];
  }

  /** @param clientAuthentication every scheme that is to be on @returns the ARN of the operation, or '' */
  async updateConnectivity(
    clusterArn: string,
    version: string | undefined,
    clientAuthentication: VpcConnectivityClientAuthentication,
  ): Promise<string> {
    const command = new UpdateConnectivityCommand({
      ClusterArn: clusterArn,
      CurrentVersion: version,
      ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: clientAuthentication } },
    });
    const answer = await fromAws('kafka:UpdateConnectivity', this.#kafka.send(command, this.#options));
    return answer.ClusterOperationArn ?? '';
  }

  async describeOperation(operationArn: string): Promise<ClusterOperationV2 | undefined> {
    const command = new DescribeClusterOperationV2Command({ ClusterOperationArn: operationArn });
    const answer = await fromAws('kafka:DescribeClusterOperationV2', this.#kafka.send(command, this.#options));
    return answer.ClusterOperationInfo;
  }

  /** The text of a configuration's server.properties. */
  async serverProperties(configurationArn: string, revision: number): Promise<string> {
    const command = new DescribeConfigurationRevisionCommand({ Arn: configurationArn, Revision: revision });
    const answer = await fromAws('kafka:DescribeConfigurationRevision', this.#kafka.send(command, this.#options));
    return new TextDecoder().decode(answer.ServerProperties);
  }

  /**
   * The bootstrap string of an authentication scheme that resolves through the private link: `host:port`, separated by commas.
   *
   * @throws AwsUnavailable also while MSK does not show it, which it does only after the connectivity update
   * @throws ClusterUnusable if the cluster is FAILED or DELETING, or does not exist
   */
  async privateBootstrapServers(clusterArn: string, scheme: Scheme): Promise<string> {
    const command = new GetBootstrapBrokersCommand({ ClusterArn: clusterArn });
    const answer = await fromAws('kafka:GetBootstrapBrokers', this.#kafka.send(command, this.#options)).catch(
      (refusal: unknown) => noneWhenNotFound(unusableState(refusal, clusterArn)),
    );
    if (!answer) throw doesNotExist(clusterArn);
    const servers =
      scheme === 'IAM'
        ? answer.BootstrapBrokerStringVpcConnectivitySaslIam
        : answer.BootstrapBrokerStringVpcConnectivitySaslScram;
    if (servers) return servers;
    throw new AwsUnavailable(
      `MSK does not show the private ${authenticationOf[scheme]} bootstrap servers of ${clusterArn} yet.`,
    );
  }

  /** MSK answers NotFoundException for a cluster without a policy, which is the common case. */
  async getPolicy(clusterArn: string): Promise<VersionedPolicy> {
    const command = new GetClusterPolicyCommand({ ClusterArn: clusterArn });
    const answer = await fromAws('kafka:GetClusterPolicy', this.#kafka.send(command, this.#options)).catch(
      noneWhenNotFound,
    );
    return { policy: answer?.Policy || undefined, version: answer?.CurrentVersion || undefined };
  }

  /**
   * Writes the policy with the version that was read, so that no other edit is lost.
   *
   * @param version undefined if there was no policy
   * @throws VersionConflict if the policy changed in between
   * @throws PolicyRefused if MSK refuses any statement of the policy
   */
  async putPolicy(clusterArn: string, policy: string, version: string | undefined): Promise<void> {
    const command = new PutClusterPolicyCommand({ ClusterArn: clusterArn, CurrentVersion: version, Policy: policy });
    await fromAws('kafka:PutClusterPolicy', this.#kafka.send(command, this.#options)).catch((cause: unknown) => {
      if (!(cause instanceof AwsRefused) || cause.code !== 'BadRequestException') throw cause;
      if (isVersionConflict(cause.said))
        throw new VersionConflict(`Another writer changed the policy of ${clusterArn} (${quoted(cause.said)}).`, {
          cause,
        });
      throw new PolicyRefused(`${cause.message} ${correctionOf(policy, cause.said)}`, { cause });
    });
  }

  /**
   * Deletes the policy. The answer has no body, so any empty 200 (of a proxy, say) could pass for it. AWS's own answer has a
   * request id; without one, the policy itself is read.
   *
   * @throws AwsUnavailable also if MSK still shows the policy
   */
  async deletePolicy(clusterArn: string): Promise<void> {
    const command = new DeleteClusterPolicyCommand({ ClusterArn: clusterArn });
    const answer = await fromAws('kafka:DeleteClusterPolicy', this.#kafka.send(command, this.#options)).catch(
      noneWhenNotFound,
    );
    if (answer?.$metadata.requestId) return;
    const { policy } = await this.getPolicy(clusterArn);
    if (policy !== undefined)
      throw new AwsUnavailable(`MSK still shows the policy of ${clusterArn} after kafka:DeleteClusterPolicy.`);
  }

  /**
   * How many partitions a topic has; null if MSK doesn't say. MSK knows it for provisioned clusters with Apache Kafka 3.6.0 or newer.
   *
   * @returns undefined if there is no such topic, or if it is being deleted: MSK shows a new one after about a minute
   */
  async countPartitions(clusterArn: string, topic: string): Promise<number | null | undefined> {
    const command = new DescribeTopicCommand({ ClusterArn: clusterArn, TopicName: topic });
    const answer = await fromAws('kafka:DescribeTopic', this.#kafka.send(command, this.#options)).catch(
      noneWhenNotFound,
    );
    return answer?.Status === 'DELETING' ? undefined : answer && (answer.PartitionCount ?? null);
  }

  /** The names of the cluster's topics: all, or the first 2,000. */
  async listTopics(clusterArn: string): Promise<string[]> {
    const pages = paginateListTopics({ client: this.#kafka, pageSize: 100 }, { ClusterArn: clusterArn }, this.#options);
    const topics = await fromAws(
      'kafka:ListTopics',
      all(pages, ({ Topics }) => Topics, 20),
    );
    return topics.flatMap(({ TopicName }) => TopicName ?? []);
  }

  /** @throws AwsRefused with NotFoundException if the cluster is gone */
  async listTags(clusterArn: string): Promise<Record<string, string>> {
    const command = new ListTagsForResourceCommand({ ResourceArn: clusterArn });
    const answer = await fromAws('kafka:ListTagsForResource', this.#kafka.send(command, this.#options));
    return answer.Tags ?? {};
  }

  /** Writes these tags; other tags stay as they are. */
  async tag(clusterArn: string, tags: Record<string, string>): Promise<void> {
    const command = new TagResourceCommand({ ResourceArn: clusterArn, Tags: tags });
    await fromAws('kafka:TagResource', this.#kafka.send(command, this.#options));
  }

  async untag(clusterArn: string, keys: string[]): Promise<void> {
    const command = new UntagResourceCommand({ ResourceArn: clusterArn, TagKeys: keys });
    await fromAws('kafka:UntagResource', this.#kafka.send(command, this.#options));
  }
}

async function all<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => Item[] | undefined,
  maxPages = Number.POSITIVE_INFINITY,
) {
  const items: Item[] = [];
  let read = 0;
  for await (const page of pages) {
    items.push(...(itemsOf(page) ?? []));
    if (++read >= maxPages) break;
  }
  return items;
}
