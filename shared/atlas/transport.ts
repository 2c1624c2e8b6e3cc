import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod/mini';
import { withCommand } from '../command.ts';
import { AtlasCredentialsRefused, AtlasUnavailable } from '../errors.ts';
import { blotOutCredentials, holdsPassword, withoutSecrets } from '../secrets/in-use.ts';
import { brokenOff, json, reasonOf, retryAfterMs, textOf } from './answer.ts';
import { lastTextOf } from './gzip.ts';
import type { AtlasFetch, AtlasResponse } from './http.ts';
import { heldText, LimitExceeded, maxPages, maxText, ofList } from './limits.ts';
import { refusal } from './refusal.ts';
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
const largestPage = 500;

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Whether Atlas has no password to repeat in its answer, although it is about a connection. */
  isWithoutPassword?: boolean;
  /** The resource version of the API, sent as `Accept: application/vnd.atlas.<version>+json`. */
  version?: '2023-01-01' | '2023-02-01' | '2024-05-30' | '2024-11-13' | '2025-03-12';
  /** What the answer is, if not JSON. */
  accept?: 'gzip';
  /** A longer answer is broken off; default: 1 MB. */
  maxBytes?: number;
}

type ListCall = Omit<Call, 'method' | 'query'> & { itemsPerPage?: number };

export interface TransportOptions {
  baseUrl: string;
  fetch: AtlasFetch;
  signal: AbortSignal;
  /** For one answer; default: 15 seconds. */
  timeoutMs?: number;
  /** The deployment's own project: if the credentials do not see it, no cluster can be connected. */
  ownProjectId?: string;
  /** Of the secret with the credentials, for messages about them. */
  credentialsSecret?: { id: string; region: string };
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

