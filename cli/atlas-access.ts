import { headerSafe } from '../shared/atlas/answer.ts';
import { authenticate } from '../shared/atlas/authentication.ts';
import { AtlasClient } from '../shared/atlas/client.ts';
import { isAboutCredentials, notOnAccessList } from '../shared/atlas/error-codes.ts';
import type { AtlasFetch } from '../shared/atlas/http.ts';
import { AtlasCredentialsRefused, AtlasRefused, AtlasThrottled, AtlasUnavailable } from '../shared/errors.ts';
import { regionOf } from '../shared/msk/arn.ts';
import { shownArn } from '../shared/request/redaction.ts';
import type { SecretsClient } from '../shared/secrets/client.ts';
import { secretArnPattern } from '../shared/secrets/secret-arn.ts';
import { whyNoAnswer } from './aws-access.ts';
import { UsageError } from './exit.ts';

/**
 * The pairs of environment variables with credentials of Atlas, in the order in which they count. Sources: the guide "Provider
 * Configuration" of mongodb/terraform-provider-mongodbatlas (all three), and the documentation of the Atlas CLI (the second and third).
 */
const pairs = [
  { publicKey: 'MONGODB_ATLAS_PUBLIC_KEY', privateKey: 'MONGODB_ATLAS_PRIVATE_KEY' },
  { publicKey: 'MONGODB_ATLAS_PUBLIC_API_KEY', privateKey: 'MONGODB_ATLAS_PRIVATE_API_KEY' },
  { clientId: 'MONGODB_ATLAS_CLIENT_ID', clientSecret: 'MONGODB_ATLAS_CLIENT_SECRET' },
];

/** One request, its connection included. */
const timeoutMs = 4_000;

/**
 * The credentials of Atlas in the environment, with the fields of the Atlas credentials secret.
 *
 * @returns undefined if no variable is set
 * @throws UsageError if only one variable of a pair is set, or one has another form. No value is shown
 */
export function atlasCredentialsOf(env: NodeJS.ProcessEnv): Record<string, string> | undefined {
  for (const pair of pairs) {
    const names = Object.values(pair);
    const missing = names.filter((name) => !env[name]);
    if (missing.length === names.length) continue;
    if (missing.length > 0)
      throw new UsageError(
        `${names.find((name) => env[name])} is set, but ${missing[0]} is not; set both, or neither.`,
      );
    const wrong = names.find((name) => !headerSafe.safeParse(env[name]).success);
    if (wrong)
      throw new UsageError(`${wrong} is not what Atlas shows; it must be ASCII without spaces and quotes. Correct it.`);
    return Object.fromEntries(Object.entries(pair).map(([field, name]) => [field, env[name] ?? '']));
  }
  return undefined;
}

/** What to do if there are no credentials of Atlas. */
const howToGiveAtlasCredentials = `Set ${Object.values(pairs[0] ?? {}).join(' and ')} (an API key), or ${Object.values(pairs[2] ?? {}).join(' and ')} (a service account), or give --credentials-secret ARN.`;

/**
 * Atlas, for a person's command. A token of a service account stays in this process.
 *
 * @param credentials with the fields of the Atlas credentials secret
 * @param wrap a middleware around every request
 * @throws DeploymentMisconfigured if the credentials have another form
 */
export function atlasClient(
  credentials: unknown,
  baseUrl: string,
  wrap: (fetch: AtlasFetch) => AtlasFetch = (fetch) => fetch,
): AtlasClient {
  return new AtlasClient({
    baseUrl,
    fetch: wrap(authenticate(credentials, baseUrl, tokenOfThisProcess)),
    timeoutMs,
    signal: new AbortController().signal,
    // Too little to wait out a Retry-After.
    remainingMs: () => 0,
  });
}

/** Atlas, and where the credentials are from, for messages. */
export interface AskableAtlas {
  client: AtlasClient;
  source: string;
}

/** Atlas, or why it cannot be asked. */
export type AtlasAccess = AskableAtlas | { reason: string };

/** @param arn of `--credentials-secret` @throws UsageError if it is not the ARN of a secret */
export function checkCredentialsSecret(arn: string | undefined): void {
  if (arn === undefined || secretArnPattern('').test(arn)) return;
  throw new UsageError(
    `--credentials-secret is ${shownArn(arn)}; it must be the whole ARN of a Secrets Manager secret, for example "arn:aws:secretsmanager:us-east-1:111122223333:secret:atlas-streaming-credentials-a1B2c3".`,
  );
}

/**
 * Atlas with the credentials of `--credentials-secret`, else of the environment, else of the stage's secret.
 *
 * @param region of a secret that is given by its name
 * @param secretsIn Secrets Manager in a Region
 * @param wrap a middleware around every request
 */
export async function atlasAccess(
  given: { option: string | undefined; ofStage: string | undefined; baseUrl: string; region: string },
  env: NodeJS.ProcessEnv,
  secretsIn: (region: string) => Promise<SecretsClient>,
  wrap?: (fetch: AtlasFetch) => AtlasFetch,
): Promise<AtlasAccess> {
  const { option, ofStage, baseUrl, region } = given;
  const ofEnvironment = option === undefined ? atlasCredentialsOf(env) : undefined;
  if (ofEnvironment) return { client: atlasClient(ofEnvironment, baseUrl, wrap), source: 'the environment' };
  const secretArn = option ?? ofStage;
  if (secretArn === undefined) return { reason: `There are no credentials of Atlas. ${howToGiveAtlasCredentials}` };
  try {
    const { value } = await (await secretsIn(regionOf(secretArn) || region)).read(secretArn);
    return { client: atlasClient(value, baseUrl, wrap), source: `the secret ${secretArn}` };
  } catch (error) {
    const why = whyNoAnswer(error)?.sentence ?? (error as Error).message;
    return { reason: `The secret ${secretArn} with the credentials of Atlas cannot be used. ${why}` };
  }
}

/**
 * Why Atlas gave no answer to a question, for a person.
 *
 * @param source of the credentials, such as `the environment`
 * @param role in the project that the question needs
 * @returns undefined if the error is another one
 */
export function whyNoAtlasAnswer(
  error: unknown,
  source: string,
  role = 'Project Stream Processing Owner',
): string | undefined {
  if (error instanceof AtlasThrottled) return `${error.message} Try again later.`;
  if (error instanceof AtlasUnavailable)
    return `${error.message} Check the network of this machine and MONGODB_ATLAS_BASE_URL, and try again.`;
  if (!(error instanceof AtlasRefused)) return undefined;
  // Such as an account that Atlas issues no token to.
  if (!isAboutCredentials(error.status, error.errorCode))
    return error instanceof AtlasCredentialsRefused ? error.message : undefined;
  if (error.status === 401) return `Atlas does not accept the credentials from ${source} (HTTP 401). Correct them.`;
  if (notOnAccessList.has(error.errorCode))
    return `Atlas's IP access list does not allow this address (${error.errorCode}).`;
  return `The credentials from ${source} lack a role in this project (${error.errorCode}). Give them the role ${role}.`;
}

const tokenOfThisProcess = {
  secrets: () => ({
    read: async () => ({ value: undefined, versionId: '' }),
    putVersion: async () => 'none',
  }),
  secretArn: '',
  credentialsVersionId: '',
  isCurrent: async () => true,
};
