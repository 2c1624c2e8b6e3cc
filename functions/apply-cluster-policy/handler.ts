import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { ApplyClusterPolicyInput, ApplyClusterPolicyOutput, applyClusterPolicy } from './apply-cluster-policy.ts';

/** The ApplyClusterPolicy state: adds our one statement to the cluster policy. */
export const handler = lambdaHandler(
  { input: ApplyClusterPolicyInput, output: ApplyClusterPolicyOutput },
  (input, invocation) => applyClusterPolicy(input, { msk: msk(invocation), registry: registry(invocation) }),
);
