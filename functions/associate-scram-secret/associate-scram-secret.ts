import type { UnprocessedScramSecret } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { AwsRefused, AwsUnavailable, ClusterBusy } from '../../shared/errors.ts';
import { quoted } from '../../shared/foreign-text.ts';
import { ScramLogin } from '../../shared/login.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { Result } from '../../shared/outcomes.ts';
import type { Registry } from '../../shared/registry/registry.ts';

export const AssociateScramSecretInput = z.object({
  run: z.object({
    request: z.object({ clusterArn: z.string() }),
    plan: z.object({ login: ScramLogin }),
  }),
  executionArn: z.string(),
});

export const AssociateScramSecretOutput = z.object({ result: Result });

/**
 * Associates a SCRAM secret with the cluster, unless it is already associated. Other secrets stay associated. The machine retries,
 * for about ten minutes, while MSK cannot read the secret.
 *
 * @throws ClusterBusy if the cluster has left ACTIVE; ClaimLost, DeploymentMisconfigured, AwsRefused, AwsThrottled, AwsUnavailable
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-scram-secrets.html
 */
export async function associateScramSecret(
  { run: { request, plan }, executionArn }: z.infer<typeof AssociateScramSecretInput>,
  { msk, registry }: { msk: MskClient; registry: Registry },
): Promise<z.infer<typeof AssociateScramSecretOutput>> {
  const { clusterArn } = request;
  const { secretArn } = plan.login;
  const isAssociated = async () => (await msk.listScramSecrets(clusterArn)).includes(secretArn);
  // The secret was not associated when this run planned: most likely the answer to an earlier attempt was lost.
  if (await isAssociated()) return { result: 'created' };

  await registry.confirm(clusterArn, executionArn);
  const refused = await msk
    .associateScramSecret(clusterArn, secretArn)
    .then((unprocessed) => unprocessed && refusalOf(unprocessed, secretArn))
    .catch((error: unknown) => {
      if (error instanceof AwsRefused) return error;
      throw error;
    });
  // The SDK repeats a call whose answer was lost, and MSK refuses a secret that is already associated.
  if (!refused || (await isAssociated())) return { result: 'created' };
  if (refused instanceof AwsUnavailable) throw refused;
  await checkState(clusterArn, refused, msk);
  throw refused;
}

/** Only an undocumented text of MSK says that the cluster is busy, so the cluster's state is read. @throws ClusterBusy */
async function checkState(clusterArn: string, refused: AwsRefused, msk: MskClient): Promise<void> {
  const { State } = (await msk.describeCluster(clusterArn)).cluster;
  if (State && State !== 'ACTIVE')
    throw new ClusterBusy(`The cluster is ${State}, and MSK associates a secret only while it is ACTIVE.`, {
      cause: refused,
    });
}

function refusalOf({ ErrorCode = '', ErrorMessage = '' }: UnprocessedScramSecret, secretArn: string) {
  const said = `MSK did not associate ${secretArn} (${ErrorCode}: ${quoted(ErrorMessage)}).`;
  const remedy =
    "The secret must be in the cluster's account and Region, its name must start with AmazonMSK_, and it must be encrypted with a symmetric customer managed KMS key whose policy lets this role create a grant.";
  return mayPass(ErrorMessage)
    ? new AwsUnavailable(
        `${said} MSK may need some minutes for a secret that was created a moment ago. If it stays so, a policy of the secret or of its key shuts out kafka.amazonaws.com. ${remedy}`,
      )
    : new AwsRefused(`${said} ${remedy}`, { code: ErrorCode, said: ErrorMessage });
}

/**
 * Only MSK's text shows that a refusal may pass: the first of a secret that was created seconds ago, the second of a secret that it
 * does not list as associated yet.
 *
 * @see https://github.com/aws/aws-cdk/issues/34794
 * @see https://github.com/aws-samples/amazon-msk-topic-resource
 */
const mayPass = (said: string): boolean =>
  /wasn't able to access the provided secret|is already associated with this cluster/.test(said);
