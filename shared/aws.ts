import { cut } from './cut.ts';
import { AwsRefused, AwsThrottled, AwsUnavailable } from './errors.ts';
import { oneLine, quoted } from './foreign-text.ts';
import { blotOut } from './secrets/in-use.ts';

/**
 * Settings of every AWS client: the SDK's own three attempts with back-off, each of which ends well inside the function's 60
 * seconds. The SDK itself finds the Region, the credentials and `AWS_ENDPOINT_URL…`.
 */
export const clientOptions = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/**
 * Awaits a call to AWS and turns its exception into one of ours.
 *
 * @param action the IAM action of the call, such as `kafka:GetClusterPolicy`, for the message
 * @throws AwsThrottled if AWS still throttles after the SDK's attempts
 * @throws AwsUnavailable if AWS gave no usable answer after the SDK's attempts: a write may or may not have happened
 * @throws AwsRefused otherwise, with the exception's name as `code`
 */
export async function fromAws<Answer>(action: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw awsError(action, error);
  }
}

interface SdkError extends Error {
  /** Set only on an error that the service itself has sent. */
  $fault?: 'client' | 'server';
  $metadata?: { httpStatusCode?: number; attempts?: number };
  code?: string;
}

/** 408, 409 (conflict) and 425 pass by themselves as 5xx do. No status at all means that the connection broke. */
const transientStatuses = new Set([408, 409, 425]);

/**
 * DynamoDB's names do not say that they throttle, and it answers with them for tables of either billing mode.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const throttlingNames = /throttl|ThroughputExceeded|RequestLimitExceeded/i;

/** What AWS says, as a person needs it. */
const longestSaid = 1000;

function awsError(action: string, error: unknown): Error {
  // AWS may repeat a secret that it was sent or that it keeps.
  blotOut(error);
  const { name: exception, message, code: systemCode, $fault, $metadata } = error as SdkError;
  const [name, code] = [cut(oneLine(exception), 100), systemCode && cut(systemCode, 100)];
  const said = cut(oneLine(message), longestSaid);
  const status = $metadata?.httpStatusCode;
  // An answer that is cut short has a status and the SDK's own error, which quotes the body. The body may be a secret, so the
  // cause is kept only if AWS itself answered with an error.
  if (status && $fault && (status === 429 || throttlingNames.test(name)))
    return new AwsThrottled(`AWS throttles ${action} (HTTP ${status}, ${name}).`, { cause: error });
  if (!status || !$fault || status >= 500 || transientStatuses.has(status) || status < 400)
    return new AwsUnavailable(
      `AWS did not carry out ${action} (${status ? `HTTP ${status}, ` : ''}${code ?? name}).`,
      status && $fault && status >= 400 ? { cause: error } : {},
    );
  const remedy = /AccessDenied|Forbidden/.test(name)
    ? ` Something denies ${action} to the function's role: a service control policy, a permissions boundary, or the policy of the resource (such as a secret) or of its KMS key. Allow it there. If the role was edited, deploy again.`
    : '';
  return new AwsRefused(`AWS refused ${action} with HTTP ${status} (${name}: ${quoted(said)}).${remedy}`, {
    code: name,
    said,
    action,
    cause: error,
  });
}

/**
 * Whether a refusal says for certain that nothing was done. The SDK repeats a call whose answer was lost, and the answer to the
 * repetition says nothing about the call before.
 */
export const isCertain = ({ cause }: AwsRefused): boolean => ((cause as SdkError)?.$metadata?.attempts ?? 1) === 1;

/** Turns a refusal that means "not found" into undefined: not found is an outcome, not an error. */
export const noneWhenNotFound = (error: unknown): undefined => {
  if (error instanceof AwsRefused && /NotFound/.test(error.code)) return undefined;
  throw error;
};
