import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { secrets } from '../../shared/lambda/secrets.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { CreateConnectionInput, CreateConnectionOutput, createConnection } from './create-connection.ts';

/** The CreateConnection state: makes sure that the workspace has the connection. */
export const handler = lambdaHandler(
  { input: CreateConnectionInput, output: CreateConnectionOutput },
  (input, invocation) =>
    createConnection(input, {
      msk: msk(invocation),
      registry: registry(invocation),
      secrets: secrets(invocation),
      atlas: atlas(invocation),
      wait: waits().connection,
    }),
);
