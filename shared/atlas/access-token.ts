import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod/mini';
import { AtlasCredentialsRefused, AtlasThrottled, AwsRefused, DeploymentMisconfigured } from '../errors.ts';
import type { SecretsClient } from '../secrets/client.ts';
import { useCredentials } from '../secrets/in-use.ts';
import { retryAfterMs } from './answer.ts';
import type { AtlasResponse } from './http.ts';
import { type Account, requestToken, TokenText } from './token-request.ts';

/** The secret in which the containers of all functions share the token. */
export interface SharedToken {
  secrets: (options: { signal: AbortSignal }) => Pick<SecretsClient, 'read' | 'putVersion'>;
  secretArn: string;
  /** The version of the Atlas credentials secret that the account was read from. */
  credentialsVersionId: string;
  /** Whether that is still the current version. */
  isCurrent: (signal: AbortSignal) => Promise<boolean>;
  /** The pause before the secret is read again. Tests make it shorter. */
  pauseMs?: number;
}

/** `isNew`: this container has just requested it. */
export interface Token {
  token: string;
  isNew: boolean;
}

/** What the secret holds: a token, or the claim of the one container that requests a token. Anything else counts as empty. */
const Shared = z.catch(
  z.object({
    /** Token and claim count only for these credentials, so that rotated credentials get a token at once. */
    credentialsVersionId: z.string(),
    token: z.optional(TokenText),
    /** ISO 8601 */
    expiresAt: z.optional(z.string()),
    /** ISO 8601 */
    claimedUntil: z.optional(z.string()),
    /** The requests in a row that have brought no token, that of the claim included. */
    requests: z.optional(z.int().check(z.nonnegative())),
  }),
  { credentialsVersionId: '' },
);
type Shared = z.infer<typeof Shared>;

/** A container's right to request a token. */
interface Claim {
  /** The version of the secret that holds the claim; undefined if it could not be stored. */
  versionId: string | undefined;
  ms: number;
  requests: number;
}

/**
 * A token is renewed this long before it expires, so that it cannot expire between our check and Atlas's. Each container adds a
 * random part of the second number, so that one of them is the first and the others find its token.
 */
const renewBeforeExpiryMs = { least: 60_000, more: 240_000 };

/**
 * How long a claim lasts, by the number of requests before it that have failed. The first lasts longer than Atlas needs to issue a token:
 * a container that ends in the middle delays the others for no more than this. With 20 minutes at the end, a day without a token
 * takes less than 80 versions of the secret.
 */
const claimsMs = [10, 60, 120, 300, 600, 1200].map((seconds) => seconds * 1000);
const [firstClaimMs = 0] = claimsMs;
const longestClaimMs = Math.max(...claimsMs);

/** A claim that ends later than any can counts as none. Clocks differ by less than a minute. */
const latestClaimMs = longestClaimMs + 60_000;

/** A container that cannot claim requests a token only once in this time. With up to 100 containers, that is Atlas's limit. */
const unclaimedPeriodMs = 600_000;

/** A container reads the secret so often while another one requests the token. After that, the machine's back-off is gentler. */
const reads = { max: 10, pauseMs: 500 };

