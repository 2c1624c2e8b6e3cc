import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { ConnectionRequest, ConnectionUpdate } from './body.ts';
import type { PrivateLink } from './private-link.ts';

type Settings = z.infer<typeof ConnectionRequest>;

/** How a connection fares, decided by the emulator that makes it. */
export interface ConnectionFate {
  minutes: number;
  fails: boolean;
}

/** A deletion is over after two minutes. */
const deleteMinutes = 2;

/** One Kafka connection of a workspace. Its state is computed from the clock each time that somebody asks. */
export class Connection {
  readonly id = randomBytes(12).toString('hex');
  readonly link: PrivateLink | undefined;
  readonly #region: string;
  readonly #clock: Clock;
  readonly #createdAt: Date;
  readonly #fate: ConnectionFate;
  #settings: Settings;
  #deletedAt: Date | undefined;

  constructor(settings: Settings, link: PrivateLink | undefined, region: string, clock: Clock, fate: ConnectionFate) {
    this.link = link;
    this.#settings = settings;
    this.#region = region;
    this.#clock = clock;
    this.#createdAt = clock.now();
    this.#fate = fate;
  }

  /** With the password, so that a test can see whether the right one arrived; Atlas never sends it back. */
  get settings(): Settings {
    return this.#settings;
  }

  get state(): 'PENDING' | 'READY' | 'FAILED' | 'DELETING' | 'DELETED' {
    if (this.#deletedAt) return this.#clock.minutesSince(this.#deletedAt) < deleteMinutes ? 'DELETING' : 'DELETED';
    if (!this.link) return 'READY';
    if (this.#clock.minutesSince(this.#createdAt) < this.#fate.minutes) return 'PENDING';
    return this.#fate.fails || !this.#reaches(this.link) ? 'FAILED' : 'READY';
  }

  delete(): void {
    this.#deletedAt ??= this.#clock.now();
  }

  /** What is stored of it now. @returns puts just that back, whatever has happened since */
  remember(): () => void {
    const [settings, deletedAt] = [this.#settings, this.#deletedAt];
    return () => {
      this.#settings = settings;
      this.#deletedAt = deletedAt;
    };
  }

  /** A password is write-only: an update without one keeps the one that is there. */
  update({ authentication, ...others }: z.infer<typeof ConnectionUpdate>): void {
    const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
    const merged = { ...this.#settings.authentication, ...authentication };
    this.#settings = { ...this.#settings, ...given, authentication: merged };
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
   * Whether a client could connect through the link: it is up, the brokers are those behind it, and the credentials are
   * of the only kind that MSK takes with SASL/SCRAM. Atlas tells nobody why a connection has failed.
   */
  #reaches(link: PrivateLink): boolean {
    const { bootstrapServers, authentication, security } = this.#settings;
    const hosts = bootstrapServers.split(',').map((server) => server.replace(/:\d+$/, ''));
    return (
      link.state === 'DONE' &&
      hosts.every((host) => host.endsWith(`.${link.dnsDomain}`)) &&
      authentication.mechanism === 'SCRAM-512' &&
      security.protocol === 'SASL_SSL'
    );
  }
}
