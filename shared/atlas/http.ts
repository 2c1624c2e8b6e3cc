import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { inMegabytes, LimitExceeded, maxBytes as usualMaxBytes } from './limits.ts';

/** A `fetch`, as far as calls to Atlas need one. */
export type AtlasFetch = (url: string, init: AtlasRequestInit) => Promise<AtlasResponse>;

export interface AtlasRequestInit {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Whether the request is safe to repeat; a GET always is. */
  isRepeatable?: boolean;
  onNewConnection?: boolean;
  /** A longer answer is broken off; default: 1 MB. */
  maxBytes?: number;
}

export interface AtlasResponse {
  status: number;
  ok: boolean;
  headers: Pick<Headers, 'get'>;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
  json(): Promise<unknown>;
  /** The request that it answers, if that is another one than the one that was to be sent. */
  answers?: string;
}

/** A kept-alive connection was closed meanwhile, for example while Lambda kept the container frozen. */
class ConnectionClosed extends TypeError {}

/**
 * `fetch` over the HTTP client that the AWS SDK has loaded anyway. The global fetch would load another client, undici, which takes
 * a third of the cold start of a function that calls Atlas (`npm run bench`). The body is read before the answer is returned, so
 * the connection is free for the next request even if the caller ignores the body, as digest-fetch does for a 401.
 *
 * @throws TypeError whose `cause` is the system's error, if no answer comes; the signal's reason, if it is aborted
 */
export const httpFetch: AtlasFetch = async (url, init) => {
  const { method, headers, body, signal, onNewConnection, maxBytes = usualMaxBytes } = init;
  // Only the local cloud has no TLS. An `import` of node:http would load undici as well (nodejs/node#57649).
  const { request } = new URL(url).protocol === 'https:' ? https : process.getBuiltinModule('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, {
    method,
    headers: { 'User-Agent': 'msk-atlas-privatelink', ...headers },
    signal,
    ...(onNewConnection && { agent: false }),
  });
  // An answer that switches to another protocol is neither a response nor an error: Node only closes the connection.
  const closed = () => reject(new Error('The connection was closed without an answer.'));
  outgoing.on('response', resolve).on('error', reject).on('close', closed).end(body);
  const failed = (cause: unknown): never => {
    if (signal.aborted) throw signal.reason;
    // https://nodejs.org/api/http.html#requestreusedsocket
    const wasClosed = outgoing.reusedSocket && (cause as { code?: string }).code === 'ECONNRESET';
    throw new (wasClosed ? ConnectionClosed : TypeError)('The answer is missing or incomplete.', { cause });
  };
  const incoming = await promise.catch(failed);
  const read = await readAll(incoming, maxBytes).then(
    (whole) => async () => whole,
    (error: unknown) => async () => failed(error),
  );
  const status = incoming.statusCode ?? 0;
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => incoming.headers[name.toLowerCase()]?.toString() ?? null },
    text: async () => (await read()).toString(),
    json: async () => JSON.parse((await read()).toString()),
    bytes: read,
  };
};

/**
 * Repeats a request once on a new connection if the kept-alive one was closed and the request is repeatable. It wraps the
 * signing `fetch`, because a server refuses a nonce count that it has seen.
 */
export const withReconnect =
  (fetch: AtlasFetch): AtlasFetch =>
  (url, init) =>
    fetch(url, init).catch((error: unknown) => {
      const { method, isRepeatable = method === 'GET' } = init;
      if (!(error instanceof ConnectionClosed) || !isRepeatable) throw error;
      return fetch(url, { ...init, onNewConnection: true });
    });

async function readAll(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop closes the connection.
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > maxBytes) throw new LimitExceeded(`The answer is longer than ${inMegabytes(maxBytes)}.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
