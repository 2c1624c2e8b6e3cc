import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { registry } from '../../shared/lambda/registry.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { EndProbeInput, EndProbeOutput, endProbe } from './end-probe.ts';

/** The EndProbe state: stops and deletes the probe. */
export const handler = lambdaHandler({ input: EndProbeInput, output: EndProbeOutput }, (input, invocation) =>
  endProbe(input, { atlas: atlas(invocation), registry: registry(invocation), wait: waits().probeEnd }),
);
