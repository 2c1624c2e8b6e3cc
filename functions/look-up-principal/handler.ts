import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { LookUpPrincipalInput, LookUpPrincipalOutput, lookUpPrincipal } from './look-up-principal.ts';

/** The LookUpPrincipal state: finds the AWS account from which Atlas connects. */
export const handler = lambdaHandler(
  { input: LookUpPrincipalInput, output: LookUpPrincipalOutput },
  (input, invocation) => lookUpPrincipal(input, { atlas: atlas(invocation) }),
);
