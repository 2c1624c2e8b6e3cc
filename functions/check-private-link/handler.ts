import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { CheckPrivateLinkInput, CheckPrivateLinkOutput, checkPrivateLink } from './check-private-link.ts';

/** The CheckPrivateLink state: reads the private link once. */
export const handler = lambdaHandler(
  { input: CheckPrivateLinkInput, output: CheckPrivateLinkOutput },
  (input, invocation) => checkPrivateLink(input, { atlas: atlas(invocation), wait: waits().privateLink }),
);
