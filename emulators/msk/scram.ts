import type { UnprocessedScramSecret } from '@aws-sdk/client-kafka';
import { parseArn } from '../arn.ts';
import type { Authorize } from '../aws.ts';
import type { Secret } from '../secrets-manager.ts';

/** Secrets by their ARNs, as in the emulator of Secrets Manager. */
export interface Secrets {
  secret(secretArn: string): Secret | undefined;
}

/**
 * Why MSK does not associate this secret: entries of `UnprocessedScramSecrets`. MSK sends them with HTTP 200.
 *
 * Documented: the rules. Reported: the texts about the prefix, the access and CreateGrant, and the code. Assumed: the text
 * about the key.
 */
export function whyNotAssociated(
  SecretArn: string,
  clusterArn: string,
  secrets: Secrets,
  authorize: Authorize,
  caller: string,
): UnprocessedScramSecret[] {
  const refuse = (ErrorMessage: string) => [{ ErrorCode: 'InvalidSecretArn', ErrorMessage, SecretArn }];
  const { region, account, resource } = parseArn(SecretArn);
  const cluster = parseArn(clusterArn);
  if (!resource.startsWith('secret:AmazonMSK_')) {
    return refuse("The provided secret ARN is invalid. Secret names must have the prefix 'AmazonMSK_'");
  }
  const secret = secrets.secret(SecretArn);
  if (!secret || secret.deletedAt || region !== cluster.region || account !== cluster.account) {
    return refuse("Amazon MSK wasn't able to access the provided secret.");
  }
  if (!secret.kmsKeyId || /(^|:)alias\/aws\/secretsmanager$/.test(secret.kmsKeyId))
    return refuse('The secret must be encrypted with a customer managed key.');
  if (!authorize(caller, 'kms:CreateGrant', secret.kmsKeyId, {})) {
    return refuse('You are not authorized to invoke the CreateGrant operation on the key of the secret.');
  }
  return [];
}
