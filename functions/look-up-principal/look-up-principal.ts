import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';

export const LookUpPrincipalInput = z.object({
  run: z.object({ request: z.object({ projectId: z.string(), clusterArn: z.string() }) }),
});

export const LookUpPrincipalOutput = z.object({
  awsAccountId: z.string(),
  principalArn: z.string(),
  cidrBlock: z.optional(z.string()),
});

/**
 * Looks up the AWS principal with which Atlas connects to the cluster.
 *
 * @throws PrerequisitesNotMet, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export const lookUpPrincipal = (
  { run: { request } }: z.infer<typeof LookUpPrincipalInput>,
  { atlas }: { atlas: AtlasClient },
): Promise<z.infer<typeof LookUpPrincipalOutput>> => atlasPrincipal(request.projectId, request.clusterArn, atlas);
