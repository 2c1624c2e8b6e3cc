import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { RecordSuccessInput, recordSuccess } from './record-success.ts';

/** The RecordSuccess state: the outcome on the cluster's tags, and the execution's output. */
export const handler = lambdaHandler(RecordSuccessInput, (input, { signal }) =>
  recordSuccess(input, { kafka: kafka(), signal, measure: metrics.addMetric.bind(metrics) }),
);
