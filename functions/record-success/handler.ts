import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { RecordSuccessInput, RecordSuccessOutput, recordSuccess } from './record-success.ts';

/** The RecordSuccess state: writes the outcome on the cluster's tags and returns the execution's output. */
export const handler = lambdaHandler({ input: RecordSuccessInput, output: RecordSuccessOutput }, (input, invocation) =>
  recordSuccess(input, {
    msk: msk(invocation),
    registry: registry(invocation),
    measure: metrics.addMetric.bind(metrics),
  }),
);
