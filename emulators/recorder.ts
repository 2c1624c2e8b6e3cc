import type { IncomingHttpHeaders } from 'node:http';
import type { ServiceName } from './emulator.ts';

/** One request and what was answered, as a test or the timeline reads it. Never its Authorization header. */
export interface Exchange {
  /** Simulated. */
  at: Date;
  service: ServiceName;
  operation: string;
  method: string;
  path: string;
  query: string;
  /** The access key id, API key or client id; undefined where authentication failed. */
  caller: string | undefined;
  status: number | 'reset' | 'silence';
  requestHeaders: IncomingHttpHeaders;
  /** Whole, with any password in it: what our code sends to Atlas is its business, what it logs is not in here. */
  requestBody: string;
  responseBody: string;
}

export interface RecorderOptions {
  /** Whether `exchanges` keeps them; it does, if not said. */
  keeps?: boolean;
  onExchange?: ((exchange: Exchange) => void) | undefined;
}

/** Keeps every exchange with every emulator in the order of their answers, so that tests can count calls. */
export class Recorder {
  readonly exchanges: Exchange[] = [];
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions = {}) {
    this.#options = options;
  }

  record(exchange: Exchange): void {
    const { keeps = true, onExchange } = this.#options;
    if (keeps) this.exchanges.push(exchange);
    onExchange?.(exchange);
  }

  of(service: ServiceName, operation?: string): Exchange[] {
    return this.exchanges.filter((it) => it.service === service && (operation ?? it.operation) === it.operation);
  }
}
