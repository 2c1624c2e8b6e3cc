import * as z from 'zod/mini';
import { AtlasCredentialsRefused, AtlasThrottled, AtlasUnavailable } from '../errors.ts';
import { headerSafe, json, textOf } from './answer.ts';
import { type AtlasResponse, httpFetch, withReconnect } from './http.ts';
import { codeOf, wordsOf } from './limits.ts';

export interface Account {
  baseUrl: string;
  /** The value of its Basic authentication. */
  basic: string;
}

/** Servers refuse a long header with HTTP 431, usually from 8 KB on, and every container would send this one. */
export const TokenText = headerSafe.check(z.maxLength(4096));

/** For messages. */
const tokenRequest = 'the request for an access token';

const Issued = z.object({ access_token: TokenText, expires_in: z.number() });

/** A token's lifetime is an hour. Whatever Atlas answers, no container relies on a token for longer than a day. */
const longestLifeSeconds = 86_400;

/**
 * Requests an access token of an Atlas service account.
 *
 * @returns the token and how long it is valid, a day at most; or Atlas's 429
 * @throws AtlasCredentialsRefused if Atlas refuses the service account
 * @throws AtlasThrottled if the account has no more tokens
 * @throws AtlasUnavailable if there was no usable answer
 * @see https://www.mongodb.com/docs/atlas/api/api-authentication/
 */
export async function requestToken(
  { baseUrl, basic }: Account,
  signal: AbortSignal,
): Promise<{ token: string; lifeMs: number } | AtlasResponse> {
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
  if (response.status === 429) return { ...response, answers: tokenRequest };
  const text = await textOf(tokenRequest, response);
  if (!response.ok) throw refusal(response.status, text);
  const answer = Issued.safeParse(json(text));
  if (!answer.success)
    throw new AtlasUnavailable(
      `Atlas answered ${tokenRequest} without a token that can be used: access_token must be at most 4,096 characters of ASCII without spaces and quotes, and expires_in must be a number of seconds.`,
    );
  const { access_token: token, expires_in } = answer.data;
  return { token, lifeMs: Math.min(Math.max(expires_in, 0), longestLifeSeconds) * 1000 };
}

function refusal(status: number, text: string): Error {
  const body = (json(text) ?? {}) as { error?: unknown; error_description?: unknown };
  const said = wordsOf(body.error, body.error_description) || 'no reason';
  // https://www.mongodb.com/docs/mcp-server/remote-mcp/rate-limits/. Tokens expire within the hour. Any other refusal needs a person.
  if (status === 403 && /Access Token limit reached/i.test(said))
    return new AtlasThrottled(`Atlas issues no further access token for now (${said}).`);
  if (status >= 500) return new AtlasUnavailable(`Atlas answered ${tokenRequest} with HTTP ${status}.`);
  return new AtlasCredentialsRefused(
    `Atlas refused the service account with HTTP ${status} (${said}). Check clientId and clientSecret in the Atlas credentials secret, and that the secret of the service account has not expired.`,
    { status, errorCode: codeOf(body.error) },
  );
}
