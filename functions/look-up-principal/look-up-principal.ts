import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { atlasPrincipal } from '../../shared/atlas/principal.ts';

export const LookUpPrincipalInput = z.object({ projectId: z.string(), clusterArn: z.string() });

/**
 * Looks up the AWS principal with which Atlas will connect to the cluster.
 *
 * @throws PrerequisitesNotMet, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export const lookUpPrincipal = (
  { projectId, clusterArn }: z.infer<typeof LookUpPrincipalInput>,
  { atlas }: { atlas: AtlasClient },
): Promise<{ awsAccountId: string; principalArn: string }> => atlasPrincipal(projectId, clusterArn, atlas);
