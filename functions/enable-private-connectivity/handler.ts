import { lambdaHandler } from '../../shared/lambda/handler.ts';
import { kafka } from '../../shared/lambda/kafka.ts';
import { EnablePrivateConnectivityInput, enablePrivateConnectivity } from './enable-private-connectivity.ts';

/** The EnablePrivateConnectivity state: asks MSK for the update. Waiting for it belongs to the state machine. */
export const handler = lambdaHandler(EnablePrivateConnectivityInput, (input, { signal }) =>
  enablePrivateConnectivity(input, { kafka: kafka(), signal }),
);
