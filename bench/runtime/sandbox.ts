import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';
import { text } from 'node:stream/consumers';

/** A function that a sandbox can run. */
export interface Program {
  /** The path of the built module that exports `handler`. */
  bundle: string;
  arn: string;
  environment: Record<string, string>;
}

/** One answered event. */
export interface Answered {
  /** To the answer: from the start of the process for the first event, otherwise from the event. */
  milliseconds: number;
  /** Of the handler: without the time in which it waits for a request, but at least its CPU time. */
  ownMs: number;
  /** User and system time of the whole process so far. */
  cpuMs: number;
  payload: unknown;
}

/** A sandbox that hangs must not hang the benchmark. */
const timeoutMs = 120_000;

/** A process that runs a function as a Lambda sandbox does, with the flags and variables of Lambda's runtime. */
export class Sandbox {
  readonly #server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
  readonly #program: Program;
  /** CPU time of the process until it has loaded the function and asks for the first event. */
  initCpuMs = 0;
  #child: ChildProcess | undefined;
  /** The runtime's pending request for the next event. */
  #idle = Promise.withResolvers<ServerResponse>();
  #answered = Promise.withResolvers<Omit<Answered, 'milliseconds'>>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** @param client the built runtime client @returns the answer to the first event */
  async start(client: string, event: unknown): Promise<Answered> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    const { bundle, environment } = this.#program;
    const started = performance.now();
    this.#child = spawn(process.execPath, ['--expose-gc', '--max-http-header-size', '81920', client], {
      env: {
        ...environment,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        LAMBDA_TASK_ROOT: dirname(bundle),
        _HANDLER: `${basename(bundle, '.mjs')}.handler`,
      },
      // Its log is discarded.
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    this.#child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    this.#child.on('exit', () => this.#answered.reject(new Error(`${bundle} exited: ${errors}`)));
    return this.#invoke(event, started);
  }

  /** @throws if the function fails */
  invoke(event: unknown): Promise<Answered> {
    return this.#invoke(event, undefined);
  }

  async #invoke(event: unknown, startedAt: number | undefined): Promise<Answered> {
    const timer = setTimeout(() => this.#answered.reject(new Error('The sandbox does not answer.')), timeoutMs);
    const waiting = await Promise.race([this.#idle.promise, this.#answered.promise.then(() => undefined)]);
    this.#idle = Promise.withResolvers();
    const started = startedAt ?? performance.now();
    waiting
      ?.writeHead(200, {
        'Lambda-Runtime-Aws-Request-Id': randomUUID(),
        'Lambda-Runtime-Deadline-Ms': Date.now() + 60_000,
        'Lambda-Runtime-Invoked-Function-Arn': this.#program.arn,
      })
      .end(JSON.stringify(event));
    const answer = await this.#answered.promise.finally(() => clearTimeout(timer));
    const milliseconds = performance.now() - started;
    this.#answered = Promise.withResolvers();
    return { milliseconds, ...answer };
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (incoming.url?.endsWith('/next')) {
      this.initCpuMs ||= Number(incoming.headers['bench-cpu-ms']);
      this.#idle.resolve(outgoing);
      return;
    }
    const body = await text(incoming);
    const { 'bench-own-ms': ownMs, 'bench-cpu-ms': cpuMs } = incoming.headers;
    outgoing.writeHead(202).end();
    if (incoming.url?.endsWith('/error')) this.#answered.reject(new Error(body));
    else
      this.#answered.resolve({
        ownMs: Number(ownMs),
        cpuMs: Number(cpuMs),
        payload: JSON.parse(body),
      });
  }

  async stop(): Promise<void> {
    // Its exit is no longer a failure.
    this.#answered.promise.catch(() => {});
    this.#child?.removeAllListeners('exit').kill('SIGKILL');
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
