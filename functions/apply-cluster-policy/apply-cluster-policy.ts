import { type KafkaClient, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsRefused, VersionConflict } from '../../shared/errors.ts';
import { readClusterPolicy } from '../../shared/msk/cluster-policy.ts';
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

  const command = new PutClusterPolicyCommand({ ClusterArn: clusterArn, CurrentVersion: version, Policy: merged });
  await fromAws('kafka:PutClusterPolicy', kafka.send(command, { abortSignal: signal })).catch((error: unknown) => {
    if (!isVersionConflict(error)) throw error;
    throw new VersionConflict(`The policy of ${clusterArn} was changed by somebody else meanwhile.`, { cause: error });
  });
  return { sid: statement.Sid, outcome: 'written' };
}

/** MSK tells it only by a text, such as "Current cluster policy version needed for Update". */
const isVersionConflict = (error: unknown) =>
  error instanceof AwsRefused && error.code === 'BadRequestException' && /version/i.test(error.said);
