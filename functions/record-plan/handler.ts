import { allowedAccounts } from '../../shared/lambda/atlas-accounts.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { RecordPlanInput, RecordPlanOutput, recordPlan } from './record-plan.ts';

/** The RecordPlan state: records what is about to be created. */
export const handler = lambdaHandler({ input: RecordPlanInput, output: RecordPlanOutput }, (input, invocation) =>
  recordPlan(input, { msk: msk(invocation), registry: registry(invocation), allowedAccounts: allowedAccounts() }),
);
