import type { KafkaClient } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { putClusterPolicy, readClusterPolicy } from '../../shared/msk/cluster-policy.ts';
import { atlasStatement, mergeStatement } from '../../shared/msk/policy.ts';

export const ApplyClusterPolicyInput = z.object({ clusterArn: z.string(), principalArn: z.string() });

/**
 * Makes sure that the cluster policy lets Atlas connect. Reads, merges by meaning, and writes with the version that was
 * read, so that nobody else's edit can be lost; writes nothing when nothing is missing.
 *
 * @throws VersionConflict when the policy changed in between: the machine comes again, and merges into the new one
 * @throws PolicyRefused, AwsRefused, AwsUnavailable
 */
export async function applyClusterPolicy(
  { clusterArn, principalArn }: z.infer<typeof ApplyClusterPolicyInput>,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<{ sid: string; outcome: 'written' | 'unchanged' }> {
  const statement = atlasStatement(clusterArn, principalArn);
  const { policy, version } = await readClusterPolicy(clusterArn, { kafka, signal });
  const merged = mergeStatement(policy, statement);
  if (merged === undefined) return { sid: statement.Sid, outcome: 'unchanged' };

  await putClusterPolicy(clusterArn, merged, version, { kafka, signal });
  return { sid: statement.Sid, outcome: 'written' };
}
