import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clock } from './clock.ts';
import type { Recorder } from './recorder.ts';

/** What the emulators of AWS services and of Atlas share: HTTP on loopback, the record, and the place for faults. */

export type ServiceName = 'kafka' | 'secretsmanager' | 'states' | 'sns' | 'atlas';

export interface Request {
  method: string;
  /** As it arrived: path and query. */
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
  body: string;
}

/** An answer that ends a request early: thrown wherever the emulated service would say no. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(message: string, answer: Answer) {
    super(message);
    this.answer = answer;
  }
}

/** What a request means to a service: the operation's name, then who asks, then the doing of it. */
export interface Route {
  operation: string;
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
}

/**
 * What the caller gets: an answer, whole or cut short; `'reset'`, a connection that breaks; or `'silence'`, one on which
 * nothing ever comes.
 */
export type Delivery = Answer | { cutShort: Answer } | 'reset' | 'silence';

/**
 * Middleware around every authenticated call: answer instead of the service (throttling), or `next()` and then deliver
 * something else (an answer that is lost after the call was applied).
 */
export type Intercept = (call: Call, next: () => Promise<Answer>) => Promise<Delivery>;

export interface Listener {
  url: string;
  /** Breaks all connections, and refuses new ones until `comeUp`. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

export interface ListenOptions {
  clock: Clock;
  recorder: Recorder;
  intercept?: Intercept | undefined;
  /** 0, the default: any free port. */
  port?: number;
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
  await start(options.port ?? 0);
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
  const answer = typeof delivery === 'string' ? undefined : 'cutShort' in delivery ? delivery.cutShort : delivery;
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
  else if (answer && delivery === answer) outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  else if (answer) cutShort(answer, outgoing);
}

/** Promises the whole body, sends half of it, and breaks off. */
function cutShort({ status, headers, body }: Answer, outgoing: ServerResponse): void {
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, { ...headers, 'content-length': bytes.length + 1 });
  outgoing.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => outgoing.destroy());
}

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
    const { method, path, body } = request;
    const call = { service: service.name, operation, method, path, caller: authenticated, body };
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

/** Anything but a refusal is a fault of the emulator itself: it must not pass for a transient 500 of the service. */
function toAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return error.answer;
  console.error('The local cloud itself has failed:', error);
  return { status: 501, body: JSON.stringify({ message: `The local cloud itself has failed: ${error}` }) };
}
