import { DigestClient } from 'digest-fetch';
import * as z from 'zod/mini';
import { DeploymentMisconfigured } from '../errors.ts';
import { useCredentials } from '../secrets/in-use.ts';
import { AccessToken, type SharedToken } from './access-token.ts';
import { headerSafe } from './answer.ts';
import { type AtlasFetch, type AtlasResponse, httpFetch, withReconnect } from './http.ts';

const ApiKey = z.object({ publicKey: headerSafe, privateKey: headerSafe });
const ServiceAccount = z.object({ clientId: headerSafe, clientSecret: headerSafe });

/**
 * Chooses how to authenticate by the fields of the Atlas credentials secret: `publicKey` and `privateKey` are an API key (HTTP
 * digest), `clientId` and `clientSecret` a service account (OAuth 2.0 bearer token).
 *
 * @param secret the secret's JSON value
 * @param shared where the containers share the token of a service account. An API key does not use it
 * @returns a `fetch` that authenticates each request
 * @throws DeploymentMisconfigured if it has neither pair in the form that Atlas shows; no value of it is printed
 */
export function authenticate(secret: unknown, baseUrl: string, shared: SharedToken): AtlasFetch {
  const apiKey = ApiKey.safeParse(secret);
  if (apiKey.success) return digest(apiKey.data);
  const serviceAccount = ServiceAccount.safeParse(secret);
  if (serviceAccount.success) return bearer(serviceAccount.data, baseUrl, shared);
  throw new DeploymentMisconfigured(
    'The Atlas credentials secret has no usable credentials. It must be JSON such as {"publicKey":"…","privateKey":"…"} for an API key, or {"clientId":"mdb_sa_id_…","clientSecret":"mdb_sa_sk_…"} for a service account. The values must be ASCII without spaces and quotes. Correct the secret. A run uses the one that the setting atlasCredentialsSecretArn names.',
  );
}

/** digest-fetch would use the global fetch, and would count only the requests that were answered. */
class HttpDigestClient extends DigestClient {
  #counted = { nonce: '', requests: 0 };

  override getClient = async () => httpFetch as unknown as typeof fetch;

  /**
   * Signs a request that is sent next. Each has a count of its own, whether an answer comes or not: a server must refuse a count that
   * it has seen. The first request with a nonce has the count 1. Source: RFC 7616 §3.4, `nc`: eight hexadecimal digits.
   */
  override addAuth(url: unknown, options: unknown) {
    const { nonce } = this.digest as unknown as { nonce: string };
    if (this.#counted.nonce !== nonce) this.#counted = { nonce, requests: 0 };
    if (this.hasAuth) this.#counted.requests += 1;
    // digest-fetch writes the last eight characters of this.
    Object.assign(this.digest, { nc: this.#counted.requests.toString(16) });
    return super.addAuth(url, options);
  }
}

/**
 * HTTP digest with an Atlas API key. digest-fetch remembers the nonce, so only the first call of a container is challenged.
 * Calls are serialized, because two at once would use the same nonce count, which a server must refuse. A 401 after an answered
 * challenge is tried once more: `stale=true` means only that the nonce has expired, and Atlas sometimes answers a good key and
 * nonce with a 401.
 * Source: RFC 7616 §3.3–3.4; Atlas's challenge is MD5, qop=auth, without opaque; the transient 401:
 * mongodb/terraform-provider-mongodbatlas #4623.
 */
function digest({ publicKey, privateKey }: z.infer<typeof ApiKey>): AtlasFetch {
  useCredentials(privateKey);
  const client = new HttpDigestClient(publicKey, privateKey, { algorithm: 'MD5' });
  // digest-fetch writes its Authorization into the headers that it gets, so each attempt gets a copy.
  const attempt = withReconnect(
    (url, init) => client.fetch(url, { ...init, headers: { ...init.headers } }) as Promise<AtlasResponse>,
  );
  let previous: Promise<unknown> = Promise.resolve();

  return (url, init) => {
    const answer = previous.then(async () => {
      const response = await attempt(url, init);
      return response.status === 401 ? attempt(url, init) : response;
    });
    previous = answer.catch(() => undefined);
    return answer;
  };
}

/** Whether a 401 means only that the nonce has expired. */
export const isStale = ({ headers }: AtlasResponse): boolean =>
  /stale="?true/i.test(headers.get('www-authenticate') ?? '');

/**
 * OAuth 2.0 bearer token of an Atlas service account. If Atlas refuses a token, because it was revoked, it is replaced once. If the
 * credentials were rotated, the 401 is returned instead: the account may no longer exist.
 * Source: MongoDB Atlas documentation, "Atlas Administration API Authentication" (service accounts).
 */
function bearer(
  { clientId, clientSecret }: z.infer<typeof ServiceAccount>,
  baseUrl: string,
  shared: SharedToken,
): AtlasFetch {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  useCredentials(clientSecret, basic);
  const tokens = new AccessToken({ baseUrl, basic }, shared);
  const send = withReconnect(httpFetch);

  return async (url, init) => {
    const attempt = (token: string) =>
      send(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
    const first = await tokens.get(init.signal);
    if ('status' in first) return first;
    const response = await attempt(first.token);
    if (response.status !== 401 || first.isNew || !(await shared.isCurrent(init.signal))) return response;
    const next = await tokens.get(init.signal, first.token);
    return 'status' in next ? next : attempt(next.token);
  };
}
