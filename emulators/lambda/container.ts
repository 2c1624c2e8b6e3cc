import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';

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
  /** The environment variables. In a container, they include Lambda's own. */
  environment: Record<string, string>;
}

/** How a function ends without an answer: its process exits, or Lambda stops it at its time-out. */
export type FunctionEnd = 'crash' | 'time-out';

/** Lambda's answer if a function has failed. Step Functions uses it as the Cause. */
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

export interface Outcome {
  /** Real milliseconds. */
  milliseconds: number;
  payload?: unknown;
  error?: FunctionError;
}

/** The clock that a worker follows. */
interface WorkerClock {
  /** Simulated epoch milliseconds. */
  now: Float64Array;
  /** The highest speed, as a multiple of real time. At 1, timers need not follow. */
  speed: number;
}

export interface WorkerData extends FunctionConfiguration {
  clock: WorkerClock;
}

/** What the worker receives for each event. The event is JSON text, as in Lambda's runtime API. */
export interface WorkerRequest {
  requestId: string;
  event: string;
  /** Epoch milliseconds, of the worker's clock. */
  deadline: number;
}

/**
 * What the worker sends: once, that the module has been loaded (or could not be loaded); for each event, that the handler has
 * begun, and then its outcome.
 */
export type WorkerMessage = 'loaded' | 'begun' | { payload: string } | { error: FunctionError };

/**
 * One Lambda container: a worker thread that has loaded one function and handles one event at a time. Module state (clients,
 * tokens) survives between events. A time-out or an exit ends the container.
 */
export class Container {
  readonly configuration: FunctionConfiguration;
  isAlive = true;
  /** Whether the cold start is over. */
  isLoaded = false;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #loaded: Promise<unknown>;
  /** Ends the current event as Lambda does at a time-out. */
  #timeOut = () => {};
  #hasBegun = false;
  #used: ReturnType<Worker['performance']['eventLoopUtilization']> | undefined;

  constructor(configuration: FunctionConfiguration, clock: Clock, onLog: (line: string) => void) {
    this.configuration = configuration;
    this.#clock = clock;
    this.#worker = new Worker(new URL('./worker.mjs', import.meta.url), {
      name: configuration.functionName,
      env: configuration.environment,
      // Without what this process loads first.
      execArgv: [],
      workerData: {
        ...configuration,
        clock: { now: clock.shared, speed: clock.functionSpeed },
      } satisfies WorkerData,
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

  /** @param begin is called when the cold start is over */
  async invoke(requestId: string, event: unknown, begin = () => {}): Promise<Outcome> {
    await this.#loaded;
    this.isLoaded = true;
    begin();
    this.#hasBegun = false;
    this.#used = undefined;
    const started = performance.now();
    const { promise, resolve } = Promise.withResolvers<Omit<Outcome, 'milliseconds'>>();
    const onMessage = (message: Exclude<WorkerMessage, 'loaded'>) => {
      if (message === 'begun') this.#hasBegun = true;
      else resolve('error' in message ? message : { payload: JSON.parse(message.payload) });
    };
    const onExit = (code: number) => resolve({ error: exited(requestId, code) });
    const { timeoutSeconds } = this.configuration;
    this.#timeOut = () => {
      resolve({ error: timedOut(requestId, timeoutSeconds) });
      void this.stop();
    };
    const answered = new AbortController();
    void this.#clock.wait(timeoutSeconds, answered.signal).then(() => answered.signal.aborted || this.#timeOut());

    this.#worker.on('message', onMessage).on('exit', onExit);
    if (this.isAlive) {
      const deadline = this.#clock.now().getTime() + timeoutSeconds * 1000;
      this.#worker.postMessage({ requestId, event: JSON.stringify(event), deadline } satisfies WorkerRequest);
    } else onExit(1);
    const outcome = await promise;
    answered.abort();
    this.#worker.off('message', onMessage).off('exit', onExit);
    return { ...outcome, milliseconds: performance.now() - started };
  }

  /** Whether the thread has done almost nothing since the last call of `isIdle`, because it waits for an answer or a timer. */
  isIdle(): boolean {
    const { eventLoopUtilization } = this.#worker.performance;
    const before = this.#used;
    this.#used = eventLoopUtilization();
    return (
      this.#hasBegun && before !== undefined && eventLoopUtilization(this.#used, before).utilization < idleUtilization
    );
  }

  /** Ends the function while it handles an event. */
  end(how: FunctionEnd): void {
    if (how === 'time-out') this.#timeOut();
    else void this.stop();
  }

  async stop(): Promise<void> {
    this.isAlive = false;
    await this.#worker.terminate();
  }
}

/** Functions that only wait use less than this share of their thread. Measured; functions that work use more. */
const idleUtilization = 0.05;

// The wording of both errors is Lambda's.

function timedOut(requestId: string, seconds: number): FunctionError {
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
  return { errorType: 'Sandbox.Timedout', errorMessage };
}

function exited(requestId: string, code: number): FunctionError {
  const how =
    code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${how}` };
}
