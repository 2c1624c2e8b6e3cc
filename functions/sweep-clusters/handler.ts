import { environment } from '../../shared/lambda/environment.ts';
import { executions } from '../../shared/lambda/executions.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { secrets } from '../../shared/lambda/secrets.ts';
import { report } from './report.ts';
import { Environment } from './settings.ts';
import { SweepClustersInput, SweepClustersOutput, sweepClusters } from './sweep-clusters.ts';

const settings = environment(Environment);

/** Started by the schedule: finds the clusters that need a run, and starts it. */
export const handler = lambdaHandler(
  { input: SweepClustersInput, output: SweepClustersOutput },
  async (input, invocation) =>
    report(
      await sweepClusters(input, {
        msk: msk(invocation),
        secrets: secrets(invocation),
        executions: executions(invocation),
        registry: registry(invocation),
        settings: settings(),
      }),
    ),
);
