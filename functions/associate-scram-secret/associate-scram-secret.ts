import { setTimeout as pause } from 'node:timers/promises';
import type { UnprocessedScramSecret } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { AwsRefused, ClusterBusy } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { Result } from '../../shared/outcomes.ts';
import type { Registry } from '../../shared/registry/registry.ts';

export const AssociateScramSecretInput = z.object({
  run: z.object({
    request: z.object({ clusterArn: z.string() }),
    plan: z.object({ secretArn: z.string() }),
  }),
  executionArn: z.string(),
});

export const AssociateScramSecretOutput = z.object({ result: Result });

/** MSK may refuse a secret that was created a moment ago, so only the third refusal counts. */
const pausesMs = [3_000, 6_000];

/**
 * Associates a SCRAM secret with the cluster, unless it is already associated. Other secrets stay associated.
 *
 * @throws ClusterBusy if the cluster has left ACTIVE; ClaimLost, DeploymentMisconfigured, AwsRefused, AwsThrottled, AwsUnavailable
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-scram-secrets.html
 */
export async function associateScramSecret(
  { run: { request, plan }, executionArn }: z.infer<typeof AssociateScramSecretInput>,
  { msk, registry, signal }: { msk: MskClient; registry: Registry; signal: AbortSignal },
): Promise<z.infer<typeof AssociateScramSecretOutput>> {
  const { clusterArn } = request;
  const { secretArn } = plan;
  const associated = await msk.listScramSecrets(clusterArn);
  // The secret was not associated when this run planned: most likely the answer to an earlier attempt was lost.
  if (associated.includes(secretArn)) return { result: 'created' };

  await registry.confirm(clusterArn, executionArn);
  for (const pauseMs of [...pausesMs, undefined]) {
    const refused = await msk
      .associateScramSecret(clusterArn, secretArn)
      .catch((refusal: unknown) => whyRefused(refusal, clusterArn, msk));
    if (!refused) break;
    if (pauseMs === undefined) throw refusal(refused, secretArn);
    await pause(pauseMs, undefined, { signal });
  }
  return { result: 'created' };
}

/** Only an undocumented text of MSK says that the cluster is busy, so the cluster's state is read. */
async function whyRefused(refusal: unknown, clusterArn: string, msk: MskClient): Promise<never> {
  if (!(refusal instanceof AwsRefused)) throw refusal;
  const { State } = (await msk.describeCluster(clusterArn)).cluster;
  if (!State || State === 'ACTIVE') throw refusal;
  throw new ClusterBusy(`The cluster is ${State}, and MSK associates a secret only while it is ACTIVE.`, {
    cause: refusal,
  });
}

const refusal = ({ ErrorCode = '', ErrorMessage = '' }: UnprocessedScramSecret, secretArn: string) =>
  new AwsRefused(
    `MSK did not associate ${secretArn} (${ErrorCode}: ${ErrorMessage}). The secret must be in the cluster's account and Region, its name must start with AmazonMSK_, and it must be encrypted with a symmetric customer managed KMS key whose policy lets this role create a grant.`,
    { code: ErrorCode, said: ErrorMessage },
  );
