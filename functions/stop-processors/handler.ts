import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler, logger } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { StopProcessorsInput, StopProcessorsOutput, stopProcessors } from './stop-processors.ts';

/** The StopProcessors state: stops the stream processors that use the connection. */
export const handler = lambdaHandler(
  { input: StopProcessorsInput, output: StopProcessorsOutput },
  (input, invocation) =>
    stopProcessors(input, {
      atlas: atlas(invocation),
      registry: registry(invocation),
      wait: waits().processors,
      log: logger.info.bind(logger),
    }),
);
