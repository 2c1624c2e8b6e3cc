import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { StartProbeInput, StartProbeOutput, startProbe } from './start-probe.ts';

/** The StartProbe state: creates and starts the probe. */
export const handler = lambdaHandler({ input: StartProbeInput, output: StartProbeOutput }, (input, invocation) =>
  startProbe(input, { atlas: atlas(invocation), registry: registry(invocation), wait: waits().probe }),
);
