import { z } from 'zod';
import { streamProcessingRegions } from '../regions.ts';
import { objectIdPattern, tiers } from './request.ts';

/**
 * What Atlas answers. The schemas are the project's own, written from MongoDB's API reference and from the answers that MongoDB's
 * Atlas CLI has recorded. All objects are strict: the emulator may not answer a field that Atlas does not have.
 */

const ObjectId = z.string().regex(objectIdPattern);
const Links = z.array(z.strictObject({ href: z.url(), rel: z.string() }));

/** Documented: `totalCount` is missing if `includeCount` is false. */
export const pageOf = <T extends z.ZodType>(result: T) =>
  z.strictObject({ links: Links, results: z.array(result), totalCount: z.int().min(0).optional() });

/** Recorded: the answer to a DELETE. */
export const Empty = z.strictObject({});

/** Documented: the answer with the status 204. */
export const Nothing = z.undefined();

export const AccountDetails = z.strictObject({
  awsAccountId: z.string().regex(/^\d{12}$/),
  cidrBlock: z.cidrv4(),
  cloudProvider: z.literal('aws').optional(),
  vpcId: z.string().startsWith('vpc-'),
});

/** Recorded: the answer to a POST has the fields of the request and no state. */
export const PrivateLinkCreated = z.strictObject({
  _id: ObjectId,
  provider: z.string(),
  vendor: z.string().optional(),
  arn: z.string().optional(),
  authenticationScheme: z.enum(['TLS', 'SASL_SCRAM', 'IAM']).optional(),
  region: z.string().optional(),
  dnsDomain: z.string().optional(),
  serviceEndpointId: z.string().optional(),
});

/** The states are those that MongoDB's Terraform provider and CloudFormation resources know: the API reference lists none. */
export const PrivateLink = PrivateLinkCreated.extend({
  provider: z.enum(['AWS', 'AZURE', 'GCP']),
  vendor: z.enum(['MSK', 'GENERIC']),
  state: z.enum(['IDLE', 'WORKING', 'DONE', 'FAILED', 'DELETE_REQUESTED', 'DELETING', 'DELETED']),
  region: z.string().regex(/^[A-Z]+(_[A-Z0-9]+)+$/),
  errorMessage: z.string().optional(),
  interfaceEndpointId: z.string().optional(),
});

const Region = z
  .strictObject({ cloudProvider: z.enum(['AWS', 'AZURE', 'GCP']), region: z.string() })
  .refine(({ cloudProvider, region }) => streamProcessingRegions[cloudProvider]?.includes(region), 'no such Region');

const KafkaConnection = z.strictObject({
  id: ObjectId,
  name: z.string(),
  type: z.literal('Kafka'),
  region: z.enum(Object.values(streamProcessingRegions).flat()),
  state: z.enum(['PENDING', 'READY', 'DELETING', 'FAILED']),
  bootstrapServers: z.string(),
  authentication: z.strictObject({
    mechanism: z.string(),
    username: z.string().optional(),
    aws: z.strictObject({ roleArn: z.string() }).optional(),
  }),
  security: z.strictObject({ protocol: z.string(), brokerPublicCertificate: z.string().optional() }),
  networking: z.strictObject({
    access: z.strictObject({ type: z.enum(['PUBLIC', 'VPC', 'PRIVATE_LINK']), connectionId: ObjectId.optional() }),
  }),
  config: z.record(z.string(), z.string()).optional(),
});

/** Documented. Assumed: it has an id, a Region and a state, as one to Kafka. */
const ClusterConnection = KafkaConnection.pick({ id: true, name: true, region: true, state: true }).extend({
  type: z.literal('Cluster'),
  clusterName: z.string(),
  dbRoleToExecute: z.strictObject({ role: z.string(), type: z.enum(['BUILT_IN', 'CUSTOM']) }),
});

export const Connection = z.discriminatedUnion('type', [KafkaConnection, ClusterConnection]);

/** Recorded: the answer to a PATCH has no state. */
export const ConnectionUpdated = KafkaConnection.omit({ state: true });

const tier = z.enum(tiers);

export const Workspace = z.strictObject({
  _id: ObjectId,
  groupId: ObjectId,
  name: z.string(),
  dataProcessRegion: Region,
  failoverRegions: z.array(Region).max(2),
  hostnames: z.array(z.hostname()),
  streamConfig: z.strictObject({ tier, maxTierSize: tier.optional() }),
  connections: z.array(Connection).optional(),
});

const count = z.int().min(0);

/** Documented: an object without fixed fields. Reported: these, among others, by MongoDB's Terraform provider. */
const ProcessorStats = z.strictObject({
  name: z.string(),
  status: z.string(),
  inputMessageCount: count,
  outputMessageCount: count,
  kafkaPartitions: z
    .array(z.strictObject({ partition: count, currentOffset: count, checkpointOffset: count, isIdle: z.boolean() }))
    .optional(),
});

/** Documented, without the fields of regional failover. */
export const StreamProcessorCreated = z.strictObject({
  _id: ObjectId,
  name: z.string(),
  state: z.string(),
  pipeline: z.array(z.record(z.string(), z.unknown())),
  options: z.strictObject({ dlq: z.record(z.string(), z.string()).optional() }).optional(),
  tier: tier.optional(),
});

/** Documented: with stats. */
export const StreamProcessor = StreamProcessorCreated.extend({ stats: ProcessorStats.optional() });

/** Assumed: each line is an object of JSON. */
export const OperationalLogs = z.string().refine((text) => text === '' || text.endsWith('}\n'), 'It is not lines.');

const isoTime = z.iso.datetime();

export const AccessRole = z.strictObject({
  providerName: z.literal('AWS'),
  roleId: ObjectId,
  atlasAWSAccountArn: z.string().startsWith('arn:'),
  atlasAssumedRoleExternalId: z.uuid(),
  iamAssumedRoleArn: z.string().startsWith('arn:').nullish(),
  createdDate: isoTime,
  authorizedDate: isoTime.nullish(),
  featureUsages: z.array(z.strictObject({ featureType: z.string(), featureId: z.record(z.string(), z.unknown()) })),
});

/** Roles on Azure and Google Cloud are not emulated. */
export const AccessRoles = z.strictObject({
  awsIamRoles: z.array(AccessRole),
  azureServicePrincipals: z.array(z.unknown()),
  gcpServiceAccounts: z.array(z.unknown()),
});

/** Any error. Recorded: `parameters` may be null, or missing. */
export const ApiError = z.strictObject({
  error: z.int().min(400).max(599),
  errorCode: z.string().regex(/^[A-Z0-9_]+$/),
  detail: z.string().nullable().optional(),
  reason: z.string().nullable().optional(),
  parameters: z
    .array(z.union([z.string(), z.int(), z.null()]))
    .nullable()
    .optional(),
  badRequestDetail: z
    .strictObject({ fields: z.array(z.strictObject({ field: z.string(), description: z.string() })) })
    .optional(),
});
