import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { CheckPrivateLinkInput, checkPrivateLink } from './check-private-link.ts';

/** The CheckPrivateLink state: one look at the private link. */
export const handler = lambdaHandler(CheckPrivateLinkInput, (input, invocation) =>
  checkPrivateLink(input, { atlas: atlas(invocation) }),
);
