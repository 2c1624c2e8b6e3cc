import { BlockList, isIPv4 } from 'node:net';
import * as z from 'zod/mini';
import { withoutSecrets } from '../secrets/in-use.ts';
import { heldText, maxText } from './limits.ts';

/**
 * The fields that we read from Atlas Admin API responses. Atlas adds fields without notice, so all others are ignored.
 * Source: Atlas Administration API v2, Streams, versions 2023-02-01 and 2024-11-13.
 */

/** A text that is passed on: into a state of the machine, the registry or an error. */
const text = z.string().check(z.maxLength(maxText));

/** Atlas omits a field that it does not have, or returns null. */
const optionalText = z.optional(z.nullable(text));

/** A text that is only compared, or shown in short. */
const optionalLongText = z.optional(z.nullable(z.string()));

const optionalMessage = z.optional(z.nullable(z.pipe(z.string(), z.transform(heldText))));

/** The documented states, which may be equal to a password. */
const knownStates = new Set('IDLE WORKING DONE FAILED DELETE_REQUESTED DELETING DELETED PENDING READY'.split(' '));

/** A state goes into the history. What cannot be the name of one may be anything, such as a secret. */
const optionalState = z.optional(
  z.nullable(
    z.pipe(
      text,
      z.transform((state) =>
        knownStates.has(state) || (/^[A-Z][A-Z0-9_]{0,63}$/.test(state) && withoutSecrets(state) === state)
          ? state
          : 'UNKNOWN',
      ),
    ),
  ),
);

const ObjectId = z.string().check(z.regex(/^[a-f0-9]{24}$/));

/**
 * The addresses that a VPC should have. AWS allows others, but a command that opens a cluster to them could let anyone in.
 *
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
 */
const privateAddresses = new BlockList();
privateAddresses.addSubnet('10.0.0.0', 8);
privateAddresses.addSubnet('172.16.0.0', 12);
privateAddresses.addSubnet('192.168.0.0', 16);
privateAddresses.addSubnet('100.64.0.0', 10);

/** A block of private addresses of the size that a VPC may have, /16 to /28. */
function isVpcBlock(text: string): boolean {
  const [, address = '', prefix] = /^([\d.]+)\/(1[6-9]|2[0-8])$/.exec(text) ?? [];
  return prefix !== undefined && isIPv4(address) && privateAddresses.check(address);
}

/** `cidrBlock`: the addresses of Atlas's VPC. It is shown in a command, so nothing else than the block of a VPC counts. */
export const AccountDetails = z.object({
  awsAccountId: z.string().check(z.regex(/^\d{12}$/)),
  cidrBlock: z.catch(z.optional(z.string().check(z.refine(isVpcBlock))), undefined),
});

/** `state` has no published list: IDLE → WORKING → DONE or FAILED, and DELETE_REQUESTED → DELETING → DELETED. */
export const PrivateLink = z.object({
  _id: ObjectId,
  arn: optionalText,
  state: optionalState,
  errorMessage: optionalMessage,
  authenticationScheme: optionalText,
});
export type PrivateLink = z.infer<typeof PrivateLink>;

export const Workspace = z.object({
  name: text,
  dataProcessRegion: z.optional(z.object({ cloudProvider: text, region: text })),
});
export type Workspace = z.infer<typeof Workspace>;

/** `state` is PENDING, READY, DELETING or FAILED. Atlas never returns the password. */
export const Connection = z.object({
  /** It goes into the registry. Anything but an ObjectId counts as none. */
  id: z.catch(z.optional(z.nullable(ObjectId)), undefined),
  name: text,
  type: optionalText,
  state: optionalState,
  bootstrapServers: optionalLongText,
  authentication: z.optional(z.nullable(z.object({ mechanism: optionalLongText, username: optionalLongText }))),
  security: z.optional(z.nullable(z.object({ protocol: optionalLongText }))),
  networking: z.optional(
    z.nullable(
      z.object({ access: z.optional(z.nullable(z.object({ type: optionalText, connectionId: optionalText }))) }),
    ),
  ),
  config: z.optional(z.nullable(z.record(z.string(), z.string()))),
});
export type Connection = z.infer<typeof Connection>;

/** A stream processor; its pipeline names the connections that it reads and writes, as `connectionName`. */
export const StreamProcessor = z.object({ name: text, state: text, pipeline: z.optional(z.unknown()) });
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
