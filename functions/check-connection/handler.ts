import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { CheckConnectionInput, checkConnection } from './check-connection.ts';

/** The CheckConnection state: one look at the connection. */
export const handler = lambdaHandler(CheckConnectionInput, (input, invocation) =>
  checkConnection(input, { atlas: atlas(invocation) }),
);
