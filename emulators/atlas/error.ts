import { STATUS_CODES } from 'node:http';
import { Refusal } from '../emulator.ts';
import {
  agentSkills,
  apiReference,
  assumed,
  cliRecordings,
  documented,
  type Known,
  recorded,
  reported,
  streamsArchitecture,
  terraformTests,
} from './knowledge.ts';
import { ApiError } from './schemas/answer.ts';

const errorCodesPage = 'Atlas documents no list of codes for each endpoint';

/** The codes of Atlas's errors, and how each is known with its status. */
export const errorCodes = {
  CANNOT_ASSUME_ROLE: reported(terraformTests),
  CLOUD_PROVIDER_ACCESS_ROLE_NOT_FOUND: reported(
    `${terraformTests}, for the export of logs; for roles and connections, and the status, assumed`,
  ),
  GROUP_NOT_FOUND: recorded(cliRecordings),
  INVALID_GROUP_ID: assumed('the API reference requires 24 hexadecimal digits'),
  INVALID_QUERY_PARAMETER: assumed('the API reference lists the parameters of each endpoint'),
  INVALID_VERSION_DATE: documented('MongoDB Atlas documentation, "Versioned Atlas Administration API Overview" (406)'),
  IP_ADDRESS_NOT_ON_ACCESS_LIST: reported('public test fixtures of clients of the API'),
  MALFORMED_JSON: assumed(errorCodesPage),
  METHOD_NOT_ALLOWED: assumed('RFC 9110: 405 with the allowed methods'),
  NO_PAYMENT_INFORMATION_FOUND: reported(`${agentSkills}: 402 for the start of a processor; the code is assumed`),
  RATE_LIMITED: documented(`${apiReference}, example of a 429`),
  RATE_LIMITED_TOKEN_BUCKET: documented('MongoDB Atlas documentation, "Rate Limiting"'),
  REPEATED_NONCE_COUNT: documented('RFC 7616: a server refuses a repeated count; the code is assumed'),
  RESOURCE_NOT_FOUND: recorded(cliRecordings),
  STREAM_CONNECTION_HAS_STREAM_PROCESSORS: reported(`${terraformTests}, for DELETE; for PATCH assumed`),
  STREAM_CONNECTION_NAME_ALREADY_EXISTS: assumed('the API reference has the status 409, and no code'),
  STREAM_CONNECTION_NOT_FOUND_FOR_NAME: reported(terraformTests),
  STREAM_KAFKA_CONNECTION_IS_DEPLOYING: reported(terraformTests),
  STREAM_NETWORKING_CANNOT_BE_MODIFIED: reported(
    'mongodb/terraform-provider-mongodbatlas #4655; the status is assumed',
  ),
  STREAM_PRIVATE_LINK_ALREADY_EXISTS: reported(
    'mongodb/mongodbatlas-cloudformation-resources, stream-privatelink-endpoint',
  ),
  STREAM_PRIVATE_LINK_IN_USE: reported(terraformTests),
  STREAM_PRIVATE_LINK_NOT_FOUND: assumed(errorCodesPage),
  STREAM_PROCESSOR_HAS_WRONG_STATE: assumed(
    'the API reference has the status 400 for some of these operations, and no code',
  ),
  STREAM_PROCESSOR_NAME_ALREADY_EXISTS: assumed('the API reference has the status 409, and no code'),
  STREAM_PROCESSOR_NOT_FOUND: documented(
    'MongoDB Atlas documentation, changelog of 5 June 2026: the status 404; the code is assumed',
  ),
  STREAM_PROCESSOR_TIER_TOO_LARGE: documented(`${streamsArchitecture}: a maximum tier; the code is assumed`),
  STREAM_TENANT_NOT_FOUND_FOR_NAME: reported(terraformTests),
  UNEXPECTED_ERROR: recorded(cliRecordings),
  UNSUPPORTED_MEDIA_TYPE: assumed('RFC 9110: 415; the API reference requires the Content-Type'),
  USER_UNAUTHORIZED: reported('public test fixtures of clients of the API; the text is assumed'),
  VALIDATION_ERROR: reported("mongodb/mongodb-atlas-cli #4582 and the tests of MongoDB's Terraform provider"),
} satisfies Record<string, Known>;
export type ErrorCode = keyof typeof errorCodes;

interface FieldViolation {
  field: string;
  description: string;
}

interface AtlasErrorExtras {
  parameters?: (string | number)[] | null;
  fields?: FieldViolation[];
  headers?: Record<string, string>;
}

/** An error of the Atlas Admin API. Recorded. */
export function atlasError(
  status: number,
  errorCode: ErrorCode,
  detail: string,
  { parameters = [], fields, headers }: AtlasErrorExtras = {},
): Refusal {
  const body = {
    ...(fields && { badRequestDetail: { fields } }),
    detail,
    error: status,
    errorCode,
    parameters,
    reason: STATUS_CODES[status],
  };
  return new Refusal(detail, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(ApiError.parse(body)),
  });
}

/** Atlas has this, and the emulator does not. */
export function notEmulated(what: string): Refusal {
  const message = `The local Atlas does not emulate ${what}.`;
  return new Refusal(message, { status: 501, body: JSON.stringify({ message }) });
}
