import type { Topic } from '../kafka/topic.ts';

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

/**
 * The faults. Reported (mongodb/agent-skills, atlas-stream-processing): code 419 with "no partitions found", and the text about the tier,
 * without its numbers. Assumed: all other texts are those of librdkafka and MSK for other clients, and a tier that is too small is final.
 */
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
};
