import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { RecordFailureInput, RecordFailureOutput, recordFailure } from './record-failure.ts';

/** The RecordFailure state: words the Cause for a person, and writes the outcome in the registry and on the cluster's tags. */
export const handler = lambdaHandler({ input: RecordFailureInput, output: RecordFailureOutput }, (input, invocation) =>
  recordFailure(input, {
    registry: registry(invocation),
    msk: msk(invocation),
    functionArn: invocation.functionArn,
    measure: metrics.addMetric.bind(metrics),
  }),
);
