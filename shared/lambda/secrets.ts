import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientOptions } from '../aws.ts';
import { SecretsClient } from '../secrets/client.ts';

let secretsManager: SecretsManagerClient | undefined;

/** Secrets Manager for this invocation; the SDK's client is kept per container. */
export const secrets = ({ signal }: { signal: AbortSignal }): SecretsClient => {
  secretsManager ??= new SecretsManagerClient(clientOptions);
  return new SecretsClient({ secretsManager, signal });
};
