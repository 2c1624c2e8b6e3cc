import type { Clock } from './clock.ts';
import { dynamoDbError } from './dynamodb/dynamodb.ts';
import type { Answer, Call, Intercept } from './emulator.ts';
import { mskError } from './msk/router.ts';
import { secretsManagerError } from './secrets-manager/secret.ts';
import { stepFunctionsError } from './step-functions/validation.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many requests of one kind a service accepts from an account in a Region: at once, and then per second. */
interface Rate {
  burst: number;
  perSecond: number;
}

/**
 * MSK (assumed): MSK throttles but publishes no rates. These resemble the rates of other control planes, such as Amazon ECS:
 * docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 * Secrets Manager (documented): 10,000 reads and 50 writes per second,
 * docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 * DynamoDB (documented): what a new on-demand table sustains, 4,000 writes and 12,000 reads per second.
 * Step Functions (documented): the quotas of the smaller Regions, docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const rates: Record<string, Rate> = {
  mskReads: { burst: 50, perSecond: 20 },
  mskWrites: { burst: 20, perSecond: 5 },
  secretReads: { burst: 10_000, perSecond: 10_000 },
  secretWrites: { burst: 50, perSecond: 50 },
  tableReads: { burst: 12_000, perSecond: 12_000 },
  tableWrites: { burst: 4000, perSecond: 4000 },
  StartExecution: { burst: 800, perSecond: 150 },
  DescribeExecution: { burst: 250, perSecond: 10 },
};

const refusals: Record<string, () => Answer> = {
  kafka: () => mskError('TooManyRequestsException', 'Too Many Requests').answer,
  secretsmanager: () => secretsManagerError('ThrottlingException', 'Rate exceeded').answer,
  dynamodb: () => dynamoDbError('ThrottlingException', 'Rate of requests exceeds the allowed throughput.').answer,
  states: () => stepFunctionsError('ThrottlingException', 'Rate exceeded').answer,
};

/**
 * Throttles requests as AWS does: per account, Region and kind of request.
 *
 * @param isExempt whether the caller with this access key id is never throttled
 */
export function awsThrottling(clock: Clock, isExempt: (caller: string) => boolean): Intercept {
  const buckets = new Map(
    Object.entries(rates).map(([kind, { burst, perSecond }]) => [kind, new TokenBucket(clock, burst, perSecond)]),
  );
  return async (call, next) => {
    const bucket = isExempt(call.caller) ? undefined : buckets.get(kindOf(call));
    const refuse = refusals[call.service];
    return bucket && refuse && !bucket.take() ? refuse() : next();
  };
}

function kindOf({ service, operation, method }: Call): string {
  if (service === 'kafka') return method === 'GET' ? 'mskReads' : 'mskWrites';
  if (service === 'dynamodb') return ['GetItem', 'Scan'].includes(operation) ? 'tableReads' : 'tableWrites';
  if (service === 'secretsmanager') return operation === 'PutSecretValue' ? 'secretWrites' : 'secretReads';
  return operation;
}
