import { GetClusterPolicyCommand, type KafkaClient } from '@aws-sdk/client-kafka';
import { fromAws, noneWhenNotFound } from '../aws.ts';

/**
 * Reads the cluster's policy: MSK answers NotFoundException when there is none, which is the common case.
 *
 * @returns the text and its version, which an update must give back; both undefined when there is no policy
 * @throws AwsRefused, AwsUnavailable
 */
export async function readClusterPolicy(
  clusterArn: string,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<{ policy: string | undefined; version: string | undefined }> {
  const command = new GetClusterPolicyCommand({ ClusterArn: clusterArn });
  const answer = await fromAws('kafka:GetClusterPolicy', kafka.send(command, { abortSignal: signal })).catch(
    noneWhenNotFound,
  );
  return { policy: answer?.Policy || undefined, version: answer?.CurrentVersion || undefined };
}
