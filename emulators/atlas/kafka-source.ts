import type { Topic } from '../kafka/topic.ts';
import { agentSkills, assumed, type Known, reported } from './knowledge.ts';

/** What a stream processor does in Kafka when it starts: with which login, and what it reads. */
export interface TopicQuestion {
  /** Behind the private link. */
  clusterArn: string;
  mechanism: string;
  username: string | undefined;
  password: string | undefined;
  roleArn: string | undefined;
  topic: string;
  /** The consumer group. */
  group: string;
}

/** Why a stream processor does not work, as in the operational logs. */
export interface Fault {
  errorCode: number;
  message: string;
  /** Whether Atlas tries again. Default: yes. */
  isFinal?: boolean;
}

/** What it finds: the topic, if it has seen its partitions, and what prevents it from reading. */
export interface TopicAnswer {
  topic?: Topic;
  fault?: Fault;
}

export type ReadTopic = (question: TopicQuestion) => TopicAnswer;

/** Assumed: MongoDB publishes no code for what librdkafka reports. */
const kafkaError = 416;

export const faults = {
  unreachable: (broker: string): Fault => ({
    errorCode: kafkaError,
    message: `Kafka consumer error: ${broker}: Local: Broker transport failure`,
  }),
  wrongPassword: (): Fault => ({
    errorCode: kafkaError,
    message:
      'Kafka consumer error: SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512',
  }),
  accessDenied: (): Fault => ({
    errorCode: kafkaError,
    message: 'Kafka consumer error: SASL authentication error: Access denied',
  }),
  topicDenied: (topic: string): Fault => ({
    errorCode: kafkaError,
    message: `Kafka consumer error: ${topic}: Broker: Topic authorization failed`,
  }),
  groupDenied: (group: string): Fault => ({
    errorCode: kafkaError,
    message: `Kafka consumer error: ${group}: Broker: Group authorization failed`,
  }),
  topicMissing: (topic: string): Fault => ({
    errorCode: 419,
    message: `Could not connect to the Kafka topic: no partitions found in topic ${topic}. Does the topic exist in the Kafka cluster?`,
  }),
  tierTooSmall: (partitions: number, limit: number): Fault => ({
    errorCode: 420,
    message: `Operator parallelism requested exceeds limit for this tier: requested ${partitions}, limit ${limit}`,
    isFinal: true,
  }),
  noTestLog: (): Fault => ({ errorCode: 1, message: 'Error: the sink __testLog is not available.' }),
};

const ofLibrdkafka = assumed('the text of librdkafka for other clients');

/** How the text of each fault is known. */
export const knownFaults: Record<keyof typeof faults, Known & { what: string }> = {
  unreachable: { what: 'The text about brokers that cannot be reached', ...ofLibrdkafka },
  wrongPassword: { what: 'The text about a wrong password', ...ofLibrdkafka },
  accessDenied: {
    what: 'The text about a role that may not connect',
    ...assumed('the text of MSK for other clients (aws/aws-msk-iam-auth #178)'),
  },
  topicDenied: { what: 'The text about a topic that must not be read', ...ofLibrdkafka },
  groupDenied: { what: 'The text about a consumer group that is not allowed', ...ofLibrdkafka },
  topicMissing: {
    what: 'The code 419 and the words "no partitions found" about a topic that does not exist',
    ...reported(agentSkills),
  },
  tierTooSmall: {
    what: 'The text about a topic with more partitions than the tier reads, without its numbers',
    ...reported(`${agentSkills}; that Atlas does not try again is assumed`),
  },
  noTestLog: {
    what: 'The text about the sink `__testLog`, if Atlas refuses it',
    ...assumed('no source has such a text'),
  },
};
