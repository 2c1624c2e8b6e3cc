import { withCommand } from '../command.ts';
import { AtlasRefused, PrerequisitesNotMet } from '../errors.ts';
import { regionOf } from '../msk/arn.ts';
import type { AtlasClient } from './client.ts';
import { isProjectAbsent } from './error-codes.ts';
import { atlasRegion } from './regions.ts';

/**
 * The AWS principal with which Atlas connects to a cluster: the root of the account that Atlas uses for this project and Region.
 *
 * @returns `awsAccountId`: 12 digits; `principalArn`: `arn:aws:iam::<awsAccountId>:root`; `cidrBlock`: the addresses of Atlas's VPC,
 *   if Atlas names them
 * @throws PrerequisitesNotMet if the project has no resources in the Region; AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function atlasPrincipal(projectId: string, clusterArn: string, atlas: AtlasClient) {
  const region = atlasRegion(regionOf(clusterArn));
  const { awsAccountId, cidrBlock } = await atlas.accountDetails(projectId, region).catch((error: unknown) => {
    if (isProjectAbsent(error)) throw error;
    if (!(error instanceof AtlasRefused) || (error.status !== 404 && error.status !== 400)) throw error;
    throw new PrerequisitesNotMet(
      `Atlas names no AWS account for project ${projectId} in ${region}. ${error.message} ${resourceNeeded(projectId, region)}`,
    );
  });
  return { awsAccountId, principalArn: `arn:aws:iam::${awsAccountId}:root`, ...(cidrBlock && { cidrBlock }) };
}

/**
 * What Atlas wants before it makes a private link: a resource of the project in the cluster's Region. Documented for AWS Lambda
 * (mongodb/terraform-provider-mongodbatlas, docs of stream_privatelink_endpoint), and reported in mongodb/mongodb-atlas-cli #4582. It is not
 * documented which clusters count, so no prerequisite can be derived from a list of them.
 */
const resourceNeeded = (projectId: string, region: string): string =>
  withCommand(
    `The project first needs a resource of its own there: deploy an Atlas cluster (or a network peering) on AWS in ${region}, for example:`,
    `atlas clusters create msk-private-link --projectId ${projectId} --provider AWS --region ${region} --tier M10`,
    'When the cluster is ready, start a new execution.',
  );

/** The refusal of a private link because the project has no resource in the Region. @param refusal what Atlas said */
export const resourceMissing = (refusal: AtlasRefused, projectId: string, clusterArn: string) =>
  new PrerequisitesNotMet(`${refusal.message} ${resourceNeeded(projectId, atlasRegion(regionOf(clusterArn)))}`, {
    cause: refusal,
  });
