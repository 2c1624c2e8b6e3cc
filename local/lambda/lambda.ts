import { randomUUID } from 'node:crypto';
import { Container, type FunctionConfiguration, type FunctionEnd, type Outcome } from './container.ts';

/** Lambda as far as the state machine sees it: functions by ARN, their warm containers, what they printed. */
export class Lambda {
  /** What each function has printed so far, line by line. */
  readonly logs = new Map<string, string[]>();
  readonly #functions: Map<string, FunctionConfiguration>;
  readonly #idle = new Map<string, Container[]>();
  readonly #containers = new Set<Container>();
  readonly #busy = new Set<Container>();
  readonly #onLog: (functionName: string, line: string) => void;
  #isClosed = false;

  constructor(functions: FunctionConfiguration[], onLog: (functionName: string, line: string) => void = () => {}) {
    this.#functions = new Map(functions.map((it) => [it.arn, it]));
    this.#onLog = onLog;
  }

  /** Like Lambda, gives each container one event at a time and starts another where all are busy. */
  async invoke(functionArn: string, payload: unknown): Promise<Outcome> {
    const configuration = this.#functions.get(functionArn);
    if (!configuration) throw new Error(`The local cloud has no function ${functionArn}.`);
    if (this.#isClosed) throw new Error('The local cloud is closed.');
    const container = this.#idle.get(functionArn)?.pop() ?? this.#start(configuration);
    this.#busy.add(container);
    const outcome = await container.invoke(randomUUID(), payload);
    this.#busy.delete(container);
    if (container.isAlive) this.#release(container);
    else this.#containers.delete(container);
    return outcome;
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
    await Promise.all([...this.#containers].map((it) => it.stop()));
  }

  #start(configuration: FunctionConfiguration): Container {
    const container = new Container(configuration, (line) => this.#log(configuration.name, line));
    this.#containers.add(container);
    return container;
  }

  #release(container: Container): void {
    const { arn } = container.configuration;
    this.#idle.set(arn, [...(this.#idle.get(arn) ?? []), container]);
  }

  #log(functionName: string, line: string): void {
    this.logs.set(functionName, [...(this.logs.get(functionName) ?? []), line]);
    this.#onLog(functionName, line);
  }
}
