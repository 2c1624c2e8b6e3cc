import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod/mini';
import { AtlasCredentialsRefused, AtlasRefused, AtlasThrottled, AtlasUnavailable } from '../errors.ts';
import { isStale } from './authentication.ts';
import { isAboutCredentials, notOnAccessList, projectNotFound } from './error-codes.ts';
import type { AtlasFetch, AtlasResponse } from './http.ts';
import { page } from './types.ts';

/** One answer may take this long, so that a function's 60 seconds have room for more than one request. */
const requestTimeoutMs = 15_000;

/** The function waits for Retry-After only while this much of its time is left for the request itself. */
const reservedMs = 20_000;

/** Pauses for one request. After that, the machine's back-off is gentler on Atlas. */
const maxPauses = 4;

/** Requests that were refused together are not repeated together: each waits up to this much longer than Atlas says. */
const jitter = { factor: 9, maxMs: 10_000 };

/** Atlas's largest page (`itemsPerPage`). */
const itemsPerPage = 500;

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** The resource version of the API, sent as `Accept: application/vnd.atlas.<version>+json`. */
  version?: '2023-02-01' | '2024-05-30' | '2024-11-13';
  /** Values that an error must not repeat, even if Atlas's answer does. */
  secrets?: string[];
}

export interface TransportOptions {
  baseUrl: string;
  fetch: AtlasFetch;
  signal: AbortSignal;
  /** The deployment's own project: if the credentials do not see it, no cluster can be connected. */
  ownProjectId?: string;
  /** Of the secret with the credentials, for messages about them. */
  credentialsSecretArn?: string;
  /** Milliseconds that the function still has. */
  remainingMs: () => number;
}

/**
 * Sends requests to the Atlas Administration API and reads its answers. Every method throws:
 * AtlasRefused (4xx, with `status` and `errorCode`; AtlasCredentialsRefused if it is about the credentials), AtlasThrottled (a 429 that the function does not wait out) or
 * AtlasUnavailable (no usable answer: a write may or may not have happened, so read before writing again).
 */
export class AtlasTransport {
  readonly #options: TransportOptions;
  /** The share of Atlas's requests for the project that was left at the last answer, 0 to 1; 1 if Atlas does not say it. */
  remainingShare = 1;
  /** The time of Atlas's last answer by its own clock, ISO 8601; undefined if it has not said it. */
  answeredAt: string | undefined;
  /** Whether Atlas has answered a request of this function. Before that, the machine's back-off loses nothing. */
  #hasBegun = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** All pages of a list. */
  async list<Schema extends z.ZodMiniType>(schema: Schema, call: Omit<Call, 'method' | 'query'>) {
    const all: z.infer<Schema>[] = [];
    for (let pageNum = 1; ; pageNum++) {
      const query = { itemsPerPage: String(itemsPerPage), pageNum: String(pageNum) };
      const { results, totalCount } = await this.call(page(schema), { ...call, method: 'GET', query });
      all.push(...results);
      if (results.length === 0 || all.length >= (totalCount ?? 0)) return all;
    }
  }

  /** One request. @returns what the schema reads of the answer */
  async call<Schema extends z.ZodMiniType>(schema: Schema, call: Call): Promise<z.infer<Schema>> {
    const what = `${call.method} ${call.path}`;
    const response = await this.#send(what, call);
    const text = await response.text().catch((error: unknown) => {
      throw new AtlasUnavailable(`Atlas broke off its answer to ${what} (${reason(error)}).`);
    });
    const isOwnProject = call.path.split('/').includes(this.#options.ownProjectId ?? '<unknown>');
    if (!response.ok) throw this.#named(refusal(what, response, text, { secrets: call.secrets ?? [], isOwnProject }));
    const answer = schema.safeParse(text === '' ? {} : json(text));
    if (answer.success) return answer.data;
    const fields = answer.error.issues.map((issue) => issue.path.join('.') || 'the body').join(', ');
    throw new AtlasUnavailable(`Atlas's answer to ${what} cannot be read (${fields}).`);
  }

  /** Says which secret has the credentials that Atlas has refused. */
  #named(error: unknown): unknown {
    const { credentialsSecretArn } = this.#options;
    if (!(error instanceof AtlasCredentialsRefused) || !credentialsSecretArn) return error;
    return new AtlasCredentialsRefused(`${error.message} The credentials are in ${credentialsSecretArn}.`, error);
  }

