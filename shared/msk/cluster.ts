import type { Cluster } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { type Mechanism, schemeOf } from '../login.ts';

const known = z.nullable(z.string());

/** What the later states read of a cluster; null if MSK says nothing. */
export const ClusterDetails = z.object({
  clusterType: z.string(),
  kafkaVersion: known,
  instanceType: known,
  isScramOn: z.boolean(),
  isIamOn: z.boolean(),
  isUnauthenticatedOn: z.boolean(),
  /** Encryption between clients and brokers: TLS, TLS_PLAINTEXT or PLAINTEXT. */
  clientBroker: known,
  configurationArn: known,
  configurationRevision: z.nullable(z.number()),
  scramSecretArns: z.array(z.string()),
  /** The value of the tag atlas-streaming. */
  triggerTag: known,
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

/** For which of our schemes multi-VPC connectivity is on. */
export const PrivateConnectivity = z.object({ scram: z.boolean(), iam: z.boolean() });
export type PrivateConnectivity = z.infer<typeof PrivateConnectivity>;

export function privateConnectivityOf(cluster: Cluster): PrivateConnectivity {
  const { Scram, Iam } = vpcConnectivityOf(cluster)?.Sasl ?? {};
  return { scram: Scram?.Enabled === true, iam: Iam?.Enabled === true };
}

/** Whether a connection by this mechanism needs no update of the cluster's multi-VPC connectivity. */
export const isPrivateConnectivityOn = ({ scram, iam }: PrivateConnectivity, mechanism: Mechanism): boolean =>
  schemeOf(mechanism) === 'IAM' ? iam : scram;
