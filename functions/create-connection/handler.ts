import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { secretsManager } from '../../shared/lambda/secrets-manager.ts';
import { CreateConnectionInput, createConnection } from './create-connection.ts';

/** The CreateConnection state: makes sure that the workspace has the connection. Waiting belongs to the state machine. */
export const handler = lambdaHandler(CreateConnectionInput, (input, invocation) =>
  createConnection(input, {
    kafka: kafka(),
    secretsManager: secretsManager(),
    atlas: atlas(invocation),
    signal: invocation.signal,
  }),
);
