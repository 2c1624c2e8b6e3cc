import { randomUUID } from 'node:crypto';
import type { ClusterState, ErrorInfo } from '@aws-sdk/client-kafka';

/** Authentication schemes, on or off. */
export interface Schemes {
  scram: boolean;
  iam: boolean;
  tls: boolean;
}

export interface Connectivity {
  vpcConnectivity: Schemes;
  publicAccess: ClusterSeed['publicAccess'];
}

/** A cluster as a scenario finds it. The defaults of `addCluster` make it ready but for multi-VPC connectivity. */
export interface ClusterSeed {
  name: string;
  arn: string;
  clusterType: 'PROVISIONED' | 'SERVERLESS';
  /** Its state for the first `settlesAfterMinutes` (for good, if that is not said), ACTIVE from then on. */
  state: ClusterState;
  settlesAfterMinutes: number;
  kafkaVersion: string;
  instanceType: string;
  numberOfBrokerNodes: number;
  clientAuthentication: Schemes & { unauthenticated: boolean };
  vpcConnectivity: Schemes;
  publicAccess: 'DISABLED' | 'SERVICE_PROVIDED_EIPS';
  clientBroker: 'TLS' | 'TLS_PLAINTEXT' | 'PLAINTEXT';
  /** Of its own configuration; undefined: the cluster has none and runs with MSK's defaults. */
  serverProperties: string | undefined;
  scramSecretArns: string[];
  tags: Record<string, string>;
  policy: object | undefined;
  /** How long UpdateConnectivity takes, and, if it is to fail, with what. AWS: "30 minutes or more". */
  updateMinutes: number;
  updateError: ErrorInfo | undefined;
}

export function completeSeed(seed: Partial<ClusterSeed>): ClusterSeed {
  const name = seed.name ?? 'orders';
  return {
    name,
    arn: `arn:aws:kafka:us-east-1:123456789012:cluster/${name}/${randomUUID()}-2`,
    clusterType: 'PROVISIONED',
    state: 'ACTIVE',
    settlesAfterMinutes: seed.state ? Number.POSITIVE_INFINITY : 0,
    kafkaVersion: '3.6.0',
    instanceType: 'kafka.m5.large',
    numberOfBrokerNodes: 3,
    clientAuthentication: { scram: true, iam: false, tls: false, unauthenticated: false },
    vpcConnectivity: { scram: false, iam: false, tls: false },
    publicAccess: 'DISABLED',
    clientBroker: 'TLS',
    serverProperties: 'auto.create.topics.enable=false\nallow.everyone.if.no.acl.found=false\n',
    scramSecretArns: [],
    tags: {},
    policy: undefined,
    updateMinutes: 45,
    updateError: undefined,
    ...seed,
  };
}
