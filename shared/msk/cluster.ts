import {
  type Cluster,
  DescribeClusterV2Command,
  type KafkaClient,
  paginateListScramSecrets,
} from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { fromAws, noneWhenNotFound } from '../aws.ts';
import { ClusterUnusable } from '../errors.ts';

const known = z.nullable(z.string());

/** What the later states read of a cluster; null where MSK says nothing. */
export const ClusterDetails = z.object({
  clusterType: z.string(),
  kafkaVersion: known,
  instanceType: known,
  isScramOn: z.boolean(),
  isUnauthenticatedOn: z.boolean(),
  /** Encryption between clients and brokers: TLS, TLS_PLAINTEXT or PLAINTEXT. */
  clientBroker: known,
  configurationArn: known,
  configurationRevision: z.nullable(z.number()),
  scramSecretArns: z.array(z.string()),
  /** Another one as soon as anything of the above is another. */
  fingerprint: z.string(),
});
export type ClusterDetails = z.infer<typeof ClusterDetails>;

/**
 * @returns the cluster, and how many attempts the SDK has made: more than one, where AWS throttles
 * @throws ClusterUnusable when there is no such cluster; AwsRefused, AwsUnavailable
 */
export async function describeCluster(
  clusterArn: string,
  kafka: KafkaClient,
  signal: AbortSignal,
): Promise<{ cluster: Cluster; attempts: number }> {
  const command = new DescribeClusterV2Command({ ClusterArn: clusterArn });
  const answer = await fromAws('kafka:DescribeClusterV2', kafka.send(command, { abortSignal: signal })).catch(
    noneWhenNotFound,
  );
  if (answer?.ClusterInfo) return { cluster: answer.ClusterInfo, attempts: answer.$metadata?.attempts ?? 1 };
  throw new ClusterUnusable(`The cluster ${clusterArn} does not exist (any more).`);
}

/** The multi-VPC connectivity of a provisioned cluster: one switch for each authentication scheme. */
export const vpcConnectivityOf = ({ Provisioned }: Cluster) =>
  Provisioned?.BrokerNodeGroupInfo?.ConnectivityInfo?.VpcConnectivity?.ClientAuthentication;

export const isPrivateConnectivityOn = (cluster: Cluster): boolean =>
  vpcConnectivityOf(cluster)?.Sasl?.Scram?.Enabled === true;

/** The ARNs of all SCRAM secrets that are associated with the cluster. @throws AwsRefused, AwsUnavailable */
export async function scramSecrets(clusterArn: string, kafka: KafkaClient, signal: AbortSignal): Promise<string[]> {
  const pages = paginateListScramSecrets(
    { client: kafka, pageSize: 100 },
    { ClusterArn: clusterArn },
    { abortSignal: signal },
  );
  const secretArns: string[] = [];
  const read = async () => {
    for await (const { SecretArnList } of pages) secretArns.push(...(SecretArnList ?? []));
  };
  await fromAws('kafka:ListScramSecrets', read());
  return secretArns;
}
