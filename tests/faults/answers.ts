import { atlasError, type ErrorCode } from '../../emulators/atlas/error.ts';
import type { Answer, ServiceName } from '../../emulators/emulator.ts';
import { mskError } from '../../emulators/msk/router.ts';
import { snsError } from '../../emulators/sns.ts';

type Failure = 'throttled' | 'failed' | 'unavailable' | 'denied';

/** How each service answers: HTTP status and error name. */
const answers: Record<Failure, Record<ServiceName, { status: number; name: string }>> = {
  throttled: {
    atlas: { status: 429, name: 'RATE_LIMITED_TOKEN_BUCKET' },
    kafka: { status: 429, name: 'TooManyRequestsException' },
    secretsmanager: { status: 400, name: 'ThrottlingException' },
    dynamodb: { status: 400, name: 'ThrottlingException' },
    states: { status: 400, name: 'ThrottlingException' },
    sns: { status: 400, name: 'Throttled' },
  },
  failed: {
    atlas: { status: 500, name: 'UNEXPECTED_ERROR' },
    kafka: { status: 500, name: 'InternalServerErrorException' },
    secretsmanager: { status: 500, name: 'InternalServiceError' },
    dynamodb: { status: 500, name: 'InternalServerError' },
    states: { status: 500, name: 'InternalFailure' },
    sns: { status: 500, name: 'InternalError' },
  },
  unavailable: {
    atlas: { status: 503, name: 'UNEXPECTED_ERROR' },
    kafka: { status: 503, name: 'ServiceUnavailableException' },
    secretsmanager: { status: 503, name: 'ServiceUnavailable' },
    dynamodb: { status: 503, name: 'ServiceUnavailable' },
    states: { status: 503, name: 'ServiceUnavailable' },
    sns: { status: 503, name: 'ServiceUnavailable' },
  },
  denied: {
    atlas: { status: 403, name: 'IP_ADDRESS_NOT_ON_ACCESS_LIST' },
    kafka: { status: 403, name: 'AccessDeniedException' },
    secretsmanager: { status: 400, name: 'AccessDeniedException' },
    dynamodb: { status: 400, name: 'AccessDeniedException' },
    states: { status: 400, name: 'AccessDeniedException' },
    sns: { status: 403, name: 'AuthorizationError' },
  },
};

/** The service's own answer for a kind of failure. */
export function failedAnswer(service: ServiceName, failure: Failure, headers: Record<string, string> = {}): Answer {
  const { status, name } = answers[failure][service];
  const message = `The call is ${failure}.`;
  if (service === 'atlas') return atlasError(status, name as ErrorCode, message, { headers }).answer;
  if (service === 'kafka') {
    const { answer } = mskError(name, message);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  if (service === 'sns') {
    const { answer } = snsError(name, message, status);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  return jsonError(status, name, message, headers);
}

const jsonError = (status: number, name: string, message: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1', ...headers },
  body: JSON.stringify({ __type: name, message }),
});

/** DynamoDB's errors that no other service has. The name for a disabled key is assumed: no document has it. */
export const tableAnswers = {
  throughputExceeded: () =>
    jsonError(
      400,
      'ProvisionedThroughputExceededException',
      'The level of configured provisioned throughput was exceeded.',
    ),
  conflict: () => jsonError(409, 'TransactionConflictException', 'The item is being changed.'),
  missing: () => jsonError(400, 'ResourceNotFoundException', 'Requested resource not found'),
  keyDisabled: () => jsonError(400, 'KMSInvalidStateException', 'The key of the table is disabled.'),
};

/** MSK's answer to a write with an outdated version of the cluster or its policy. */
export const versionConflict = (operation: string): Answer =>
  mskError(
    'BadRequestException',
    `The version of the ${operation === 'UpdateConnectivity' ? 'cluster' : 'cluster policy'} isn't current. Check the current version and try again.`,
    'currentVersion',
  ).answer;

/** The page of a proxy instead of the service's answer. */
export const page = (status: number): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<html>Please log in.</html>',
});
