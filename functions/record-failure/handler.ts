import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { sfn } from '../../shared/lambda/sfn.ts';
import { RecordFailureInput, recordFailure } from './record-failure.ts';

/** The RecordFailure state: the Cause for a person, and the outcome on the cluster's tags. */
export const handler = lambdaHandler(RecordFailureInput, (input, { functionArn, signal }) =>
  recordFailure(input, { kafka: kafka(), sfn: sfn(), functionArn, signal }),
);
