import { AwsRefused, AwsThrottled, AwsUnavailable } from './errors.ts';

/**
 * Settings of every AWS client: the SDK's own three attempts with back-off, and an end to each of them well inside the
 * function's 60 seconds. Region, credentials and `AWS_ENDPOINT_URL…` are the SDK's own business.
 */
export const clientOptions = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/**
 * Awaits a call to AWS and turns its exception into one of ours.
 *
 * @param action the IAM action of the call, such as `kafka:GetClusterPolicy`, for the message
 * @throws AwsUnavailable, or its AwsThrottled, when AWS gave no usable answer after the SDK's attempts: a write may or may not have happened
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
  /** Whose fault an error is that the service itself has sent; anything else has none. */
  $fault?: 'client' | 'server';
  $metadata?: { httpStatusCode?: number };
  code?: string;
}

/** Conflict (409) and time-outs pass by themselves as 5xx do; no status at all means that the connection broke. */
const passing = new Set([408, 409, 425]);

function awsError(action: string, error: unknown): Error {
  const { name, message, code, $fault, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  // An answer that breaks off has a status, and the SDK's own error. The cause is kept where AWS answered with an error: what
  // the SDK says of a body that it cannot read quotes that body, which may be a secret.
  if (status && $fault && (status === 429 || /throttl/i.test(name)))
    return new AwsThrottled(`AWS throttles ${action} (HTTP ${status}, ${name}).`, { cause: error });
  if (!status || !$fault || status >= 500 || passing.has(status) || status < 400)
    return new AwsUnavailable(
      `AWS did not carry out ${action} (${status ? `HTTP ${status}, ` : ''}${code ?? name}).`,
      status && $fault && status >= 400 ? { cause: error } : {},
    );
  const remedy = /AccessDenied|Forbidden/.test(name)
    ? ` The function's role lacks ${action}, or a policy of the organisation or the key denies it.`
    : '';
  return new AwsRefused(`AWS refused ${action} with HTTP ${status} (${name}: ${message}).${remedy}`, {
    code: name,
    said: message,
    cause: error,
  });
}

/** Turns the refusals that mean "there is none" into undefined: not found is an outcome, not an error. */
export const noneWhenNotFound = (error: unknown): undefined => {
  if (error instanceof AwsRefused && /NotFound/.test(error.code)) return undefined;
  throw error;
};
