import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { DeleteConnectionInput, DeleteConnectionOutput, deleteConnection } from './delete-connection.ts';

/** The DeleteConnection state: deletes the connection and returns whether it is gone. */
export const handler = lambdaHandler(
  { input: DeleteConnectionInput, output: DeleteConnectionOutput },
  (input, invocation) => deleteConnection(input, { atlas: atlas(invocation), wait: waits().removal }),
);
