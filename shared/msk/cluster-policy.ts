import { GetClusterPolicyCommand, type KafkaClient, PutClusterPolicyCommand } from '@aws-sdk/client-kafka';
import { fromAws, noneWhenNotFound } from '../aws.ts';
import { AwsRefused, VersionConflict } from '../errors.ts';

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

/**
 * Writes the cluster's policy with the version that was read, so that nobody else's edit can be lost.
 *
 * @param version undefined when there was no policy
 * @throws VersionConflict when the policy changed in between: the machine comes again, and reads the new one
 * @throws AwsRefused, AwsUnavailable
 */
export async function putClusterPolicy(
  clusterArn: string,
  policy: string,
  version: string | undefined,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<void> {
  const command = new PutClusterPolicyCommand({ ClusterArn: clusterArn, CurrentVersion: version, Policy: policy });
  await fromAws('kafka:PutClusterPolicy', kafka.send(command, { abortSignal: signal })).catch((error: unknown) => {
    if (!isVersionConflict(error)) throw error;
    throw new VersionConflict(
      `Somebody else changed the policy of ${clusterArn} meanwhile (${(error as AwsRefused).said}).`,
      {
        cause: error,
      },
    );
  });
}

/**
 * MSK tells it only by a text, such as "Current cluster policy version needed for Update". A complaint about the Version of
 * the policy language is none: the next attempt would meet it again.
 */
const isVersionConflict = (error: unknown) =>
  error instanceof AwsRefused &&
  error.code === 'BadRequestException' &&
  /(current|stale).*version|version.*(current|stale|needed|match)/i.test(error.said);
