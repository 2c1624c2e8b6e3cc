import { assumed, type Known, reported, terraformTests } from './knowledge.ts';

/** MSK's name of the scheme of a link, which is also the label in the names of its brokers. */
export type SchemeOfMsk = 'scram' | 'iam' | 'tls';

/** How links and connections behave. A scenario may change it at any time. Most changes affect only what is created later. */
export interface AtlasBehaviour {
  /** Until a link to MSK is DONE. */
  linkMinutes: number;
  /** Until a private connection is READY. */
  connectionMinutes: number;
  /** Until a connection is gone after its DELETE. Changes affect deletions that have begun, too. */
  connectionDeletionMinutes: number;
  /** The `errorMessage` with which links fail. undefined: they do not fail. */
  linkFails: string | undefined;
  connectionFails: boolean;
  /** Whether the account may connect to the cluster by this scheme. If not, a link to the cluster fails. */
  mayConnect: (clusterArn: string, awsAccountId: string, scheme: SchemeOfMsk) => boolean;
  /** Whether a role in AWS lets Atlas in, for `authorizeGroupCloudProviderAccessRole`. */
  mayAssume: (roleArn: string, atlasAWSAccountArn: string, externalId: string) => boolean;
  /**
   * Simulated seconds between reading and writing a workspace's connections, which Atlas stores in one document. If two
   * writes overlap, the earlier one is lost, although both are answered with 200.
   */
  workspaceWriteSeconds: number;
  /**
   * For how many simulated seconds after its creation a link or a connection is missing in the answers to GET and LIST. All other
   * requests know it at once. Changes affect what exists, too.
   */
  shownAfterSeconds: number;
  /** The address of all callers, if it is not on the access list of the API key. */
  blockedAddress: string | undefined;
}

export const usualBehaviour: AtlasBehaviour = {
  linkMinutes: 32,
  connectionMinutes: 26,
  connectionDeletionMinutes: 2,
  linkFails: undefined,
  connectionFails: false,
  mayConnect: () => true,
  mayAssume: () => true,
  workspaceWriteSeconds: 0,
  shownAfterSeconds: 0,
  blockedAddress: undefined,
};

/** What each behaviour is, for a reader, and how it is known. */
export const knownBehaviour: Record<keyof AtlasBehaviour, Known & { what: string }> = {
  linkMinutes: {
    what: 'A private link to MSK is DONE after 30 to 35 minutes',
    ...reported('mongodb/terraform-provider-mongodbatlas #3851'),
  },
  connectionMinutes: {
    what: 'A connection over a private link is READY after 23 to 29 minutes',
    ...reported('mongodb/terraform-provider-mongodbatlas #4467'),
  },
  connectionDeletionMinutes: {
    what: 'A connection is deleted after 2 minutes, and sometimes only after more than 20',
    ...reported('mongodb/terraform-provider-mongodbatlas #2971 and the tests of that provider'),
  },
  linkFails: {
    what: 'A private link may become FAILED, with a message',
    ...reported('mongodb-js/mongodb-mcp-server #1000'),
  },
  connectionFails: {
    what: 'A connection may become FAILED, without a message',
    ...reported('mongodb/terraform-provider-mongodbatlas #4122'),
  },
  mayConnect: {
    what: 'A private link fails if the cluster policy does not let Atlas connect, or multi-VPC connectivity is off for its scheme',
    ...assumed('AWS requires both; the text of Atlas is not known'),
  },
  mayAssume: {
    what: 'A role is authorized only if its trust policy lets Atlas assume it',
    ...reported(terraformTests),
  },
  workspaceWriteSeconds: {
    what: 'Of two simultaneous writes to one workspace, one is lost',
    ...reported('mongodb/terraform-provider-mongodbatlas #4464'),
  },
  shownAfterSeconds: {
    what: 'What was just created may be missing in the answers to GET and LIST',
    ...reported('mongodb/terraform-provider-mongodbatlas #4193, for connections; for links assumed'),
  },
  blockedAddress: {
    what: 'An address that is not on the access list is refused',
    ...reported('public test fixtures of clients of the API'),
  },
};
