/** The account that the deployment is made in, and its Region. */
export const region = 'us-east-1';
export const accountId = '123456789012';

/** MiniStack takes an access key id of twelve digits for the root user of that account. */
const credentials = { accessKeyId: accountId, secretAccessKey: 'local' };

/** What each client of the AWS SDK is given, so that none looks into the person's own environment. */
export const clientConfig = (endpoint: string) => ({ endpoint, region, credentials });
export type ClientConfig = ReturnType<typeof clientConfig>;

/** The same for the Serverless Framework, whose clients read it from the environment. */
export const environment = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
});
