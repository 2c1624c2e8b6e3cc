import { atlas } from '../../shared/lambda/atlas.ts';
import { allowedAccounts } from '../../shared/lambda/atlas-accounts.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { secrets } from '../../shared/lambda/secrets.ts';
import { streamsRole } from '../../shared/lambda/streams-role.ts';
import { CheckPrerequisitesInput, CheckPrerequisitesOutput, checkPrerequisites } from './check-prerequisites.ts';

/** The CheckPrerequisites state: reports everything that is missing, otherwise the plan. */
export const handler = lambdaHandler(
  { input: CheckPrerequisitesInput, output: CheckPrerequisitesOutput },
  (input, invocation) =>
    checkPrerequisites(input, {
      msk: msk(invocation),
      secrets: secrets(invocation),
      atlas: atlas(invocation),
      allowedAccounts: allowedAccounts(),
      streamsRole: streamsRole(),
    }),
);
