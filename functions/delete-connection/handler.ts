import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { DeleteConnectionInput, deleteConnection } from './delete-connection.ts';

/** The DeleteConnection state: deletes it and looks whether it is gone. Waiting belongs to the state machine. */
export const handler = lambdaHandler(DeleteConnectionInput, (input, invocation) =>
  deleteConnection(input, { atlas: atlas(invocation) }),
);
