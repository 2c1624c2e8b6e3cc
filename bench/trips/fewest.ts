/**
 * The fewest HTTP requests that reach the same end as safely, given the APIs of AWS and Atlas. Polls are left out. The rules:
 * nothing is changed before everything that could stop the run has been read; what another party may have changed during a wait
 * is read again before the run acts on it; a password is read by the process that sends it.
 */

export interface Request {
  /** The operation, as AWS and Atlas name it. */
  operation: string;
  reason: string;
}

/** Every process that calls Atlas needs both once: Lambda's containers share neither credentials nor nonces, and a secret must not travel. */
const authentication: Request[] = [
  { operation: 'GetSecretValue (Atlas)', reason: 'The credentials; a container keeps them.' },
  { operation: '401', reason: "The challenge: digest needs the server's nonce; a container keeps it." },
];

/** Read before the first change. */
const reads: Request[] = [
  {
    operation: 'ListTagsForResource',
    reason: 'Which action the tag requests, with which settings, and whether another run is working on the cluster.',
  },
  { operation: 'GetItem', reason: 'What is connected and ours; only then are the settings known.' },
  { operation: 'UpdateItem', reason: 'Claims the cluster, by a condition.' },
  { operation: 'TagResource', reason: 'Shows the owner that a run has started.' },
  {
    operation: 'DescribeClusterV2',
    reason: 'State, versions, authentication, connectivity, the version for an update.',
  },
  { operation: 'ListScramSecrets', reason: 'The secret to use; DescribeClusterV2 does not show it.' },
  { operation: 'DescribeConfigurationRevision', reason: 'allow.everyone.if.no.acl.found must be false.' },
  {
    operation: 'DescribeSecret',
    reason: 'Its tag, its key and whether it is being deleted. MSK would refuse it only after the reboot.',
  },
  { operation: 'GetSecretValue', reason: 'The secret must have a user and a password.' },
  { operation: 'getGroupStreamWorkspace', reason: 'It must exist, on AWS, in the cluster’s Region.' },
  { operation: 'getGroupStreamConnection', reason: 'No other connection may have the name.' },
  { operation: 'listGroupStreamPrivateLinkConnections', reason: 'Whether a link exists that is not FAILED.' },
  { operation: 'getGroupStreamAccountDetails', reason: 'The principal; without it the reboot would be useless.' },
];

const outcome: Request[] = [
  { operation: 'UpdateItem', reason: 'The outcome in the registry; gives the cluster back.' },
  { operation: 'TagResource', reason: 'The outcome, on the cluster’s tags.' },
];

/** It waits for nothing, so it reads nothing twice. Messages about successful runs are off by default. */
const verification: Request[] = [
  ...reads,
  { operation: 'GetClusterPolicy', reason: 'Whether the statement is there.' },
  { operation: 'GetBootstrapBrokers', reason: 'Whether the connection still has the current brokers.' },
  ...outcome,
];

const sweep: Request[] = [
  { operation: 'ListClustersV2', reason: 'All clusters with their tags.' },
  { operation: 'Scan', reason: 'All records.' },
  { operation: 'StartExecution', reason: 'The run.' },
];

/** By IAM, nothing about a secret and Kafka ACLs is read. */
const ofScram = ['ListScramSecrets', 'DescribeConfigurationRevision', 'DescribeSecret', 'GetSecretValue'];
const byIam = (work: Request[]): Request[] => [
  ...work.filter(({ operation }) => !ofScram.includes(operation)),
  { operation: 'listGroupCloudProviderAccess', reason: 'Whether Atlas may assume the role.' },
];

export type Journey =
  | 'first connect'
  | 'first connect by IAM'
  | 'connect, all done'
  | 'all done, by IAM'
  | 'the same, warm'
  | 'verify by the sweep'
  | 'prove a topic'
  | 'restart a processor'
  | 'disconnect';

