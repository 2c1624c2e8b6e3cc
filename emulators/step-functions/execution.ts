import { randomUUID } from 'node:crypto';
import type { RunOptions, StateMachine } from 'aws-local-stepfunctions';
import type { Definition, Retrier, State } from '../../statemachine/definition.ts';
import type { Clock } from '../clock.ts';
import type { FunctionError, Outcome } from '../lambda/container.ts';

type Json = Parameters<StateMachine['run']>[0];
type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;
type Handler = Handlers[string];

/** What the engine reports about an execution. */
type EngineEvent = ReturnType<StateMachine['run']>['eventLogs'] extends AsyncGenerator<infer Event> ? Event : never;

/** One answer of a Task's function; a Task that is retried has several. */
interface TaskAnswered {
  type: 'TaskAnswered';
  state: { name: string };
  /** Real milliseconds. */
  milliseconds: number;
  error?: FunctionError | undefined;
}

/** One line of the execution's history, at its simulated time. */
export type MachineEvent = (EngineEvent | TaskAnswered) & { at: Date };

/** How an execution has ended, in the words of DescribeExecution, and in which state. */
export interface ExecutionResult {
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  endState: string;
  output?: unknown;
  error?: string;
  cause?: string;
}

export interface ExecutionOptions {
  machineArn: string;
  definition: Definition;
  input: unknown;
  name?: string | undefined;
  clock: Clock;
  invoke(functionArn: string, payload: unknown): Promise<Outcome>;
  /** What share of the longest back-off the next retry waits. */
  jitter(): number;
  /** Whether `history` keeps what has happened. */
  keepsHistory: boolean;
  onEvent(event: MachineEvent, execution: Execution): void;
}

