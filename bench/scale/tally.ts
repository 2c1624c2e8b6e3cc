import { personsAccessKeyId } from '../../emulators/deployment/iam.ts';
import type { Exchange } from '../../emulators/emulator.ts';
import type { MachineEvent } from '../../emulators/step-functions/execution.ts';

/** How often an operation was asked for, and how often it was refused because there had been too many. */
export interface Asked {
  requests: number;
  throttled: number;
}

export const quarterMinutes = 15;

/** Counts what many runs do, and keeps nothing of it that grows with them. */
export class Tally {
  /** By service and operation: `atlas getGroupStreamConnection`. A challenge to sign is `atlas 401`. */
  readonly asked = new Map<string, Asked>();
  /** Requests to Atlas by simulated quarter of an hour, from the start: the storms. */
  readonly quarters: Asked[] = [];
  /** Times that a state was entered, and retried, by its name. */
  readonly entered = new Map<string, number>();
  /** By state and error: `CheckPrivateLink AtlasThrottled`. */
  readonly retried = new Map<string, number>();
  transitions = 0;
  readonly #startedAt: () => Date;
  readonly #latestError = new WeakMap<object, string>();

  constructor(startedAt: () => Date) {
    this.#startedAt = startedAt;
  }

  readonly exchange = ({ service, operation, caller, status, at }: Exchange): void => {
    if (caller === personsAccessKeyId) return;
    const name = `${service} ${status === 401 ? '401' : operation}`;
    const throttled = status === 429 || (service !== 'atlas' && service !== 'kafka' && status === 400);
    add(this.asked, name, throttled);
    if (service !== 'atlas' || status === 401) return;
    const quarter = Math.floor((at.getTime() - this.#startedAt().getTime()) / (quarterMinutes * 60_000));
    while (this.quarters.length <= quarter) this.quarters.push({ requests: 0, throttled: 0 });
    count(this.quarters[quarter] as Asked, throttled);
  };

  readonly event = (event: MachineEvent, execution: object): void => {
    if (event.type === 'TaskAnswered' && event.error) this.#latestError.set(execution, event.error.errorType);
    if (event.type === 'StateEntered') increment(this.entered, event.state.name);
    if (event.type === 'StateRetried')
      increment(this.retried, `${event.state.name} ${this.#latestError.get(execution)}`);
    if (event.type === 'StateEntered' || event.type === 'StateRetried') this.transitions += 1;
  };

  /** Of all operations of these services. */
  sum(...services: string[]): Asked {
    const sum = { requests: 0, throttled: 0 };
    for (const [name, { requests, throttled }] of this.asked) {
      if (!services.some((service) => name.startsWith(`${service} `))) continue;
      sum.requests += requests;
      sum.throttled += throttled;
    }
    return sum;
  }
}

function add(all: Map<string, Asked>, name: string, throttled: boolean): void {
  const asked = all.get(name) ?? { requests: 0, throttled: 0 };
  count(asked, throttled);
  all.set(name, asked);
}

function count(asked: Asked, throttled: boolean): void {
  asked.requests += 1;
  if (throttled) asked.throttled += 1;
}

const increment = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
