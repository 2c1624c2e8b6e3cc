import { STATUS_CODES } from 'node:http';
import { Refusal } from '../emulator.ts';

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
  errorCode: string,
  detail: string,
  { parameters = [], fields, headers }: AtlasErrorExtras = {},
): Refusal {
  return new Refusal(detail, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      badRequestDetail: fields && { fields },
      detail,
      error: status,
      errorCode,
      parameters,
      reason: STATUS_CODES[status],
    }),
  });
}
