import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod/mini';
import { AtlasRefused, AtlasThrottled, AtlasUnavailable } from '../errors.ts';
import { isStale } from './authentication.ts';
import type { AtlasFetch, AtlasResponse } from './http.ts';
import {
  Accepted,
  AccountDetails,
  Connection,
  type KafkaConnectionRequest,
  PrivateLink,
  page,
  StreamProcessor,
  Workspace,
} from './types.ts';

/** One answer may take this long; a function has time for a second try by the machine, not for an endless wait. */
const requestTimeoutMs = 15_000;

/** Retry-After is honoured inside the function while this much of its time is left for the call itself, */
const timeForTheCallMs = 20_000;

/** and so many times for one request: after that, the machine's back-off is kinder to Atlas, and costs nothing. */
const mostPauses = 4;

/** Those who were refused together do not come back together: each waits up to this much longer than Atlas names. */
const spread = { times: 9, mostMs: 10_000 };

/** Atlas's largest page (`itemsPerPage`). */
const itemsPerPage = 500;

interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** The resource version of the API, sent as `Accept: application/vnd.atlas.<version>+json`. */
  version?: '2023-02-01' | '2024-05-30' | '2024-11-13';
  /** Values that must not appear in an error, should Atlas's answer repeat them. */
  secrets?: string[];
}

interface Options {
  baseUrl: string;
  fetch: AtlasFetch;
  signal: AbortSignal;
  /** Milliseconds that the caller still has. */
  remainingMs: () => number;
}

/**
 * The Streams part of the Atlas Administration API v2, as far as we need it. Every method throws:
 * AtlasRefused (4xx, with `status` and `errorCode`), AtlasThrottled (429 that cannot be waited for here) or
 * AtlasUnavailable (no usable answer: a write may or may not have happened, so read before writing again).
 */
export class AtlasClient {
  readonly #options: Options;
  #remainingShare = 1;
  /** Whether a request of this function was answered: one that has not begun is left to the machine, and loses nothing by it. */
  #hasBegun = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The share of Atlas's requests for the project that was left at the last answer, 0 to 1; 1 where Atlas does not say it. */
  get remainingShare(): number {
    return this.#remainingShare;
  }

  /** The AWS account that Atlas Stream Processing uses for this project and Region. @param region such as US_EAST_1 */
  async accountDetails(projectId: string, region: string) {
    const query = { cloudProvider: 'aws', regionName: region };
    const path = `${streams(projectId)}/accountDetails`;
    return this.#call(AccountDetails, { method: 'GET', path, query, version: '2024-11-13' });
  }

  /** All private links of the project, dying ones included. */
  async listPrivateLinks(projectId: string): Promise<PrivateLink[]> {
    return this.#list(PrivateLink, { path: `${streams(projectId)}/privateLinkConnections` });
  }

  /** Requests a private link to an MSK cluster. Not idempotent: list first. The answer has no `state` yet. */
  async createPrivateLink(projectId: string, clusterArn: string): Promise<PrivateLink> {
    const body = { provider: 'AWS', vendor: 'MSK', arn: clusterArn, authenticationScheme: 'SASL_SCRAM' };
    return this.#call(PrivateLink, { method: 'POST', path: `${streams(projectId)}/privateLinkConnections`, body });
  }

  async getPrivateLink(projectId: string, id: string): Promise<PrivateLink> {
    return this.#call(PrivateLink, { method: 'GET', path: `${streams(projectId)}/privateLinkConnections/${id}` });
  }

  /** Asks Atlas to delete a private link; it is gone only when it is listed no more. */
  async deletePrivateLink(projectId: string, id: string): Promise<void> {
    await this.#call(Accepted, { method: 'DELETE', path: `${streams(projectId)}/privateLinkConnections/${id}` });
  }

  /** All workspaces of the project. */
  async listWorkspaces(projectId: string): Promise<Workspace[]> {
    return this.#list(Workspace, { path: streams(projectId) });
  }

  async getWorkspace(projectId: string, workspace: string): Promise<Workspace> {
    return this.#call(Workspace, { method: 'GET', path: `${streams(projectId)}/${encodeURIComponent(workspace)}` });
  }

  /** All connections of a workspace, of every type. */
  async listConnections(projectId: string, workspace: string): Promise<Connection[]> {
    return this.#list(Connection, { path: connections(projectId, workspace) });
  }

  async getConnection(projectId: string, workspace: string, name: string): Promise<Connection> {
    const path = `${connections(projectId, workspace)}/${encodeURIComponent(name)}`;
    return this.#call(Connection, { method: 'GET', path });
  }

  async createConnection(projectId: string, workspace: string, body: KafkaConnectionRequest): Promise<Connection> {
    const secrets = [body.authentication.password];
    return this.#call(Connection, { method: 'POST', path: connections(projectId, workspace), body, secrets });
  }

  /** Updates a connection; its networking cannot be changed. */
  async updateConnection(
    projectId: string,
    workspace: string,
    { name, networking: _, ...body }: KafkaConnectionRequest,
  ): Promise<Connection> {
    const path = `${connections(projectId, workspace)}/${encodeURIComponent(name)}`;
    const secrets = [body.authentication.password];
    return this.#call(Connection, { method: 'PATCH', path, body: { name, ...body }, secrets });
  }

