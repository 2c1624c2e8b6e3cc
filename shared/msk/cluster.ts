import type { Cluster } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';

const known = z.nullable(z.string());

/** What the later states read of a cluster; null if MSK says nothing. */
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
  /** Differs as soon as any of the above differs. */
  fingerprint: z.string(),
  securityGroups: z.array(z.string()),
  /** The ids of the availability zones, such as `use1-az1`. */
  zoneIds: z.array(z.string()),
});
export type ClusterDetails = z.infer<typeof ClusterDetails>;

/** The multi-VPC connectivity of a provisioned cluster: one switch for each authentication scheme. */
export const vpcConnectivityOf = ({ Provisioned }: Cluster) =>
  Provisioned?.BrokerNodeGroupInfo?.ConnectivityInfo?.VpcConnectivity?.ClientAuthentication;

export const isPrivateConnectivityOn = (cluster: Cluster): boolean =>
  vpcConnectivityOf(cluster)?.Sasl?.Scram?.Enabled === true;
