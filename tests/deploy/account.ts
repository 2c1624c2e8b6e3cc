/** The account and Region of the deployment. */
export const region = 'us-east-1';
export const accountId = '123456789012';

/** For MiniStack, an access key id of twelve digits is the root user of that account. */
const credentials = { accessKeyId: accountId, secretAccessKey: 'local' };

/** For each client of the AWS SDK, so that none reads the user's own environment. */
export const clientConfig = (endpoint: string) => ({ endpoint, region, credentials });
export type ClientConfig = ReturnType<typeof clientConfig>;

/** The same for the Serverless Framework, whose clients read the environment. */
export const environment = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
});
