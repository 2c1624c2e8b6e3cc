import { environment } from '../../shared/lambda/environment.ts';
import { executions } from '../../shared/lambda/executions.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { Environment } from '../../shared/request/settings.ts';
import { ResolveRequestInput, ResolveRequestOutput, resolveRequest } from './resolve-request.ts';

const settings = environment(Environment);

/** The ResolveRequest state: who asks, for which cluster, with which settings. */
export const handler = lambdaHandler(
  { input: ResolveRequestInput, output: ResolveRequestOutput },
  (input, invocation) =>
    resolveRequest(input, {
      msk: msk(invocation),
      registry: registry(invocation),
      executions: executions(invocation),
      settings: settings(),
      wait: waits().holder,
      functionArn: invocation.functionArn,
    }),
);
