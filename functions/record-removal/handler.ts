import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { RecordRemovalInput, RecordRemovalOutput, recordRemoval } from './record-removal.ts';

/** The RecordRemoval state: writes the outcome, closes the record, and returns the execution's output. */
export const handler = lambdaHandler({ input: RecordRemovalInput, output: RecordRemovalOutput }, (input, invocation) =>
  recordRemoval(input, { msk: msk(invocation), registry: registry(invocation) }),
);
