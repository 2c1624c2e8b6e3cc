import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import {
  AssociateScramSecretInput,
  AssociateScramSecretOutput,
  associateScramSecret,
} from './associate-scram-secret.ts';

/** The AssociateScramSecret state: associates the SCRAM secret with the cluster. */
export const handler = lambdaHandler(
  { input: AssociateScramSecretInput, output: AssociateScramSecretOutput },
  (input, invocation) => associateScramSecret(input, { msk: msk(invocation), registry: registry(invocation) }),
);
