import { DeleteClusterPolicyCommand, type KafkaClient } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { fromAws, noneWhenNotFound } from '../../shared/aws.ts';
import { AwsUnavailable } from '../../shared/errors.ts';
import { putClusterPolicy, readClusterPolicy } from '../../shared/msk/cluster-policy.ts';
import { atlasStatement, removeStatement } from '../../shared/msk/policy.ts';

export const RemoveClusterPolicyInput = z.object({
  clusterArn: z.string(),
  /** '' where Atlas names no account any more: then nobody can tell whose our statements are. */
  principalArn: z.string(),
});

/**
 * Takes the one statement that is ours out of the cluster policy. A policy that would be empty is deleted, since MSK takes
 * no empty one; without a policy, or without our statement, there is nothing to do.
 *
 * @throws VersionConflict, PolicyRefused, AwsRefused, AwsUnavailable
 */
export async function removeClusterPolicy(
  { clusterArn, principalArn }: z.infer<typeof RemoveClusterPolicyInput>,
  deps: { kafka: KafkaClient; signal: AbortSignal },
): Promise<{ sid: string; outcome: string }> {
  if (principalArn === '')
    return {
      sid: '',
      outcome: 'kept, if there is one: Atlas names no AWS account for the project in this Region any more',
    };
  const sid = atlasStatement(clusterArn, principalArn).Sid;
  const { policy, version } = await readClusterPolicy(clusterArn, deps);
  const rest = policy === undefined ? undefined : removeStatement(policy, sid);
  if (rest === undefined) return { sid, outcome: 'absent' };
  if (rest === null) await deleteClusterPolicy(clusterArn, deps);
  else await putClusterPolicy(clusterArn, rest, version, deps);
  return { sid, outcome: 'removed' };
}

/**
 * Its answer has no body, so that anybody's empty 200 would pass for it. AWS's own has the id of the request; without one the
 * policy itself tells whether it is gone.
 */
async function deleteClusterPolicy(clusterArn: string, deps: { kafka: KafkaClient; signal: AbortSignal }) {
  const { kafka, signal } = deps;
  const command = new DeleteClusterPolicyCommand({ ClusterArn: clusterArn });
  const answer = await fromAws('kafka:DeleteClusterPolicy', kafka.send(command, { abortSignal: signal })).catch(
    noneWhenNotFound,
  );
  if (answer?.$metadata.requestId) return;
  const { policy } = await readClusterPolicy(clusterArn, deps);
  if (policy !== undefined)
    throw new AwsUnavailable(`MSK still shows the policy of ${clusterArn} after kafka:DeleteClusterPolicy.`);
}
