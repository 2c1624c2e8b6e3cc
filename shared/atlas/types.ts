import * as z from 'zod/mini';

/**
 * The fields that we read from Atlas Admin API responses. Atlas adds fields without notice, so all others are ignored.
 * Source: Atlas Administration API v2, Streams, versions 2023-02-01 and 2024-11-13.
 */

/** Atlas omits a field that it does not have, or returns null. */
const optionalText = z.optional(z.nullable(z.string()));

const ObjectId = z.string().check(z.regex(/^[a-f0-9]{24}$/));

export const AccountDetails = z.object({ awsAccountId: z.string().check(z.regex(/^\d{12}$/)) });

/** `state` has no published list: IDLE → WORKING → DONE or FAILED, and DELETE_REQUESTED → DELETING → DELETED. */
export const PrivateLink = z.object({
  _id: ObjectId,
  arn: optionalText,
  state: optionalText,
  errorMessage: optionalText,
  authenticationScheme: optionalText,
});
export type PrivateLink = z.infer<typeof PrivateLink>;

export const Workspace = z.object({
  name: z.string(),
  dataProcessRegion: z.optional(z.object({ cloudProvider: z.string(), region: z.string() })),
});
export type Workspace = z.infer<typeof Workspace>;

/** `state` is PENDING, READY, DELETING or FAILED. Atlas never returns the password. */
export const Connection = z.object({
  /** An ObjectId. */
  id: optionalText,
  name: z.string(),
  type: optionalText,
  state: optionalText,
  bootstrapServers: optionalText,
  authentication: z.optional(z.nullable(z.object({ mechanism: optionalText, username: optionalText }))),
  security: z.optional(z.nullable(z.object({ protocol: optionalText }))),
  networking: z.optional(
    z.nullable(
      z.object({ access: z.optional(z.nullable(z.object({ type: optionalText, connectionId: optionalText }))) }),
    ),
  ),
  config: z.optional(z.nullable(z.record(z.string(), z.string()))),
});
export type Connection = z.infer<typeof Connection>;

/** A stream processor; its pipeline names the connections that it reads and writes, as `connectionName`. */
export const StreamProcessor = z.object({ name: z.string(), state: z.string(), pipeline: z.optional(z.unknown()) });
export type StreamProcessor = z.infer<typeof StreamProcessor>;

/** The body of a request that creates or updates a Kafka connection over a private link. */
export interface KafkaConnectionRequest {
  name: string;
  type: 'Kafka';
  bootstrapServers: string;
  authentication: { mechanism: string; username: string; password: string };
  security: { protocol: 'SASL_SSL' };
  networking: { access: { type: 'PRIVATE_LINK'; connectionId: string } };
  config?: Record<string, string>;
}

/** HTTP 202 with an empty object: a deletion has begun. */
export const Accepted = z.object({});

export const page = <Result extends z.ZodMiniType>(result: Result) =>
  z.object({ results: z.array(result), totalCount: z.optional(z.number()) });
