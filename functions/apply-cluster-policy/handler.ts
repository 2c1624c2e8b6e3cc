import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { ApplyClusterPolicyInput, applyClusterPolicy } from './apply-cluster-policy.ts';

/** The ApplyClusterPolicy state: one statement of ours in the cluster policy, nothing else touched. */
export const handler = lambdaHandler(ApplyClusterPolicyInput, (input, { signal }) =>
  applyClusterPolicy(input, { kafka: kafka(), signal }),
);
