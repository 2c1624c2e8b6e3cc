import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { InspectClusterInput, inspectCluster } from './inspect-cluster.ts';

/** The InspectCluster state: what the cluster is and whether it is at rest. Waiting belongs to the state machine. */
export const handler = lambdaHandler(InspectClusterInput, (input, { signal }) =>
  inspectCluster(input, { kafka: kafka(), signal }),
);
