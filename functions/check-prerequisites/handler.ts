import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { secretsManager } from '../../shared/lambda/secrets-manager.ts';
import { CheckPrerequisitesInput, checkPrerequisites } from './check-prerequisites.ts';

/** The CheckPrerequisites state: all that is missing, at once; otherwise the plan. */
export const handler = lambdaHandler(CheckPrerequisitesInput, (input, invocation) =>
  checkPrerequisites(input, {
    kafka: kafka(),
    secretsManager: secretsManager(),
    atlas: atlas(invocation),
    signal: invocation.signal,
  }),
);
