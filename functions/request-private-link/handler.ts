import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { RequestPrivateLinkInput, RequestPrivateLinkOutput, requestPrivateLink } from './request-private-link.ts';

/** The RequestPrivateLink state: makes sure that Atlas has one live private link to the cluster. */
export const handler = lambdaHandler(
  { input: RequestPrivateLinkInput, output: RequestPrivateLinkOutput },
  (input, invocation) =>
    requestPrivateLink(input, { registry: registry(invocation), atlas: atlas(invocation), wait: waits().privateLink }),
);
