import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientOptions } from '../aws.ts';

let client: SecretsManagerClient | undefined;

/** One Secrets Manager client per container. */
export const secretsManager = (): SecretsManagerClient => {
  client ??= new SecretsManagerClient(clientOptions);
  return client;
};
