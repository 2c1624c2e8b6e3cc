import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { PlanRemovalInput, planRemoval } from './plan-removal.ts';

/** The PlanRemoval state: what a run would delete, for a dry run. */
export const handler = lambdaHandler(PlanRemovalInput, (input, invocation) =>
  planRemoval(input, { kafka: kafka(), atlas: atlas(invocation), signal: invocation.signal }),
);