/** One run of the machine. Any number of them may run at once. */
export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly startDate: Date;
  readonly input: unknown;
  readonly history: MachineEvent[] = [];
  readonly result: Promise<ExecutionResult>;
  /** How and when it has ended; undefined while it runs. */
  ended: { status: ExecutionResult['status']; at: Date } | undefined;
  readonly #options: ExecutionOptions;
  readonly #end = Promise.withResolvers<ExecutionResult>();
  readonly #abortion = new AbortController();
  #abort = () => {};

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.name = options.name ?? randomUUID();
    this.arn = `${options.machineArn.replace(':stateMachine:', ':execution:')}:${this.name}`;
    this.startDate = options.clock.now();
    this.input = options.input;
    this.result = this.#end.promise;
  }

  run(engine: StateMachine): void {
    const { result, eventLogs, abort } = engine.run(this.input as Json, {
      context: this.#context(),
      overrides: {
        taskResourceLocalHandlers: this.#handlers(),
        // The handlers have waited already, by the cloud's clock.
        retryIntervalOverrides: this.#noIntervals(),
      },
    });
    // The last of the events says the same.
    result.catch(() => {});
    this.#abort = abort;
    void this.#follow(eventLogs);
  }

  abort(): void {
    this.#abortion.abort();
    this.#abort();
  }

  /** The context object, `$$`. The engine reads EnteredTime anew for each attempt of a state. */
  #context() {
    const { machineArn, clock } = this.#options;
    return {
      Execution: { Id: this.arn, Name: this.name, StartTime: this.startDate.toISOString() },
      StateMachine: { Id: machineArn, Name: lastPart(machineArn) },
      State: {
        get EnteredTime() {
          return clock.now().toISOString();
        },
      },
    };
  }

  #handlers(): Handlers {
    return Object.fromEntries(
      this.#states.flatMap(([name, state]): [string, Handler][] => {
        if (state.Type === 'Task') return [[name, this.#task(name, state)]];
        return state.Type === 'Wait' ? [[name, (input) => this.#wait(name, state, input)]] : [];
      }),
    );
  }

  #noIntervals(): Record<string, number[]> {
    return Object.fromEntries(this.#states.map(([name, { Retry: retriers = [] }]) => [name, retriers.map(() => 0)]));
  }

  /** A Task with a function's ARN: the function's answer, or an error with the function's answer as the Cause. */
  #task(name: string, { Resource = '', Retry: retriers = [] }: State): Handler {
    let attempts: number[] = [];
    return async (parameters) => {
      const { milliseconds, payload, error } = await this.#options.invoke(Resource, parameters);
      this.#goOn();
      this.#record({ type: 'TaskAnswered', state: { name }, milliseconds, error });
      if (!error) {
        attempts = [];
        return payload as Json;
      }
      attempts = await this.#backOff(retriers, error.errorType, attempts);
      throw Object.assign(new Error(JSON.stringify(error)), { name: error.errorType });
    };
  }

  async #wait(name: string, { SecondsPath = '' }: State, input: unknown): Promise<null> {
    const seconds = valueAt(SecondsPath, input);
    if (typeof seconds !== 'number') throw new Error(`The local cloud does not know for how long ${name} waits.`);
    await this.#pass(seconds);
    return null;
  }

  /** Waits as the retrier says that the engine will choose. @returns how often each retrier has been used in this state */
  async #backOff(retriers: Retrier[], errorType: string, attempts: number[]): Promise<number[]> {
    const index = retriers.findIndex(({ ErrorEquals }) => ErrorEquals.includes(errorType));
    const [retrier, attempt = 0] = [retriers[index], attempts[index]];
    if (!retrier || attempt >= retrier.MaxAttempts) return [];
    const { IntervalSeconds, BackoffRate, MaxDelaySeconds } = retrier;
    await this.#pass(this.#options.jitter() * Math.min(IntervalSeconds * BackoffRate ** attempt, MaxDelaySeconds));
    return retriers.map((_, other) => (attempts[other] ?? 0) + (other === index ? 1 : 0));
  }

  async #pass(seconds: number): Promise<void> {
    await this.#options.clock.wait(seconds, this.#abortion.signal);
    this.#goOn();
  }

  /** After the abortion the engine gets an error that nothing retries: it then sees that it was aborted, and stops. */
  #goOn(): void {
    if (this.#abortion.signal.aborted) throw Object.assign(new Error('Aborted.'), { name: 'Aborted' });
  }

  get #states(): [string, State][] {
    return Object.entries(this.#options.definition.States);
  }

  async #follow(events: AsyncIterable<EngineEvent>): Promise<void> {
    let endState = '';
    for await (const event of events) {
      if (event.type === 'StateEntered') endState = event.state.name;
      const result = resultOf(event);
      if (result) this.ended = { status: result.status, at: this.#options.clock.now() };
      this.#record(this.#asDefined(event));
      if (result) this.#end.resolve({ endState, ...result });
    }
  }

  /** The engine takes a Wait for a Task. */
  #asDefined(event: EngineEvent): EngineEvent {
    if (!('state' in event)) return event;
    const { Type = event.state.type } = this.#options.definition.States[event.state.name] ?? {};
    return { ...event, state: { ...event.state, type: Type } } as EngineEvent;
  }

  #record(event: EngineEvent | Omit<TaskAnswered, 'at'>): void {
    const recorded = { ...event, at: this.#options.clock.now() };
    if (this.#options.keepsHistory) this.history.push(recorded);
    this.#options.onEvent(recorded, this);
  }
}

function resultOf(event: EngineEvent | TaskAnswered): Omit<ExecutionResult, 'endState'> | undefined {
  switch (event.type) {
    case 'ExecutionSucceeded':
      return { status: 'SUCCEEDED', output: event.output };
    case 'ExecutionFailed':
      return { status: 'FAILED', error: event.Error, cause: String(event.Cause) };
    case 'ExecutionTimeout':
      return { status: 'TIMED_OUT', error: 'States.Timeout', cause: '' };
    case 'ExecutionAborted':
      return { status: 'ABORTED' };
    default:
      return undefined;
  }
}

/** A reference path of plain names, such as `$.waits.cluster.pollSeconds`. */
function valueAt(path: string, data: unknown): unknown {
  const [, ...names] = path.split('.');
  return names.reduce((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], data);
}

const lastPart = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);
