import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { InspectClusterInput, InspectClusterOutput, inspectCluster } from './inspect-cluster.ts';

/** The InspectCluster state: reads the cluster once. */
export const handler = lambdaHandler(
  { input: InspectClusterInput, output: InspectClusterOutput },
  (input, invocation) =>
    inspectCluster(input, { msk: msk(invocation), registry: registry(invocation), wait: waits().cluster }),
);
