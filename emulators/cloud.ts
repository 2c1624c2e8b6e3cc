import { KafkaClient, TagResourceCommand } from '@aws-sdk/client-kafka';
import { readDefinition } from '../statemachine/definition.ts';
import { CloudClock, type FunctionClock } from './cloud-clock.ts';
import { type Action, type Deployment, readDeployment } from './deployment/deployment.ts';
import { iam, personsAccessKeyId } from './deployment/iam.ts';
import { type Intercept, type Listener, listen, type Service, type ServiceName } from './emulator.ts';
import { executionEvent, matches, type TagChange, tagChangeEvent } from './event-bridge.ts';
import type { Outcome } from './lambda/container.ts';
import { lambdaEnvironment } from './lambda/environment.ts';
import { Lambda } from './lambda/lambda.ts';
import { PatientClock } from './patient-clock.ts';
import { type Exchange, Recorder } from './recorder.ts';
import { type Message, SnsEmulator } from './sns.ts';
import { StepFunctionsEmulator } from './step-functions/api.ts';
import type { Execution, MachineEvent } from './step-functions/execution.ts';
import { Machine } from './step-functions/machine.ts';
import { type Place, type Surroundings, settingsOf, somewhere, World, type WorldSeed } from './world.ts';

export interface CloudOptions {
  /** How many times faster than real time. */
  speed: number;
  /** The same for the functions' own time-outs and pauses; 1, if not said. */
  functionSpeed?: number;
  /**
   * For more runs than the machine can keep up with in the time that is asked for: so many functions are at work at once, the
   * clock waits for them, retries are spread as Step Functions spreads them, and nothing is kept of it all but what listeners keep.
   */
  mostAtWork?: number | undefined;
  /** What there is in AWS and Atlas, where it differs from the ordinary. */
  world?: WorldSeed | undefined;
  /** Serverless parameters, as for `npm run deploy`. */
  params?: Record<string, string>;
  place?: Place;
  onEvent?: (event: MachineEvent, execution: Execution) => void;
  onExchange?: (exchange: Exchange) => void;
  onLog?: ((functionName: string, line: string) => void) | undefined;
}

/** What is there before the deployment: the time, the record, and an address for each service. */
interface Site {
  clock: FunctionClock;
  recorder: Recorder;
  listeners: Record<ServiceName, Listener>;
}

/** An invocation of a function, by its name in the state machine. */
interface Invocation {
  name: string;
  arn: string;
  payload: unknown;
}

/** Middleware around every invocation of a function: what happens to it before and after, or instead of it. */
type InterceptInvocation = (invocation: Invocation, next: () => Promise<Outcome>) => Promise<Outcome>;

/**
 * The local cloud: emulators of MSK, Secrets Manager and Atlas on loopback, and before them the deployment itself: the rules,
 * state machines, and the functions with the environment and the permissions that they deploy with.
 */
export class Cloud {
  readonly clock: FunctionClock;
  readonly recorder: Recorder;
  readonly deployment: Deployment;
  readonly lambda: Lambda;
  readonly machines: Machine[];
  /** MSK as the person who tags the cluster uses it. */
  readonly kafka: KafkaClient;
  /** What there is in AWS and Atlas. */
  world: World;
  /** Stands before every call to the emulators; may be set at any time. */
  intercept = pass;
  /** Stands before every invocation of a function; may be set at any time. */
  interceptInvocation = passInvocation;
  /** Where the services are; each may go down for a while. */
  readonly listeners: Record<ServiceName, Listener>;
  readonly #surroundings: Surroundings;
  readonly #stepFunctions: StepFunctionsEmulator;
  readonly #sns: SnsEmulator;
  /** Functions that rules have started, and nobody waits for. */
  readonly #pending = new Set<Promise<unknown>>();
  #isClosed = false;

