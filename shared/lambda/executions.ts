import { SFNClient } from '@aws-sdk/client-sfn';
import { clientOptions } from '../aws.ts';
import { ExecutionsClient } from '../executions.ts';
import type { Invocation } from './handler.ts';

let sfn: SFNClient | undefined;

/** Executions for this invocation; the SDK's client is kept per container. */
export const executions = ({ signal }: Invocation): ExecutionsClient => {
  sfn ??= new SFNClient(clientOptions);
  return new ExecutionsClient({ sfn, signal });
};
