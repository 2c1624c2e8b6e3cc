import type { Clock } from './clock.ts';
import type { Answer, Call, Intercept } from './emulator.ts';
import { mskError } from './msk/router.ts';
import { secretsManagerError } from './secrets-manager.ts';
import { stepFunctionsError } from './step-functions/api.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many requests of one kind a service takes from an account in a Region: so many at once, and so many a second. */
interface Rate {
  burst: number;
  perSecond: number;
}

/**
 * MSK publishes no rates, but throttles. So these are guesses, after those of other control planes for clusters, such as Amazon
 * ECS (docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html). Secrets Manager publishes 10,000 reads a second;
 * of Step Functions the quotas of the smaller Regions are taken (docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
 */
const rates: Record<string, Rate> = {
  mskReads: { burst: 50, perSecond: 20 },
  mskWrites: { burst: 20, perSecond: 5 },
  secretReads: { burst: 10_000, perSecond: 10_000 },
  StartExecution: { burst: 800, perSecond: 150 },
  DescribeExecution: { burst: 250, perSecond: 10 },
};

const refused: Record<string, () => Answer> = {
  kafka: () => mskError('TooManyRequestsException', 'Too Many Requests').answer,
  secretsmanager: () => secretsManagerError('ThrottlingException', 'Rate exceeded').answer,
  states: () => stepFunctionsError('ThrottlingException', 'Rate exceeded').answer,
};

/**
 * Throttles as AWS does: per account, Region and kind of request.
 *
 * @param isFree whose calls count not, by access key id
 */
export function awsThrottling(clock: Clock, isFree: (caller: string) => boolean): Intercept {
  const buckets = new Map(
    Object.entries(rates).map(([kind, { burst, perSecond }]) => [kind, new TokenBucket(clock, burst, perSecond)]),
  );
  return async (call, next) => {
    const bucket = isFree(call.caller) ? undefined : buckets.get(kindOf(call));
    const refusal = refused[call.service];
    return bucket && refusal && !bucket.take() ? refusal() : next();
  };
}

function kindOf({ service, operation, method }: Call): string {
  if (service === 'kafka') return method === 'GET' ? 'mskReads' : 'mskWrites';
  return service === 'secretsmanager' ? 'secretReads' : operation;
}
