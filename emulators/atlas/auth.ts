import { createHash, randomUUID } from 'node:crypto';
import httpAuth from 'http-auth';
import type { Clock } from '../clock.ts';
import { type Answer, Refusal, type Request } from '../emulator.ts';
import { atlasError } from './error.ts';

export interface ApiKey {
  publicKey: string;
  privateKey: string;
  /** Whether its role in all projects is Project Owner. Default: Project Stream Processing Owner. */
  isProjectOwner?: boolean;
}

export interface ServiceAccount {
  clientId: string;
  clientSecret: string;
}

interface Token {
  clientId: string;
  value: string;
  expiresAt: number;
}

const realm = 'MMS Public API';

/**
 * Documented: a service account has at most 100 active tokens, each for an hour, and the next request is refused.
 * https://www.mongodb.com/docs/mcp-server/remote-mcp/rate-limits/; the same limit is reported in mongodb/mongodb-atlas-cli #4656.
 */
const maxLiveTokens = 100;
const tokenSeconds = 3600;
const limitReached =
  'Access Token limit reached. Please use the existing Access Tokens or create a new Service Account.';

/**
 * Reported (mongodb/terraform-provider-mongodbatlas, guide "Provider Configuration"): the limit, for each combination of service account
 * and IP address, and the body of the 429. Assumed: it is a sliding minute, refused requests do not count, the answer has a
 * Retry-After, all functions have one address, and a revocation is limited in the same way.
 */
const requestsPerMinute = 10;
const minuteMs = 60_000;

/** The authentication of Atlas: API keys by HTTP digest (http-auth keeps the nonces and their counts), and bearer tokens. */
export class AtlasAuth {
  readonly #digest;
  readonly #serviceAccounts: ServiceAccount[];
  readonly #owners: Set<string>;
  readonly #clock: Clock;
  #tokens: Token[] = [];
  /** The times of the accepted requests of the last minute, by client and path. */
  readonly #requests = new Map<string, number[]>();

  constructor(apiKeys: ApiKey[], serviceAccounts: ServiceAccount[], clock: Clock) {
    const users = apiKeys.map(({ publicKey, privateKey }) => {
      const hash = createHash('md5').update(`${publicKey}:${realm}:${privateKey}`).digest('hex');
      return `${publicKey}:${realm}:${hash}`;
    });
    this.#digest = httpAuth.digest({ realm, file: () => users.join('\n') });
    this.#serviceAccounts = serviceAccounts;
    this.#owners = new Set(apiKeys.filter((it) => it.isProjectOwner).map(({ publicKey }) => publicKey));
    this.#clock = clock;
  }

  /** The tokens that Atlas would still accept. */
  get liveTokens(): readonly Token[] {
    this.#tokens = this.#tokens.filter(({ expiresAt }) => expiresAt > this.#now);
    return this.#tokens;
  }

  /** @returns the public key or client id @throws Refusal 401, with a digest challenge if the request has no bearer token */
  authenticate(request: Request): Promise<string> | string {
    const { authorization = '' } = request.headers;
    return authorization.startsWith('Bearer ') ? this.#bearer(authorization.slice(7)) : this.#byDigest(request);
  }

  /** @param caller as `authenticate` returns it */
  isProjectOwner(caller: string): boolean {
    return this.#owners.has(caller);
  }

  /** Makes all nonces stale, as Atlas does after a while: their next use is answered with `stale=true`. */
  expireNonces(): void {
    this.#digest.nonces = [];
  }

