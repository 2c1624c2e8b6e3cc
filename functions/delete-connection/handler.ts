import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { DeleteConnectionInput, DeleteConnectionOutput, deleteConnection } from './delete-connection.ts';

/** The DeleteConnection state: deletes the connection if it is ours, and returns whether it is gone. */
export const handler = lambdaHandler(
  { input: DeleteConnectionInput, output: DeleteConnectionOutput },
  (input, invocation) =>
    deleteConnection(input, { atlas: atlas(invocation), registry: registry(invocation), waits: waits() }),
);
