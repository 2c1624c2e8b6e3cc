/**
 * What must be true before the first change: each check by its stable id, with what is true if it is met. A run lists what is not met in
 * this order. The functions of this folder make the checks.
 */
export const checks = {
  clusterState: 'The cluster is neither FAILED nor being deleted',
  settings: "The cluster's setting tags and the target are valid and allowed",
  clusterType: 'The cluster is a provisioned cluster',
  kafkaVersion: 'Apache Kafka is 2.7.1 or newer',
  brokerType: 'The brokers are of a type with multi-VPC connectivity',
  scram: 'SASL/SCRAM authentication is on',
  unauthenticated: 'Unauthenticated access is off',
  encryption: 'Clients and brokers communicate over TLS only',
  acls: 'allow.everyone.if.no.acl.found is false',
  secretChoice: 'It is clear which SCRAM secret to use',
  secretDescription: 'The SCRAM secret is usable: its tag, its key, and not scheduled for deletion',
  secretContent: 'The SCRAM secret has a user and a password',
  accessList: "Atlas's access list lets this address in",
  region: "Atlas offers Stream Processing in the cluster's Region",
  workspace: "The workspace exists, on AWS in the cluster's Region",
  principal: 'Atlas names an AWS account for the project in this Region',
  account: 'That AWS account may connect',
  privateLink: 'No private link is in the way',
  connection: 'No other connection has the name',
  policy: 'The cluster policy can let Atlas connect',
} as const;

export type Check = keyof typeof checks;

export const checkIds = Object.keys(checks) as Check[];
