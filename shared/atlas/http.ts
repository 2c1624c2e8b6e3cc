import type { IncomingMessage } from 'node:http';
import https from 'node:https';

/** A `fetch`, as far as calls to Atlas need one. */
export type AtlasFetch = (url: string, init: AtlasRequestInit) => Promise<AtlasResponse>;

export interface AtlasRequestInit {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Whether the request may be carried out twice; a GET always may. */
  isRepeatable?: boolean;
}

export interface AtlasResponse {
  status: number;
  ok: boolean;
  headers: Pick<Headers, 'get'>;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

/**
 * `fetch` over the HTTP client that the AWS SDK has loaded anyway. The global one would load another, undici, which is a third
 * of the cold start of a function that calls Atlas (`npm run bench`). The body is read before the answer is handed over, so
 * that the connection is free for the next request even where nobody asks for the body, as digest-fetch does not of a 401.
 * A connection that has ended unnoticed, while Lambda kept the container frozen, is no fault of Atlas's: what may be repeated takes another.
 *
 * @throws TypeError whose `cause` is the system's error, when no answer comes; the signal's reason, when it is aborted
 */
export const httpFetch: AtlasFetch = async (
  url,
  { method, headers, body, signal, isRepeatable = method === 'GET' },
) => {
  // Without TLS is the local cloud only. An `import` of node:http would load undici as well (nodejs/node#57649).
  const { request } = new URL(url).protocol === 'https:' ? https : process.getBuiltinModule('node:http');
  const send = (agent?: false): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = { method, headers: { 'User-Agent': 'msk-atlas-privatelink', ...headers }, signal };
    const outgoing = request(url, agent === false ? { ...options, agent } : options);
    outgoing.on('response', resolve).on('error', reject).end(body);
    return promise.catch((error: { code?: string }) => {
      // https://nodejs.org/api/http.html#requestreusedsocket
      const hadEnded = outgoing.reusedSocket && error.code === 'ECONNRESET' && isRepeatable;
      // Without the agent it is a new connection: the agent's others may have ended as well.
      return hadEnded ? send(false) : Promise.reject(error);
    });
  };
  const failed = (error: unknown): never => {
    throw signal.aborted ? signal.reason : new TypeError('There is no whole answer.', { cause: error });
  };
  const incoming = await send().catch(failed);
  const read = await readAll(incoming).then(
    (whole) => async () => whole,
    (error: unknown) => async () => failed(error),
  );
  const status = incoming.statusCode ?? 0;
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => incoming.headers[name.toLowerCase()]?.toString() ?? null },
    text: read,
    json: async () => JSON.parse(await read()),
  };
};

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
