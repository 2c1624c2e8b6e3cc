import { environment } from '../../shared/lambda/environment.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { sfn } from '../../shared/lambda/sfn.ts';
import { ResolveRequestInput, resolveRequest } from './resolve-request.ts';
import { Environment } from './settings.ts';

const settings = environment(Environment);

/** The ResolveRequest state: who asks, for which cluster, with which settings. */
export const handler = lambdaHandler(ResolveRequestInput, (input, { functionArn, signal }) =>
  resolveRequest(input, { kafka: kafka(), sfn: sfn(), settings: settings(), functionArn, signal }),
);
