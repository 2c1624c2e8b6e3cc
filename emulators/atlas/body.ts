import type { z } from 'zod';
import { atlasError } from './error.ts';

/**
 * Parses a request body.
 *
 * @throws Refusal 400 that names each field that is wrong
 */
export function parseBody<T>(schema: z.ZodType<T>, body: string): T {
  const { data, error } = schema.safeParse(parseJson(body));
  if (data !== undefined) return data;
  const fields = (error?.issues ?? []).map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
    return { field: [...issue.path, ...unknown].join('.'), description: issue.message };
  });
  const reasons = fields.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw validationError(reasons, fields);
}

export function validationError(reason: string, fields?: { field: string; description: string }[]) {
  const detail = `The request content produced the validation error: ${reason}`;
  return atlasError(400, 'VALIDATION_ERROR', detail, { parameters: [reason], ...(fields ? { fields } : {}) });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw atlasError(400, 'MALFORMED_JSON', 'Received JSON is malformed.');
  }
}
