import * as z from 'zod/mini';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, removeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';

export const RemoveClusterPolicyInput = z.object({
  run: z.object({
    request: z.object({ clusterArn: z.string() }),
    /** Absent if Atlas no longer names an account: then our statements cannot be recognized. */
    principal: z.optional(z.object({ principalArn: z.string() })),
  }),
});

export const RemoveClusterPolicyOutput = z.object({ sid: z.string(), result: Result, note: z.optional(z.string()) });

/**
 * Removes our one statement from the cluster policy. A policy without another statement is deleted, because MSK refuses an empty
 * one. Without a policy, or without our statement, there is nothing to do.
 *
 * @throws VersionConflict, PolicyRefused, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function removeClusterPolicy(
  { run: { request, principal } }: z.infer<typeof RemoveClusterPolicyInput>,
  { msk }: { msk: MskClient },
): Promise<z.infer<typeof RemoveClusterPolicyOutput>> {
  const { clusterArn } = request;
  if (!principal)
    return {
      sid: '',
      result: 'kept',
      note: 'if there is one: Atlas no longer names an AWS account for the project in this Region',
    };
  const sid = atlasStatement(clusterArn, principal.principalArn).Sid;
  const { policy, version } = await msk.getPolicy(clusterArn);
  const rest = policy === undefined ? undefined : removeStatement(policy, sid);
  if (rest === undefined) return { sid, result: 'absent' };
  if (rest === null) await msk.deletePolicy(clusterArn);
  else await msk.putPolicy(clusterArn, rest, version);
  return { sid, result: 'removed' };
}
