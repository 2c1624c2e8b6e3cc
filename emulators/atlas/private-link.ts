import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { brokerDomain, parseArn } from '../arn.ts';
import type { Clock } from '../clock.ts';
import type { PrivateLinkRequest } from './body.ts';

/** How a private link fares, decided by the emulator that makes it. */
export interface LinkFate {
  /** Until DONE or FAILED. */
  minutes: number;
  /** Makes the link fail at the end, with this message. */
  failure: string | undefined;
  /** Asked once, when the link starts WORKING: whether Atlas's account may connect to the cluster. */
  mayConnect: () => boolean;
}

type LinkState = 'IDLE' | 'WORKING' | 'DONE' | 'FAILED' | 'DELETE_REQUESTED' | 'DELETING' | 'DELETED';

/** The first state of a creation or a deletion lasts a minute; a deletion is over after five. */
const firstStateMinutes = 1;
const deleteMinutes = 5;

/** One private link to an MSK cluster. Its state is computed from the clock each time that somebody asks. */
export class PrivateLink {
  readonly id = randomBytes(12).toString('hex');
  readonly request: z.infer<typeof PrivateLinkRequest>;
  readonly #clock: Clock;
  readonly #createdAt: Date;
  readonly #fate: LinkFate;
  #deletedAt: Date | undefined;
  #mayConnect: boolean | undefined;

  constructor(request: z.infer<typeof PrivateLinkRequest>, clock: Clock, fate: LinkFate) {
    this.request = request;
    this.#clock = clock;
    this.#createdAt = clock.now();
    this.#fate = fate;
  }

  get state(): LinkState {
    if (this.#deletedAt) return this.#stateOfDeletion(this.#deletedAt);
    const elapsed = this.#clock.minutesSince(this.#createdAt);
    if (elapsed < firstStateMinutes) return 'IDLE';
    this.#mayConnect ??= this.#fate.mayConnect();
    if (!this.#mayConnect) return 'FAILED';
    if (elapsed < this.#fate.minutes) return 'WORKING';
    return this.#fate.failure === undefined ? 'DONE' : 'FAILED';
  }

  get isDying(): boolean {
    return this.#deletedAt !== undefined;
  }

  delete(): void {
    this.#deletedAt ??= this.#clock.now();
  }

  /** The answer to the POST: the request as it was sent, and no state. */
  created(): object {
    return { _id: this.id, ...this.request };
  }

  /** What GET and LIST show. */
  describe(): object {
    const { arn, authenticationScheme, provider, vendor } = this.request;
    const state = this.state;
    return {
      _id: this.id,
      arn,
      authenticationScheme,
      ...(state === 'DONE' ? this.#endpoint() : {}),
      errorMessage: state === 'FAILED' ? this.#errorMessage() : undefined,
      provider: provider.toUpperCase(),
      region: parseArn(arn).region.replaceAll('-', '_').toUpperCase(),
      state,
      vendor: vendor.toUpperCase(),
    };
  }

  get dnsDomain(): string {
    return `scram.${brokerDomain(this.request.arn)}`;
  }

  #endpoint() {
    return { dnsDomain: this.dnsDomain, interfaceEndpointId: `vpce-${this.id.slice(0, 17)}` };
  }

  #errorMessage(): string | undefined {
    return this.#mayConnect
      ? this.#fate.failure
      : `Not authorized to create a VPC connection to ${this.request.arn}. Check the cluster policy.`;
  }

  #stateOfDeletion(since: Date): LinkState {
    const elapsed = this.#clock.minutesSince(since);
    if (elapsed < firstStateMinutes) return 'DELETE_REQUESTED';
    return elapsed < deleteMinutes ? 'DELETING' : 'DELETED';
  }
}
