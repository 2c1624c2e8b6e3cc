import { SFNClient } from '@aws-sdk/client-sfn';
import { clientOptions } from '../aws.ts';

let client: SFNClient | undefined;

/** One Step Functions client per container. */
export const sfn = (): SFNClient => {
  client ??= new SFNClient(clientOptions);
  return client;
};
