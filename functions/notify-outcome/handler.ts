import * as z from 'zod/mini';
import { environment } from '../../shared/lambda/environment.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { sfn } from '../../shared/lambda/sfn.ts';
import { sns } from '../../shared/lambda/sns.ts';
import { NotifyOutcomeInput, notifyOutcome } from './notify-outcome.ts';

const settings = environment(
  z.object({
    // Of the one topic of the stack.
    NOTIFICATION_TOPIC_ARN: z.string(),
  }),
);

/** Started by EventBridge when an execution has ended: tells the subscribers of the topic. */
export const handler = lambdaHandler(NotifyOutcomeInput, (input, { signal }) =>
  notifyOutcome(input, { sfn: sfn(), sns: sns(), topicArn: settings().NOTIFICATION_TOPIC_ARN, signal }),
);
