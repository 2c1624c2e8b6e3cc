import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { RemoveClusterPolicyInput, removeClusterPolicy } from './remove-cluster-policy.ts';

/** The RemoveClusterPolicy state: our statement leaves the cluster policy, nothing else does. */
export const handler = lambdaHandler(RemoveClusterPolicyInput, (input, { signal }) =>
  removeClusterPolicy(input, { kafka: kafka(), signal }),
);
