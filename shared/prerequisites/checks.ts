import type { Scheme } from '../login.ts';

/**
 * What must be true before the first change. Each check has a stable id, and a title that says what is true if it is met. A run lists what is
 * not met in this order. `needs`: the check that must be made first. `scheme`: the only authentication scheme that it is
 * about. The other files of this folder make the checks.
 */
export const checks = {
  clusterState: { title: 'The cluster is neither FAILED nor being deleted' },
  registry: { title: "The cluster's record in the registry can be read" },
  settings: { title: "The cluster's setting tags and the target are valid and allowed" },
  tag: { title: "The cluster's tag does not ask for a disconnect", needs: 'clusterState' },
  clusterType: { title: 'The cluster is a provisioned cluster', needs: 'clusterState' },
  kafkaVersion: { title: 'Apache Kafka is 2.7.1 or newer', needs: 'clusterType' },
  brokerType: { title: 'The brokers are of a type with multi-VPC connectivity', needs: 'clusterType' },
  topics: { title: 'The named topics exist', needs: 'clusterType' },
  scram: { title: 'SASL/SCRAM authentication is on', needs: 'clusterType', scheme: 'SASL_SCRAM' },
  iam: { title: 'IAM authentication is on', needs: 'clusterType', scheme: 'IAM' },
  unauthenticated: { title: 'Unauthenticated access is off', needs: 'clusterType' },
  encryption: { title: 'Clients and brokers communicate over TLS only', needs: 'clusterType' },
  acls: { title: 'allow.everyone.if.no.acl.found is false', needs: 'clusterType', scheme: 'SASL_SCRAM' },
  secretChoice: { title: 'It is clear which SCRAM secret to use', needs: 'scram', scheme: 'SASL_SCRAM' },
  secretDescription: {
    title: 'The SCRAM secret has the right tag and key, and is not being deleted',
    needs: 'secretChoice',
    scheme: 'SASL_SCRAM',
  },
  secretContent: {
    title: 'The SCRAM secret has a user and a password',
    needs: 'secretDescription',
    scheme: 'SASL_SCRAM',
  },
  accessList: { title: "Atlas's IP access list allows this address", needs: 'workspace' },
  region: { title: "Atlas offers Stream Processing in the cluster's Region", needs: 'workspace' },
  workspace: { title: "The workspace exists, on AWS in the cluster's Region", needs: 'region' },
  streamsRole: {
    title: "The deployment's streams role is registered and authorized in the Atlas project, and trusts it",
    needs: 'workspace',
    scheme: 'IAM',
  },
  streamsRoleTag: {
    title: 'The cluster has the tag that the streams role requires',
    needs: 'clusterState',
    scheme: 'IAM',
  },
  principal: { title: 'Atlas names its AWS account for the project in this Region', needs: 'workspace' },
  account: { title: "Atlas's AWS account may connect", needs: 'principal' },
  privateLink: { title: 'There is no private link to the cluster yet, or it can be used', needs: 'workspace' },
  connection: { title: "The connection's name is free, or its connection can be used", needs: 'workspace' },
  policy: { title: 'The cluster policy lets Atlas connect, or can be changed so that it does', needs: 'principal' },
} as const satisfies Record<string, { title: string; needs?: string; scheme?: Scheme }>;

export type Check = keyof typeof checks;

export const checkIds = Object.keys(checks) as Check[];