/**
 * The OAuth 2.0 access token of an Atlas service account, shared by the containers of all functions through a secret. Atlas allows 10
 * token requests a minute, and 100 live tokens that last an hour each, so a container requests a token only if the secret holds
 * none that is good.
 *
 * One container requests at a time. To claim that, it writes a new version of the secret, whose id follows from the version that it has
 * read: Secrets Manager refuses a second version of that id with other content. The others read the secret again until the token
 * is there. A claim lapses after ten seconds, but after each request in a row that fails, the next claim lasts longer, up to 20 minutes.
 * The first 429 ends it at Atlas's Retry-After instead, of which two minutes count. If the secret has had too many versions
 * in a day, containers cannot claim. Then each requests a token for itself, once in ten minutes and at a random time.
 *
 * One wrong answer must not stop all functions until a person empties the secret. So a claim ends after 20 minutes, whatever the
 * secret says; a Retry-After counts for two minutes, and a token for a day; and a longer token than a server accepts is not stored.
 *
 * Sources: https://www.mongodb.com/docs/mcp-server/remote-mcp/rate-limits/ (100 tokens); the guide "Provider Configuration" of
 * mongodb/terraform-provider-mongodbatlas (10 requests a minute);
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export class AccessToken {
  readonly #account: Account;
  readonly #shared: SharedToken;
  readonly #renewBeforeExpiryMs = renewBeforeExpiryMs.least + Math.random() * renewBeforeExpiryMs.more;
  /** When this container may request a token without a claim. */
  #unclaimedFrom: number | undefined;
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
   * @throws AtlasCredentialsRefused if Atlas refuses the service account, or its credentials were rotated while requests failed
   * @throws AtlasThrottled if the account has no more tokens, another container has claimed the request and not stored a token, or the
   *   secret takes no claim and this container must wait for its turn
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
      const { token, expiresAt = '', claimedUntil = '', requests = 0 } = value;
      if (token && token !== refused && this.#lasts(Date.parse(expiresAt))) return this.#keep(token, expiresAt);
      const claimedMs = Date.parse(claimedUntil) - Date.now();
      const isClaimed = claimedMs > 0 && claimedMs <= latestClaimMs;
      if (!isClaimed) {
        const claim = await this.#claim(versionId, requests, signal);
        if (claim) return this.#request(claim, signal);
      }
      if (read === reads.max || (isClaimed && claimedMs > firstClaimMs)) throw await this.#claimed(value, signal);
      await pause(this.#shared.pauseMs ?? reads.pauseMs, undefined, { signal });
    }
  }

  #lasts = (expiresAt: number): boolean => expiresAt - Date.now() > this.#renewBeforeExpiryMs;

  #keep(token: string, expiresAt: string, isNew = false): Token {
    this.#current = { token, expiresAt: Date.parse(expiresAt) };
    return { token, isNew };
  }

  async #read(signal: AbortSignal): Promise<{ value: Shared; versionId: string }> {
    const { secrets, secretArn, credentialsVersionId } = this.#shared;
    const { value, versionId } = await secrets({ signal })
      .read(secretArn)
      .catch((error: unknown) => this.#refused(error));
    const shared = Shared.parse(value);
    // Atlas may accept it still, also if this container does not use it.
    if (shared.token) useCredentials(shared.token);
    return {
      versionId,
      value: shared.credentialsVersionId === credentialsVersionId ? shared : { credentialsVersionId },
    };
  }

  /** The error while another container has claimed the request. */
  async #claimed({ claimedUntil = 'ten seconds', requests = 0 }: Shared, signal: AbortSignal): Promise<Error> {
    const failed = requests - 1;
    // The claim may last for minutes, and the requests may have failed because of the credentials.
    if (failed > 0 && !(await this.#shared.isCurrent(signal)))
      return new AtlasCredentialsRefused('The Atlas credentials were rotated.', { status: 401, errorCode: '' });
    const failures = failed > 0 ? `, after ${failed} ${failed === 1 ? 'request' : 'requests'} that failed` : '';
    return new AtlasThrottled(
      `The functions have no access token of the Atlas service account at the moment. Another function has requested one${failures}. The next request for a token is allowed after ${claimedUntil}.`,
    );
  }

  /**
   * @param failed the requests in a row before this one that have failed
   * @returns the claim; undefined if another container was faster
   * @throws AtlasThrottled if the claim cannot be stored and this container must not request a token without one yet
   */
  async #claim(versionId: string, failed: number, signal: AbortSignal): Promise<Claim | undefined> {
    const ms = claimsMs[failed] ?? longestClaimMs;
    const requests = failed + 1;
    const value = { claimedUntil: later(ms), claimedBy: randomUUID(), requests };
    try {
      const claimed = await this.#put(versionId, value, signal);
      return claimed === undefined ? undefined : { versionId: claimed, ms, requests };
    } catch (error) {
      // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html: about 100 versions in 24 hours.
      if (!(error instanceof AwsRefused && error.code === 'LimitExceededException')) return this.#refused(error);
      this.#takeTurn();
      return { versionId: undefined, ms, requests };
    }
  }

  /** @throws AtlasThrottled before the time at which this container may request a token without a claim */
  #takeTurn(): void {
    const now = Date.now();
    this.#unclaimedFrom ??= now + Math.random() * unclaimedPeriodMs;
    if (now < this.#unclaimedFrom)
      throw new AtlasThrottled(
        `The functions cannot share an access token of the Atlas service account for now: the secret ${this.#shared.secretArn} has had about 100 versions in 24 hours. Find out what revokes its tokens or makes token requests fail. This function requests a token of its own after ${new Date(this.#unclaimedFrom).toISOString()}.`,
      );
    this.#unclaimedFrom = now + unclaimedPeriodMs;
  }

  #put(versionId: string, value: object, signal: AbortSignal): Promise<string | undefined> {
    const { secrets, secretArn, credentialsVersionId } = this.#shared;
    return secrets({ signal }).putVersion(secretArn, { after: versionId, value: { credentialsVersionId, ...value } });
  }

  async #request(claim: Claim, signal: AbortSignal): Promise<Token | AtlasResponse> {
    const answer = await requestToken(this.#account, signal);
    // The token is good, and the 429 known, even if they cannot be stored: the claim lapses, and the next container requests one.
    const share = async (value: object) => {
      if (claim.versionId) await this.#put(claim.versionId, value, signal).catch(() => undefined);
    };
    if ('status' in answer) {
      const waitMs = retryAfterMs(answer);
      if (waitMs && (claim.requests === 1 || waitMs > claim.ms))
        await share({ claimedUntil: later(waitMs), requests: claim.requests });
      return answer;
    }
    const { token, lifeMs } = answer;
    useCredentials(token);
    const expiresAt = later(lifeMs);
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
