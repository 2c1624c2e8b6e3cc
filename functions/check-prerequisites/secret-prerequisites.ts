import type { ClusterDetails } from '../../shared/msk/cluster.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import type { Request } from '../../shared/request/request.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import { readScramSecret } from '../../shared/secrets/scram-secret.ts';
import { secretNameOf } from '../../shared/secrets/secret-arn.ts';

export interface ChosenSecret {
  unmet: string[];
  secretArn: string;
  isScramSecretAssociated: boolean;
  /** The user's name and the secret's version. The password is not passed on. */
  user: { username: string; versionId: string } | undefined;
}

/**
 * Chooses the SCRAM secret: the one that the input or a tag names, else the recorded one, else the only one that is associated with
 * the cluster. A tag may pick only a secret that is already associated, so that the right to tag grants nothing more.
 *
 * @throws AwsThrottled, AwsUnavailable
 */
export async function chooseSecret(
  request: Request,
  { scramSecretArns }: ClusterDetails,
  secrets: SecretsClient,
): Promise<ChosenSecret> {
  const { secretArn: asked, secretName, maySecretBeAssociated } = request;
  const named = secretName === null ? undefined : scramSecretArns.find((arn) => secretNameOf(arn) === secretName);
  const secretArn = asked ?? named ?? (secretName === null ? scramSecretArns[0] : undefined) ?? '';
  const isScramSecretAssociated = scramSecretArns.includes(secretArn);
  const isUsable = named !== undefined || (asked !== null && (maySecretBeAssociated || isScramSecretAssociated));
  const refused = isUsable ? undefined : whyRefused(request, scramSecretArns);
  if (refused) return { unmet: [refused], secretArn, isScramSecretAssociated, user: undefined };
  const secret = await readScramSecret(secretArn, secrets);
  if (secret.unusable !== undefined)
    return { unmet: [secret.unusable], secretArn, isScramSecretAssociated, user: undefined };
  const { username, versionId } = secret;
  return { unmet: [], secretArn, isScramSecretAssociated, user: { username, versionId } };
}

function whyRefused({ secretArn, secretName }: Request, scramSecretArns: string[]): string | undefined {
  // Another secret may be that of an administrator, so it isn't taken instead.
  if (secretArn !== null)
    return `The cluster was connected with the SCRAM secret ${secretArn}, which is no longer associated with it. It was removed, perhaps by Terraform, CloudFormation or a Kubernetes controller: then add the secret to that tool's list. Otherwise associate it again (MSK console > Properties > Associate secrets), or name the secret to use: by the tag ${settingTags.secretName} (its name), or by secretArn in the input.`;
  if (secretName !== null)
    return `The tag ${settingTags.secretName} names "${secretName}", and no secret of that name is associated with this cluster; a tag may only pick an associated secret. Associate it (MSK console > Properties > Associate secrets), or start a run manually with secretArn in the input.`;
  if (scramSecretArns.length === 0)
    return 'No SCRAM secret is associated with the cluster. Store {"username":"…","password":"…"} in a secret named AmazonMSK_… encrypted with a customer managed KMS key, and associate it (MSK console > Properties > Associate secrets), or start a run manually with secretArn in the input.';
  if (scramSecretArns.length > 1)
    return `${scramSecretArns.length} SCRAM secrets are associated with the cluster. Name one of them by the tag ${settingTags.secretName} (its name) or by secretArn in the input: ${scramSecretArns.slice(0, 5).join(', ')}${scramSecretArns.length > 5 ? ', …' : ''}.`;
  return undefined;
}
