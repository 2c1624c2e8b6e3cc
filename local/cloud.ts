import { KafkaClient, TagResourceCommand } from '@aws-sdk/client-kafka';
import { readDefinition } from '../statemachine/definition.ts';
import { CloudClock } from './cloud-clock.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { type Intercept, type Listener, listen, type Service, type ServiceName } from './emulator.ts';
import { matches, type TagChange, tagChangeEvent } from './event-bridge.ts';
import type { Execution, MachineEvent } from './execution.ts';
import { iam, personsAccessKeyId } from './iam.ts';
import { Lambda } from './lambda.ts';
import { lambdaEnvironment } from './lambda-environment.ts';
import { Machine } from './machine.ts';
import { Recorder } from './recorder.ts';
import { type Place, type Surroundings, settingsOf, somewhere, World, type WorldSeed } from './world.ts';

export interface CloudOptions {
  /** How many times faster than real time. */
  speed: number;
  /** What there is in AWS and Atlas, where it differs from the ordinary. */
  world?: WorldSeed | undefined;
  /** Serverless parameters, as for `npm run deploy`. */
  params?: Record<string, string>;
  place?: Place;
  onEvent?: (event: MachineEvent, execution: Execution) => void;
  onLog?: ((functionName: string, line: string) => void) | undefined;
}

/** What is there before the deployment: the time, the record, and an address for each service. */
interface Site extends Record<'kafka' | 'secretsManager' | 'atlas', Listener> {
  clock: CloudClock;
  recorder: Recorder;
}

/**
 * The local cloud: emulators of MSK, Secrets Manager and Atlas on loopback, and before them the deployment itself: the rule,
 * the state machine, and the functions with the environment and the permissions that they deploy with.
 */
export class Cloud {
  readonly clock: CloudClock;
  readonly recorder: Recorder;
  readonly deployment: Deployment;
  readonly lambda: Lambda;
  readonly machine: Machine;
  /** MSK as the person who tags the cluster uses it. */
  readonly kafka: KafkaClient;
  /** What there is in AWS and Atlas. */
  world: World;
  /** Stands before every call to the emulators; may be set at any time. */
  intercept = pass;
  readonly #listeners: Listener[];
  readonly #surroundings: Surroundings;

  static async start(options: CloudOptions): Promise<Cloud> {
    const clock = new CloudClock(options.speed);
    const recorder = new Recorder();
    const serve = (name: ServiceName): Promise<Listener> => {
      const service: Service = { name, route: (request) => cloud.#emulator(name).route(request) };
      return listen(service, { clock, recorder, intercept: (call, next) => cloud.intercept(call, next) });
    };
    const [kafka, secretsManager, atlas] = await Promise.all([serve('kafka'), serve('secretsmanager'), serve('atlas')]);
    const cloud = new Cloud(options, { clock, recorder, kafka, secretsManager, atlas });
    return cloud;
  }

  private constructor(
    { world = {}, params = {}, place = somewhere(), onEvent, onLog }: CloudOptions,
    { clock, recorder, kafka, secretsManager, atlas }: Site,
  ) {
    this.clock = clock;
    this.recorder = recorder;
    this.#listeners = [kafka, secretsManager, atlas];
    const settings = { ...settingsOf(place), ...params };
    this.deployment = readDeployment({ ...place, params: { ...settings, atlasBaseUrl: atlas.url } });
    const { functions, machineName, substitutions } = this.deployment;

    const { region, accountId } = place;
    const authorize = iam(functions, region);
    const onTagChange = (change: TagChange) => this.deliver(tagChangeEvent(change));
    this.#surroundings = { place, settings, clock, authorize, onTagChange };
    this.world = new World(world, this.#surroundings);

    const endpoints = { region, kafkaUrl: kafka.url, secretsManagerUrl: secretsManager.url };
    const configured = functions.map((it) => ({ ...it, environment: lambdaEnvironment(it, endpoints) }));
    this.lambda = new Lambda(configured, onLog);
    this.machine = new Machine({
      arn: `arn:aws:states:${region}:${accountId}:stateMachine:${machineName}`,
      definition: readDefinition('connect'),
      substitutions,
      invoke: (functionArn, payload) => clock.inRealTime(this.lambda.invoke(functionArn, payload)),
      clock,
      onEvent,
    });
    // All of it is given, so that nothing is looked for in the person's own environment.
    this.kafka = new KafkaClient({
      endpoint: kafka.url,
      region,
      credentials: { accessKeyId: personsAccessKeyId, secretAccessKey: 'local' },
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
    });
  }

  /** EventBridge: if the rule takes the event, it starts an execution with the whole event as its input. */
  deliver(event: object): Execution | undefined {
    return matches(this.deployment.eventPattern, event) ? this.machine.start(event) : undefined;
  }

  /** Start execution, as in the console. */
  start(input: unknown): Execution {
    return this.machine.start(input);
  }

  /** Tags the cluster through MSK's API, and returns the executions that this has started. */
  async tag(tags: Record<string, string>): Promise<Execution[]> {
    const before = this.machine.executions.length;
    await this.kafka.send(new TagResourceCommand({ ResourceArn: this.world.cluster.arn, Tags: tags }));
    return this.machine.executions.slice(before);
  }

  /** Puts another world into the place of this one. The functions stay warm, which saves a test two seconds. */
  renew(seed: WorldSeed): void {
    for (const execution of this.machine.executions.splice(0)) execution.abort();
    this.recorder.exchanges.splice(0);
    this.lambda.logs.clear();
    this.intercept = pass;
    const { region, accountId } = this.#surroundings.place;
    this.world = new World(seed, { ...this.#surroundings, place: somewhere(region, accountId) });
  }

  #emulator(name: ServiceName): Service {
    const { msk, secretsManager, atlas } = this.world;
    return { kafka: msk, secretsmanager: secretsManager, atlas }[name];
  }

  async close(): Promise<void> {
    for (const execution of this.machine.executions) execution.abort();
    this.kafka.destroy();
    await this.lambda.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}

const pass: Intercept = (_, next) => next();