/** Everything is done already, and a probe proves that a topic can be read. */
const probe: Request[] = [
  { operation: 'DescribeTopic', reason: 'Whether the topic exists, and its partitions, which decide the tier.' },
  { operation: 'UpdateItem', reason: 'Names the probe before it exists.' },
  { operation: 'createGroupStreamProcessor', reason: 'The probe.' },
  { operation: 'UpdateItem', reason: 'That this run still holds the cluster.' },
  { operation: 'startGroupStreamProcessorWith', reason: 'The change.' },
  { operation: 'getGroupStreamProcessor', reason: 'The poll that finds what it has read.' },
  { operation: 'UpdateItem', reason: 'That this run still holds the cluster.' },
  { operation: 'stopGroupStreamProcessor', reason: 'The change.' },
  { operation: 'getGroupStreamProcessor', reason: 'The poll that finds it STOPPED.' },
  { operation: 'UpdateItem', reason: 'That this run still holds the cluster.' },
  { operation: 'deleteGroupStreamProcessor', reason: 'The change.' },
  { operation: 'getGroupStreamProcessor', reason: 'The poll that finds it gone.' },
  { operation: 'UpdateItem', reason: 'The probe is gone.' },
];

/** Atlas has an old password, and one running processor uses the connection. */
const restart: Request[] = [
  ...reads,
  { operation: 'GetClusterPolicy', reason: 'Whether the statement is there.' },
  { operation: 'GetBootstrapBrokers', reason: 'The current brokers.' },
  { operation: 'GetSecretValue', reason: 'User and password, in the process that sends them.' },
  { operation: 'UpdateItem', reason: 'Announces the update, and that this run still holds the cluster.' },
  { operation: 'updateGroupStreamConnection', reason: 'Atlas refuses it: only Atlas says whether it is in use.' },
  { operation: 'getGroupStreamProcessors', reason: 'Which processors run and use it.' },
  { operation: 'UpdateItem', reason: 'Records the processor before it is stopped.' },
  { operation: 'stopGroupStreamProcessor', reason: 'The change.' },
  { operation: 'getGroupStreamProcessors', reason: 'The poll that finds it STOPPED.' },
  { operation: 'UpdateItem', reason: 'Announces the update, and that this run still holds the cluster.' },
  { operation: 'updateGroupStreamConnection', reason: 'The change.' },
  { operation: 'UpdateItem', reason: 'The version of the secret that Atlas has.' },
  { operation: 'getGroupStreamConnection', reason: 'The poll that finds it READY.' },
  { operation: 'UpdateItem', reason: 'That this run still holds the cluster.' },
  { operation: 'getGroupStreamProcessor', reason: 'Whether it is still as this run has stopped it.' },
  { operation: 'startGroupStreamProcessorWith', reason: 'The change.' },
  { operation: 'getGroupStreamProcessor', reason: 'The poll that finds it STARTED.' },
  { operation: 'UpdateItem', reason: 'The processor runs again.' },
  ...outcome,
];

/** From the reads to the outcome. */
const firstConnect: Request[] = [
  ...reads,
  { operation: 'GetClusterPolicy', reason: 'A policy that cannot be changed would make the reboot useless.' },
  {
    operation: 'UpdateItem',
    reason: 'Records since when connectivity is on, and that this run still holds the cluster.',
  },
  { operation: 'UpdateConnectivity', reason: 'The change.' },
  { operation: 'DescribeClusterV2', reason: 'The poll that finds the cluster ACTIVE again.' },
  { operation: 'ListTagsForResource', reason: 'Whether the tag still asks for it after the reboot.' },
  { operation: 'UpdateItem', reason: 'Records the target and the principal before anything is created for them.' },
  { operation: 'GetClusterPolicy', reason: 'The existing statements, and the version for the change.' },
  { operation: 'UpdateItem', reason: 'Announces the statement, and that this run still holds the cluster.' },
  { operation: 'PutClusterPolicy', reason: 'The change.' },
  { operation: 'UpdateItem', reason: 'The statement is ours.' },
  {
    operation: 'listGroupStreamPrivateLinkConnections',
    reason: 'Again after the reboot: the POST has no idempotency token.',
  },
  { operation: 'UpdateItem', reason: 'Announces the link, and that this run still holds the cluster.' },
  { operation: 'createGroupStreamPrivateLinkConnection', reason: 'The change.' },
  { operation: 'UpdateItem', reason: 'The id of the link; it is ours.' },
  { operation: 'getGroupStreamPrivateLinkConnection', reason: 'The poll that finds it DONE.' },
  { operation: 'GetBootstrapBrokers', reason: 'They exist only after the reboot.' },
  { operation: 'GetSecretValue', reason: 'User and password, in the process that sends them.' },
  {
    operation: 'getGroupStreamConnection',
    reason: 'Again after the waits: the effect of a second POST is not documented.',
  },
  { operation: 'UpdateItem', reason: 'Announces the connection, and that this run still holds the cluster.' },
  { operation: 'createGroupStreamConnection', reason: 'The change.' },
  { operation: 'UpdateItem', reason: 'The id of the connection; it is ours.' },
  { operation: 'getGroupStreamConnection', reason: 'The poll that finds it READY.' },
  ...outcome,
];

