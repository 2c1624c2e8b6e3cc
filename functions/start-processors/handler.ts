import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler, logger } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { StartProcessorsInput, StartProcessorsOutput, startProcessors } from './start-processors.ts';

/** The StartProcessors state: starts the stream processors again that a run has stopped. */
export const handler = lambdaHandler(
  { input: StartProcessorsInput, output: StartProcessorsOutput },
  (input, invocation) =>
    startProcessors(input, {
      atlas: atlas(invocation),
      registry: registry(invocation),
      wait: waits().processors,
      log: logger.info.bind(logger),
    }),
);
