import { executions } from '../../shared/lambda/executions.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { RecordFailureInput, RecordFailureOutput, recordFailure } from './record-failure.ts';

/** The RecordFailure state: words the Cause for a person and writes the outcome on the cluster's tags. */
export const handler = lambdaHandler({ input: RecordFailureInput, output: RecordFailureOutput }, (input, invocation) =>
  recordFailure(input, {
    msk: msk(invocation),
    executions: executions(invocation),
    functionArn: invocation.functionArn,
  }),
);
