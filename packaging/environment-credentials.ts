import type { KafkaClientConfig } from '@aws-sdk/client-kafka';

/**
 * Replaces `@aws-sdk/credential-provider-node` in the bundles. Lambda passes the role's credentials in the environment, so the
 * SDK's search in files, SSO, STS and instance metadata never runs. It is a quarter of a zip.
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
