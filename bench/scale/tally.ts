import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import type { Exchange } from '../../emulators/emulator.ts';
import type { MachineEvent } from '../../emulators/step-functions/execution.ts';

/** The requests for an operation, and those of them that were throttled. */
export interface Requests {
  requests: number;
  throttled: number;
}

export const quarterMinutes = 15;

/** Counts what many runs do. Its size does not grow with the number of runs. */
export class Tally {
  /** By service and operation: `atlas getGroupStreamConnection`. A digest challenge is `atlas 401`. */
  readonly requests = new Map<string, Requests>();
  /** Requests to Atlas in each simulated quarter of an hour since the start. */
  readonly quarters: Requests[] = [];
  /** Retries by state and error: `CheckPrivateLink AtlasThrottled`. */
  readonly retried = new Map<string, number>();
  transitions = 0;
  readonly #startedAt: () => Date;
  readonly #latestError = new WeakMap<object, string>();

  constructor(startedAt: () => Date) {
    this.#startedAt = startedAt;
  }

  readonly exchange = ({ service, operation, caller, status, at, responseBody }: Exchange): void => {
    if (caller === personsAccessKeyId) return;
    const name = `${service} ${status === 401 ? '401' : operation}`;
    // Other refusals with 400 are a lost claim, of a cluster or of the access token.
    const throttled = status === 429 || (service !== 'atlas' && status === 400 && responseBody.includes('Throttling'));
    add(this.requests, name, throttled);
    if (service !== 'atlas' || status === 401) return;
    const quarter = Math.floor((at.getTime() - this.#startedAt().getTime()) / (quarterMinutes * 60_000));
    while (this.quarters.length <= quarter) this.quarters.push({ requests: 0, throttled: 0 });
    count(this.quarters[quarter] as Requests, throttled);
  };

  readonly event = (event: MachineEvent, execution: object): void => {
    if (event.type === 'TaskAnswered' && event.error) this.#latestError.set(execution, event.error.errorType);
    if (event.type === 'StateRetried')
      increment(this.retried, `${event.state.name} ${this.#latestError.get(execution)}`);
    if (event.type === 'StateEntered' || event.type === 'StateRetried') this.transitions += 1;
  };

  /** All requests to these services. */
  sum(...services: string[]): Requests {
    const sum = { requests: 0, throttled: 0 };
    for (const [name, { requests, throttled }] of this.requests) {
      if (!services.some((service) => name.startsWith(`${service} `))) continue;
      sum.requests += requests;
      sum.throttled += throttled;
    }
    return sum;
  }
}

function add(all: Map<string, Requests>, name: string, throttled: boolean): void {
  const counts = all.get(name) ?? { requests: 0, throttled: 0 };
  count(counts, throttled);
  all.set(name, counts);
}

function count(counts: Requests, throttled: boolean): void {
  counts.requests += 1;
  if (throttled) counts.throttled += 1;
}

const increment = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
