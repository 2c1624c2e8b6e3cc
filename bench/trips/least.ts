/**
 * The fewest HTTP requests with which the APIs of AWS and Atlas let anybody reach the same ends as safely, polls left out.
 * What holds for all of them: nothing is changed before everything that could stop the run has been looked at; what others
 * may have changed during a wait is read again before it is acted upon; a password is read by the process that sends it.
 */

export interface Request {
  /** The operation, as AWS and Atlas name it. */
  operation: string;
  reason: string;
}

/** Every process that talks to Atlas needs both once: containers of Lambda share nothing, and a secret must not travel. */
const authentication: Request[] = [
  { operation: 'GetSecretValue (Atlas)', reason: 'The credentials; a container keeps them.' },
  { operation: '401', reason: 'The challenge: digest needs a nonce of the server; a container keeps it.' },
];

/** Looked at before the first change. */
const looks: Request[] = [
  {
    operation: 'ListTagsForResource',
    reason: 'What is asked now, with which settings, and whether another run is at it.',
  },
  { operation: 'TagResource', reason: 'Holds the cluster, and shows its owner that a run has begun.' },
  {
    operation: 'DescribeClusterV2',
    reason: 'State, versions, authentication, connectivity, the version for an update.',
  },
  { operation: 'ListScramSecrets', reason: 'The secret to use; DescribeClusterV2 does not show it.' },
  { operation: 'DescribeConfigurationRevision', reason: 'allow.everyone.if.no.acl.found must be false.' },
  { operation: 'GetSecretValue', reason: 'The secret must have a user and a password.' },
  { operation: 'getGroupStreamWorkspace', reason: 'It must exist, on AWS, in the cluster’s Region.' },
  { operation: 'getGroupStreamConnection', reason: 'No foreign connection may have the name.' },
  { operation: 'listGroupStreamPrivateLinkConnections', reason: 'Whether a link is there, and is not FAILED.' },
  { operation: 'getGroupStreamAccountDetails', reason: 'The principal; without one the reboot would be for nothing.' },
];

const done: Request = { operation: 'TagResource', reason: 'The outcome, where it was asked for.' };

/** Nothing waits in it, so nothing is read twice. A message about a run that succeeded is off, where nobody asks for it. */
const verification: Request[] = [
  ...looks,
  { operation: 'GetClusterPolicy', reason: 'Whether the statement is there.' },
  { operation: 'GetBootstrapBrokers', reason: 'Whether the connection leads to the brokers of today.' },
  done,
];

const sweep: Request[] = [
  { operation: 'ListClustersV2', reason: 'All clusters with their tags.' },
  { operation: 'ListScramSecrets', reason: 'The secret of this one.' },
  { operation: 'DescribeSecret', reason: 'Whether it has rotated.' },
  { operation: 'StartExecution', reason: 'The run.' },
];

export type Journey = 'first connect' | 'connect, all done' | 'the same, warm' | 'verify by the sweep' | 'disconnect';

export const least: Record<Journey, { work: Request[]; atlasFunctions: number }> = {
  'first connect': {
    work: [
      ...looks,
      { operation: 'UpdateConnectivity', reason: 'The change.' },
      { operation: 'DescribeClusterV2', reason: 'The look that finds the cluster ACTIVE again.' },
      { operation: 'GetClusterPolicy', reason: 'The statements of others, and the version for the change.' },
      { operation: 'PutClusterPolicy', reason: 'The change.' },
      {
        operation: 'listGroupStreamPrivateLinkConnections',
        reason: 'Again after the reboot: the POST takes no token.',
      },
      { operation: 'createGroupStreamPrivateLinkConnection', reason: 'The change.' },
      { operation: 'getGroupStreamPrivateLinkConnection', reason: 'The look that finds it DONE.' },
      { operation: 'GetBootstrapBrokers', reason: 'They exist only after the reboot.' },
      { operation: 'GetSecretValue', reason: 'User and password, in the process that sends them.' },
      {
        operation: 'getGroupStreamConnection',
        reason: 'Again after the waits: what a second POST does is not documented.',
      },
      { operation: 'createGroupStreamConnection', reason: 'The change.' },
      { operation: 'getGroupStreamConnection', reason: 'The look that finds it READY.' },
      done,
    ],
    // The prerequisites, the link, its wait, the connection, its wait.
    atlasFunctions: 5,
  },
  'connect, all done': { work: verification, atlasFunctions: 1 },
  'the same, warm': { work: verification, atlasFunctions: 0 },
  'verify by the sweep': { work: [...sweep, ...verification], atlasFunctions: 1 },
  disconnect: {
    work: [
      { operation: 'ListTagsForResource', reason: 'What is asked now, with which settings.' },
      { operation: 'TagResource', reason: 'Holds the cluster, and shows its owner that a run has begun.' },
      { operation: 'getGroupStreamAccountDetails', reason: 'The account in the Sid of the statement that goes.' },
      { operation: 'getGroupStreamConnection', reason: 'Through which link it goes.' },
      { operation: 'listGroupStreamPrivateLinkConnections', reason: 'Whether that link leads to this cluster.' },
      { operation: 'deleteGroupStreamConnection', reason: 'The change.' },
      { operation: 'getGroupStreamConnection', reason: 'The look that finds it gone.' },
      { operation: 'deleteGroupStreamPrivateLinkConnection', reason: 'The change.' },
      { operation: 'listGroupStreamPrivateLinkConnections', reason: 'The look that finds it gone.' },
      { operation: 'GetClusterPolicy', reason: 'The statements of others, and the version for the change.' },
      { operation: 'DeleteClusterPolicy', reason: 'The change; MSK takes no empty policy.' },
      done,
      { operation: 'UntagResource', reason: 'The tags that say what was connected.' },
    ],
    // One that deletes the connection, one that deletes the link.
    atlasFunctions: 2,
  },
};

export const leastRequests = (journey: Journey): number =>
  least[journey].work.length + least[journey].atlasFunctions * authentication.length;