  /**
   * All pages of a list. A page with a limit of its own (`maxBytes`) holds objects whose schema keeps little of them. If it is too long, its
   * items are read one by one.
   */
  async list<Schema extends z.ZodMiniType>(schema: Schema, call: ListCall) {
    const { itemsPerPage = largestPage } = call;
    const all: z.infer<Schema>[] = [];
    let bytes = 0;
    for (let pageNum = 1; pageNum <= maxPages; pageNum++) {
      const answer = await this.#page(schema, call, itemsPerPage, pageNum).catch((error: unknown) => {
        if (!call.maxBytes || !(error instanceof LimitExceeded)) throw error;
        return this.#pageInParts(schema, call, itemsPerPage, pageNum);
      });
      const { results, totalCount } = answer.data;
      bytes += call.maxBytes ? 0 : answer.bytes;
      if (bytes > ofList.maxBytes || all.length + results.length > ofList.maxItems)
        throw new LimitExceeded(`Atlas's answer to GET ${call.path} has more than 5 MB or 10,000 items.`);
      all.push(...results);
      if (results.length === 0 || all.length >= (totalCount ?? 0)) return all;
    }
    throw new LimitExceeded(`Atlas's answer to GET ${call.path} has more than ${maxPages} pages.`);
  }

  #page<Schema extends z.ZodMiniType>(schema: Schema, call: ListCall, itemsPerPage: number, pageNum: number) {
    const { itemsPerPage: _, ...rest } = call;
    const query = { itemsPerPage: String(itemsPerPage), pageNum: String(pageNum) };
    return this.#exchange(page(schema), { ...rest, method: 'GET', query });
  }

  /** A page, by one request for each of its items. */
  async #pageInParts<Schema extends z.ZodMiniType>(
    schema: Schema,
    call: ListCall,
    itemsPerPage: number,
    pageNum: number,
  ) {
    const results: z.infer<Schema>[] = [];
    let totalCount: number | undefined;
    for (let number = (pageNum - 1) * itemsPerPage + 1; number <= pageNum * itemsPerPage; number++) {
      const { data } = await this.#page(schema, call, 1, number);
      results.push(...data.results);
      totalCount = data.totalCount;
      if (data.results.length === 0 || number >= (totalCount ?? 0)) break;
    }
    return { data: { results, totalCount }, bytes: 0 };
  }

  /** A compressed text. @returns the end of it, without the secrets in use */
  async download(call: Call): Promise<string> {
    const request = `${call.method} ${call.path}`;
    const response = await this.#send(request, call);
    if (!response.ok) await this.#refuse(request, call, response);
    const bytes = await response.bytes().catch(brokenOff(request, call.maxBytes));
    const text = await lastTextOf(bytes).catch((error: unknown) => {
      throw new AtlasUnavailable(`Atlas's answer to ${request} cannot be unpacked (${reasonOf(error)}).`);
    });
    return withoutSecrets(text);
  }

  /** One request. @returns what the schema reads of the answer */
  async call<Schema extends z.ZodMiniType>(schema: Schema, call: Call): Promise<z.infer<Schema>> {
    return (await this.#exchange(schema, call)).data;
  }

  async #exchange<Schema extends z.ZodMiniType>(
    schema: Schema,
    call: Call,
  ): Promise<{ data: z.infer<Schema>; bytes: number }> {
    const request = `${call.method} ${call.path}`;
    const response = await this.#send(request, call);
    if (!response.ok) await this.#refuse(request, call, response);
    const what = response.answers ?? request;
    const text = await textOf(what, response, call.maxBytes);
    const answer = schema.safeParse(text === '' ? {} : json(text));
    if (answer.success) return { data: blotOutCredentials(answer.data), bytes: Buffer.byteLength(text) };
    throw new AtlasUnavailable(`Atlas's answer to ${what} cannot be read (${unreadable(answer.error)}).`);
  }

  async #refuse(request: string, call: Call, response: AtlasResponse): Promise<never> {
    const what = response.answers ?? request;
    const text = await textOf(what, response, call.maxBytes);
    const isOwnProject = call.path.split('/').includes(this.#options.ownProjectId ?? '<unknown>');
    const isAboutPassword = /\/connections(\/|$)/.test(call.path) && !call.isWithoutPassword;
    const mayRepeatPassword = what === request && isAboutPassword && !holdsPassword();
    throw this.#named(refusal(what, response, text, { isOwnProject, mayRepeatPassword }));
  }

  /** Says which secret has the credentials that Atlas has refused. */
  #named(error: unknown): unknown {
    const { credentialsSecret } = this.#options;
    if (!(error instanceof AtlasCredentialsRefused) || !credentialsSecret) return error;
    const { id, region } = credentialsSecret;
    const where = `${error.message} The credentials are in ${id}.`;
    if (error.status !== 401) return new AtlasCredentialsRefused(where, error);
    const command = `aws secretsmanager put-secret-value --region ${region} --secret-id ${id} --secret-string file://credentials.json`;
    return new AtlasCredentialsRefused(withCommand(`${where} To replace them:`, command), error);
  }

  async #send(what: string, call: Call): Promise<AtlasResponse> {
    const { method, path, query, body, version = '2023-02-01', accept = 'json', maxBytes } = call;
    const { baseUrl, fetch, signal, remainingMs, timeoutMs = requestTimeoutMs } = this.#options;
    const url = `${baseUrl}${path}${query ? `?${new URLSearchParams(query)}` : ''}`;
    const headers = {
      Accept: `application/vnd.atlas.${version}+${accept}`,
      ...(body !== undefined && { 'Content-Type': `application/vnd.atlas.${version}+json` }),
    };
    for (let pauses = 0; ; pauses++) {
      const response = await fetch(url, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(maxBytes && { maxBytes }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      }).catch((error: unknown) => {
        if (isNoAnswer(error))
          throw new AtlasUnavailable(`Atlas did not answer ${what} (${reason(error, timeoutMs)}).`);
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

/** Why there was no answer. */
const reason = (error: unknown, timeoutMs: number): string =>
  (error as Error).name === 'TimeoutError' ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);

/** The fields that don't have the shape that we read. A field's name may be Atlas's. */
function unreadable({ issues }: z.core.$ZodError): string {
  const fields = issues.slice(0, 5).map(({ code, path, ...issue }) => {
    const field = path.join('.') || 'the body';
    return code === 'too_big' && 'maximum' in issue && issue.maximum === maxText
      ? `${field} is longer than 1,000 characters`
      : field;
  });
  return heldText(fields.join(', '));
}
