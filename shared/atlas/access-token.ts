import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod/mini';
import {
  AtlasCredentialsRefused,
  AtlasThrottled,
  AtlasUnavailable,
  AwsRefused,
  DeploymentMisconfigured,
} from '../errors.ts';
import type { SecretsClient } from '../secrets/client.ts';
import { useCredentials } from '../secrets/in-use.ts';
import { headerSafe, json, retryAfterMs, textOf } from './answer.ts';
import { type AtlasResponse, httpFetch, withReconnect } from './http.ts';
import { codeOf, wordsOf } from './limits.ts';

/** The secret in which the containers of all functions share the token. */
export interface SharedToken {
  secrets: (options: { signal: AbortSignal }) => SecretsClient;
  secretArn: string;
  /** The version of the Atlas credentials secret that the account was read from. */
  credentialsVersionId: string;
  /** Whether that is still the current version. */
  isCurrent: (signal: AbortSignal) => Promise<boolean>;
  /** The pause before the secret is read again. Tests make it shorter. */
  pauseMs?: number;
}

interface Account {
  baseUrl: string;
  /** The value of its Basic authentication. */
  basic: string;
}

/** `isNew`: this container has just requested it. */
export interface Token {
  token: string;
  isNew: boolean;
}

/** Servers refuse a long header with HTTP 431, usually from 8 KB on, and every container would send this one. */
const AccessTokenValue = headerSafe.check(z.maxLength(4096));

/** What the secret holds: a token, or the claim of the one container that requests a token. Anything else counts as empty. */
const Shared = z.catch(
  z.object({
    /** Token and claim count only for these credentials, so that rotated credentials get a token at once. */
    credentialsVersionId: z.string(),
    token: z.optional(AccessTokenValue),
    /** ISO 8601 */
    expiresAt: z.optional(z.string()),
    /** ISO 8601 */
    claimedUntil: z.optional(z.string()),
  }),
  { credentialsVersionId: '' },
);
type Shared = z.infer<typeof Shared>;

const Issued = z.object({ access_token: AccessTokenValue, expires_in: z.number() });

/** A token's lifetime is an hour. Whatever Atlas answers, no container relies on a token for longer than a day. */
const longestLifeSeconds = 86_400;

/**
 * A token is renewed this long before it expires, so that it cannot expire between our check and Atlas's. Each container adds a
 * random part of the second number, so that one of them is the first and the others find its token.
 */
const renewBeforeExpiryMs = { least: 60_000, more: 240_000 };

/** Longer than Atlas needs to issue a token. A container that ends in the middle delays the others for no more than this. */
const claimMs = 10_000;

/** A claim that is further ahead counts as none. It is the longest Retry-After, and a minute more because clocks differ. */
const longestClaimMs = 180_000;

/** A container reads the secret so often while another one requests the token. After that, the machine's back-off is gentler. */
const reads = { max: 10, pauseMs: 500 };

