import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { PlanRemovalInput, PlanRemovalOutput, planRemoval } from './plan-removal.ts';

/** The PlanRemoval state: lists what a run would delete, for a dry run. */
export const handler = lambdaHandler({ input: PlanRemovalInput, output: PlanRemovalOutput }, (input, invocation) =>
  planRemoval(input, { msk: msk(invocation), atlas: atlas(invocation) }),
);
