import { withCommand } from '../command.ts';
import { AwsRefused } from '../errors.ts';
import { regionOf } from '../msk/arn.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { settingTags } from '../msk/tags.ts';
import { shown } from '../request/redaction.ts';
import type { Request } from '../request/request.ts';
import { allowCommand, allowTag } from '../secrets/allow-tag.ts';
import type { SecretDescription, SecretsClient } from '../secrets/client.ts';
import { scramSecretOf, whyUnreadable } from '../secrets/scram-secret.ts';
import { secretNameOf } from '../secrets/secret-arn.ts';
import type { Findings } from './findings.ts';

export interface ChosenSecret {
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
  { scramSecretArns }: Pick<ClusterDetails, 'scramSecretArns'>,
  secrets: SecretsClient,
  findings: Findings,
): Promise<ChosenSecret> {
  const { secretArn: asked, secretName, maySecretBeAssociated } = request;
  const named = secretName === null ? undefined : scramSecretArns.find((arn) => secretNameOf(arn) === secretName);
  const secretArn = asked ?? named ?? (secretName === null ? scramSecretArns[0] : undefined) ?? '';
  const isScramSecretAssociated = scramSecretArns.includes(secretArn);
  const isUsable = named !== undefined || (asked !== null && (maySecretBeAssociated || isScramSecretAssociated));
  const refused = isUsable ? undefined : whyRefused(request, scramSecretArns);
  findings.report('secretChoice', refused);
  const user = refused ? undefined : await userOf(secretArn, secrets, findings);
  return { secretArn, isScramSecretAssociated, user };
}

/** Checks a secret, and then reads its user. @throws AwsThrottled, AwsUnavailable */
async function userOf(secretArn: string, secrets: SecretsClient, findings: Findings): Promise<ChosenSecret['user']> {
  const whyRefused = (error: unknown) => (error instanceof AwsRefused ? whyUnreadable(secretArn, error) : undefined);
  const description = await findings.look('secretDescription', () => secrets.describe(secretArn), whyRefused);
  if (description) findings.report('secretDescription', ...complaintsAbout(secretArn, description));
  // A run may not read a secret without the tag.
  if (findings.of('secretDescription')?.unmet.length !== 0) return undefined;
  const read = await findings.look('secretContent', () => secrets.read(secretArn), whyRefused);
  if (!read) return undefined;
  const secret = scramSecretOf(secretArn, read);
  findings.report('secretContent', secret.unusable);
  return secret.unusable === undefined ? { username: secret.username, versionId: secret.versionId } : undefined;
}

/**
 * What is wrong with a secret that was not read. MSK would refuse the default key only after the reboot.
 *
 * @returns the complaints, each with its remedy, in the order in which the prerequisites must be met
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-limitations.html
 */
function complaintsAbout(secretArn: string, { tags, kmsKeyId, isDeleted }: SecretDescription): (string | false)[] {
  const secret = `The SCRAM secret ${secretArn}`;
  const { key, value } = allowTag;
  const tag = tags[key];
  const place = `--region ${regionOf(secretArn)} --secret-id ${secretArn}`;
  return [
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
