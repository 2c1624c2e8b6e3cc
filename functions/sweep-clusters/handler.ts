import * as z from 'zod/mini';
import { environment } from '../../shared/lambda/environment.ts';
import { executions } from '../../shared/lambda/executions.ts';
import { lambdaHandler, logger } from '../../shared/lambda/handler.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { secrets } from '../../shared/lambda/secrets.ts';
import { SweepClustersInput, SweepClustersOutput, sweepClusters } from './sweep-clusters.ts';

const settings = environment(
  z.object({
    CONNECT_STATE_MACHINE_ARN: z.string(),
    DISCONNECT_STATE_MACHINE_ARN: z.string(),
  }),
);

/** Started by the schedule: finds the clusters that need a run, and starts it. */
export const handler = lambdaHandler(
  { input: SweepClustersInput, output: SweepClustersOutput },
  async (input, invocation) => {
    const { CONNECT_STATE_MACHINE_ARN: connect, DISCONNECT_STATE_MACHINE_ARN: disconnect } = settings();
    const result = await sweepClusters(input, {
      msk: msk(invocation),
      secrets: secrets(invocation),
      executions: executions(invocation),
      machines: { connect, disconnect },
    });
    // The schedule ignores the result, so a person finds it in the log.
    if (result.failed.length > 0) metrics.addMetric('ClustersNotSwept', 'Count', result.failed.length);
    logger[result.failed.length > 0 ? 'warn' : 'info']('swept', { result });
    return result;
  },
);
