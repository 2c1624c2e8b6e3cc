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
      `Atlas names no AWS account for project ${projectId} in ${region}. ${error.message} The project first needs a resource of its own there: deploy an Atlas cluster (or a network peering) on AWS in ${region}.`,
    );
  });
  return { awsAccountId, principalArn: `arn:aws:iam::${awsAccountId}:root`, ...(cidrBlock && { cidrBlock }) };
}