/**
 * The OAuth 2.0 access token of an Atlas service account, shared by the containers of all functions through a secret. Atlas allows 10
 * token requests a minute, and 100 live tokens that last an hour each, so a container requests a token only if the secret holds
 * none that is good.
 *
 * One container requests at a time. To claim that, it writes a new version of the secret, whose id follows from the version that it has
 * read: Secrets Manager refuses a second version of that id with other content. The others read the secret again until the token
 * is there. A claim lapses after ten seconds, so containers that fail send at most six requests a minute; after a 429 it lasts until
 * Atlas's Retry-After, but two minutes at most. If the secret has had too many versions in a day, the container keeps its token for itself.
 *
 * Sources: https://www.mongodb.com/docs/mcp-server/remote-mcp/rate-limits/ (100 tokens); the guide "Provider Configuration" of
 * mongodb/terraform-provider-mongodbatlas (10 requests a minute);
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export class AccessToken {
  readonly #account: Account;
  readonly #shared: SharedToken;
  readonly #renewBeforeExpiryMs = renewBeforeExpiryMs.least + Math.random() * renewBeforeExpiryMs.more;
  #current: { token: string; expiresAt: number } | undefined;
  /** The calls of an invocation that need a token at the same time get the same one. */
  #obtaining: Promise<Token | AtlasResponse> | undefined;

  constructor(account: Account, shared: SharedToken) {
    this.#account = account;
    this.#shared = shared;
  }

  /**
   * @param refused a token that Atlas has refused, which must be replaced
   * @returns a token, or Atlas's 429 to the request for one
   * @throws AtlasCredentialsRefused if Atlas refuses the service account
   * @throws AtlasThrottled if the account has no more tokens, or another container has claimed the request and not stored a token
   * @throws DeploymentMisconfigured if AWS refuses to read or write the secret
   * @throws AwsThrottled, AwsUnavailable or AtlasUnavailable if there was no usable answer
   */
  async get(signal: AbortSignal, refused?: string): Promise<Token | AtlasResponse> {
    const current = this.#current;
    if (current && current.token !== refused && this.#lasts(current.expiresAt))
      return { token: current.token, isNew: false };
    this.#obtaining ??= this.#obtain(signal, refused).finally(() => {
      this.#obtaining = undefined;
    });
    return this.#obtaining;
  }

  async #obtain(signal: AbortSignal, refused: string | undefined): Promise<Token | AtlasResponse> {
    for (let read = 1; ; read++) {
      const { value, versionId } = await this.#read(signal);
      const { token, expiresAt = '', claimedUntil = '' } = value;
      if (token && token !== refused && this.#lasts(Date.parse(expiresAt))) return this.#keep(token, expiresAt);
      const claimedMs = Date.parse(claimedUntil) - Date.now();
      if (!(claimedMs > 0 && claimedMs <= longestClaimMs)) {
        const claim = await this.#claim(versionId, signal);
        if (claim) return this.#request(claim, signal);
      }
      if (read === reads.max || claimedMs > claimMs)
        throw new AtlasThrottled(
          `There is no access token of the Atlas service account yet. Another function has requested one; the next may do so after ${claimedUntil || 'ten seconds'}.`,
        );
      await pause(this.#shared.pauseMs ?? reads.pauseMs, undefined, { signal });
    }
  }

  #lasts = (expiresAt: number): boolean => expiresAt - Date.now() > this.#renewBeforeExpiryMs;

  #keep(token: string, expiresAt: string, isNew = false): Token {
    useCredentials(token);
    this.#current = { token, expiresAt: Date.parse(expiresAt) };
    return { token, isNew };
  }

  async #read(signal: AbortSignal): Promise<{ value: Shared; versionId: string }> {
    const { secrets, secretArn, credentialsVersionId } = this.#shared;
    const { value, versionId } = await secrets({ signal })
      .read(secretArn)
      .catch((error: unknown) => this.#refused(error));
    const shared = Shared.parse(value);
    return {
      versionId,
      value: shared.credentialsVersionId === credentialsVersionId ? shared : { credentialsVersionId },
    };
  }

  /** @returns the claim, without an id if it cannot be stored; undefined if another container was faster */
  async #claim(versionId: string, signal: AbortSignal): Promise<{ versionId?: string } | undefined> {
    const claim = { claimedUntil: later(claimMs), claimedBy: randomUUID() };
    try {
      const claimed = await this.#put(versionId, claim, signal);
      return claimed === undefined ? undefined : { versionId: claimed };
    } catch (error) {
      // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html: about 100 versions in 24 hours.
      if (error instanceof AwsRefused && error.code === 'LimitExceededException') return {};
      return this.#refused(error);
    }
  }

  #put(versionId: string, value: object, signal: AbortSignal): Promise<string | undefined> {
    const { secrets, secretArn, credentialsVersionId } = this.#shared;
    return secrets({ signal }).putVersion(secretArn, { after: versionId, value: { credentialsVersionId, ...value } });
  }

  async #request(claim: { versionId?: string }, signal: AbortSignal): Promise<Token | AtlasResponse> {
    const response = await withReconnect(httpFetch)(`${this.#account.baseUrl}/api/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${this.#account.basic}`,
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      isRepeatable: true,
      signal,
    });
    // The token is good, and the 429 known, even if they cannot be stored: the claim lapses, and the next container requests one.
    const share = async (value: object) => {
      if (claim.versionId) await this.#put(claim.versionId, value, signal).catch(() => undefined);
    };
    if (response.status === 429) {
      const waitMs = retryAfterMs(response);
      if (waitMs) await share({ claimedUntil: later(waitMs) });
      return response;
    }
    const text = await textOf('the request for an access token', response);
    if (!response.ok) throw refusal(response.status, text);
    const answer = Issued.safeParse(json(text));
    if (!answer.success)
      throw new AtlasUnavailable(
        'Atlas answered the request for an access token without a token that can be used: access_token must be at most 4,096 characters of ASCII without spaces and quotes, and expires_in must be a number of seconds.',
      );
    const { access_token: token, expires_in } = answer.data;
    const expiresAt = later(Math.min(Math.max(expires_in, 0), longestLifeSeconds) * 1000);
    const kept = this.#keep(token, expiresAt, true);
    await share({ token, expiresAt });
    return kept;
  }

  #refused(error: unknown): never {
    if (!(error instanceof AwsRefused)) throw error;
    throw new DeploymentMisconfigured(
      `The secret ${this.#shared.secretArn}, in which the functions share the access token of the Atlas service account, cannot be used. ${error.message} The stack creates the secret and the permissions of the functions. Deploy again.`,
      { cause: error },
    );
  }
}

const later = (ms: number): string => new Date(Date.now() + ms).toISOString();

function refusal(status: number, text: string): Error {
  const body = (json(text) ?? {}) as { error?: unknown; error_description?: unknown };
  const said = wordsOf(body.error, body.error_description) || 'no reason';
  // Documented with the 100 tokens, see above. Tokens expire within the hour; any other refusal needs a person.
  if (status === 403 && /Access Token limit reached/i.test(said))
    return new AtlasThrottled(`Atlas issues no further access token for now (${said}).`);
  if (status >= 500) return new AtlasUnavailable(`Atlas answered the request for an access token with HTTP ${status}.`);
  return new AtlasCredentialsRefused(
    `Atlas refused the service account with HTTP ${status} (${said}). Check clientId and clientSecret in the Atlas credentials secret, and that the secret of the service account has not expired.`,
    { status, errorCode: codeOf(body.error) },
  );
}
