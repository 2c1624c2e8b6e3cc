import { AtlasRefused } from '../errors.ts';

/**
 * The error codes of the Atlas Administration API that we branch on. Atlas documents no list per endpoint: these were seen in
 * recorded answers and in public CI logs of MongoDB's own tools.
 */

/** A project that doesn't exist, or that the key may not see. */
export const projectNotFound = 'GROUP_NOT_FOUND';

/** Such as STREAM_CONNECTION_NOT_FOUND_FOR_NAME. The code for a private link was not seen, so any of the Streams API counts. */
const notFound = /^STREAM_\w*NOT_FOUND/;

/** The caller's address isn't on the access list of the API key or service account. */
export const notOnAccessList = new Set(['IP_ADDRESS_NOT_ON_ACCESS_LIST', 'ORG_REQUIRES_ACCESS_LIST']);

/** The key or service account lacks the role. */
const lacksRole = 'USER_UNAUTHORIZED';

/** Whether a refusal is about the API key or the service account, and not about what was asked for. */
export const isAboutCredentials = (status: number, errorCode = ''): boolean =>
  status === 401 || (status === 403 && (errorCode === lacksRole || notOnAccessList.has(errorCode)));

/** Seen, but not branched on. */
const others = ['RESOURCE_NOT_FOUND', 'VALIDATION_ERROR', 'RATE_LIMITED', 'UNEXPECTED_ERROR'];

const ownCodes = new Set([projectNotFound, ...notOnAccessList, lacksRole, ...others]);

/** Whether a code is one that Atlas is known to have, and not another text in its place. */
export const isKnownCode = (code: string): boolean =>
  ownCodes.has(code) || /^(STREAM|CLOUD_PROVIDER_ACCESS)(_[A-Z]+)+$/.test(code);

const hasCode = (error: unknown, code: string): error is AtlasRefused =>
  error instanceof AtlasRefused && error.errorCode === code;

/** A connection, a private link or the workspace was not found: an outcome, not an error. */
export const isAbsent = (error: unknown): error is AtlasRefused =>
  error instanceof AtlasRefused && error.status === 404 && notFound.test(error.errorCode);

/** The key sees no such project. What is in it may well exist, so this never counts as absent. */
export const isProjectAbsent = (error: unknown): error is AtlasRefused => hasCode(error, projectNotFound);

export const noneWhenAbsent = (error: unknown): undefined => {
  if (isAbsent(error)) return undefined;
  throw error;
};

/** A duplicate is usually a 400 with …ALREADY_EXISTS. */
export const isAlreadyThere = (error: unknown): error is AtlasRefused =>
  error instanceof AtlasRefused && error.errorCode.includes('ALREADY_EXISTS');

/** For a duplicate connection or stream processor, Atlas documents 409 without a code. */
export const isDuplicate = (error: unknown): error is AtlasRefused =>
  isAlreadyThere(error) || (error instanceof AtlasRefused && error.status === 409);

/** Atlas is still at work on an earlier change of the connection. */
export const isBusy = (error: unknown): error is AtlasRefused => error instanceof AtlasRefused && error.status === 409;

/** A connection can be deleted only after it has been deployed. */
export const isDeploying = (error: unknown): error is AtlasRefused =>
  hasCode(error, 'STREAM_KAFKA_CONNECTION_IS_DEPLOYING');

/** 403: "Stream connection with name … has active processors, and cannot be changed." */
export const isConnectionInUse = (error: unknown): error is AtlasRefused =>
  hasCode(error, 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS');

export const isPrivateLinkInUse = (error: unknown): error is AtlasRefused =>
  hasCode(error, 'STREAM_PRIVATE_LINK_IN_USE');

/**
 * The project has neither an Atlas cluster nor a network peering for the link. The code is that of any wrong body, so the words decide:
 * "You must have an Atlas Cluster on AWS or AWS Network Peering configured to create a Private Link connection".
 * Source: mongodb/mongodb-atlas-cli #4582 (for Azure; with AWS the words are inferred).
 */
export const lacksCluster = (error: unknown): error is AtlasRefused =>
  hasCode(error, 'VALIDATION_ERROR') && /must have an Atlas Cluster on .* Network Peering/i.test(error.message);

/**
 * The role of a connection is not registered and authorized in the project. MongoDB's agent skills report the words "IAM role ARN not
 * found"; the code was seen for the export of logs.
 */
export const lacksAwsRole = (error: unknown): error is AtlasRefused =>
  hasCode(error, 'CLOUD_PROVIDER_ACCESS_ROLE_NOT_FOUND') ||
  (error instanceof AtlasRefused && /\bIAM role\b/i.test(error.message));
