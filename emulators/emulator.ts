import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Clock } from './clock.ts';

/**
 * What all emulators share: HTTP on loopback, the recording of exchanges, and the injection of faults.
 *
 * The comments of the emulators say how each behaviour is known: documented (by AWS, MongoDB or the AWS SDK), recorded (in real
 * traffic), reported (by users), or assumed (without any source). An assumption is the reading that is harder on our code.
 */

export type ServiceName = 'kafka' | 'secretsmanager' | 'dynamodb' | 'states' | 'sns' | 'atlas';

export interface Request {
  method: string;
  /** Path and query, as received. */
  url: string;
  /** Percent-encoded, without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Not compressed. It is sent compressed if the Content-Type ends with `+gzip`. */
  body: string;
}

/** The emulated service refuses the request. Throw it anywhere in a route. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(message: string, answer: Answer) {
    super(message);
    this.answer = answer;
  }
}

/** What a service does with one request. */
export interface Route {
  operation: string;
  /** @returns the caller */
  authenticate(): string | Promise<string>;
  apply(caller: string): Answer | Promise<Answer>;
}

export interface Service {
  readonly name: ServiceName;
  route(request: Request): Route;
}

/** An authenticated call, as an interceptor sees it. */
export interface Call {
  service: ServiceName;
  operation: string;
  method: string;
  path: string;
  caller: string;
  body: string;
  authorization: string | undefined;
}

/**
 * What the caller receives: an answer; the first half of an answer; a connection that is reset; or nothing at all, on a
 * connection that stays open.
 */
export type Delivery = Answer | { cutShort: Answer } | 'reset' | 'silence';

/**
 * Middleware around every authenticated call. It may answer in the place of the service (as throttling does), or call `next`
 * and deliver something else (as if the answer was lost after the call had been applied).
 */
export type Intercept = (call: Call, next: () => Promise<Answer>) => Promise<Delivery>;

/** One request and its answer. The Authorization header is left out. */
export interface Exchange {
  /** The simulated time of the request. */
  at: Date;
  service: ServiceName;
  operation: string;
  method: string;
  path: string;
  query: string;
  /** The access key id, API key or client id; undefined if the authentication failed. */
  caller: string | undefined;
  status: number | 'reset' | 'silence';
  requestHeaders: IncomingHttpHeaders;
  /** Complete, including any password. */
  requestBody: string;
  responseBody: string;
}

export interface Listener {
  url: string;
  /** Closes all connections and refuses new ones until `comeUp`. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

export interface ListenOptions {
  clock: Clock;
  recorder: { record(exchange: Exchange): void };
  intercept?: Intercept | undefined;
}

/** Serves an emulated service on loopback. */
export async function listen(service: Service, options: ListenOptions): Promise<Listener> {
  const server = createServer((incoming, outgoing) => {
    serve(service, options, incoming, outgoing).catch((error) => outgoing.destroy(error));
  });
  const start = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await start(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    goDown: stop,
    comeUp: async () => {
      if (!server.listening) await start(port);
    },
    close: stop,
  };
}

async function serve(service: Service, options: ListenOptions, incoming: IncomingMessage, outgoing: ServerResponse) {
  const at = options.clock.now();
  const request = await read(incoming);
  const { operation, caller, delivery } = await deliveryTo(service, options.intercept, request);
  const given = typeof delivery === 'string' ? undefined : 'cutShort' in delivery ? delivery.cutShort : delivery;
  // Documented (RFC 9110): a server with a clock dates its answers. By the simulated clock: the AWS SDK repeats a refused request if the
  // date differs from the function's by more than five minutes.
  const date = options.clock.now().toUTCString();
  const answer = given && { ...given, headers: { date, ...given.headers } };
  const { authorization: _, ...requestHeaders } = request.headers;
  options.recorder.record({
    at,
    service: service.name,
    operation,
    method: request.method,
    path: request.path,
    query: request.query.toString(),
    caller,
    status: answer?.status ?? (delivery as 'reset' | 'silence'),
    requestHeaders,
    requestBody: request.body,
    responseBody: answer?.body ?? '',
  });
  if (delivery === 'reset') incoming.socket.resetAndDestroy();
  else if (answer && delivery === given) outgoing.writeHead(answer.status, answer.headers).end(bytesOf(answer));
  else if (answer) cutShort(answer, outgoing);
}

/** Announces the length of the whole body, sends half of it, and closes the connection. */
function cutShort(answer: Answer, outgoing: ServerResponse): void {
  const bytes = bytesOf(answer);
  outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length + 1 });
  outgoing.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => outgoing.destroy());
}

const bytesOf = ({ headers, body }: Answer): Buffer =>
  headers?.['content-type']?.endsWith('+gzip') ? gzipSync(body) : Buffer.from(body);

async function read(incoming: IncomingMessage): Promise<Request> {
  const { method = 'GET', url = '/' } = incoming;
  const [path = '/', query] = url.split('?', 2);
  return {
    method,
    url,
    path,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    body: await text(incoming),
  };
}

async function deliveryTo(service: Service, intercept: Intercept = (_, next) => next(), request: Request) {
  let operation = 'unknown';
  let caller: string | undefined;
  try {
    const route = service.route(request);
    operation = route.operation;
    const authenticated = await route.authenticate();
    caller = authenticated;
    const { method, path, body, headers } = request;
    const call = {
      service: service.name,
      operation,
      method,
      path,
      caller: authenticated,
      body,
      authorization: headers.authorization,
    };
    const next = async () => {
      try {
        return await route.apply(authenticated);
      } catch (error) {
        return toAnswer(error);
      }
    };
    return { operation, caller, delivery: await intercept(call, next) };
  } catch (error) {
    return { operation, caller, delivery: toAnswer(error) };
  }
}

/** Any error but a refusal is a bug in the emulator. It must not look like a transient error (500) of the service. */
function toAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return error.answer;
  console.error('The local cloud has a bug:', error);
  return { status: 501, body: JSON.stringify({ message: `The local cloud has a bug: ${error}` }) };
}
