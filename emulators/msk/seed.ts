import { randomUUID } from 'node:crypto';
import type { ClusterState, ErrorInfo } from '@aws-sdk/client-kafka';
import type { Topic } from '../kafka/topic.ts';

/** Which authentication schemes are on. */
export interface Schemes {
  scram: boolean;
  iam: boolean;
  tls: boolean;
}

export interface Connectivity {
  vpcConnectivity: Schemes;
  publicAccess: ClusterSeed['publicAccess'];
}

/** A cluster at the start of a scenario. By default it lacks nothing but multi-VPC connectivity. */
export interface ClusterSeed {
  name: string;
  arn: string;
  /** By default, an ARN such as `…-s1` is that of a serverless cluster. Documented, in examples. */
  clusterType: 'PROVISIONED' | 'SERVERLESS';
  /** The state until `settlesAfterMinutes` have passed; then it is ACTIVE. By default, a given state never changes. */
  state: ClusterState;
  settlesAfterMinutes: number;
  kafkaVersion: string;
  instanceType: string;
  numberOfBrokerNodes: number;
  clientAuthentication: Schemes & { unauthenticated: boolean };
  vpcConnectivity: Schemes;
  publicAccess: 'DISABLED' | 'SERVICE_PROVIDED_EIPS';
  /** The key of the data at rest. Default: a customer managed key of the cluster's account and Region. */
  dataVolumeKmsKeyId: string;
  clientBroker: 'TLS' | 'TLS_PLAINTEXT' | 'PLAINTEXT';
  /** The properties of its configuration. undefined: no configuration, so MSK's defaults apply. */
  serverProperties: string | undefined;
  /** Default: `orders`, with 6 partitions and 1204 records, and `payments`, which has no record. */
  topics: Topic[];
  /**
   * What the ACLs deny to every user, as `topic:orders:Read` or `group:asp-*:Read`. The operations are Describe and Read. A user who logs in by
   * IAM has no ACLs. Default: nothing.
   */
  deniedAcls: string[];
  scramSecretArns: string[];
  /** How old a secret must be before MSK can read it. Reported: sometimes it cannot for some seconds. */
  secretsReadableAfterMinutes: number;
  tags: Record<string, string>;
  /** The policy, or how it is made of the cluster's ARN. Its principals may have been deleted since it was stored. */
  policy: object | ((clusterArn: string) => object) | undefined;
  /** The duration of UpdateConnectivity. Documented: "up to 30 minutes or more". */
  updateMinutes: number;
  /** The error with which UpdateConnectivity ends. undefined: it succeeds. */
  updateError: ErrorInfo | undefined;
}

export function completeSeed(seed: Partial<ClusterSeed>): ClusterSeed {
  const { name = 'orders', arn = `arn:aws:kafka:us-east-1:123456789012:cluster/${name}/${randomUUID()}-2` } = seed;
  const isServerless = seed.clusterType ? seed.clusterType === 'SERVERLESS' : /-s\d+$/.test(arn);
  return {
    name,
    arn,
    clusterType: isServerless ? 'SERVERLESS' : 'PROVISIONED',
    state: 'ACTIVE',
    settlesAfterMinutes: seed.state ? Number.POSITIVE_INFINITY : 0,
    kafkaVersion: '3.6.0',
    instanceType: 'kafka.m5.large',
    numberOfBrokerNodes: 3,
    clientAuthentication: { scram: !isServerless, iam: isServerless, tls: false, unauthenticated: false },
    vpcConnectivity: { scram: false, iam: false, tls: false },
    publicAccess: 'DISABLED',
    dataVolumeKmsKeyId: `${arn.replace(':kafka:', ':kms:').replace(/:cluster\/.*/, '')}:key/${randomUUID()}`,
    clientBroker: 'TLS',
    serverProperties: 'auto.create.topics.enable=false\nallow.everyone.if.no.acl.found=false\n',
    topics: [
      { name: 'orders', partitions: 6, records: 1204 },
      { name: 'payments', partitions: 3, records: 0 },
    ],
    deniedAcls: [],
    scramSecretArns: [],
    secretsReadableAfterMinutes: 0,
    tags: {},
    updateMinutes: 45,
    updateError: undefined,
    ...seed,
    policy: typeof seed.policy === 'function' ? seed.policy(arn) : seed.policy,
  };
}
