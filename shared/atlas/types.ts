import { createHash } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';
import * as z from 'zod/mini';
import type { Mechanism } from '../login.ts';
import { heldText, maxText } from './limits.ts';

/**
 * The fields that we read from Atlas Admin API responses. Atlas adds fields without notice, so all others are ignored.
 * Source: Atlas Administration API v2, Streams, versions 2023-02-01, 2024-05-30 and 2024-11-13.
 */

/** A text that is passed on: into a state of the machine, the registry or an error. */
const text = z.string().check(z.maxLength(maxText));

/** Atlas omits a field that it does not have, or returns null. */
const optionalText = z.optional(z.nullable(text));

/** A text that is only compared. */
const optionalLongText = z.optional(z.nullable(z.string()));

const optionalMessage = z.optional(z.nullable(z.pipe(z.string(), z.transform(heldText))));

/**
 * A word of a known list. Any other text becomes UNKNOWN: it may be a password, which a function cannot recognize unless it has read
 * it, and the word goes into the history.
 */
const oneOf = (words: string) => {
  const known = new Set(words.split(' '));
  return z.optional(
    z.nullable(
      z.pipe(
        text,
        z.transform((word) => (known.has(word) ? word : 'UNKNOWN')),
      ),
    ),
  );
};

const state = oneOf('IDLE WORKING DONE FAILED DELETE_REQUESTED DELETING DELETED PENDING READY');

const ObjectId = z.string().check(z.regex(/^[a-f0-9]{24}$/));

/** Anything but an ObjectId counts as none. */
const optionalId = z.catch(z.optional(z.nullable(ObjectId)), undefined);

/** `host:port` of each broker, separated by commas. It is shown, so anything else counts as none. */
const brokers = z.catch(
  z.optional(z.nullable(z.string().check(z.regex(/^[\w-]+(\.[\w-]+)+:\d{1,5}( *, *[\w-]+(\.[\w-]+)+:\d{1,5})*$/)))),
  undefined,
);

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
  state,
  errorMessage: optionalMessage,
  authenticationScheme: oneOf('TLS SASL_SCRAM IAM'),
});
export type PrivateLink = z.infer<typeof PrivateLink>;

/** The name goes into the paths of requests, where "." and ".." have another meaning. */
export const Workspace = z.object({
  name: text.check(z.regex(/^(?!\.{0,2}$)/)),
  dataProcessRegion: z.optional(z.object({ cloudProvider: text, region: text })),
});
export type Workspace = z.infer<typeof Workspace>;

/** `state` is PENDING, READY, DELETING or FAILED. Atlas never returns the password. */
export const Connection = z.object({
  id: optionalId,
  name: text,
  type: oneOf(
    'Kafka Cluster Sample Https AzureBlobStorage AWSLambda AWSKinesisDataStreams S3 SchemaRegistry GCPPubSub',
  ),
  state,
  bootstrapServers: brokers,
  authentication: z.optional(
    z.nullable(
      z.object({
        mechanism: optionalLongText,
        username: optionalLongText,
        aws: z.optional(z.nullable(z.object({ roleArn: optionalLongText }))),
      }),
    ),
  ),
  security: z.optional(z.nullable(z.object({ protocol: optionalLongText }))),
  networking: z.optional(
    z.nullable(
      z.object({
        access: z.optional(
          z.nullable(z.object({ type: oneOf('PUBLIC VPC PRIVATE_LINK TRANSIT_GATEWAY'), connectionId: optionalId })),
        ),
      }),
    ),
  ),
  /** Its values are only compared. */
  config: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});
export type Connection = z.infer<typeof Connection>;

const roleArn = z.string().check(z.regex(/^arn:aws[a-z-]{0,16}:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]{1,512})$/));

/** A role that is registered in the project. Everything in it goes into commands and advice, so an odd one counts as none. */
const AwsRole = z.object({
  roleId: ObjectId,
  /** Whom the role must trust, and by which external id. */
  atlasAWSAccountArn: roleArn,
  atlasAssumedRoleExternalId: z.string().check(z.regex(/^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$/)),
  /** The role itself, from its authorization on. */
  iamAssumedRoleArn: z.optional(z.nullable(roleArn)),
  authorizedDate: optionalLongText,
});
export type AwsRole = z.infer<typeof AwsRole>;

/** The roles of cloud providers that Atlas may assume for a project. Source: Atlas Administration API v2, 2023-01-01. */
export const CloudProviderAccess = z.object({
  awsIamRoles: z.array(z.catch(z.nullable(AwsRole), null)),
});

/** Counts of a processor that runs. They are shown at most, so anything odd counts as none. */
const stats = z.catch(
  z.optional(
    z.nullable(
      z.object({
        inputMessageCount: z.catch(z.optional(z.number()), undefined),
        kafkaPartitions: z.catch(z.optional(z.array(z.unknown())), undefined),
      }),
    ),
  ),
  undefined,
);

/**
 * A stream processor. Its pipeline may have 16 MB, so only what we need of it is kept: a hash, and the names of the connections that it
 * reads and writes.
 */
export const StreamProcessor = z.pipe(
  z.object({
    name: text,
    state: oneOf('INIT CREATING CREATED PROVISIONING STARTING STARTED STOPPING STOPPED FAILED DROPPED'),
    tier: z.catch(z.optional(z.nullable(z.string().check(z.regex(/^SP\d{1,3}$/)))), null),
    pipeline: z.optional(z.unknown()),
    stats,
  }),
  z.transform(({ name, state, tier, pipeline, stats }) => ({
    name,
    state: state ?? 'UNKNOWN',
    tier: tier ?? null,
    /** SHA-256 of the pipeline as JSON with sorted keys, in hexadecimal digits. */
    pipelineHash: createHash('sha256')
      .update(JSON.stringify(pipeline ?? null, sorted))
      .digest('hex'),
    connectionNames: [...connectionNamesIn(pipeline)],
    ...(stats && { stats }),
  })),
);
export type StreamProcessor = z.infer<typeof StreamProcessor>;

/** A replacer of JSON.stringify. */
const sorted = (_: string, value: unknown) =>
  isObject(value) && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

function connectionNamesIn(value: unknown, names = new Set<string>()): Set<string> {
  if (!isObject(value)) return names;
  for (const [key, held] of Object.entries(value)) {
    if (key === 'connectionName' && typeof held === 'string') names.add(held);
    else connectionNamesIn(held, names);
  }
  return names;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** With AWS_MSK_IAM, a user and a password must not be sent. */
export type Authentication =
  | { mechanism: Exclude<Mechanism, 'AWS_MSK_IAM'>; username: string; password: string }
  | { mechanism: 'AWS_MSK_IAM'; aws: { roleArn: string } };

/** The body of a request that creates or updates a Kafka connection over a private link. */
export interface KafkaConnectionRequest {
  name: string;
  type: 'Kafka';
  bootstrapServers: string;
  authentication: Authentication;
  security: { protocol: 'SASL_SSL' };
  networking: { access: { type: 'PRIVATE_LINK'; connectionId: string } };
  config?: Record<string, string>;
}

/** HTTP 202 with an empty object: a deletion has begun. */
export const Accepted = z.object({});

export const page = <Result extends z.ZodMiniType>(result: Result) =>
  z.object({ results: z.array(result), totalCount: z.optional(z.number()) });
