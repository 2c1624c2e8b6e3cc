import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Capacity } from './capacity.ts';
import { Container, type FunctionConfiguration, type FunctionEnd, type Outcome } from './container.ts';

export interface LambdaOptions {
  clock: Clock;
  onLog?: ((functionName: string, line: string) => void) | undefined;
  /** Whether `logs` keeps what the functions print. Default: true. */
  keepsLogs?: boolean;
  /** How many functions may work at the same time. The clock pauses while others wait for them. Default: no limit. */
  maxConcurrency?: number | undefined;
}

/** How often the busy containers are checked for idleness, in real milliseconds. A request takes less time here. */
const idleCheckMs = 20;

/** After a delay as long as this, a check says nothing: the containers may have waited for this thread to answer them. */
const lateMs = 30;

/**
 * Containers for each function that may work: some work, some sleep, and the others are warm containers of other functions.
 * Each container takes 40 MB.
 */
const containersPerSlot = 8;

/** The part of Lambda that the state machines use: functions by ARN, their warm containers, and their logs. */
export class Lambda {
  /** What each function has printed so far, line by line. */
  readonly logs = new Map<string, string[]>();
  readonly #functions: Map<string, FunctionConfiguration>;
  readonly #options: LambdaOptions;
  readonly #capacity: Capacity;
  readonly #warm = new Map<string, Container[]>();
  readonly #containers = new Set<Container>();
  readonly #busy = new Set<Container>();
  /** The busy containers whose function has another configuration by now. */
  readonly #outdated = new Set<Container>();
  /** The busy containers that only wait. */
  readonly #asleep = new Set<Container>();
  readonly #idleChecks: NodeJS.Timeout | undefined;
  #checkedAt = performance.now();
  #isClosed = false;

  constructor(functions: FunctionConfiguration[], options: LambdaOptions) {
    const { clock, maxConcurrency } = options;
    this.#functions = new Map(functions.map((it) => [it.arn, it]));
    this.#options = options;
    this.#capacity = new Capacity(maxConcurrency ?? Number.POSITIVE_INFINITY);
    if (!maxConcurrency) return;
    clock.isPaused = () => this.isBehind;
    this.#idleChecks = setInterval(() => this.#checkForIdleness(), idleCheckMs).unref();
  }

  /**
   * Like Lambda, gives each container one event at a time, and starts a new container if all are busy.
   *
   * @param begin is called when the container gets the event
   */
  invoke(functionArn: string, payload: unknown, begin = () => {}): Promise<Outcome> {
    return this.#options.clock.whileFunctionRuns(this.#invoke(functionArn, payload, begin));
  }

  async #invoke(functionArn: string, payload: unknown, begin: () => void): Promise<Outcome> {
    const configuration = this.#functions.get(functionArn);
    if (!configuration) throw new Error(`The local cloud has no function ${functionArn}.`);
    await this.#capacity.take();
    if (this.#isClosed) throw new Error('The local cloud is closed.');
    const container = this.#warm.get(functionArn)?.pop() ?? this.#start(configuration);
    this.#busy.add(container);
    const outcome = await container.invoke(randomUUID(), payload, begin);
    this.#busy.delete(container);
    if (!this.#asleep.delete(container)) this.#capacity.release();
    const isOutdated = this.#outdated.delete(container);
    if (container.isAlive && !isOutdated) this.#keepWarm(container);
    else this.#containers.delete(container);
    if (isOutdated) await container.stop();
    return outcome;
  }

  /** Whether functions wait for a free slot or for their container to start. */
  get isBehind(): boolean {
    return this.#capacity.isExhausted || [...this.#busy].some(({ isLoaded }) => !isLoaded);
  }

  /** Ends the function in all containers where it handles an event. Its next invocation is a cold start. */
  end(functionArn: string, how: FunctionEnd): void {
    for (const container of this.#busy) if (container.configuration.arn === functionArn) container.end(how);
  }

  /** Ends all functions that handle an event. */
  async stopBusy(): Promise<void> {
    await Promise.all([...this.#busy].map((it) => it.stop()));
  }

  /** Stops all warm containers, as Lambda does after a while: the next invocation of each function is a cold start. */
  coolDown(): Promise<void> {
    return this.#coolDown([...this.#functions.keys()]);
  }

  /**
   * Changes environment variables where a function has them, as a deployment with other settings does.
   *
   * @returns what undoes it @throws Error if no function has a variable
   */
  async update(variables: Record<string, string>): Promise<() => Promise<void>> {
    const functions = [...this.#functions.values()];
    const unknown = Object.keys(variables).filter((name) => !functions.some(({ environment }) => name in environment));
    if (unknown.length > 0) throw new Error(`No function has the variable ${unknown.join(', ')}.`);
    const changes = functions.flatMap(({ arn, environment }) => {
      const own = Object.entries(variables).filter(
        ([name, value]) => name in environment && environment[name] !== value,
      );
      return own.length > 0 ? [{ arn, environment, before: { ...environment }, after: Object.fromEntries(own) }] : [];
    });
    const arns = changes.map(({ arn }) => arn);
    for (const { environment, after } of changes) Object.assign(environment, after);
    await this.#replaceContainers(arns);
    return async () => {
      for (const { environment, before } of changes) Object.assign(environment, before);
      await this.#replaceContainers(arns);
    };
  }

  /**
   * Documented: when an update is complete, a function processes events with the new configuration. Assumed: an event that it handles
   * then ends with the old one, and other functions keep their containers.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
   */
  async #replaceContainers(functionArns: string[]): Promise<void> {
    for (const container of this.#busy)
      if (functionArns.includes(container.configuration.arn)) this.#outdated.add(container);
    await this.#coolDown(functionArns);
  }

  async #coolDown(functionArns: string[]): Promise<void> {
    const cooled = functionArns.flatMap((arn) => this.#warm.get(arn)?.splice(0) ?? []);
    for (const container of cooled) this.#containers.delete(container);
    await Promise.all(cooled.map((it) => it.stop()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#idleChecks);
    await Promise.all([...this.#containers].map((it) => it.stop()));
  }

  #start(configuration: FunctionConfiguration): Container {
    this.#makeRoom();
    const onLog = (line: string) => this.#log(configuration.name, line);
    const container = new Container(configuration, this.#options.clock, onLog);
    this.#containers.add(container);
    return container;
  }

  #keepWarm(container: Container): void {
    const { arn } = container.configuration;
    const warm = this.#warm.get(arn) ?? [];
    warm.push(container);
    this.#warm.set(arn, warm);
  }

  /** Stops one warm container, of any function, if there are too many containers. */
  #makeRoom(): void {
    const { maxConcurrency = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#containers.size < maxConcurrency * containersPerSlot) return;
    const container = [...this.#warm.values()].find(({ length }) => length > 0)?.shift();
    if (!container) return;
    this.#containers.delete(container);
    void container.stop();
  }

  #checkForIdleness(): void {
    const isLate = performance.now() - this.#checkedAt > lateMs;
    this.#checkedAt = performance.now();
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
