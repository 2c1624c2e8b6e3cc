import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { AssociateScramSecretInput, associateScramSecret } from './associate-scram-secret.ts';

/** The AssociateScramSecret state: pairs the SCRAM secret with the cluster. */
export const handler = lambdaHandler(AssociateScramSecretInput, (input, { signal }) =>
  associateScramSecret(input, { kafka: kafka(), signal }),
);
