import * as z from 'zod/mini';
import { environment } from '../../shared/lambda/environment.ts';
import { executions } from '../../shared/lambda/executions.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { metrics } from '../../shared/lambda/metrics.ts';
import { accountFaults, registry } from '../../shared/lambda/registry.ts';
import { sns } from '../../shared/lambda/sns.ts';
import { NotifyOutcomeInput, NotifyOutcomeOutput, notifyOutcome } from './notify-outcome.ts';

const settings = environment(z.object({ NOTIFICATION_TOPIC_ARN: z.string() }));

/** Started by EventBridge when an execution has ended, or starts to clean up: notifies the subscribers of the topic. */
export const handler = lambdaHandler({ input: NotifyOutcomeInput, output: NotifyOutcomeOutput }, (input, invocation) =>
  notifyOutcome(input, {
    executions: executions(invocation),
    registry: registry(invocation),
    accountFaults: accountFaults(invocation),
    sns: sns(),
    topicArn: settings().NOTIFICATION_TOPIC_ARN,
    signal: invocation.signal,
    measure: metrics.addMetric.bind(metrics),
  }),
);