  /** Asks Atlas to delete a connection; it is gone only when it is not found any more. */
  async deleteConnection(projectId: string, workspace: string, name: string): Promise<void> {
    const path = `${connections(projectId, workspace)}/${encodeURIComponent(name)}`;
    await this.#call(Accepted, { method: 'DELETE', path });
  }

  /** All stream processors of a workspace, whatever their state. */
  async listStreamProcessors(projectId: string, workspace: string): Promise<StreamProcessor[]> {
    const path = `${streams(projectId)}/${encodeURIComponent(workspace)}/processors`;
    return this.#list(StreamProcessor, { path, version: '2024-05-30' });
  }

  async #list<Schema extends z.ZodMiniType>(schema: Schema, call: Omit<Call, 'method' | 'query'>) {
    const all: z.infer<Schema>[] = [];
    for (let pageNum = 1; ; pageNum++) {
      const query = { itemsPerPage: String(itemsPerPage), pageNum: String(pageNum) };
      const { results, totalCount } = await this.#call(page(schema), { ...call, method: 'GET', query });
      all.push(...results);
      if (results.length === 0 || all.length >= (totalCount ?? 0)) return all;
    }
  }

  async #call<Schema extends z.ZodMiniType>(schema: Schema, call: Call): Promise<z.infer<Schema>> {
    const what = `${call.method} ${call.path}`;
    const response = await this.#send(what, call);
    const text = await response.text().catch((error: unknown) => {
      throw new AtlasUnavailable(`Atlas broke off its answer to ${what} (${reason(error)}).`);
    });
    if (!response.ok) throw refusal(what, response, text, call.secrets ?? []);
    const answer = schema.safeParse(text === '' ? {} : json(text));
    if (answer.success) return answer.data;
    const fields = answer.error.issues.map((issue) => issue.path.join('.') || 'the body').join(', ');
    throw new AtlasUnavailable(`Atlas answered ${what} in a way that cannot be read (${fields}).`);
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
        throw error;
      });
      this.#remainingShare = remainingShareOf(response) ?? this.#remainingShare;
      const waitMs = retryAfterMs(response);
      if (waitMs === undefined) {
        this.#hasBegun ||= response.status !== 401;
        return response;
      }
      const pauseMs = waitMs + Math.random() * Math.min(waitMs * spread.times, spread.mostMs);
      if (!this.#hasBegun || pauses >= mostPauses || pauseMs > remainingMs() - timeForTheCallMs) return response;
      await pause(pauseMs, undefined, { signal });
    }
  }
}

const streams = (projectId: string) => `/api/atlas/v2/groups/${projectId}/streams`;
const connections = (projectId: string, workspace: string) =>
  `${streams(projectId)}/${encodeURIComponent(workspace)}/connections`;

/** Retry-After of a 429 or 503, in seconds on Atlas's wire. Zero is no pause: then the machine's back-off must make one. */
function retryAfterMs(response: AtlasResponse): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers.get('retry-after') || Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/**
 * Atlas's token bucket for the Streams endpoints of a project. Headers of one that is unlimited, or of a proxy, say nothing.
 *
 * @see https://www.mongodb.com/docs/atlas/api/api-rate-limit/
 */
function remainingShareOf({ headers }: AtlasResponse): number | undefined {
  const share = Number(headers.get('ratelimit-remaining') ?? Number.NaN) / Number(headers.get('ratelimit-limit'));
  return share >= 0 && share <= 1 ? share : undefined;
}

/** How `fetch` reports a broken connection (a TypeError with a cause), a time-out and an abort. */
const isNoAnswer = (error: unknown) =>
  (error instanceof TypeError && error.cause !== undefined) ||
  (error instanceof DOMException && /Timeout|Abort/.test(error.name));

/** What a failed `fetch` says of itself: it hides the system's code in `cause`. */
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

function refusal(what: string, response: AtlasResponse, text: string, secrets: string[]): Error {
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
  // A 404 in other words than Atlas's own is a page of somebody else, and not the answer that there is none; Atlas redirects
  // nobody.
  const isNotOfAtlas = (status === 404 && !errorCode) || status < 400;
  if (status >= 500 || status === 408 || status === 425 || (status === 401 && isStale(response)) || isNotOfAtlas)
    return new AtlasUnavailable(`Atlas answered ${what} with HTTP ${status} (${said}).`);
  const remedy = remedyFor(status, errorCode);
  return new AtlasRefused(`Atlas refused ${what} with HTTP ${status} (${said}).${remedy ? ` ${remedy}` : ''}`, {
    status,
    errorCode: errorCode ?? '',
  });
}

function remedyFor(status: number, errorCode: string | undefined): string | undefined {
  if (errorCode === 'IP_ADDRESS_NOT_ON_ACCESS_LIST' || errorCode === 'ORG_REQUIRES_ACCESS_LIST')
    return 'Add the address that the functions call from to the access list of the API key or service account, or take the list away: a Lambda function outside a VPC has no fixed address.';
  if (status === 401) return 'Check the keys in the Atlas credentials secret: Atlas does not know them.';
  if (status === 403)
    return 'Give the API key or service account the role Project Stream Processing Owner for this project.';
  return undefined;
}

/** Turns Atlas's 404 into undefined: not found is an outcome, not an error. */
export const noneWhenAbsent = (error: unknown): undefined => {
  if (error instanceof AtlasRefused && error.status === 404) return undefined;
  throw error;
};
