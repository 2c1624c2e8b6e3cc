import { randomUUID } from 'node:crypto';
import type { RunOptions, StateMachine } from 'aws-local-stepfunctions';
import type { Definition, Retrier, State } from '../../statemachine/definition.ts';
import type { Clock } from '../clock.ts';
import type { FunctionError, Outcome } from '../lambda/container.ts';
import { dataLimitExceeded, isTooLong } from './data-limit.ts';

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

/** From here on, the history is that of a redrive. */
interface ExecutionRedriven {
  type: 'ExecutionRedriven';
}

/** One line of the execution's history, at its simulated time. */
export type MachineEvent = (EngineEvent | TaskAnswered | ExecutionRedriven) & { at: Date };

/** How an execution has ended, in the words of DescribeExecution, and in which state. */
export interface ExecutionResult {
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  endState: string;
  output?: unknown;
  error?: string;
  cause?: string;
}

/** A state that was entered, and its input. */
export interface EnteredState {
  name: string;
  input: unknown;
}

/** Why a person or a function stops an execution. */
interface Reason {
  error?: string | undefined;
  cause?: string | undefined;
}

/** What machines call `$$.Execution`, in the context object that the engine gets. */
export const executionInContext = 'SimulatedExecution';

/** Documented: the days after its end in which an execution can be redriven. */
const redrivableDays = 14;

/**
 * Invokes a function. `begin`: is called when the function gets the event. The state's TimeoutSeconds count from then on: what
 * passes before is the time that this machine needs for a thread.
 */
export type InvokeFunction = (functionArn: string, payload: unknown, begin: () => void) => Promise<Outcome>;

export interface ExecutionOptions {
  machineArn: string;
  definition: Definition;
  /** An engine that begins at the first state, or at the state of a redrive. */
  engine(redriven: EnteredState | undefined): StateMachine;
  input: unknown;
  name?: string | undefined;
  clock: Clock;
  invoke: InvokeFunction;
  /** What share of the longest back-off the next retry waits. */
  jitter(): number;
  /** Whether `history` keeps what has happened. */
  keepsHistory: boolean;
  onEvent(event: MachineEvent, execution: Execution): void;
  onEnd(status: ExecutionResult['status']): void;
}

