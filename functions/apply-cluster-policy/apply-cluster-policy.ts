import * as z from 'zod/mini';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, mergeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';

export const ApplyClusterPolicyInput = z.object({
  run: z.object({
    request: z.object({ clusterArn: z.string() }),
    principal: z.object({ principalArn: z.string() }),
  }),
});

export const ApplyClusterPolicyOutput = z.object({ sid: z.string(), result: Result });

/**
 * Makes sure that the cluster policy lets Atlas connect: reads the policy, merges our statement by meaning, and writes it with
 * the version that was read. Writes nothing if nothing is missing.
 *
 * @throws VersionConflict if the policy changed in between: the machine retries, and merges into the new one
 * @throws PolicyRefused, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function applyClusterPolicy(
  { run: { request, principal } }: z.infer<typeof ApplyClusterPolicyInput>,
  { msk }: { msk: MskClient },
): Promise<z.infer<typeof ApplyClusterPolicyOutput>> {
  const { clusterArn } = request;
  const statement = atlasStatement(clusterArn, principal.principalArn);
  const { policy, version } = await msk.getPolicy(clusterArn);
  const merged = mergeStatement(policy, statement);
  if (merged === undefined) return { sid: statement.Sid, result: 'unchanged' };

  await msk.putPolicy(clusterArn, merged, version);
  return { sid: statement.Sid, result: 'created' };
}
