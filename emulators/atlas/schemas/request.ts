import { z } from 'zod';
import { parseArn } from '../../arn.ts';
import { clusterRegion } from '../regions.ts';

/**
 * The bodies that Atlas takes. Documented: "Invalid fields are rejected rather than ignored" (Atlas Administration API Reference), so all
 * objects are strict. The schemas are the project's own.
 */

export const objectIdPattern = /^[a-f0-9]{24}$/;

/**
 * The fields of a private link. Documented, but only MSK is emulated. Reported: `region` and `state` may be empty, as MongoDB's
 * Terraform provider 2.16.0 sends them. Documented there: Atlas derives the Region of a link to MSK from the ARN.
 */
export const PrivateLinkRequest = z
  .strictObject({
    provider: z.string().regex(/^aws$/i, 'The local Atlas makes private links on AWS only.'),
    vendor: z.string().regex(/^msk$/i, 'The local Atlas makes private links to MSK only.'),
    arn: z.string().regex(/^arn:aws:kafka/),
    authenticationScheme: z.enum(['TLS', 'SASL_SCRAM', 'IAM']).optional(),
    region: z.string().optional(),
    state: z.literal('').optional(),
  })
  .refine(({ region, arn }) => !region || clusterRegion(region) === clusterRegion(parseArn(arn).region), {
    path: ['region'],
    message: "It is not the Region of the cluster's ARN.",
  });

/** Documented: the length. Assumed: it must be the ARN of a role. */
const RoleArn = z
  .string()
  .max(2048)
  .regex(/^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/);

export const isIam = (mechanism: string): boolean => mechanism === 'AWS_MSK_IAM';

/** Documented: a free text in the API reference, which names the first four. The documentation of IAM and of mutual TLS adds the others. */
const Mechanism = z.string().regex(/^(PLAIN|SCRAM-256|SCRAM-512|OAUTHBEARER|AWS_MSK_IAM|)$/);

/**
 * Documented: `aws` is for AWS_MSK_IAM only, which needs its role. Reported: MongoDB's MCP server never sends a user or a password with
 * it. Assumed: Atlas refuses everything else.
 */
const Authentication = z
  .strictObject({
    mechanism: Mechanism,
    username: z.string().optional(),
    password: z.string().optional(),
    aws: z.strictObject({ roleArn: RoleArn }).optional(),
  })
  .refine(({ mechanism, aws }) => isIam(mechanism) === (aws !== undefined), {
    path: ['aws'],
    message: 'AWS_MSK_IAM needs a role, and no other mechanism has one.',
  })
  .refine(({ mechanism, username, password }) => !isIam(mechanism) || (username ?? password) === undefined, {
    path: ['username'],
    message: 'AWS_MSK_IAM has no user and no password.',
  });

/** Documented: a free text in the API reference, which names the first three. Recorded: PLAINTEXT. */
const Security = z.strictObject({
  protocol: z.string().regex(/^(SASL_PLAINTEXT|SASL_SSL|SSL|PLAINTEXT)$/),
  brokerPublicCertificate: z.string().optional(),
});

/** Documented. Assumed: PRIVATE_LINK needs a link. */
const Networking = z.strictObject({
  access: z
    .strictObject({
      type: z.enum(['PUBLIC', 'VPC', 'PRIVATE_LINK']),
      connectionId: z.string().regex(objectIdPattern).optional(),
    })
    .refine(({ type, connectionId }) => type !== 'PRIVATE_LINK' || connectionId, {
      path: ['connectionId'],
      message: 'PRIVATE_LINK needs one.',
    }),
});

/** Documented: a comma-separated list; Atlas validates host names (changelog of 25 March 2026). Assumed: exactly how. */
const BootstrapServers = z
  .string()
  .refine((servers) => servers.split(',').every(isServer), 'It must be a list such as b-1.example.com:9096.');

function isServer(server: string): boolean {
  const [, host = '', port = ''] = /^(.+):([1-9]\d{0,4})$/.exec(server) ?? [];
  return host.length < 254 && Number(port) < 65_536 && host.split('.').every((label) => isLabel(label));
}

const isLabel = (label: string) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label);

/** The fields of a Kafka connection. Documented; names allow the special characters `. - * _`. */
const ConnectionFields = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9.\-*_]+$/),
  type: z.literal('Kafka'),
  bootstrapServers: BootstrapServers,
  authentication: Authentication,
  security: Security,
  networking: Networking.default({ access: { type: 'PUBLIC' } }),
  config: z.record(z.string(), z.string()).optional(),
});
export type ConnectionSettings = z.infer<typeof ConnectionFields>;

/** Documented, for Kafka: SASL has a mechanism. Assumed: Atlas checks it. */
export const hasMechanism = ({ security, authentication }: ConnectionSettings): boolean =>
  authentication.mechanism !== '' || !security.protocol.startsWith('SASL_');

export const mechanismMissing = 'A SASL protocol needs a mechanism.';

export const ConnectionRequest = ConnectionFields.refine(hasMechanism, {
  path: ['authentication', 'mechanism'],
  message: mechanismMissing,
});

/**
 * The fields of an update. A field that is left out does not change. Reported: MongoDB's Terraform provider 2.16.0 sends empty
 * `headers`, a field of Https connections.
 */
export const ConnectionUpdate = ConnectionFields.partial().extend({
  networking: Networking.optional(),
  headers: z.strictObject({}).optional(),
});

const onAwsOnly = z.literal('AWS', 'The local Atlas has roles on AWS only.');

/** Documented. */
export const AccessRoleRequest = z.strictObject({ providerName: onAwsOnly });

/** Documented. Assumed: an authorization names the role. */
export const AccessRoleUpdate = z.strictObject({ providerName: onAwsOnly, iamAssumedRoleArn: RoleArn });

/** Documented. */
export const tiers = ['SP2', 'SP5', 'SP10', 'SP30', 'SP50'] as const;
export type Tier = (typeof tiers)[number];

/** Documented, but regional failover is not emulated. Assumed: the characters of a name, and that a pipeline has a stage. */
export const ProcessorRequest = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  pipeline: z.array(z.record(z.string(), z.unknown())).min(1),
  options: z
    .strictObject({ dlq: z.strictObject({ connectionName: z.string(), db: z.string(), coll: z.string() }).optional() })
    .optional(),
  tier: z.enum(tiers).optional(),
});

/** Documented, but failover and autoscaling are not emulated. */
export const ProcessorStart = z.strictObject({
  tier: z.enum(tiers).optional(),
  resumeFromCheckpoint: z.boolean().optional(),
  startAtOperationTime: z.iso.datetime().optional(),
});
