import type { ReadTopic } from './kafka-source.ts';
import {
  agentSkills,
  assumed,
  documented,
  type Known,
  reported,
  streamsArchitecture,
  terraformTests,
} from './knowledge.ts';

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
  /** Until a stream processor is STARTED after its start, if nothing is wrong. */
  processorStartMinutes: number;
  /** For how many more minutes Atlas tries again if something is wrong. Then the processor is FAILED. */
  processorRetryMinutes: number;
  /** Until a stream processor is STOPPED. */
  processorStopSeconds: number;
  /** What a processor finds in Kafka when it starts. */
  readTopic: ReadTopic;
  /** Whether Kafka's brokers cannot be reached although the link is DONE, as behind a security group. */
  brokersUnreachable: boolean;
  /** The message with which the sink of a processor fails. undefined: it does not fail. */
  sinkFails: string | undefined;
  /** When Atlas refuses the sink `__testLog`: when a processor is created, when it is started, or by its log when it runs. false: never. */
  refusesTestLog: false | 'create' | 'start' | 'run';
  /** Whether the organization has a payment method. */
  billing: boolean;
  /** Until a line of the operational logs can be read. Changes affect written lines, too. */
  logDelayMinutes: number;
  /** Whether the key of all callers has a role that may read operational logs. */
  mayReadLogs: boolean;
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
  processorStartMinutes: 3,
  processorRetryMinutes: 5,
  processorStopSeconds: 20,
  readTopic: ({ topic: name }) => ({ topic: { name, partitions: 1, records: 0 } }),
  brokersUnreachable: false,
  sinkFails: undefined,
  refusesTestLog: false,
  billing: true,
  logDelayMinutes: 5,
  mayReadLogs: true,
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
  processorStartMinutes: {
    what: 'A stream processor is PROVISIONING for 2 to 5 minutes after its start',
    ...documented(`${streamsArchitecture}; that the API shows this state is assumed`),
  },
  processorRetryMinutes: {
    what: 'A stream processor that cannot reach Kafka, log in or read is tried again for 5 minutes, and is then FAILED',
    ...documented(
      `${streamsArchitecture}; that it is PROVISIONING until it has seen its topic, and then STARTED, is assumed`,
    ),
  },
  processorStopSeconds: {
    what: 'A stream processor that is stopped is STOPPING for a while, and holds its connections',
    ...assumed('the states STOPPING and STOPPED; no source says for how long'),
  },
  readTopic: {
    what: 'A stream processor logs in when it starts, and keeps its open connection when the login changes',
    ...assumed('clients of Kafka do so'),
  },
  brokersUnreachable: {
    what: 'Brokers may be unreachable although the connection is READY',
    ...reported(`${agentSkills}: a READY connection, and a processor that fails`),
  },
  sinkFails: {
    what: 'A stream processor may fail because of its sink',
    ...assumed('a sink has a login of its own; the text is not known'),
  },
  refusesTestLog: {
    what: 'A stream processor may have the sink `__testLog`, which needs no connection, or Atlas refuses it',
    ...reported(
      `${terraformTests}, which create and start such processors; the refusal, when it comes, and its text are assumed`,
    ),
  },
  billing: {
    what: 'Without a payment method, the start of a stream processor is refused',
    ...reported(agentSkills),
  },
  logDelayMinutes: {
    what: 'Operational logs can be read up to 5 minutes after they were written',
    ...documented('MongoDB Atlas documentation, Stream Processing, "Monitoring"; the format of the lines is assumed'),
  },
  mayReadLogs: {
    what: 'Operational logs need a role with access to the data of the project',
    ...documented('Atlas Administration API v2, Streams, downloadGroupStreamOperationalLogs; the text is assumed'),
  },
  blockedAddress: {
    what: 'An address that is not on the access list is refused',
    ...reported('public test fixtures of clients of the API'),
  },
};
