import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { LookUpPrincipalInput, lookUpPrincipal } from './look-up-principal.ts';

/** The LookUpPrincipal state: which AWS account Atlas connects from. */
export const handler = lambdaHandler(LookUpPrincipalInput, (input, invocation) =>
  lookUpPrincipal(input, { atlas: atlas(invocation) }),
);
