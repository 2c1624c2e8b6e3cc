import { setTimeout as pause } from 'node:timers/promises';
import { BatchAssociateScramSecretCommand, type KafkaClient, type UnprocessedScramSecret } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsRefused, ClusterBusy } from '../../shared/errors.ts';
import { describeCluster, scramSecrets } from '../../shared/msk/cluster.ts';

export const AssociateScramSecretInput = z.object({ clusterArn: z.string(), secretArn: z.string() });

/** A secret that was made a moment ago may be refused at first, so a refusal counts only the third time. */
const pausesMs = [3_000, 6_000];

/**
 * Associates a SCRAM secret with the cluster, unless it is. Others stay associated.
 *
 * @throws ClusterBusy when the cluster has left ACTIVE meanwhile; AwsRefused, AwsUnavailable
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-scram-secrets.html
 */
export async function associateScramSecret(
  { clusterArn, secretArn }: z.infer<typeof AssociateScramSecretInput>,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<{ secretArn: string }> {
  const associated = await scramSecrets(clusterArn, kafka, signal);
  if (associated.includes(secretArn)) return { secretArn };

  for (const pauseMs of [...pausesMs, undefined]) {
    const command = new BatchAssociateScramSecretCommand({ ClusterArn: clusterArn, SecretArnList: [secretArn] });
    const { UnprocessedScramSecrets = [] } = await fromAws(
      'kafka:BatchAssociateScramSecret',
      kafka.send(command, { abortSignal: signal }),
    ).catch(async (refusal: unknown) => {
      // MSK tells it by a text only, which nobody has written down: the cluster itself is asked.
      if (!(refusal instanceof AwsRefused)) throw refusal;
      const { State } = (await describeCluster(clusterArn, kafka, signal)).cluster;
      if (!State || State === 'ACTIVE') throw refusal;
      throw new ClusterBusy(`The cluster is ${State}, and MSK associates a secret only while it is ACTIVE.`, {
        cause: refusal,
      });
    });
    // MSK reports failures inside an HTTP 200.
    const [refused] = UnprocessedScramSecrets;
    if (!refused) break;
    if (pauseMs === undefined) throw refusal(refused, secretArn);
    await pause(pauseMs, undefined, { signal });
  }
  return { secretArn };
}

const refusal = ({ ErrorCode = '', ErrorMessage = '' }: UnprocessedScramSecret, secretArn: string) =>
  new AwsRefused(
    `MSK did not associate ${secretArn} (${ErrorCode}: ${ErrorMessage}). The secret must be in the cluster's account and Region, its name must start with AmazonMSK_, and it must be encrypted with a symmetric customer managed KMS key whose policy lets this role create a grant.`,
    { code: ErrorCode, said: ErrorMessage },
  );
