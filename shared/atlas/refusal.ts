import { AtlasCredentialsRefused, AtlasRefused, AtlasThrottled, AtlasUnavailable } from '../errors.ts';
import { json } from './answer.ts';
import { isStale } from './authentication.ts';
import { isAboutCredentials, isKnownCode, notOnAccessList, projectNotFound } from './error-codes.ts';
import type { AtlasResponse } from './http.ts';
import { codeOf, wordsOf } from './limits.ts';

/**
 * The error for an answer that isn't 2xx. What Atlas says is quoted without the secrets in use, cut to the longest text.
 *
 * @param what the request, for the message
 * @param about `isOwnProject`: whether it is about the deployment's own project: credentials that don't see it connect no cluster;
 *   `mayRepeatPassword`: whether Atlas may repeat a password that this function cannot recognize
 */
export function refusal(
  what: string,
  response: AtlasResponse,
  text: string,
  { isOwnProject, mayRepeatPassword }: { isOwnProject: boolean; mayRepeatPassword: boolean },
): Error {
  const { status, headers } = response;
  const body = (json(text) ?? {}) as ApiError;
  const { errorCode, words } = mayRepeatPassword ? harmless(body) : repeated(body);
  const said = words || 'no reason given';
  if (status === 429) {
    const [retryAfter] = /^\d{1,6}(\.\d+)?$/.exec(headers.get('retry-after') ?? '') ?? [];
    return new AtlasThrottled(`Atlas throttles ${what}${retryAfter ? ` for ${retryAfter} s` : ''} (${said}).`);
  }
  // A 404 without Atlas's error code is another server's page and doesn't mean "not found". Atlas never redirects.
  const isFromAtlas = status >= 400 && (status !== 404 || Boolean(body.errorCode));
  if (status >= 500 || status === 408 || status === 425 || (status === 401 && isStale(response)) || !isFromAtlas)
    return new AtlasUnavailable(`Atlas answered ${what} with HTTP ${status} (${said}).`);
  const isUnseen = isOwnProject && errorCode === projectNotFound;
  const remedy = isUnseen ? remedyForProject : remedyFor(status, errorCode);
  const Refusal = isUnseen || isAboutCredentials(status, errorCode) ? AtlasCredentialsRefused : AtlasRefused;
  return new Refusal(`Atlas refused ${what} with HTTP ${status} (${said}).${remedy ? ` ${remedy}` : ''}`, {
    status,
    errorCode,
  });
}

/** The fields that we read. Each may be anything. */
interface ApiError {
  errorCode?: unknown;
  detail?: unknown;
  reason?: unknown;
}

const repeated = ({ errorCode, detail, reason }: ApiError) => ({
  errorCode: codeOf(errorCode),
  words: wordsOf(errorCode, detail ?? reason),
});

/** Without any text that may be a password. */
function harmless({ errorCode: code, detail, reason }: ApiError) {
  const known = isKnownCode(codeOf(code)) && codeOf(code);
  const errorCode = known || (code ? 'UNKNOWN_ERROR_CODE' : '');
  const leftOut = (detail ?? reason) && "Atlas's reason is left out, because it may repeat the password";
  return { errorCode, words: [errorCode, leftOut].filter(Boolean).join(': ') };
}

const remedyForProject =
  'Check the parameter atlasProjectId, and that the API key or service account belongs to this project: it sees no such project.';

function remedyFor(status: number, errorCode = ''): string | undefined {
  if (notOnAccessList.has(errorCode))
    return 'Add the address that the functions call from to the access list of the API key or service account, or remove the list: a Lambda function outside a VPC has no fixed address.';
  if (status === 401) return "Check the keys in the Atlas credentials secret: Atlas doesn't know them.";
  if (status === 403)
    return 'Give the API key or service account the role Project Stream Processing Owner for this project.';
  return undefined;
}
