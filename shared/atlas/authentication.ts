import { DigestClient } from 'digest-fetch';
import * as z from 'zod/mini';
import { AtlasCredentialsRefused, AtlasThrottled, AtlasUnavailable, DeploymentMisconfigured } from '../errors.ts';
import { useCredentials } from '../secrets/in-use.ts';
import { json, textOf } from './answer.ts';
import { type AtlasFetch, type AtlasResponse, httpFetch, withReconnect } from './http.ts';
import { codeOf, wordsOf } from './limits.ts';

/** Printable ASCII without a quote, as a header requires. A placeholder such as "…" does not match. */
const headerSafe = z.string().check(z.regex(/^[!#-~]+$/));
const ApiKey = z.object({ publicKey: headerSafe, privateKey: headerSafe });
const ServiceAccount = z.object({ clientId: headerSafe, clientSecret: headerSafe });

/**
 * Chooses how to authenticate by the fields of the Atlas credentials secret: `publicKey` and `privateKey` are an API key (HTTP
 * digest), `clientId` and `clientSecret` a service account (OAuth 2.0 bearer token).
 *
 * @param secret the secret's JSON value
 * @returns a `fetch` that authenticates each request
 * @throws DeploymentMisconfigured if it has neither pair in the form that Atlas shows; no value of it is printed
 */
export function authenticate(secret: unknown, baseUrl: string): AtlasFetch {
  const apiKey = ApiKey.safeParse(secret);
  if (apiKey.success) return digest(apiKey.data);
  const serviceAccount = ServiceAccount.safeParse(secret);
  if (serviceAccount.success) return bearer(serviceAccount.data, baseUrl);
  throw new DeploymentMisconfigured(
    'The Atlas credentials secret has neither the fields of an API key nor those of a service account, or their values are not those that Atlas shows (ASCII without spaces and quotes). It must be JSON such as {"publicKey":"…","privateKey":"…"} or {"clientId":"mdb_sa_id_…","clientSecret":"mdb_sa_sk_…"}.',
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

const Token = z.object({ access_token: headerSafe, expires_in: z.number() });

/** A token is renewed this long before it expires, so that it cannot expire between our check and Atlas's. */
const renewBeforeExpiryMs = 60_000;

/**
 * OAuth 2.0 client credentials of an Atlas service account. Atlas allows 100 live tokens per account, so each container fetches
 * one token, and another only when that one expires or is refused.
 * Source: MongoDB Atlas documentation, "Atlas Administration API Authentication" (service accounts).
 */
function bearer({ clientId, clientSecret }: z.infer<typeof ServiceAccount>, baseUrl: string): AtlasFetch {
  let current: { token: string; renewAt: number } | undefined;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  useCredentials(clientSecret, basic);

  const token = async (signal: AbortSignal): Promise<string> => {
    if (current && Date.now() < current.renewAt) return current.token;
    const response = await withReconnect(httpFetch)(`${baseUrl}/api/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${basic}`,
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      isRepeatable: true,
      signal,
    });
    const text = await textOf('the request for an access token', response);
    if (!response.ok) throw tokenError(response.status, text);
    const answer = Token.safeParse(json(text));
    if (!answer.success) throw new AtlasUnavailable('Atlas answered the request for an access token without a token.');
    const { access_token, expires_in } = answer.data;
    useCredentials(access_token);
    current = { token: access_token, renewAt: Date.now() + expires_in * 1000 - renewBeforeExpiryMs };
    return access_token;
  };

  const attempt = withReconnect(async (url, init) =>
    httpFetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${await token(init.signal)}` } }),
  );

  return async (url, init) => {
    const wasCached = current !== undefined;
    const response = await attempt(url, init);
    if (response.status !== 401) return response;
    current = undefined;
    return wasCached ? attempt(url, init) : response;
  };
}

function tokenError(status: number, text: string): Error {
  const body = (json(text) ?? {}) as { error?: unknown; error_description?: unknown };
  const said = wordsOf(body.error, body.error_description) || 'no reason';
  // 403 access_denied "Access Token limit reached": tokens expire within the hour.
  if (status === 429 || /limit/i.test(said))
    return new AtlasThrottled(`Atlas issues no further access token for now (${said}).`);
  if (status >= 500) return new AtlasUnavailable(`Atlas answered the request for an access token with HTTP ${status}.`);
  return new AtlasCredentialsRefused(
    `Atlas refused the service account with HTTP ${status} (${said}). Check clientId and clientSecret in the Atlas credentials secret, and that the secret of the service account has not expired.`,
    { status, errorCode: codeOf(body.error) },
  );
}
