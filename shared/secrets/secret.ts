import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { fromAws } from '../aws.ts';

/**
 * Reads the current version of a JSON secret.
 *
 * @returns `value`: the parsed JSON, or undefined where it is no JSON. JSON.parse's own error is dropped on purpose: it
 *   quotes the text, which is the secret.
 * @throws AwsRefused, AwsUnavailable
 */
export async function readSecret(
  secretArn: string,
  secretsManager: SecretsManagerClient,
  signal: AbortSignal,
): Promise<{ value: unknown; versionId: string }> {
  const { SecretString = '', VersionId = '' } = await fromAws(
    `secretsmanager:GetSecretValue on ${secretArn}`,
    secretsManager.send(new GetSecretValueCommand({ SecretId: secretArn }), { abortSignal: signal }),
  );
  return { value: parsed(SecretString), versionId: VersionId };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
