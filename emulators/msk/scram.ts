import type { UnprocessedScramSecret } from '@aws-sdk/client-kafka';
import { keyArnOf, parseArn } from '../arn.ts';
import type { Authorize } from '../aws.ts';
import type { Secret } from '../secrets-manager/secret.ts';
import type { Cluster } from './cluster.ts';
import { mskError } from './router.ts';

/** Secrets by their ARNs, as in the emulator of Secrets Manager. */
export interface Secrets {
  secret(secretArn: string): Secret | undefined;
}

/**
 * Reported: both refusals, the second even before the cluster is looked up (badmintoncryer/cdk-preflight, 2026-09-13).
 *
 * @throws Refusal
 */
export function checkSecretArns(secretArns: string[], clusterArn: string): void {
  const bad = (message: string) => mskError('BadRequestException', message, 'secretArnList');
  if (new Set(secretArns).size < secretArns.length) throw bad('The list provided contains duplicate items.');
  const { account } = parseArn(clusterArn);
  if (secretArns.some((arn) => parseArn(arn).account !== account)) throw bad('The provided secret ARN is invalid.');
}

/**
 * Why MSK does not associate this secret: entries of `UnprocessedScramSecrets`. MSK sends them with HTTP 200.
 *
 * Documented: the rules. Reported: the code, and the texts about the prefix (aws-controllers-k8s/community #2546), the access
 * (aws/aws-cdk #34794, also of a secret that is seconds old), the association that exists (aws-samples/amazon-msk-topic-resource)
 * and CreateGrant. Assumed: the text about the key.
 */
export function whyNotAssociated(
  SecretArn: string,
  cluster: Cluster,
  secrets: Secrets,
  authorize: Authorize,
  caller: string,
  now: Date,
): UnprocessedScramSecret[] {
  const refuse = (ErrorMessage: string) => [{ ErrorCode: 'InvalidSecretArn', ErrorMessage, SecretArn }];
  const { region, resource } = parseArn(SecretArn);
  if (!resource.startsWith('secret:AmazonMSK_')) {
    return refuse(
      "The provided secret arn cannot be used with Amazon MSK. Secret names must have the prefix 'AmazonMSK_'",
    );
  }
  if (cluster.scramSecretArns.includes(SecretArn)) {
    return refuse(
      'The provided secret is already associated with this cluster. To update the association, first disassociate the secret.',
    );
  }
  const secret = secrets.secret(SecretArn);
  const ageMinutes = (now.getTime() - (secret?.versions[0]?.createdAt.getTime() ?? 0)) / 60_000;
  const isElsewhere = region !== parseArn(cluster.arn).region;
  if (!secret || secret.deletedAt || isElsewhere || ageMinutes < cluster.seed.secretsReadableAfterMinutes) {
    return refuse("Amazon MSK wasn't able to access the provided secret.");
  }
  if (!secret.kmsKeyId || /(^|:)alias\/aws\/secretsmanager$/.test(secret.kmsKeyId))
    return refuse('The secret must be encrypted with a customer managed key.');
  if (!authorize(caller, 'kms:CreateGrant', keyArnOf(secret.kmsKeyId, secret.arn), {})) {
    return refuse('You are not authorized to invoke the CreateGrant operation on the key of the secret.');
  }
  return [];
}
