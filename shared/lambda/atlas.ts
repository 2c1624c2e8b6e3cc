import { authenticate } from '../atlas/authentication.ts';
import { AtlasClient } from '../atlas/client.ts';
import { AtlasEnvironment } from '../atlas/environment.ts';
import type { AtlasFetch, AtlasResponse } from '../atlas/http.ts';
import { AtlasRefused } from '../errors.ts';
import { environment } from './environment.ts';
import type { Invocation } from './handler.ts';
import { secrets } from './secrets.ts';

const settings = environment(AtlasEnvironment);

/** Kept per container, with its nonce or access token. */
let cached: { fetch: AtlasFetch; secretVersionId: string } | undefined;

/**
 * Atlas for this invocation, with the credentials of the deployment's secret. After a 401 the secret is read again: its keys may
 * have been rotated while the container lived.
 */
export function atlas({ signal, remainingMs }: Invocation): AtlasClient {
  const fetch: AtlasFetch = async (url, init) => {
    const used = cached ?? (await renew(signal));
    const answer = used.fetch(url, init);
    if (!(await isUnauthorized(answer))) return answer;
    const renewed = cached && cached !== used ? cached : await renew(signal);
    return renewed.secretVersionId === used.secretVersionId ? answer : renewed.fetch(url, init);
  };
  const variables = settings();
  return new AtlasClient({
    baseUrl: variables.ATLAS_BASE_URL,
    ownProjectId: variables.ATLAS_PROJECT_ID,
    credentialsSecret: { id: variables.ATLAS_CREDENTIALS_SECRET_ARN, region: variables.AWS_REGION },
    ...{ fetch, signal, remainingMs },
  });
}

/** A 401 of the call itself, or the error that a 401 of a service account's token request becomes. */
const isUnauthorized = (answer: Promise<AtlasResponse>): Promise<boolean> =>
  answer.then(
    ({ status }) => status === 401,
    (error: unknown) => error instanceof AtlasRefused && error.status === 401,
  );

async function renew(signal: AbortSignal) {
  const { ATLAS_BASE_URL, ATLAS_CREDENTIALS_SECRET_ARN, ATLAS_ACCESS_TOKEN_SECRET_ARN: secretArn } = settings();
  const { value, versionId } = await secrets({ signal }).read(ATLAS_CREDENTIALS_SECRET_ARN);
  if (cached?.secretVersionId !== versionId) {
    const isCurrent = async (signal: AbortSignal) => (await renew(signal)).secretVersionId === versionId;
    const shared = { secrets, secretArn, credentialsVersionId: versionId, isCurrent };
    cached = { fetch: authenticate(value, ATLAS_BASE_URL, shared), secretVersionId: versionId };
  }
  return cached;
}
