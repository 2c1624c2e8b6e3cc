import { randomUUID } from 'node:crypto';
import type { RunOptions, StateMachine } from 'aws-local-stepfunctions';
import type { Definition, Retrier, State } from '../../statemachine/definition.ts';
import type { Clock } from '../clock.ts';
import type { FunctionError, Outcome } from '../lambda/container.ts';

type Json = Parameters<StateMachine['run']>[0];
type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;
type Handler = Handlers[string];

/** What the engine tells of an execution. */
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
  readonly #options: ExecutionOptions;
  readonly #end = Promise.withResolvers<ExecutionResult>();
  /** Both are read by the engine at the moment of the wait, so they may change while the execution runs. */
  readonly #waitMs = new Proxy<Record<string, number>>({}, { get: knownWait });
  readonly #retryMs: Record<string, number[]> = {};
  #abort = () => {};
  #isAborted = false;

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.name = options.name ?? randomUUID();
    this.arn = `${options.machineArn.replace(':stateMachine:', ':execution:')}:${this.name}`;
    this.startDate = options.clock.now();
    this.input = options.input;
    this.result = this.#end.promise;
    this.#readWaits(options.input);
  }

  /** How and when it has ended; undefined while it runs. */
  get ended(): { status: ExecutionResult['status']; at: Date } | undefined {
    for (const event of this.history) {
      const result = resultOf(event);
      if (result) return { status: result.status, at: event.at };
    }
    return undefined;
  }

  run(engine: StateMachine): void {
    const { result, eventLogs, abort } = engine.run(this.input as Json, {
      context: this.#context(),
      overrides: {
        taskResourceLocalHandlers: this.#handlers(),
        waitTimeOverrides: this.#waitMs,
        retryIntervalOverrides: this.#retryMs,
      },
    });
    // The last of the events says the same.
    result.catch(() => {});
    this.#abort = abort;
    void this.#follow(eventLogs);
  }

  abort(): void {
    this.#isAborted = true;
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
    const tasks = Object.entries(this.#options.definition.States).filter(([, { Type }]) => Type === 'Task');
    return Object.fromEntries(tasks.map(([name, task]) => [name, this.#handler(name, task)]));
  }

  /** Lambda's `invoke` integration: its answer, or an error with the function's answer as the Cause. */
  #handler(name: string, task: State): Handler {
    const { Retry: retriers = [] } = task;
    let failures = 0;
    return async (parameters) => {
      const { FunctionName, Payload } = parameters as { FunctionName: string; Payload: unknown };
      const { milliseconds, payload, error } = await this.#options.invoke(FunctionName, Payload);
      // Whatever a function answers now, the engine must not go on with it.
      if (this.#isAborted) await new Promise(() => {});
      this.#record({ type: 'TaskAnswered', state: { name }, milliseconds, error });
      if (!error) {
        failures = 0;
        const answer = { ExecutedVersion: '$LATEST', Payload: payload as Json, StatusCode: 200 };
        this.#readWaits(outputOf(task, answer));
        return answer;
      }
      this.#retryMs[name] = retriers.map((retrier) => this.#delay(retrier, failures));
      failures += 1;
      throw Object.assign(new Error(JSON.stringify(error)), { name: error.errorType });
    };
  }

  /** The longest that the retrier's jitter may draw. */
  #delay({ IntervalSeconds, BackoffRate, MaxDelaySeconds }: Retrier, failures: number): number {
    return this.#realMs(Math.min(IntervalSeconds * BackoffRate ** failures, MaxDelaySeconds));
  }

  /** The engine takes 0 for "no wait at all", so it gets at least a millisecond. */
  #realMs(simulatedSeconds: number): number {
    return Math.max(1, this.#options.clock.toRealMs(simulatedSeconds));
  }

  async #follow(events: AsyncIterable<EngineEvent>): Promise<void> {
    let endState = '';
    for await (const event of events) {
      if (event.type === 'StateEntered') endState = event.state.name;
      if (event.type === 'StateExited') this.#readWaits(event.state.output);
      this.#record(event);
      const result = resultOf(event);
      if (result) this.#end.resolve({ endState, ...result });
    }
  }

  #record(event: EngineEvent | Omit<TaskAnswered, 'at'>): void {
    const recorded = { ...event, at: this.#options.clock.now() };
    this.history.push(recorded);
    this.#options.onEvent(recorded, this);
  }

  /**
   * The engine wants the length of a wait by the state's name: what its SecondsPath finds in the data that passes. Its events
   * may tell too late of seconds that come out of the very Task before the wait, so a Task's answer is read at once.
   */
  #readWaits(data: unknown): void {
    for (const [name, { SecondsPath }] of Object.entries(this.#options.definition.States)) {
      const seconds = SecondsPath && valueAt(SecondsPath, data);
      if (typeof seconds === 'number') this.#waitMs[name] = this.#realMs(seconds);
    }
  }
}

/** Without an override the engine would really wait for so long. */
function knownWait(waits: Record<string, number>, name: string): number {
  const milliseconds = waits[name];
  if (milliseconds === undefined) throw new Error(`The local cloud does not know for how long ${name} waits.`);
  return milliseconds;
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

/** What a Task adds to the data that passes: its answer, as ResultSelector and ResultPath lead it. */
function outputOf({ ResultSelector, ResultPath = '$' }: State, answer: object): unknown {
  const selected = ResultSelector
    ? Object.fromEntries(
        Object.entries(ResultSelector).map(([key, value]) =>
          key.endsWith('.$') ? [key.slice(0, -2), valueAt(String(value), answer)] : [key, value],
        ),
      )
    : answer;
  const [, ...names] = ResultPath?.split('.') ?? [];
  return ResultPath === null ? {} : names.reduceRight<unknown>((value, name) => ({ [name]: value }), selected);
}

const lastPart = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);
