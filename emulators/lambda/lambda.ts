import { randomUUID } from 'node:crypto';
import type { PatientClock } from '../patient-clock.ts';
import { Capacity } from './capacity.ts';
import { Container, type FunctionConfiguration, type FunctionEnd, type Outcome } from './container.ts';

export interface LambdaOptions {
  onLog?: ((functionName: string, line: string) => void) | undefined;
  /** Whether `logs` keeps what is printed; it does, if not said. */
  keepsLogs?: boolean;
  /** How many containers may be at work at once; any number, if not said. */
  most?: number | undefined;
  /** What the functions' timers keep to, where they do not run in real time. */
  clock?: PatientClock | undefined;
}

/** How often containers are asked whether they are at work, in real milliseconds: longer than a request takes here. */
const lookMs = 20;

/** Containers for each that may be at work: one that sleeps and one of another function, and some; each takes 40 MB. */
const roomForEach = 8;

/** A look that comes so late says nothing: the containers may have waited for this thread, which answers their requests. */
const lateMs = 30;

/** Lambda as far as the state machine sees it: functions by ARN, their warm containers, what they printed. */
export class Lambda {
  /** What each function has printed so far, line by line. */
  readonly logs = new Map<string, string[]>();
  readonly #functions: Map<string, FunctionConfiguration>;
  readonly #options: LambdaOptions;
  readonly #capacity: Capacity;
  readonly #idle = new Map<string, Container[]>();
  readonly #containers = new Set<Container>();
  readonly #busy = new Set<Container>();
  /** Of the busy ones those that are not at work. */
  readonly #asleep = new Set<Container>();
  readonly #looking: NodeJS.Timeout | undefined;
  #lookedAt = performance.now();
  #isClosed = false;

  constructor(functions: FunctionConfiguration[], options: LambdaOptions = {}) {
    this.#functions = new Map(functions.map((it) => [it.arn, it]));
    this.#options = options;
    this.#capacity = new Capacity(options.most ?? Number.POSITIVE_INFINITY);
    if (options.most) this.#looking = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Like Lambda, gives each container one event at a time and starts another where all are busy. */
  async invoke(functionArn: string, payload: unknown): Promise<Outcome> {
    const configuration = this.#functions.get(functionArn);
    if (!configuration) throw new Error(`The local cloud has no function ${functionArn}.`);
    await this.#capacity.take();
    if (this.#isClosed) throw new Error('The local cloud is closed.');
    const container = this.#idle.get(functionArn)?.pop() ?? this.#start(configuration);
    this.#busy.add(container);
    const outcome = await container.invoke(randomUUID(), payload);
    this.#busy.delete(container);
    if (!this.#asleep.delete(container)) this.#capacity.release();
    if (container.isAlive) this.#release(container);
    else this.#containers.delete(container);
    return outcome;
  }

  /** Whether invocations wait for others to end, or for their containers to start. */
  get isBehind(): boolean {
    return this.#capacity.isExhausted || [...this.#busy].some(({ isLoaded }) => !isLoaded);
  }

  /** Ends the function wherever it is at work: its containers are lost, and the next call finds it cold. */
  end(functionArn: string, how: FunctionEnd): void {
    for (const container of this.#busy) if (container.configuration.arn === functionArn) container.end(how);
  }

  /** Lets the idle containers go, as Lambda does after a while: the next call of each function finds it cold. */
  async coolDown(): Promise<void> {
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    for (const container of idle) this.#containers.delete(container);
    await Promise.all(idle.map((it) => it.stop()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    await Promise.all([...this.#containers].map((it) => it.stop()));
  }

  #start(configuration: FunctionConfiguration): Container {
    const { clock } = this.#options;
    this.#makeRoom();
    const container = new Container(configuration, (line) => this.#log(configuration.name, line), clock);
    this.#containers.add(container);
    return container;
  }

  #release(container: Container): void {
    const { arn } = container.configuration;
    const idle = this.#idle.get(arn) ?? [];
    idle.push(container);
    this.#idle.set(arn, idle);
  }

  /** Lets an idle container go, of any function, where there are enough of them. */
  #makeRoom(): void {
    const { most = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#containers.size < most * roomForEach) return;
    const container = [...this.#idle.values()].find(({ length }) => length > 0)?.shift();
    if (!container) return;
    this.#containers.delete(container);
    void container.stop();
  }

  #look(): void {
    const isLate = performance.now() - this.#lookedAt > lateMs;
    this.#lookedAt = performance.now();
    for (const container of this.#busy) {
      const isAsleep = container.isLoaded && container.isIdle();
      if (isLate || isAsleep === this.#asleep.has(container)) continue;
      if (isAsleep) {
        this.#asleep.add(container);
        this.#capacity.release();
      } else {
        this.#asleep.delete(container);
        this.#capacity.takeBack();
      }
    }
  }

  #log(functionName: string, line: string): void {
    const { keepsLogs = true, onLog = () => {} } = this.#options;
    if (keepsLogs) {
      const lines = this.logs.get(functionName) ?? [];
      lines.push(line);
      this.logs.set(functionName, lines);
    }
    onLog(functionName, line);
  }
}
