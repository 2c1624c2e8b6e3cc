import { z } from 'zod';
import { atlasError } from './error.ts';

/**
 * Parses a request body. Assumed: Atlas refuses unknown fields and names each of them.
 *
 * @throws Refusal 400
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

/** The fields of a private link. Documented, but only MSK is emulated. */
export const PrivateLinkRequest = z.strictObject({
  provider: z.string().regex(/^aws$/i, 'The local Atlas makes private links on AWS only.'),
  vendor: z.string().regex(/^msk$/i, 'The local Atlas makes private links to MSK only.'),
  arn: z.string().regex(/^arn:aws:kafka/),
  authenticationScheme: z.enum(['TLS', 'SASL_SCRAM', 'IAM']).optional(),
});

const Authentication = z.strictObject({
  mechanism: z.string(),
  username: z.string().optional(),
  password: z.string().optional(),
});

const Security = z.strictObject({ protocol: z.string(), brokerPublicCertificate: z.string().optional() });

const Networking = z.strictObject({
  access: z.strictObject({
    type: z.enum(['PUBLIC', 'VPC', 'PRIVATE_LINK']),
    connectionId: z
      .string()
      .regex(/^[a-f0-9]{24}$/)
      .optional(),
  }),
});

/** The fields of a Kafka connection. Documented; names allow the special characters `. - * _`. */
export const ConnectionRequest = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9.\-*_]+$/),
  type: z.literal('Kafka'),
  bootstrapServers: z.string().regex(/^[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*$/),
  authentication: Authentication,
  security: Security,
  networking: Networking.default({ access: { type: 'PUBLIC' } }),
  config: z.record(z.string(), z.string()).optional(),
});

/** The fields of an update. A field that is left out does not change. */
export const ConnectionUpdate = ConnectionRequest.partial().extend({ networking: Networking.optional() });