/** Of a first connect: the prerequisites, the link, its wait, the connection, its wait. */
const atlasFunctions = 5;

export const fewest: Record<Journey, { work: Request[]; atlasFunctions: number }> = {
  'first connect': { work: firstConnect, atlasFunctions },
  'first connect by IAM': { work: byIam(firstConnect), atlasFunctions },
  'connect, all done': { work: verification, atlasFunctions: 1 },
  'all done, by IAM': { work: byIam(verification), atlasFunctions: 1 },
  'the same, warm': { work: verification, atlasFunctions: 0 },
  'verify by the sweep': { work: [...sweep, ...verification], atlasFunctions: 1 },
  // The prerequisites, and the states that start, check and end the probe.
  'prove a topic': { work: [...verification, ...probe], atlasFunctions: 4 },
  // The prerequisites, the connection, its check, and the states that stop and start the processor.
  'restart a processor': { work: restart, atlasFunctions: 5 },
  disconnect: {
    work: [
      { operation: 'ListTagsForResource', reason: 'Which action the tag requests.' },
      { operation: 'GetItem', reason: 'What is connected, and what of it is ours.' },
      { operation: 'UpdateItem', reason: 'Claims the cluster, by a condition.' },
      { operation: 'TagResource', reason: 'Shows the owner that a run has started.' },
      {
        operation: 'getGroupStreamConnection',
        reason: 'Whether the recorded connection still is the one of that name.',
      },
      { operation: 'listGroupStreamPrivateLinkConnections', reason: 'Whether its link leads to this cluster.' },
      { operation: 'UpdateItem', reason: 'Whether this run still holds the cluster.' },
      { operation: 'deleteGroupStreamConnection', reason: 'The change.' },
      { operation: 'getGroupStreamConnection', reason: 'The poll that finds it gone.' },
      { operation: 'UpdateItem', reason: 'The connection is gone.' },
      { operation: 'UpdateItem', reason: 'Whether this run still holds the cluster.' },
      { operation: 'deleteGroupStreamPrivateLinkConnection', reason: 'The change.' },
      { operation: 'listGroupStreamPrivateLinkConnections', reason: 'The poll that finds it gone.' },
      { operation: 'UpdateItem', reason: 'The link is gone.' },
      { operation: 'GetClusterPolicy', reason: 'The other statements, and the version for the change.' },
      { operation: 'UpdateItem', reason: 'Whether this run still holds the cluster.' },
      { operation: 'DeleteClusterPolicy', reason: 'The change; MSK refuses an empty policy.' },
      { operation: 'UpdateItem', reason: 'The statement is gone.' },
      { operation: 'DeleteItem', reason: 'Nothing of ours is left.' },
      { operation: 'TagResource', reason: 'The outcome, on the cluster’s tags.' },
      { operation: 'UntagResource', reason: 'The tag that says when it was verified.' },
    ],
    // One that deletes the connection, one that deletes the link.
    atlasFunctions: 2,
  },
};

export const fewestRequests = (journey: Journey): number =>
  fewest[journey].work.length + fewest[journey].atlasFunctions * authentication.length;
