import { atlas } from '../../shared/lambda/atlas.ts';
import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { waits } from '../../shared/lambda/waits.ts';
import { CheckProbeInput, CheckProbeOutput, checkProbe } from './check-probe.ts';

/** The CheckProbe state: reads the probe once. */
export const handler = lambdaHandler({ input: CheckProbeInput, output: CheckProbeOutput }, (input, invocation) =>
  checkProbe(input, { atlas: atlas(invocation), waits: waits() }),
);
