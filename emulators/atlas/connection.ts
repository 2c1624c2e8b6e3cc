import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import { objectId } from './object-id.ts';
import type { PrivateLink } from './private-link.ts';
import type { ConnectionSettings, ConnectionUpdate } from './schemas/request.ts';

type Update = Omit<z.infer<typeof ConnectionUpdate>, 'headers'>;

const mechanismsOfMsk = { SASL_SCRAM: 'SCRAM-512', IAM: 'AWS_MSK_IAM', TLS: '' };

/** How the deployment of a connection ends. */
export interface ConnectionOutcome {
  /** Until READY or FAILED. */
  minutes: number;
  fails: boolean;
  /** How long a deletion takes. */
  deletionMinutes: () => number;
}

/** One Kafka connection of a workspace. Its state is computed from the clock whenever it is read. */
export class Connection {
  readonly id: string;
  readonly createdAt: Date;
  readonly link: PrivateLink | undefined;
  readonly #region: string;
  readonly #clock: Clock;
  readonly #outcome: ConnectionOutcome;
  #settings: ConnectionSettings;
  #deletedAt: Date | undefined;

  constructor(
    settings: ConnectionSettings,
    link: PrivateLink | undefined,
    region: string,
    clock: Clock,
    outcome: ConnectionOutcome,
  ) {
    this.link = link;
    this.#settings = settings;
    this.#region = region;
    this.#clock = clock;
    this.createdAt = clock.now();
    this.id = objectId(this.createdAt);
    this.#outcome = outcome;
  }

  /** Includes the password, so that a test can check it. Recorded: Atlas never returns it. */
  get settings(): ConnectionSettings {
    return this.#settings;
  }

  get state(): 'PENDING' | 'READY' | 'FAILED' | 'DELETING' | 'DELETED' {
    if (this.#deletedAt) {
      const isGone = this.#clock.minutesSince(this.#deletedAt) >= this.#outcome.deletionMinutes();
      return isGone ? 'DELETED' : 'DELETING';
    }
    if (!this.link) return 'READY';
    if (this.#clock.minutesSince(this.createdAt) < this.#outcome.minutes) return 'PENDING';
    return this.#outcome.fails || !this.#reaches(this.link) ? 'FAILED' : 'READY';
  }

  delete(): void {
    this.#deletedAt ??= this.#clock.now();
  }

  /** Saves what is stored now. @returns a function that restores it */
  save(): () => void {
    const [settings, deletedAt] = [this.#settings, this.#deletedAt];
    return () => {
      this.#settings = settings;
      this.#deletedAt = deletedAt;
    };
  }

  update(update: Update): void {
    this.#settings = this.settingsAfter(update);
  }

  /**
   * Documented: the password is write-only. Assumed: an update without a password keeps the old one, unless it changes the mechanism;
   * then nothing of the old authentication is left.
   */
  settingsAfter({ authentication, ...others }: Update): ConnectionSettings {
    const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
    const old = this.#settings.authentication;
    const isOther = authentication !== undefined && authentication.mechanism !== old.mechanism;
    return { ...this.#settings, ...given, authentication: isOther ? authentication : { ...old, ...authentication } };
  }

  describe(): object {
    const { password: _, ...authentication } = this.#settings.authentication;
    const { bootstrapServers, config, name, networking, security, type } = this.#settings;
    const { id, state } = this;
    return {
      authentication,
      bootstrapServers,
      config,
      id,
      name,
      networking,
      region: this.#region,
      security,
      state,
      type,
    };
  }

  /**
   * Whether a client could connect through the link: the link is up, the brokers are those behind the link, and the
   * authentication is the one that MSK has for the scheme of the link. Documented: Atlas does not say why a connection failed. Assumed: it
   * does not look again whether the role is still authorized.
   */
  #reaches(link: PrivateLink): boolean {
    const { bootstrapServers, authentication, security } = this.#settings;
    const hosts = bootstrapServers.split(',').map((server) => server.replace(/:\d+$/, ''));
    return (
      link.state === 'DONE' &&
      hosts.every((host) => host.endsWith(`.${link.dnsDomain}`)) &&
      authentication.mechanism === mechanismsOfMsk[link.scheme] &&
      security.protocol === (link.scheme === 'TLS' ? 'SSL' : 'SASL_SSL')
    );
  }
}
