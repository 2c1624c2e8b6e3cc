import type { KafkaClientConfig } from '@aws-sdk/client-kafka';

/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles. Lambda hands every function its role's credentials in
 * the environment, so the SDK's search through files, SSO, STS and the instance's metadata is weight that never runs.
 */
export const defaultProvider: NonNullable<KafkaClientConfig['credentialDefaultProvider']> = () => async () => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env;
  if (!accessKeyId || !secretAccessKey)
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; Lambda always sets them.');
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
};
