/**
 * What a recording keeps. A text stays only in a field of this list, and only if it has the form that the API gives to that field. None of
 * these forms fits an account number, an id, a host name, an address or a key.
 */

/** A word of an API, such as `ACTIVE` or `DELETE_REQUESTED`. */
const word = /^[A-Z]+(_[A-Z]+)*$/;
export const awsRegion = /^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d$/;
/** As AWS or Atlas spells it: `us-east-1`, `US_EAST_1`, `us_east_1`, `VIRGINIA_USA`. */
const region = /^([a-z]{2}(-gov)?-[a-z]+-\d|[a-z]{2}_[a-z]+_\d|[A-Z]{2}_[A-Z]+_\d|[A-Z]+_[A-Z]{3})$/;
const digits = /^\d{1,6}$/;
/** Such as `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`. */
const exception =
  /^((com\.amazon(aws)?(\.[a-z]{1,20}|\.v\d{8}){1,4}#)?[A-Z][A-Za-z]{0,50}(Exception|Error|Failure)|AccessDenied|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)$/;

/** Keys of tags that say who owns a cluster, or that this project writes. */
export const harmlessKeys = /^(atlas-streaming(\/[a-z-]{1,20})?|aws:cloudformation:[a-z-]{1,20})$/;

/** By the field's name, or the header's in lower case. */
export const harmlessValues: Record<string, RegExp> = {
  // Amazon MSK
  State: word,
  ClusterType: word,
  clusterType: word,
  state: word,
  kafkaVersion: /^\d{1,2}\.\d{1,2}(\.\d{1,2}|\.x)?(\.(tiered|kraft))?$/,
  instanceType: /^(kafka|express)\.[a-z]\d[a-z]{0,4}\.((\d{0,2}x)?large|medium|small)$/,
  clientBroker: word,
  enhancedMonitoring: word,
  brokerAZDistribution: word,
  storageMode: word,
  networkType: /^(IPV4|DUAL)$/,
  customerActionStatus: word,
  operationType: word,
  operationState: word,
  zoneIds: /^[a-z]{2,5}\d-az\d$/,
  // Policies
  Version: /^20\d\d-\d\d-\d\d$/,
  Effect: /^(Allow|Deny)$/,
  Action: /^(\*|[a-z]{1,12}(-[a-z]{1,12})?:[A-Za-z]{0,40}(V\d)?\*?)$/,
  Service: /^[a-z-]{1,20}\.amazonaws\.com$/,
  // Secrets Manager
  PrimaryRegion: awsRegion,
  Key: harmlessKeys,
  // Atlas
  provider: word,
  providerName: word,
  featureType: word,
  vendor: word,
  cloudProvider: /^(AWS|AZURE|GCP|aws|azure|gcp)$/,
  authenticationScheme: word,
  region,
  type: /^(PUBLIC|VPC|PRIVATE_LINK|TRANSIT_GATEWAY|DISABLED|SERVICE_PROVIDED_EIPS|Kafka|Cluster|Sample|Https|S3)$/,
  mechanism: /^(SCRAM-256|SCRAM-512|PLAIN|OAUTHBEARER|AWS_MSK_IAM)$/,
  protocol: /^SASL_[A-Z]{3,9}$/,
  tier: /^SP\d{1,2}$/,
  maxTierSize: /^SP\d{1,2}$/,
  errorCode: word,
  rel: /^(self|next|previous)$/,
  // Errors of AWS
  __type: exception,
  code: exception,
  // Headers
  'content-type':
    /^(application\/(json|problem\+json|x-amz-json-1\.[01]|vnd\.atlas\.\d{4}-\d\d-\d\d\+json|xml)|text\/(html|plain|xml))(; ?charset=(utf-8|iso-8859-1|us-ascii))?$/i,
  'x-amzn-errortype': exception,
  'retry-after': digits,
  'ratelimit-limit': digits,
  'ratelimit-remaining': digits,
  'ratelimit-reset': digits,
  'x-ratelimit-limit': digits,
  'x-ratelimit-remaining': digits,
  'x-ratelimit-reset': digits,
};

/** Fields whose keys are data, such as the names of tags. */
export const mapFields = new Set(['Tags', 'tags', 'VersionIdsToStages', 'config', 'headers']);

/** Fields that hold a person's own code. */
export const droppedFields = new Set(['pipeline', 'options', 'stats']);

/** The parts of paths that stand before a name or an id, unless the fixed part of a longer path follows. */
export const pathCollections: ReadonlySet<string> = new Set([
  ...['clusters', 'configurations', 'revisions', 'operations', 'tags', 'topics'],
  ...['groups', 'streams', 'privateLinkConnections', 'connections', 'processors', 'cloudProviderAccess'],
]);

/** What follows `streams`, and is not a workspace. */
export const besideWorkspaces: ReadonlySet<string> = new Set(['accountDetails', 'privateLinkConnections']);

/** The fixed parts of paths. */
export const pathWords: ReadonlySet<string> = new Set(
  [
    ['v1', 'v2', 'api', 'clusters', 'bootstrap-brokers', 'policy', 'scram-secrets', 'configurations', 'revisions'],
    ['operations', 'tags', 'nodes', 'vpc-connections', 'client-vpc-connections', 'topics'],
    ['atlas', 'groups', 'streams', 'accountDetails', 'privateLinkConnections', 'connections', 'processors'],
    ['cloudProviderAccess'],
  ].flat(),
);