  static async start(options: CloudOptions): Promise<Cloud> {
    const { speed, functionSpeed = 1, mostAtWork, onExchange } = options;
    const clock = mostAtWork ? new PatientClock(speed, functionSpeed) : new CloudClock(speed, functionSpeed);
    const recorder = new Recorder({ keeps: !mostAtWork, onExchange });
    const serve = (name: ServiceName): Promise<Listener> => {
      const service: Service = { name, route: (request) => cloud.#emulator(name).route(request) };
      return listen(service, { clock, recorder, intercept: (call, next) => cloud.intercept(call, next) });
    };
    const [kafka, secretsmanager, states, sns, atlas] = await Promise.all([
      serve('kafka'),
      serve('secretsmanager'),
      serve('states'),
      serve('sns'),
      serve('atlas'),
    ]);
    const cloud = new Cloud(options, { clock, recorder, listeners: { kafka, secretsmanager, states, sns, atlas } });
    return cloud;
  }

  private constructor(
    { world = {}, params = {}, place = somewhere(), functionSpeed = 1, mostAtWork, onEvent, onLog }: CloudOptions,
    { clock, recorder, listeners }: Site,
  ) {
    this.clock = clock;
    this.recorder = recorder;
    this.listeners = listeners;
    const { kafka, secretsmanager, states, sns, atlas } = listeners;
    const settings = { ...settingsOf(place), ...params };
    this.deployment = readDeployment({ ...place, params: { ...settings, atlasBaseUrl: atlas.url } });
    const { functions, machines } = this.deployment;

    const { region } = place;
    const authorize = iam(functions, region);
    const onTagChange = (change: TagChange) => this.deliver(tagChangeEvent(change));
    this.#surroundings = { place, settings, clock, authorize, onTagChange };
    this.#stepFunctions = new StepFunctionsEmulator({ machines: () => this.machines, authorize });
    this.#sns = new SnsEmulator(authorize);
    this.world = new World(world, this.#surroundings);

    const endpoints = {
      region,
      kafkaUrl: kafka.url,
      secretsManagerUrl: secretsmanager.url,
      stepFunctionsUrl: states.url,
      snsUrl: sns.url,
    };
    const configured = functions.map((it) => ({
      ...it,
      environment: lambdaEnvironment(it, endpoints),
      speed: functionSpeed,
    }));
    const patient = clock instanceof PatientClock ? clock : undefined;
    this.lambda = new Lambda(configured, { onLog, most: mostAtWork, keepsLogs: !patient, clock: patient });
    if (patient) patient.isBehind = () => this.lambda.isBehind;
    const [invoke, onEnd, jitter] = [this.#invoke, this.#onEnd, patient && Math.random];
    this.machines = machines.map(
      ({ action, ...machine }) =>
        new Machine({
          ...machine,
          definition: readDefinition(action),
          invoke,
          clock,
          jitter,
          keepsHistory: !patient,
          onEvent,
          onEnd,
        }),
    );
    // All of it is given, so that nothing is looked for in the person's own environment.
    this.kafka = new KafkaClient({
      endpoint: kafka.url,
      region,
      credentials: { accessKeyId: personsAccessKeyId, secretAccessKey: 'local' },
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
    });
  }

  /** EventBridge: the rule that takes the event starts its machine or its function, with the whole event as the input. */
  deliver(event: object): Execution | undefined {
    const { rules, functions } = this.deployment;
    const rule = rules.find(({ isEnabled, eventPattern }) => isEnabled && matches(eventPattern, event));
    if (functions.some(({ arn }) => arn === rule?.targetArn)) this.#invokeLater(rule?.targetArn ?? '', event);
    return this.machines.find(({ arn }) => arn === rule?.targetArn)?.start(event);
  }

  /** As Lambda does where nobody waits for the answer: up to three times. */
  #invokeLater(functionArn: string, event: object, attempts = 3): void {
    const work: Promise<void> = this.#invoke(functionArn, event).then(({ error }) => {
      this.#pending.delete(work);
      if (error && attempts > 1) this.#invokeLater(functionArn, event, attempts - 1);
    });
    this.#pending.add(work);
  }

  readonly #onEnd = (machine: Machine, { arn, name }: Execution, status: string) => {
    if (!this.#isClosed) this.deliver(executionEvent({ arn, name, stateMachineArn: machine.arn, status }));
  };

  /** What the subscribers of the topic have been told, when everybody who is about to tell them has. */
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

  /** Of both machines. */
  get executions(): Execution[] {
    return this.machines.flatMap(({ executions }) => executions);
  }

  /** Start execution, as in the console. */
  start(input: unknown, action: Action = 'connect'): Execution {
    return this.machineOf(action).start(input);
  }

  /** The schedule's call, now. @returns what the sweep has seen and done, and the executions that it has started */
  async sweep(): Promise<{ result: unknown; started: Execution[] }> {
    const before = this.executions;
    const sweeper = this.deployment.functions.find(({ name }) => name === 'SweepClusters');
    const { payload, error } = await this.#invoke(sweeper?.arn ?? '', { now: this.clock.now().toISOString() });
    if (error) throw Object.assign(new Error(error.errorMessage), { name: error.errorType });
    return { result: payload, started: this.executions.filter((it) => !before.includes(it)) };
  }

  readonly #invoke = (arn: string, payload: unknown) => {
    const { name = '' } = this.deployment.functions.find((it) => it.arn === arn) ?? {};
    const next = () => this.lambda.invoke(arn, payload);
    return this.clock.inFunctionTime(this.interceptInvocation({ name, arn, payload }, next));
  };

  /** Tags the cluster through MSK's API, and returns the executions that this has started. */
  async tag(tags: Record<string, string>): Promise<Execution[]> {
    const before = this.executions;
    await this.kafka.send(new TagResourceCommand({ ResourceArn: this.world.cluster.arn, Tags: tags }));
    return this.executions.filter((it) => !before.includes(it));
  }

  /** Puts another world into the place of this one. The functions stay warm, which saves a test two seconds. */
  async renew(seed: WorldSeed): Promise<void> {
    (await this.messages()).splice(0);
    for (const { executions } of this.machines) for (const execution of executions.splice(0)) execution.abort();
    this.recorder.exchanges.splice(0);
    this.lambda.logs.clear();
    this.intercept = pass;
    this.interceptInvocation = passInvocation;
    const { region, accountId } = this.#surroundings.place;
    this.world = new World(seed, { ...this.#surroundings, place: somewhere(region, accountId) });
  }

  #emulator(name: ServiceName): Service {
    const { msk, secretsManager, atlas } = this.world;
    return { kafka: msk, secretsmanager: secretsManager, states: this.#stepFunctions, sns: this.#sns, atlas }[name];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const execution of this.executions) execution.abort();
    this.kafka.destroy();
    await this.messages();
    await this.lambda.close();
    this.clock.close();
    await Promise.all(Object.values(this.listeners).map((listener) => listener.close()));
  }
}

const pass: Intercept = (_, next) => next();
const passInvocation: InterceptInvocation = (_, next) => next();