/** One run of the machine. Any number of them may run at once. */
export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly startDate: Date;
  readonly input: unknown;
  readonly history: MachineEvent[] = [];
  /** How and when it has ended; undefined while it runs. */
  ended: ({ status: ExecutionResult['status']; at: Date; output?: unknown } & Reason) | undefined;
  /** When it was redriven. */
  readonly redrives: Date[] = [];
  readonly #options: ExecutionOptions;
  #end = Promise.withResolvers<ExecutionResult>();
  /** The last state that was entered. */
  #entered: EnteredState = { name: '', input: undefined };
  #abortion = new AbortController();
  #abortEngine = () => {};

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.name = options.name ?? randomUUID();
    this.arn = `${options.machineArn.replace(':stateMachine:', ':execution:')}:${this.name}`;
    this.startDate = options.clock.now();
    this.input = options.input;
  }

  /** How it ends. After a redrive, how the redrive ends. */
  get result(): Promise<ExecutionResult> {
    return this.#end.promise;
  }

  /** @param redriven the state at which a redrive begins */
  run(redriven?: EnteredState): void {
    const engine = this.#options.engine(redriven);
    const { signal } = this.#abortion;
    const { result, eventLogs, abort } = engine.run((redriven ?? this).input as Json, {
      context: this.#context(),
      overrides: {
        taskResourceLocalHandlers: this.#handlers(signal),
        // The handlers have waited already, by the cloud's clock.
        retryIntervalOverrides: this.#noIntervals(),
      },
    });
    // The last of the events says the same.
    result.catch(() => {});
    this.#abortEngine = abort;
    void this.#follow(eventLogs, signal);
  }

  /**
   * StopExecution. Documented: the status is ABORTED at once, and a Lambda function that runs goes on until it ends. Assumed: an
   * execution that has ended stays as it is.
   */
  abort(reason: Reason = {}): void {
    if (this.ended) return;
    this.ended = { status: 'ABORTED', at: this.#options.clock.now(), ...reason };
    this.#abortion.abort();
    this.#abortEngine();
  }

  /** Why it cannot be redriven now. Documented: RedriveExecution. */
  get whyNotRedrivable(): string | undefined {
    const { status, at } = this.ended ?? { status: 'RUNNING' };
    if (!at || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
    const days = this.#options.clock.minutesSince(at) / (24 * 60);
    return days > redrivableDays ? 'Execution has exceeded its redrivable period' : undefined;
  }

  /**
   * RedriveExecution. Documented: the execution continues at its last state with the same input, under the same ARN and with the
   * retries of that state anew. An execution that has entered a Fail state enters it again and fails again.
   *
   * @throws Error if it cannot be redriven
   */
  redrive(): void {
    if (this.whyNotRedrivable) throw new Error(this.whyNotRedrivable);
    this.ended = undefined;
    this.#end = Promise.withResolvers();
    this.#abortion = new AbortController();
    this.redrives.push(this.#options.clock.now());
    this.#record({ type: 'ExecutionRedriven' });
    this.run(this.#entered);
  }

  /** The context object, `$$`. The engine reads EnteredTime anew for each attempt of a state. */
  #context() {
    const { machineArn, clock } = this.#options;
    return {
      [executionInContext]: {
        Id: this.arn,
        Name: this.name,
        Input: this.input,
        StartTime: this.startDate.toISOString(),
        RedriveCount: this.redrives.length,
      },
      StateMachine: { Id: machineArn, Name: lastPart(machineArn) },
      State: {
        get EnteredTime() {
          return clock.now().toISOString();
        },
      },
    };
  }

  #handlers(signal: AbortSignal): Handlers {
    return Object.fromEntries(
      this.#states.flatMap(([name, state]): [string, Handler][] => {
        if (state.Type === 'Task') return [[name, this.#task(name, state, signal)]];
        return state.Type === 'Wait' ? [[name, (input) => this.#wait(name, state, input, signal)]] : [];
      }),
    );
  }

  #noIntervals(): Record<string, number[]> {
    return Object.fromEntries(this.#states.map(([name, { Retry: retriers = [] }]) => [name, retriers.map(() => 0)]));
  }

  /** A Task with a function's ARN: the function's answer, or an error with the function's answer as the Cause. */
  #task(name: string, state: State, signal: AbortSignal): Handler {
    const { Retry: retriers = [] } = state;
    let attempts: number[] = [];
    return async (parameters) => {
      if (isTooLong(parameters)) throw uncatchable(dataLimitExceeded(name));
      const { milliseconds, payload, error } = await this.#answerTo(parameters, state, signal);
      goOn(signal);
      this.#record({ type: 'TaskAnswered', state: { name }, milliseconds, error });
      if (!error) {
        attempts = [];
        return payload as Json;
      }
      attempts = await this.#backOff(retriers, error.errorType, attempts, signal);
      const cause = error.errorType === 'States.Timeout' ? '' : JSON.stringify(error);
      throw Object.assign(new Error(cause), { name: error.errorType });
    };
  }

  /**
   * Documented: at the state's TimeoutSeconds the state fails with States.Timeout, and what the function answers later is lost.
   * Assumed: the error has no cause.
   * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
   */
  async #answerTo(
    parameters: unknown,
    { Resource = '', TimeoutSeconds }: State,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const over = new AbortController();
    const end = () => over.abort();
    signal.addEventListener('abort', end);
    const timedOut = Promise.withResolvers<Outcome>();
    const begin = () => {
      if (TimeoutSeconds === undefined) return;
      const begun = performance.now();
      void this.#options.clock.wait(TimeoutSeconds, over.signal).then(() =>
        timedOut.resolve({
          milliseconds: performance.now() - begun,
          error: { errorType: 'States.Timeout', errorMessage: '' },
        }),
      );
    };
    try {
      return await Promise.race([this.#options.invoke(Resource, parameters, begin), timedOut.promise]);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  async #wait(name: string, { SecondsPath = '' }: State, input: unknown, signal: AbortSignal): Promise<null> {
    const seconds = valueAt(SecondsPath, input);
    if (typeof seconds !== 'number') throw new Error(`The local cloud does not know for how long ${name} waits.`);
    await this.#pass(seconds, signal);
    return null;
  }

  /** Waits as the retrier says that the engine will choose. @returns how often each retrier has been used in this state */
  async #backOff(retriers: Retrier[], errorType: string, attempts: number[], signal: AbortSignal): Promise<number[]> {
    const index = retriers.findIndex(({ ErrorEquals }) => ErrorEquals.includes(errorType));
    const [retrier, attempt = 0] = [retriers[index], attempts[index]];
    if (!retrier || attempt >= retrier.MaxAttempts) return [];
    const { IntervalSeconds, BackoffRate, MaxDelaySeconds } = retrier;
    const seconds = Math.min(IntervalSeconds * BackoffRate ** attempt, MaxDelaySeconds);
    await this.#pass(this.#options.jitter() * seconds, signal);
    return retriers.map((_, other) => (attempts[other] ?? 0) + (other === index ? 1 : 0));
  }

  async #pass(seconds: number, signal: AbortSignal): Promise<void> {
    const { clock, definition } = this.#options;
    const leftSeconds = definition.TimeoutSeconds - clock.minutesSince(this.redrives.at(-1) ?? this.startDate) * 60;
    await clock.wait(Math.min(seconds, leftSeconds), signal);
    if (leftSeconds < seconds && !signal.aborted) this.#timeOut();
    goOn(signal);
  }

  /** Documented: the machine's TimeoutSeconds ends the execution with States.Timeout. Here, only while it waits or backs off. */
  #timeOut(): void {
    this.ended = { status: 'TIMED_OUT', at: this.#options.clock.now(), error: 'States.Timeout' };
    this.#abortion.abort();
    this.#abortEngine();
  }

  /** Ends the execution because a state's output is too long. No state can catch this. */
  #exceed(state: string): void {
    this.ended = { status: 'FAILED', at: this.#options.clock.now(), ...dataLimitExceeded(state) };
    this.#abortion.abort();
    this.#abortEngine();
  }

  get #states(): [string, State][] {
    return Object.entries(this.#options.definition.States);
  }

  async #follow(events: AsyncIterable<EngineEvent>, signal: AbortSignal): Promise<void> {
    for await (const event of events) {
      const result = resultOf(event);
      // The engine may have gone on a little.
      if (signal.aborted && !result) continue;
      if (event.type === 'StateEntered') this.#entered = event.state;
      if (event.type === 'StateExited' && isTooLong(event.state.output)) this.#exceed(event.state.name);
      if (result) this.#finish(signal.aborted ? this.#lastEvent(event) : this.#withoutReserved(event));
      else this.#record(this.#asDefined(event));
    }
  }

  /** The last event of an execution that was ended from outside the engine. */
  #lastEvent({ timestamp }: EngineEvent): EngineEvent {
    const { status, error, cause } = this.ended ?? {};
    if (status === 'FAILED') return { type: 'ExecutionFailed', timestamp, Error: error, Cause: cause } as EngineEvent;
    return { type: status === 'TIMED_OUT' ? 'ExecutionTimeout' : 'ExecutionAborted', timestamp } as EngineEvent;
  }

  /**
   * An execution that a Fail state ends with an error of Step Functions' own. Documented: "States MAY report errors with other names,
   * which MUST NOT begin with the prefix "States."" (the States Language, Errors). Assumed: the execution then fails as for any
   * other fault of the definition at run time, which States.Runtime reports. LocalStack's engine refuses such a name as well.
   */
  #withoutReserved(event: EngineEvent): EngineEvent {
    const { Type } = this.#options.definition.States[this.#entered.name] ?? {};
    if (event.type !== 'ExecutionFailed' || Type !== 'Fail' || !event.Error?.startsWith('States.')) return event;
    const Cause = `The error of the state ${this.#entered.name} is ${event.Error}; it must not begin with "States."`;
    return { ...event, Error: 'States.Runtime', Cause };
  }

  /** @param event the last one of the history */
  #finish(event: EngineEvent): void {
    const { error, cause } = this.ended ?? {};
    const result = { ...(error && { error }), ...(cause && { cause }), ...resultOf(event) } as ExecutionResult;
    const { status, output } = result;
    this.ended ??= { status, at: this.#options.clock.now(), error: result.error, cause: result.cause, output };
    this.#record(event);
    this.#end.resolve({ ...result, endState: this.#entered.name });
    this.#options.onEnd(status);
  }

  /** The engine takes a Wait for a Task. */
  #asDefined(event: EngineEvent): EngineEvent {
    if (!('state' in event)) return event;
    const { Type = event.state.type } = this.#options.definition.States[event.state.name] ?? {};
    return { ...event, state: { ...event.state, type: Type } } as EngineEvent;
  }

  #record(event: EngineEvent | TaskAnswered | ExecutionRedriven): void {
    const recorded = { ...event, at: this.#options.clock.now() };
    if (this.#options.keepsHistory) this.history.push(recorded);
    this.#options.onEvent(recorded, this);
  }
}

/** An error for the engine that no Retry and no Catch matches. */
const uncatchable = ({ error, cause }: ReturnType<typeof dataLimitExceeded>) =>
  Object.assign(new Error(cause), { name: error, isRetryable: false, isCatchable: false });

/** After the abortion the engine gets an error that nothing retries: it then sees that it was aborted, and stops. */
function goOn({ aborted }: AbortSignal): void {
  if (aborted) throw Object.assign(new Error('Aborted.'), { name: 'Aborted' });
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
