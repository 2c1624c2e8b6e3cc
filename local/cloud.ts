import { KafkaClient, TagResourceCommand } from '@aws-sdk/client-kafka';
import { readDefinition } from '../statemachine/definition.ts';
import type { Authorize } from './aws.ts';
import { CloudClock } from './cloud-clock.ts';
import { type Action, readDeployment } from './deployment.ts';
import { type Intercept, type Listener, listen, type Service } from './emulator.ts';
import { matches, type TagChange, tagChangeEvent } from './event-bridge.ts';
import type { Execution, MachineEvent } from './execution.ts';
import { iam, personsAccessKeyId } from './iam.ts';
import { Lambda } from './lambda.ts';
import { lambdaEnvironment } from './lambda-environment.ts';
import { Machine } from './machine.ts';
import { Recorder } from './recorder.ts';
import { StepFunctionsEmulator } from './step-functions.ts';
import { createWorld, type Place, settingsOf, somewhere, type World } from './world.ts';

export interface CloudOptions {
  /** How many times faster than real time. */
  speed: number;
  /** What there is in AWS and Atlas, where it differs from the ordinary. */
  world?: World | undefined;
  /** Serverless parameters, as for `npm run deploy`. */
  params?: Record<string, string>;
  place?: Place;
  onEvent?: (event: MachineEvent, execution: Execution) => void;
  onLog?: ((functionName: string, line: string) => void) | undefined;
}

export type Cloud = Awaited<ReturnType<typeof startCloud>>;

/**
 * Starts the local cloud: emulators of MSK, Secrets Manager and Atlas on loopback, and before them the deployment itself:
 * the rule, the state machine, and the functions with the environment and the permissions that they deploy with.
 */
export async function startCloud(options: CloudOptions) {
  const { speed, world = {}, place = somewhere(), onEvent, onLog } = options;
  const clock = new CloudClock(speed);
  const recorder = new Recorder();
  const params = { ...settingsOf(place), ...options.params };

  // The emulators ask for both only when they are called, and nobody calls them before the deployment is there.
  const authorize: Authorize = (...request) => isAllowed(...request);
  const onTagChange = (change: TagChange) => void deliver(tagChangeEvent(change));
  const stepFunctions = new StepFunctionsEmulator({ machines: () => machines, authorize });
  const emulators = createWorld({ world, place, params, clock, authorize, onTagChange });
  const serve = (service: Service): Promise<Listener> =>
    listen(service, { clock, recorder, intercept: (call, next) => cloud.intercept(call, next) });
  const services = [emulators.msk, emulators.secretsManager, stepFunctions, emulators.atlas];
  const listeners = await Promise.all(services.map(serve));
  const [kafkaUrl = '', secretsManagerUrl = '', stepFunctionsUrl = '', atlasBaseUrl = ''] = listeners.map(
    ({ url }) => url,
  );

  const { functions, ...deployment } = readDeployment({ ...place, params: { ...params, atlasBaseUrl } });
  const isAllowed = iam(functions, place.region);
  const lambda = new Lambda(
    functions.map((it) => ({
      ...it,
      environment: lambdaEnvironment(it, { ...place, kafkaUrl, secretsManagerUrl, stepFunctionsUrl }),
    })),
    onLog,
  );
  const invoke = (functionArn: string, payload: unknown) => clock.inRealTime(lambda.invoke(functionArn, payload));
  const machines = deployment.machines.map(
    ({ action, ...machine }) => new Machine({ ...machine, definition: readDefinition(action), invoke, clock, onEvent }),
  );
  const [machine, disconnectMachine] = machines as [Machine, Machine];
  /** EventBridge: the first rule that takes the event starts its machine, with the whole event as the input. */
  const deliver = (event: object): Execution | undefined => {
    const rule = deployment.rules.find(({ isEnabled, eventPattern }) => isEnabled && matches(eventPattern, event));
    return machines.find(({ arn }) => arn === rule?.machineArn)?.start(event);
  };
  const executions = () => machines.flatMap((it) => it.executions);

  // All of it is given here, so that nothing is looked for in the person's own environment.
  const kafka = new KafkaClient({
    endpoint: kafkaUrl,
    region: place.region,
    credentials: { accessKeyId: personsAccessKeyId, secretAccessKey: 'local' },
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  });

  const cloud = {
    clock,
    recorder,
    ...emulators,
    deployment,
    lambda,
    /** The connect machine, and the other one. */
    machine,
    disconnectMachine,
    executions,
    /** MSK as the person uses it. */
    kafka,
    endpoints: { kafka: kafkaUrl, secretsManager: secretsManagerUrl, atlas: atlasBaseUrl },
    /** Stands before every call to the emulators; may be set at any time. */
    intercept: ((_, next) => next()) as Intercept,
    deliver,
    /** Start execution, as in the console. */
    start: (input: unknown, action: Action = 'connect'): Execution =>
      (action === 'connect' ? machine : disconnectMachine).start(input),
    /** The schedule's call, now. @returns what the sweep has seen and done, and the executions that it has started */
    sweep: async () => {
      const before = executions();
      const sweeper = functions.find(({ name }) => name === 'SweepClusters');
      const { payload, error } = await invoke(sweeper?.arn ?? '', { now: clock.now().toISOString() });
      if (error) throw Object.assign(new Error(error.errorMessage), { name: error.errorType });
      return { result: payload, started: executions().filter((it) => !before.includes(it)) };
    },
    /** Tags a cluster through MSK's API, and returns the executions that this has started. */
    tag: async (clusterArn: string, tags: Record<string, string>): Promise<Execution[]> => {
      const before = executions();
      await kafka.send(new TagResourceCommand({ ResourceArn: clusterArn, Tags: tags }));
      return executions().filter((it) => !before.includes(it));
    },
    close: async (): Promise<void> => {
      for (const execution of executions()) execution.abort();
      kafka.destroy();
      await lambda.close();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
  return cloud;
}
