import type { Clock } from './clock.ts';
import type { Answer, Call, Intercept } from './emulator.ts';
import { mskError } from './msk/router.ts';
import { secretsManagerError } from './secrets-manager.ts';
import { stepFunctionsError } from './step-functions.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many requests of one kind a service takes from an account in a Region: so many at once, and so many a second. */
interface Rate {
  burst: number;
  perSecond: number;
}

/**
 * MSK publishes no rates, but throttles. These are those of Amazon ECS, another control plane for clusters, which publishes its
 * own: 50 and 20 for reads of cluster resources, 20 and 5 where one is changed (docs.aws.amazon.com/AmazonECS/latest/APIReference,
 * "Request throttling"). Secrets Manager: 10,000 reads a second. Step Functions: StartExecution 1,300 and 300 in the large Regions,
 * 800 and 150 elsewhere; DescribeExecution 300 and 15, and 250 and 10.
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
