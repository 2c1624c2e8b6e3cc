import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { RequestPrivateLinkInput, requestPrivateLink } from './request-private-link.ts';

/**
 * The RequestPrivateLink state: makes sure that Atlas has one live private link to this cluster. Waiting for it belongs to
 * the state machine.
 */
export const handler = lambdaHandler(RequestPrivateLinkInput, (input, invocation) =>
  requestPrivateLink(input, { atlas: atlas(invocation) }),
);
