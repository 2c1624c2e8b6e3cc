import type { Exchange, ServiceName } from './emulator.ts';

export interface RecorderOptions {
  /** Default: true. */
  keepsExchanges?: boolean;
  onExchange?: ((exchange: Exchange) => void) | undefined;
}

/** Records the exchanges with all emulators, in the order of their answers. */
export class Recorder {
  readonly exchanges: Exchange[] = [];
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions = {}) {
    this.#options = options;
  }

  record(exchange: Exchange): void {
    const { keepsExchanges = true, onExchange } = this.#options;
    if (keepsExchanges) this.exchanges.push(exchange);
    onExchange?.(exchange);
  }

  /** The exchanges with one service, or those of one of its operations. */
  exchangesOf(service: ServiceName, operation?: string): Exchange[] {
    return this.exchanges.filter(
      (it) => it.service === service && (operation === undefined || it.operation === operation),
    );
  }
}
