import * as z from 'zod/mini';
import { environment } from '../../shared/lambda/environment.ts';
import { lambdaHandler, logger } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { secretsManager } from '../../shared/lambda/secrets-manager.ts';
import { sfn } from '../../shared/lambda/sfn.ts';
import { SweepClustersInput, sweepClusters } from './sweep-clusters.ts';

const settings = environment(
  z.object({
    CONNECT_STATE_MACHINE_ARN: z.string(),
    DISCONNECT_STATE_MACHINE_ARN: z.string(),
  }),
);

/** Started by the schedule: finds the clusters that need a run, and starts it. */
export const handler = lambdaHandler(SweepClustersInput, async (input, { signal }) => {
  const { CONNECT_STATE_MACHINE_ARN: connect, DISCONNECT_STATE_MACHINE_ARN: disconnect } = settings();
  const machines = { connect, disconnect };
  const result = await sweepClusters(input, {
    kafka: kafka(),
    secretsManager: secretsManager(),
    sfn: sfn(),
    machines,
    signal,
  });
  // The schedule drops the result, so the log is where a person finds it.
  if (result.failed.length > 0) metrics.addMetric('ClustersNotSwept', 'Count', result.failed.length);
  logger[result.failed.length > 0 ? 'warn' : 'info']('swept', { result });
  return result;
});
