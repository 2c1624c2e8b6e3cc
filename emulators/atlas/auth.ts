import { createHash, randomUUID } from 'node:crypto';
import httpAuth from 'http-auth';
import { type Answer, Refusal, type Request } from '../emulator.ts';
import { atlasError } from './error.ts';

export interface ApiKey {
  publicKey: string;
  privateKey: string;
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

/** Documented: "Access Token limit reached" at 100 live tokens of one service account. */
const maxLiveTokens = 100;

/** Documented. Uses real time, because functions compare a token's expiry with the real clock. */
const tokenSeconds = 3600;

/** The authentication of Atlas: API keys by HTTP digest (http-auth keeps the nonces and their counts), and bearer tokens. */
export class AtlasAuth {
  readonly #digest;
  readonly #serviceAccounts: ServiceAccount[];
  #tokens: Token[] = [];

  constructor(apiKeys: ApiKey[], serviceAccounts: ServiceAccount[]) {
    const users = apiKeys.map(({ publicKey, privateKey }) => {
      const hash = createHash('md5').update(`${publicKey}:${realm}:${privateKey}`).digest('hex');
      return `${publicKey}:${realm}:${hash}`;
    });
    this.#digest = httpAuth.digest({ realm, file: () => users.join('\n') });
    this.#serviceAccounts = serviceAccounts;
  }

  /** The tokens that Atlas would still accept. */
  get liveTokens(): readonly Token[] {
    this.#tokens = this.#tokens.filter(({ expiresAt }) => expiresAt > Date.now());
    return this.#tokens;
  }

  /** @returns the public key or client id @throws Refusal 401, with a digest challenge if the request has no bearer token */
  authenticate(request: Request): Promise<string> | string {
    const { authorization = '' } = request.headers;
    return authorization.startsWith('Bearer ') ? this.#bearer(authorization.slice(7)) : this.#byDigest(request);
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

  /** `POST /api/oauth/token`: the client id, from Basic authentication. Documented. */
  authenticateClient(request: Request): string {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const [clientId, clientSecret] = Buffer.from(basic, 'base64').toString().split(':');
    const known = this.#serviceAccounts.some((it) => it.clientId === clientId && it.clientSecret === clientSecret);
    if (!known || !clientId) throw oauthError(401, 'invalid_client', 'Invalid credentials provided.');
    return clientId;
  }

  /** `POST /api/oauth/token`: a token for the client. Documented. */
  issueToken(clientId: string, request: Request): Answer {
    if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      throw oauthError(400, 'invalid_request', 'The content type must be application/x-www-form-urlencoded.');
    }
    if (new URLSearchParams(request.body).get('grant_type') !== 'client_credentials') {
      throw oauthError(400, 'unsupported_grant_type', 'The grant type must be client_credentials.');
    }
    if (this.liveTokens.filter((token) => token.clientId === clientId).length >= maxLiveTokens) {
      throw oauthError(403, 'access_denied', 'Access Token limit reached.');
    }
    const value = randomUUID();
    this.#tokens.push({ clientId, value, expiresAt: Date.now() + tokenSeconds * 1000 });
    const body = { access_token: value, expires_in: tokenSeconds, token_type: 'Bearer' };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
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

function oauthError(status: number, error: string, description: string): Refusal {
  return new Refusal(description, {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error, error_description: description }),
  });
}
