import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { msk } from '../../shared/lambda/msk.ts';
import { registry } from '../../shared/lambda/registry.ts';
import {
  EnablePrivateConnectivityInput,
  EnablePrivateConnectivityOutput,
  enablePrivateConnectivity,
} from './enable-private-connectivity.ts';

/** The EnablePrivateConnectivity state: requests the update from MSK. */
export const handler = lambdaHandler(
  { input: EnablePrivateConnectivityInput, output: EnablePrivateConnectivityOutput },
  (input, invocation) => enablePrivateConnectivity(input, { msk: msk(invocation), registry: registry(invocation) }),
);
