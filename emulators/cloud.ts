import { KafkaClient, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-kafka';
import { readDefinition } from '../statemachine/definition.ts';
import { Clock } from './clock.ts';
import { Metrics } from './cloudwatch/metrics.ts';
import { type Action, type Deployment, readDeployment } from './deployment/deployment.ts';
import { iam, personsAccessKeyId } from './deployment/iam.ts';
import type { Table } from './dynamodb/table.ts';
import { type Exchange, type Intercept, type Listener, listen, type Service, type ServiceName } from './emulator.ts';
import {
  type ApiCall,
  apiCallEvent,
  executionEvent,
  isApiCallEvent,
  matches,
  type TagChange,
  tagChangeEvent,
} from './event-bridge.ts';
import type { Outcome } from './lambda/container.ts';
import { type LocalEndpoints, lambdaEnvironment } from './lambda/environment.ts';
import { Lambda } from './lambda/lambda.ts';
import { Recorder } from './recorder.ts';
import { type Message, SnsEmulator } from './sns.ts';
import { StepFunctionsEmulator } from './step-functions/api.ts';
import type { Execution, MachineEvent } from './step-functions/execution.ts';
import { Machine } from './step-functions/machine.ts';
import { defaultPlace, type Place, type Surroundings, settingsOf, World, type WorldSeed } from './world.ts';

export interface CloudOptions {
  /** How many times faster than real time the simulated time passes. */
  speed: number;
  /** The same while functions run: for their time-outs, back-off and pauses. Default: 1. */
  functionSpeed?: number;
  /** The same while no execution waits and only the schedule is pending. Default: that of functions. */
  idleSpeed?: number;
  /** Real milliseconds between two ticks of the clock. Default: 1. */
  tickMs?: number;
  /**
   * For many runs at once: how many functions may work at the same time. The clock pauses while others wait, retries have
   * Step Functions' jitter, and no history, exchanges or logs are kept.
   */
  maxConcurrency?: number | undefined;
  /** How AWS and Atlas differ from the defaults. */
  world?: WorldSeed | undefined;
  /** Parameters of the deployment, as for `npm run deploy`. */
  settings?: Record<string, string>;
  place?: Place;
  /** Whether the account has a trail, so that EventBridge gets an event for each change by MSK's API. Default: false. */
  hasTrail?: boolean;
  onEvent?: (event: MachineEvent, execution: Execution) => void;
  onExchange?: (exchange: Exchange) => void;
  onLog?: ((functionName: string, line: string) => void) | undefined;
}

/** What the deployment needs first: the clock, the recorder, and an address for each service. */
interface Site {
  clock: Clock;
  recorder: Recorder;
  listeners: Record<ServiceName, Listener>;
}

/** An invocation of a function. The name is the one in the state machine. */
interface Invocation {
  name: string;
  arn: string;
  payload: unknown;
  /** Begins the time-out of its state, as `next` does when the function gets the event. Then an answer may fail to come. */
  begin(): void;
}

/** Middleware around every invocation of a function. It may act before, after or instead of the function. */
type InterceptInvocation = (invocation: Invocation, next: () => Promise<Outcome>) => Promise<Outcome>;

/**
 * The local cloud: emulators of MSK, Secrets Manager, DynamoDB, Step Functions, SNS and Atlas on loopback, and the deployment that uses
 * them: its rules, its state machines, and its functions with their environment and permissions.
 */
export class Cloud {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly deployment: Deployment;
  readonly lambda: Lambda;
  readonly machines: Machine[];
  /** The MSK client of the person who tags the cluster. */
  readonly kafka: KafkaClient;
  /** The resources in AWS and Atlas. */
  world: World;
  /** Whether the account has a trail. May be changed at any time. */
  hasTrail: boolean;
  /** Runs around every call to the emulators. May be replaced at any time. */
  intercept = pass;
  /** Runs around every invocation of a function. May be replaced at any time. */
  interceptInvocation = passInvocation;
  /** Gets what happens in the executions. May be replaced at any time. */
  onEvent: (event: MachineEvent, execution: Execution) => void;
  /** The services' HTTP servers. Each may go down for a while. */
  readonly listeners: Record<ServiceName, Listener>;
  /** What the environment of the functions names. */
  readonly endpoints: LocalEndpoints;
  readonly #surroundings: Surroundings;
  readonly #stepFunctions: StepFunctionsEmulator;
  readonly #sns: SnsEmulator;
  /** What CloudWatch gets. */
  readonly metrics: Metrics;
  /** Asynchronous invocations that have not ended. */
  readonly #pending = new Set<Promise<unknown>>();
  #isClosed = false;

  static async start(options: CloudOptions): Promise<Cloud> {
    const { speed, functionSpeed = 1, idleSpeed = functionSpeed, tickMs = 1, maxConcurrency, onExchange } = options;
    const clock = new Clock({ speed, functionSpeed, idleSpeed, tickMs });
    const recorder = new Recorder({ keepsExchanges: !maxConcurrency, onExchange });
    const serve = (name: ServiceName): Promise<Listener> => {
      const service: Service = {
        name,
        route: (request) => cloud.#emulator(name).route(request),
      };
      return listen(service, { clock, recorder, intercept: (call, next) => cloud.intercept(call, next) });
    };
    const [kafka, secretsmanager, dynamodb, states, sns, atlas] = await Promise.all([
      serve('kafka'),
      serve('secretsmanager'),
      serve('dynamodb'),
      serve('states'),
      serve('sns'),
      serve('atlas'),
    ]);
    const listeners = { kafka, secretsmanager, dynamodb, states, sns, atlas };
    let cloud: Cloud;
    try {
      cloud = new Cloud(options, { clock, recorder, listeners });
    } catch (error) {
      // Open servers would keep the process alive.
      await closeAll(listeners);
      throw error;
    }
    return cloud;
  }

  private constructor(
    { world = {}, settings: given = {}, place = defaultPlace(), hasTrail = false, ...options }: CloudOptions,
    { clock, recorder, listeners }: Site,
  ) {
    const { maxConcurrency, onEvent = () => {}, onLog } = options;
    this.hasTrail = hasTrail;
    this.onEvent = onEvent;
    this.clock = clock;
    this.recorder = recorder;
    this.metrics = new Metrics(clock);
    this.listeners = listeners;
    const { kafka, secretsmanager, dynamodb, states, sns, atlas } = listeners;
    const settings = { ...settingsOf(place), ...given };
    this.deployment = readDeployment({ ...place, settings: { ...settings, atlasBaseUrl: atlas.url } });
    const { functions, machines, registry, secrets, streamsRole, topicArns } = this.deployment;

    const { region } = place;
    const authorize = iam(functions, region);
    const onTagChange = (change: TagChange) => this.deliver(tagChangeEvent(change));
    const onApiCall = (call: ApiCall) => this.hasTrail && this.deliver(apiCallEvent(call));
    const deployed = { settings, registry, secrets, streamsRole };
    this.#surroundings = { place, ...deployed, clock, authorize, onTagChange, onApiCall };
    this.#stepFunctions = new StepFunctionsEmulator({
      clock,
      region,
      machines: () => this.machines,
      authorize,
      appearAfterSeconds: () => this.world.executionsAppearAfterSeconds,
    });
    this.#sns = new SnsEmulator({ authorize, region, topicArns });
    this.world = new World(world, this.#surroundings);

    this.endpoints = {
      region,
      kafkaUrl: kafka.url,
      secretsManagerUrl: secretsmanager.url,
      dynamoDbUrl: dynamodb.url,
      stepFunctionsUrl: states.url,
      snsUrl: sns.url,
    };
    const configured = functions.map((it) => ({ ...it, environment: lambdaEnvironment(it, this.endpoints) }));
    const keepsHistory = !maxConcurrency;
    const onLine = (functionName: string, line: string) => {
      if (keepsHistory) this.metrics.putLogged(line);
      onLog?.(functionName, line);
    };
    this.lambda = new Lambda(configured, { clock, onLog: onLine, maxConcurrency, keepsLogs: keepsHistory });
    const [invoke, onStart, onEnd] = [this.#invoke, this.#onStart, this.#onEnd];
    const jitter = maxConcurrency ? Math.random : undefined;
    this.machines = machines.map(
      ({ action, ...machine }) =>
        new Machine({
          ...machine,
          definition: readDefinition(action),
          invoke,
          clock,
          jitter,
          keepsHistory,
          onEvent: (event, execution) => this.onEvent(event, execution),
          onStart,
          onEnd,
        }),
    );
    // Every setting is given, so that the SDK reads none from the user's environment.
    this.kafka = new KafkaClient({
      endpoint: kafka.url,
      region,
      credentials: { accessKeyId: personsAccessKeyId, secretAccessKey: 'local' },
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
    });
  }

  /**
   * EventBridge: each rule that matches the event starts its machine or its function, with the whole event as the input.
   *
   * @returns the executions that it has started
   */
  deliver(event: object): Execution[] {
    const { rules, functions } = this.deployment;
    const mayMatch = (rule: (typeof rules)[number]) => rule.isEnabled && (rule.matchesTrail || !isApiCallEvent(event));
    const matching = rules.filter((rule) => mayMatch(rule) && matches(rule.eventPattern, event));
    const targets = matching.map(({ targetArn }) => targetArn);
    for (const target of targets) if (functions.some(({ arn }) => arn === target)) this.#invokeLater(target, event);
    return targets.flatMap((target) => this.machines.find(({ arn }) => arn === target)?.start(event) ?? []);
  }

  /** The items of the deployment's table. Reading and writing them here is not recorded and cannot be intercepted. */
  get registry(): Table {
    return this.world.dynamodb.table;
  }

  /** An asynchronous invocation. */
  #invokeLater(functionArn: string, event: object): void {
    const work: Promise<void> = this.#invokeUntilDone(functionArn, event).finally(() => this.#pending.delete(work));
    this.#pending.add(work);
  }

  /** Documented: Lambda retries a function that has failed after one minute, and after two more; then it sends the event to the function's queue for failures, if it has one, and drops it. */
  async #invokeUntilDone(functionArn: string, event: object): Promise<void> {
    for (const pauseSeconds of [60, 120, undefined]) {
      const { error } = await this.#invoke(functionArn, event);
      if (!error) return;
      if (pauseSeconds !== undefined) await this.clock.wait(pauseSeconds);
    }
    this.metrics.put(lambdaMetric('AsyncEventsDropped', functionArn), 1);
    const { failureQueue } = this.deployment.functions.find(({ arn }) => arn === functionArn) ?? {};
    if (failureQueue) this.metrics.set(queuedMetric(failureQueue), 1);
  }

  readonly #onStart = (machine: Machine, execution: Execution) => {
    this.metrics.put(stateMetric('ExecutionsStarted', machine.arn), 1);
    this.#onStatus(machine, execution, 'RUNNING');
  };

  readonly #onEnd = (machine: Machine, execution: Execution, status: string) => {
    const name = status === 'FAILED' ? 'ExecutionsFailed' : status === 'TIMED_OUT' ? 'ExecutionsTimedOut' : undefined;
    if (name) this.metrics.put(stateMetric(name, machine.arn), 1);
    this.#onStatus(machine, execution, status);
  };

  #onStatus({ arn: stateMachineArn }: Machine, { arn, name }: Execution, status: string): void {
    if (!this.#isClosed) this.deliver(executionEvent({ arn, name, stateMachineArn, status }));
  }

  /** All messages of the topic, after the asynchronous invocations have ended. */
  async messages(): Promise<Message[]> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    return this.#sns.messages;
  }

  /** The connect machine. */
  get machine(): Machine {
    return this.machineOf('connect');
  }

  machineOf(action: Action): Machine {
    return this.machines.find(({ arn }) => arn.endsWith(`-${action}`)) as Machine;
  }

  /** The executions of both machines. */
  get executions(): Execution[] {
    return this.machines.flatMap(({ executions }) => executions);
  }

  /** Starts an execution, as a person does in the console. */
  start(input: unknown, action: Action = 'connect'): Execution {
    return this.machineOf(action).start(input);
  }

  /** Runs the sweep now, as the schedule does. @returns its result and the executions that it has started */
  async sweep(): Promise<{ result: unknown; started: Execution[] }> {
    const before = this.executions;
    const sweeper = this.deployment.functions.find(({ name }) => name === 'SweepClusters');
    const { payload, error } = await this.#invoke(sweeper?.arn ?? '', { now: this.clock.now().toISOString() });
    if (error) throw Object.assign(new Error(error.errorMessage), { name: error.errorType });
    return { result: payload, started: this.executions.filter((it) => !before.includes(it)) };
  }

  readonly #invoke = async (arn: string, payload: unknown, begin = () => {}) => {
    const { name = '' } = this.deployment.functions.find((it) => it.arn === arn) ?? {};
    const next = () => this.lambda.invoke(arn, payload, begin);
    this.metrics.put(lambdaMetric('Invocations', arn), 1);
    const outcome = await this.interceptInvocation({ name, arn, payload, begin }, next);
    if (outcome.error) this.metrics.put(lambdaMetric('Errors', arn), 1);
    return outcome;
  };

  /** Tags a cluster through MSK's API. @returns the executions that the tag has started */
  tag(tags: Record<string, string>, clusterArn = this.world.cluster.arn): Promise<Execution[]> {
    return this.#startedBy(() => this.kafka.send(new TagResourceCommand({ ResourceArn: clusterArn, Tags: tags })));
  }

  /** Removes tags of a cluster through MSK's API. @returns the executions that this has started */
  untag(tagKeys: string[], clusterArn = this.world.cluster.arn): Promise<Execution[]> {
    return this.#startedBy(() =>
      this.kafka.send(new UntagResourceCommand({ ResourceArn: clusterArn, TagKeys: tagKeys })),
    );
  }

  async #startedBy(act: () => Promise<unknown>): Promise<Execution[]> {
    const before = this.executions;
    await act();
    return this.executions.filter((it) => !before.includes(it));
  }

  /** Replaces the world, the items of the table included. The functions stay warm, which saves a test two seconds. */
  async replaceWorld(seed: WorldSeed): Promise<void> {
    (await this.messages()).splice(0);
    for (const { executions } of this.machines) for (const execution of executions.splice(0)) execution.abort();
    // A function of the old world must not write to the new one.
    await this.lambda.stopBusy();
    this.recorder.exchanges.splice(0);
    this.lambda.logs.clear();
    this.metrics.clear();
    this.intercept = pass;
    this.interceptInvocation = passInvocation;
    const { region, accountId } = this.#surroundings.place;
    this.world = new World(seed, { ...this.#surroundings, place: defaultPlace(region, accountId) });
  }

  #emulator(name: ServiceName): Service {
    const { msk: kafka, secretsManager: secretsmanager, dynamodb, atlas } = this.world;
    return { kafka, secretsmanager, dynamodb, states: this.#stepFunctions, sns: this.#sns, atlas }[name];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const execution of this.executions) execution.abort();
    this.kafka.destroy();
    await this.messages();
    await this.lambda.close();
    this.clock.close();
    await closeAll(this.listeners);
  }
}

const closeAll = (listeners: Record<ServiceName, Listener>) =>
  Promise.all(Object.values(listeners).map((listener) => listener.close()));

const stateMetric = (name: string, StateMachineArn: string) => ({
  namespace: 'AWS/States',
  name,
  dimensions: { StateMachineArn },
});

const lambdaMetric = (name: string, arn: string) => ({
  namespace: 'AWS/Lambda',
  name,
  dimensions: { FunctionName: arn.split(':').at(-1) ?? '' },
});

const queuedMetric = (QueueName: string) => ({
  namespace: 'AWS/SQS',
  name: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName },
});

const pass: Intercept = (_, next) => next();
const passInvocation: InterceptInvocation = (_, next) => next();
