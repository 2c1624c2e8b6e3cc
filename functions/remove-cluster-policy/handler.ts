import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { RemoveClusterPolicyInput, RemoveClusterPolicyOutput, removeClusterPolicy } from './remove-cluster-policy.ts';

/** The RemoveClusterPolicy state: removes our one statement from the cluster policy. */
export const handler = lambdaHandler(
  { input: RemoveClusterPolicyInput, output: RemoveClusterPolicyOutput },
  (input, invocation) =>
    removeClusterPolicy(input, { msk: msk(invocation), registry: registry(invocation), wait: waits().cluster }),
);