  async #send(what: string, { method, path, query, body, version = '2023-02-01' }: Call): Promise<AtlasResponse> {
    const { baseUrl, fetch, signal, remainingMs } = this.#options;
    const url = `${baseUrl}${path}${query ? `?${new URLSearchParams(query)}` : ''}`;
    const headers = {
      Accept: `application/vnd.atlas.${version}+json`,
      ...(body !== undefined && { 'Content-Type': `application/vnd.atlas.${version}+json` }),
    };
    for (let pauses = 0; ; pauses++) {
      const response = await fetch(url, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      }).catch((error: unknown) => {
        if (isNoAnswer(error)) throw new AtlasUnavailable(`Atlas did not answer ${what} (${reason(error)}).`);
        throw this.#named(error);
      });
      this.answeredAt = timeOf(response) ?? this.answeredAt;
      this.remainingShare = remainingShareOf(response) ?? this.remainingShare;
      // A write that was answered with 503 may have happened, so only its caller may repeat it.
      const waitMs = response.status === 503 && method !== 'GET' ? undefined : retryAfterMs(response);
      if (waitMs === undefined) {
        this.#hasBegun ||= response.status !== 401;
        return response;
      }
      const pauseMs = waitMs + Math.random() * Math.min(waitMs * jitter.factor, jitter.maxMs);
      if (!this.#hasBegun || pauses >= maxPauses || pauseMs > remainingMs() - reservedMs) return response;
      await pause(pauseMs, undefined, { signal });
    }
  }
}

/** Retry-After of a 429 or 503, which Atlas gives in seconds. Zero counts as none: the machine's back-off then makes a pause. */
function retryAfterMs(response: AtlasResponse): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers.get('retry-after') || Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/**
 * Atlas's token bucket for the Streams endpoints of a project. An endpoint without a limit, or a proxy, sends no such headers.
 *
 * @see https://www.mongodb.com/docs/atlas/api/api-rate-limit/
 */
function remainingShareOf({ headers }: AtlasResponse): number | undefined {
  const share = Number(headers.get('ratelimit-remaining') ?? Number.NaN) / Number(headers.get('ratelimit-limit'));
  return share >= 0 && share <= 1 ? share : undefined;
}

/** The `Date` header. @see https://www.rfc-editor.org/rfc/rfc9110#field.date */
function timeOf({ headers }: AtlasResponse): string | undefined {
  const time = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** How `fetch` reports a broken connection (a TypeError with a cause), a time-out and an abort. */
const isNoAnswer = (error: unknown) =>
  (error instanceof TypeError && error.cause !== undefined) ||
  (error instanceof DOMException && /Timeout|Abort/.test(error.name));

/** Why a `fetch` failed: the system's code is in `cause`. */
function reason(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return name === 'TimeoutError'
    ? `no answer within ${requestTimeoutMs / 1000} s`
    : (cause?.code ?? cause?.message ?? message);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(
  what: string,
  response: AtlasResponse,
  text: string,
  { secrets, isOwnProject }: { secrets: string[]; isOwnProject: boolean },
): Error {
  const { status, headers } = response;
  const { errorCode, detail, reason } = (json(text) ?? {}) as Record<
    'errorCode' | 'detail' | 'reason',
    string | undefined
  >;
  const said = secrets.reduce(
    (words, secret) => words.replaceAll(secret, '***'),
    [errorCode, detail ?? reason].filter(Boolean).join(': ') || 'no reason given',
  );
  if (status === 429) {
    const retryAfter = headers.get('retry-after');
    return new AtlasThrottled(`Atlas throttles ${what}${retryAfter ? ` for ${retryAfter} s` : ''} (${said}).`);
  }
  // A 404 without Atlas's error code is another server's page and doesn't mean "not found". Atlas never redirects.
  const isFromAtlas = status >= 400 && (status !== 404 || Boolean(errorCode));
  if (status >= 500 || status === 408 || status === 425 || (status === 401 && isStale(response)) || !isFromAtlas)
    return new AtlasUnavailable(`Atlas answered ${what} with HTTP ${status} (${said}).`);
  const isUnseen = isOwnProject && errorCode === projectNotFound;
  const remedy = isUnseen ? remedyForProject : remedyFor(status, errorCode);
  const Refusal = isUnseen || isAboutCredentials(status, errorCode) ? AtlasCredentialsRefused : AtlasRefused;
  return new Refusal(`Atlas refused ${what} with HTTP ${status} (${said}).${remedy ? ` ${remedy}` : ''}`, {
    status,
    errorCode: errorCode ?? '',
  });
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
