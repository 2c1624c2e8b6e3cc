import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { RecordRemovalInput, recordRemoval } from './record-removal.ts';

/** The RecordRemoval state: the outcome on the cluster's tags, and the execution's output. */
export const handler = lambdaHandler(RecordRemovalInput, (input, { signal }) =>
  recordRemoval(input, { kafka: kafka(), signal }),
);
