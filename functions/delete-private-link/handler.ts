import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { DeletePrivateLinkInput, deletePrivateLink } from './delete-private-link.ts';

/** The DeletePrivateLink state: deletes it and looks whether it is gone. Waiting belongs to the state machine. */
export const handler = lambdaHandler(DeletePrivateLinkInput, (input, invocation) =>
  deletePrivateLink(input, { atlas: atlas(invocation) }),
);
