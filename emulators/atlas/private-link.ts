import type { z } from 'zod';
import { brokerDomain, parseArn } from '../arn.ts';
import type { Clock } from '../clock.ts';
import type { SchemeOfMsk } from './behaviour.ts';
import { objectId } from './object-id.ts';
import { clusterRegion } from './regions.ts';
import type { PrivateLinkRequest } from './schemas/request.ts';

/** How the creation of a private link ends. */
export interface LinkOutcome {
  /** Until DONE or FAILED. */
  minutes: number;
  /** The message with which the link fails at the end. undefined: it does not fail. */
  failure: string | undefined;
  /** Whether Atlas's account may connect to the cluster. Called once, when the link becomes WORKING. */
  mayConnect: (scheme: SchemeOfMsk) => boolean;
}

type LinkState = 'IDLE' | 'WORKING' | 'DONE' | 'FAILED' | 'DELETE_REQUESTED' | 'DELETING' | 'DELETED';

type Scheme = NonNullable<z.infer<typeof PrivateLinkRequest>['authenticationScheme']>;

const schemesOfMsk: Record<Scheme, SchemeOfMsk> = { SASL_SCRAM: 'scram', IAM: 'iam', TLS: 'tls' };

/** The durations of the first state, of a creation or a deletion, and of a whole deletion. Assumed. */
const firstStateMinutes = 1;
const deleteMinutes = 5;

/** One private link to an MSK cluster. Its state is computed from the clock whenever it is read. */
export class PrivateLink {
  readonly id: string;
  readonly createdAt: Date;
  readonly request: z.infer<typeof PrivateLinkRequest>;
  readonly #clock: Clock;
  readonly #outcome: LinkOutcome;
  #deletedAt: Date | undefined;
  #mayConnect: boolean | undefined;

  constructor(request: z.infer<typeof PrivateLinkRequest>, clock: Clock, outcome: LinkOutcome) {
    this.request = request;
    this.#clock = clock;
    this.createdAt = clock.now();
    this.id = objectId(this.createdAt);
    this.#outcome = outcome;
  }

  get state(): LinkState {
    if (this.#deletedAt) return this.#stateOfDeletion(this.#deletedAt);
    const elapsed = this.#clock.minutesSince(this.createdAt);
    if (elapsed < firstStateMinutes) return 'IDLE';
    this.#mayConnect ??= this.#outcome.mayConnect(this.schemeOfMsk);
    if (!this.#mayConnect) return 'FAILED';
    if (elapsed < this.#outcome.minutes) return 'WORKING';
    return this.#outcome.failure === undefined ? 'DONE' : 'FAILED';
  }

  get isBeingDeleted(): boolean {
    return this.#deletedAt !== undefined;
  }

  delete(): void {
    this.#deletedAt ??= this.#clock.now();
  }

  /** The answer to the POST. Recorded: the fields of the request as sent, and no state. Assumed: without empty ones. */
  created(): object {
    const sent = Object.entries(this.request).filter(([, value]) => value !== '');
    return { _id: this.id, ...Object.fromEntries(sent) };
  }

  /** The link as in the answers to GET and LIST. Recorded: provider, vendor and Region are in upper case. */
  describe(): object {
    const { arn, provider, vendor } = this.request;
    const state = this.state;
    return {
      _id: this.id,
      arn,
      authenticationScheme: this.scheme,
      ...(state === 'DONE' ? this.#endpoint() : {}),
      errorMessage: state === 'FAILED' ? this.#errorMessage() : undefined,
      provider: provider.toUpperCase(),
      region: clusterRegion(parseArn(arn).region),
      state,
      vendor: vendor.toUpperCase(),
    };
  }

  /**
   * Documented by MongoDB's Terraform provider (mongodb/terraform-provider-mongodbatlas #4638): the default, that Atlas shows the scheme
   * that counts, and that it never changes.
   */
  get scheme(): Scheme {
    return this.request.authenticationScheme ?? 'SASL_SCRAM';
  }

  get schemeOfMsk(): SchemeOfMsk {
    return schemesOfMsk[this.scheme];
  }

  get dnsDomain(): string {
    return `${this.schemeOfMsk}.${brokerDomain(this.request.arn)}`;
  }

  #endpoint() {
    return { dnsDomain: this.dnsDomain, interfaceEndpointId: `vpce-${this.id.slice(0, 17)}` };
  }

  #errorMessage(): string | undefined {
    return this.#mayConnect
      ? this.#outcome.failure
      : `Not authorized to create a VPC connection to ${this.request.arn}. Check the cluster policy.`;
  }

  #stateOfDeletion(since: Date): LinkState {
    const elapsed = this.#clock.minutesSince(since);
    if (elapsed < firstStateMinutes) return 'DELETE_REQUESTED';
    return elapsed < deleteMinutes ? 'DELETING' : 'DELETED';
  }
}
