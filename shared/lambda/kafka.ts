import { KafkaClient } from '@aws-sdk/client-kafka';
import { clientOptions } from '../aws.ts';

let client: KafkaClient | undefined;

/** One MSK client per container. */
export const kafka = (): KafkaClient => {
  client ??= new KafkaClient(clientOptions);
  return client;
};
