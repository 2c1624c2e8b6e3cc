import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { CheckConnectionInput, CheckConnectionOutput, checkConnection } from './check-connection.ts';

/** The CheckConnection state: reads the connection once. */
export const handler = lambdaHandler(
  { input: CheckConnectionInput, output: CheckConnectionOutput },
  (input, invocation) => checkConnection(input, { atlas: atlas(invocation), wait: waits().connection }),
);
