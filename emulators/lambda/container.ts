import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { Clock } from '../clock.ts';
import type { PatientClock } from '../patient-clock.ts';

/** A function as it is deployed. */
export interface FunctionConfiguration {
  /** As in the state machine: `ResolveRequest`. */
  name: string;
  /** As in Lambda: `msk-atlas-privatelink-local-ResolveRequest`. */
  functionName: string;
  arn: string;
  /** The built module that exports `handler`: a file URL. */
  bundle: string;
  memorySize: number;
  timeoutSeconds: number;
  /** Its environment variables; in a container, Lambda's own as well. */
  environment: Record<string, string>;
  /** How many times faster than real time its timers and its time-out run; 1, if not said. */
  speed?: number;
}

/** How a function may end without an answer: its process dies, or Lambda ends it because its time is up. */
export type FunctionEnd = 'crash' | 'time-out';

/** What Lambda answers when a function has failed, and Step Functions keeps as the Cause. */
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

export interface Outcome {
  /** Real milliseconds, as Lambda would bill them. */
  milliseconds: number;
  payload?: unknown;
  error?: FunctionError;
}

/** What the worker is made with. */
export interface WorkerData extends FunctionConfiguration {
  /** Epoch milliseconds, simulated: what the function's timers keep to; its own, hastened by `speed`, if not said. */
  clock?: Float64Array | undefined;
}

/** What goes to the worker for each event: JSON text, as over Lambda's runtime API. */
export interface WorkerRequest {
  requestId: string;
  event: string;
  /** Epoch milliseconds, of the clock that the function's timers keep to. */
  deadline: number;
}

/** What comes back; the first message of all says that the module is loaded, or could not be. */
export type WorkerAnswer = 'loaded' | { payload: string } | { error: FunctionError };

/**
 * One Lambda container: a worker thread that has loaded one function and handles one event at a time. It keeps module state
 * (clients, tokens) between events, and is lost with it when the function runs out of time or exits.
 */
export class Container {
  readonly configuration: FunctionConfiguration;
  isAlive = true;
  isLoaded = false;
  readonly #worker: Worker;
  readonly #clock: PatientClock | undefined;
  readonly #loaded: Promise<unknown>;
  /** Ends the event at hand as Lambda does when the time is up. */
  #timeOut = () => {};
  #used: ReturnType<Worker['performance']['eventLoopUtilization']> | undefined;

  constructor(configuration: FunctionConfiguration, onLog: (line: string) => void, clock?: PatientClock) {
    this.configuration = configuration;
    this.#clock = clock;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      name: configuration.functionName,
      env: configuration.environment,
      workerData: { ...configuration, clock: clock?.shared } satisfies WorkerData,
      stdout: true,
      stderr: true,
    });
    this.#loaded = new Promise((resolve) => this.#worker.once('message', resolve).once('exit', resolve));
    for (const input of [this.#worker.stdout, this.#worker.stderr]) createInterface({ input }).on('line', onLog);
    this.#worker.on('error', (error) => onLog(`Uncaught ${error.stack}`));
    this.#worker.on('exit', () => {
      this.isAlive = false;
    });
  }

  async invoke(requestId: string, event: unknown): Promise<Outcome> {
    await this.#loaded;
    this.isLoaded = true;
    this.#used = undefined;
    const started = performance.now();
    const { promise, resolve } = Promise.withResolvers<Omit<Outcome, 'milliseconds'>>();
    const onAnswer = (answer: Exclude<WorkerAnswer, 'loaded'>) =>
      resolve('error' in answer ? answer : { payload: JSON.parse(answer.payload) });
    const onExit = (code: number) => resolve({ error: exited(requestId, code) });
    const { timeoutSeconds, speed = 1 } = this.configuration;
    const clock = this.#clock ?? new Clock(speed);
    this.#timeOut = () => {
      resolve({ error: timedOut(requestId, timeoutSeconds) });
      void this.stop();
    };
    const answered = new AbortController();
    void clock.wait(timeoutSeconds, answered.signal).then(() => answered.signal.aborted || this.#timeOut());

    this.#worker.on('message', onAnswer).on('exit', onExit);
    if (this.isAlive) {
      const deadline = this.#clock
        ? this.#clock.now().getTime() + timeoutSeconds * 1000
        : Date.now() + (timeoutSeconds * 1000) / speed;
      this.#worker.postMessage({ requestId, event: JSON.stringify(event), deadline } satisfies WorkerRequest);
    } else onExit(1);
    const outcome = await promise;
    answered.abort();
    this.#worker.off('message', onAnswer).off('exit', onExit);
    return { ...outcome, milliseconds: performance.now() - started };
  }

  /** Whether it has done next to nothing since it was asked the last time: it waits for an answer, or for a pause to end. */
  isIdle(): boolean {
    const { eventLoopUtilization } = this.#worker.performance;
    const before = this.#used;
    this.#used = eventLoopUtilization();
    return before !== undefined && eventLoopUtilization(this.#used, before).utilization < idle;
  }

  /** Ends the function in the middle of its work. */
  end(how: FunctionEnd): void {
    if (how === 'time-out') this.#timeOut();
    else void this.stop();
  }

  async stop(): Promise<void> {
    this.isAlive = false;
    await this.#worker.terminate();
  }
}

/** Timers that look at the clock use less than this share of a thread, a function at work more. */
const idle = 0.05;

// The wording of both is Lambda's own.

function timedOut(requestId: string, seconds: number): FunctionError {
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
  return { errorType: 'Sandbox.Timedout', errorMessage };
}

function exited(requestId: string, code: number): FunctionError {
  const how =
    code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${how}` };
}
