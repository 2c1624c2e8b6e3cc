import { KafkaClient } from '@aws-sdk/client-kafka';
import { clientOptions } from '../aws.ts';
import { MskClient } from '../msk/client.ts';
import type { Invocation } from './handler.ts';

let kafka: KafkaClient | undefined;

/** MSK for this invocation; the SDK's client is kept per container. */
export const msk = ({ signal }: Invocation): MskClient => {
  kafka ??= new KafkaClient(clientOptions);
  return new MskClient({ kafka, signal });
};
