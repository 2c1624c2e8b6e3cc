import { SNSClient } from '@aws-sdk/client-sns';
import { clientOptions } from '../aws.ts';

let client: SNSClient | undefined;

/** One SNS client per container. */
export const sns = (): SNSClient => {
  client ??= new SNSClient(clientOptions);
  return client;
};
