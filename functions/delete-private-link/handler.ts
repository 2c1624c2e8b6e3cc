import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { DeletePrivateLinkInput, DeletePrivateLinkOutput, deletePrivateLink } from './delete-private-link.ts';

/** The DeletePrivateLink state: deletes the private link if it is ours, and returns whether it is gone. */
export const handler = lambdaHandler(
  { input: DeletePrivateLinkInput, output: DeletePrivateLinkOutput },
  (input, invocation) =>
    deletePrivateLink(input, { atlas: atlas(invocation), registry: registry(invocation), waits: waits() }),
);