  /** Atlas's answer to a nonce that it no longer accepts. */
  staleNonce(): Refusal {
    return unauthorized({ 'www-authenticate': this.#challenge(true) });
  }

  /** Atlas's answer to an unknown key or token. */
  unknownCaller(): Refusal {
    return unauthorized({ 'www-authenticate': this.#challenge(false) });
  }

  /** Revokes all tokens. Their next use is answered with 401. */
  expireTokens(): void {
    this.#tokens = [];
  }

  /** The client id, from the Basic authentication of a request for a token or a revocation. Documented. */
  authenticateClient(request: Request): string {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const [clientId, clientSecret] = Buffer.from(basic, 'base64').toString().split(':');
    const known = this.#serviceAccounts.some((it) => it.clientId === clientId && it.clientSecret === clientSecret);
    if (!known || !clientId) throw oauthError(401, 'invalid_client', 'Invalid credentials provided.');
    return clientId;
  }

  /** `POST /api/oauth/token`: a token for the client. Documented. */
  issueToken(clientId: string, request: Request): Answer {
    const form = formOf(request);
    if (form.get('grant_type') !== 'client_credentials') {
      throw oauthError(400, 'unsupported_grant_type', 'The grant type must be client_credentials.');
    }
    this.#limitRate(clientId, request.path);
    if (this.liveTokens.filter((token) => token.clientId === clientId).length >= maxLiveTokens) {
      throw oauthError(403, 'access_denied', limitReached);
    }
    const value = randomUUID();
    this.#tokens.push({ clientId, value, expiresAt: this.#now + tokenSeconds * 1000 });
    const body = { access_token: value, expires_in: tokenSeconds, token_type: 'Bearer' };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  }

  /**
   * `POST /api/oauth/revoke`: ends the validity of a token. Documented: 200 without a body. Documented (RFC 7009 §2.1–2.2): a token that is
   * unknown isn't an error; one of another client is refused. Assumed: the refusal is `invalid_request`.
   */
  revokeToken(clientId: string, request: Request): Answer {
    const value = formOf(request).get('token');
    if (!value) throw oauthError(400, 'invalid_request', 'The parameter token is missing.');
    this.#limitRate(clientId, request.path);
    const token = this.liveTokens.find((it) => it.value === value);
    if (token && token.clientId !== clientId)
      throw oauthError(400, 'invalid_request', 'The token was issued to another client.');
    this.#tokens = this.#tokens.filter((it) => it !== token);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '' };
  }

  get #now(): number {
    return this.#clock.now().getTime();
  }

  /** @throws Refusal 429 */
  #limitRate(clientId: string, path: string): void {
    const key = `${clientId} ${path}`;
    const recent = (this.#requests.get(key) ?? []).filter((at) => this.#now - at < minuteMs);
    const [oldest = 0] = recent;
    if (recent.length >= requestsPerMinute)
      throw atlasError(
        429,
        'RATE_LIMITED',
        `Resource ${path} is limited to ${requestsPerMinute} requests every 1 minutes.`,
        {
          parameters: [path, requestsPerMinute, 1],
          headers: { 'retry-after': String(Math.ceil((oldest + minuteMs - this.#now) / 1000)) },
        },
      );
    this.#requests.set(key, [...recent, this.#now]);
  }

  #bearer(value: string): string {
    const token = this.liveTokens.find((it) => it.value === value);
    if (!token) throw unauthorized({});
    return token.clientId;
  }

  /** Documented (RFC 7616 §3.4): a count that was seen before is a replay. Assumed: Atlas refuses it for good, without a new nonce. */
  #refuseRepeatedCount(authorization = ''): void {
    const [, nonce] = /[ ,]nonce="(\w+)"/.exec(authorization) ?? [];
    const [, count = ''] = /[ ,]nc=([\da-f]{8})\b/.exec(authorization) ?? [];
    const [, , highest = 0] = this.#digest.nonces.find(([known]) => known === nonce) ?? [];
    if (Number.parseInt(count, 16) <= highest)
      throw atlasError(400, 'REPEATED_NONCE_COUNT', `The nonce count ${count} was used before.`);
  }

  #byDigest({ method, url, headers: { authorization } }: Request): Promise<string> {
    this.#refuseRepeatedCount(authorization);
    const isForThisUrl = authorization?.includes(`uri="${url}"`);
    return new Promise((resolve, reject) => {
      this.#digest.isAuthenticated({ method, headers: { authorization } }, ({ user, pass, stale = false }) => {
        if (user && pass && isForThisUrl) resolve(user);
        else reject(unauthorized({ 'www-authenticate': this.#challenge(stale) }));
      });
    });
  }

  /** Copied from a recorded response: it has no `opaque`, and its `domain` is empty. */
  #challenge(stale: boolean): string {
    const nonce = this.#digest.askNonce();
    return `Digest realm="${realm}", domain="", nonce="${nonce}", algorithm=MD5, qop="auth", stale=${stale}`;
  }
}

/** Copied from a recorded response: unlike other errors of Atlas, it has no `parameters`. */
function unauthorized(headers: Record<string, string>): Refusal {
  const detail = 'You are not authorized for this resource.';
  return new Refusal(detail, {
    status: 401,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ detail, error: 401, errorCode: 'UNEXPECTED_ERROR', reason: 'Unauthorized' }),
  });
}

function formOf({ headers, body }: Request): URLSearchParams {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    throw oauthError(400, 'invalid_request', 'The content type must be application/x-www-form-urlencoded.');
  return new URLSearchParams(body);
}

function oauthError(status: number, error: string, description: string): Refusal {
  return new Refusal(description, {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error, error_description: description }),
  });
}
