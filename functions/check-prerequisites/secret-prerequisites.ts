import { withCommand } from '../../shared/command.ts';
import { AwsRefused } from '../../shared/errors.ts';
import { regionOf } from '../../shared/msk/arn.ts';
import type { ClusterDetails } from '../../shared/msk/cluster.ts';
import { settingTags } from '../../shared/msk/tags.ts';
import { shown } from '../../shared/request/redaction.ts';
import type { Request } from '../../shared/request/request.ts';
import { allowCommand, allowTag } from '../../shared/secrets/allow-tag.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import { readScramSecret, whyUnreadable } from '../../shared/secrets/scram-secret.ts';
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
  const unmet = refused ? [refused] : await unmetBySecret(secretArn, secrets);
  if (unmet.length > 0) return { unmet, secretArn, isScramSecretAssociated, user: undefined };
  const secret = await readScramSecret(secretArn, secrets);
  if (secret.unusable !== undefined)
    return { unmet: [secret.unusable], secretArn, isScramSecretAssociated, user: undefined };
  const { username, versionId } = secret;
  return { unmet: [], secretArn, isScramSecretAssociated, user: { username, versionId } };
}

/**
 * Checks, without reading it, that a secret can be read and that MSK accepts it. MSK would refuse the default key only after the
 * reboot.
 *
 * @returns the unmet prerequisites, each with its remedy, in the order in which they must be met
 * @throws AwsThrottled, AwsUnavailable
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-limitations.html
 */
async function unmetBySecret(secretArn: string, secrets: SecretsClient): Promise<string[]> {
  const found = await secrets.describe(secretArn).catch((error: unknown) => {
    if (error instanceof AwsRefused) return error;
    throw error;
  });
  if (found instanceof AwsRefused) return [whyUnreadable(secretArn, found)];
  const { tags, kmsKeyId, isDeleted } = found;
  const secret = `The SCRAM secret ${secretArn}`;
  const { key, value } = allowTag;
  const tag = tags[key];
  const place = `--region ${regionOf(secretArn)} --secret-id ${secretArn}`;
  const unmet = [
    isDeleted &&
      withCommand(
        `${secret} is scheduled for deletion, so its value cannot be read. To restore it:`,
        `aws secretsmanager restore-secret ${place}`,
      ),
    tag !== value &&
      withCommand(
        `${secret} has ${tag === undefined ? `no tag ${key}=${value}, so no run may read it` : `the tag ${key}=${shown(tag)}, so no run may read it; it must be "${value}"`}. If Atlas may have its user and password:`,
        allowCommand(secretArn),
      ),
    isDefaultKey(kmsKeyId) &&
      withCommand(
        `${secret} is encrypted with the default key ${defaultKey}, which MSK does not accept. Give it a symmetric customer managed key. Put the id of the key in place of KEY:`,
        `aws secretsmanager update-secret ${place} --kms-key-id KEY`,
      ),
  ];
  return unmet.filter((sentence) => typeof sentence === 'string');
}

const defaultKey = 'aws/secretsmanager';

/**
 * DescribeSecret leaves the default key out, and shows a key as it was given, which may be the alias of the default key. Only KMS
 * could tell that a key's id is that of the default key: then MSK refuses the secret.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
 */
const isDefaultKey = (kmsKeyId: string | undefined): boolean =>
  kmsKeyId === undefined || kmsKeyId === `alias/${defaultKey}` || kmsKeyId.endsWith(`:alias/${defaultKey}`);

function whyRefused({ secretArn, secretName }: Request, scramSecretArns: string[]): string | undefined {
  // Another secret may be that of an administrator, so it isn't taken instead.
  if (secretArn !== null)
    return `The cluster was connected with the SCRAM secret ${secretArn}, which is no longer associated with it. It was removed, perhaps by Terraform, CloudFormation or a Kubernetes controller: then add the secret to that tool's list. Otherwise associate it again (MSK console > Properties > Associate secrets), or name the secret to use: by the tag ${settingTags.secretName} (its name), or by secretArn in the input.`;
  if (secretName !== null)
    return `The tag ${settingTags.secretName} names "${secretName}", and no secret of that name is associated with this cluster; a tag may only pick an associated secret. Associate it (MSK console > Properties > Associate secrets), or start a run manually with secretArn in the input.`;
  if (scramSecretArns.length === 0)
    return 'No SCRAM secret is associated with the cluster. Store {"username":"…","password":"…"} in a secret named AmazonMSK_… encrypted with a customer managed KMS key, give it the tag atlas-streaming=allow, and associate it (MSK console > Properties > Associate secrets), or start a run manually with secretArn in the input.';
  if (scramSecretArns.length > 1)
    return `${scramSecretArns.length} SCRAM secrets are associated with the cluster. Name one of them by the tag ${settingTags.secretName} (its name) or by secretArn in the input: ${scramSecretArns.slice(0, 5).join(', ')}${scramSecretArns.length > 5 ? ', …' : ''}.`;
  return undefined;
}
