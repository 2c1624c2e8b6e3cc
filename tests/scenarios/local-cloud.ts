import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, type TestContext } from 'node:test';
import type * as z from 'zod/mini';
import { Cloud, type CloudOptions } from '../../emulators/cloud.ts';
import type { Answer, Call, Intercept } from '../../emulators/emulator.ts';
import type { FunctionError } from '../../emulators/lambda/container.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import type { SweepClustersOutput } from '../../functions/sweep-clusters/sweep-clusters.ts';
import type { Outcome } from '../../shared/outcomes.ts';
import { RegistryRecord } from '../../shared/registry/record.ts';
import { ended } from '../fixtures/ended.ts';
import { checkRequestToAtlas } from '../fixtures/requests-to-atlas.ts';
import { connectivityOfWay, settingsOfWay, worldOfWay } from './way.ts';

/** The states and the transitions (`A → B`) that the tests of this process have visited. */
export const visited = { states: new Set<string>(), transitions: new Set<string>() };

/** What the functions have logged in this process. */
export const logged: string[] = [];

/** What the tests connect to, beside the deployment's own target. */
const allowedTargets = ['asked', 'tagged'].map((name) => `64b7e1c2d3f4a5968778695a/${name}`).join(', ');

/** A simulated hour takes a second. */
const speed = 3600;

export const privateConnectivityIsOn = connectivityOfWay();

/** The same world, in which MSK and Atlas need only minutes. */
const quick = (seed: WorldSeed): WorldSeed =>
  worldOfWay({
    ...seed,
    cluster: { updateMinutes: 3, ...seed.cluster },
    atlas: { linkMinutes: 3, connectionMinutes: 2, ...seed.atlas },
  });

let shared: Cloud | undefined;
after(() => shared?.close());

/** A world for one test. All tests share one cloud, one after the other, because its functions are warm. */
export async function cloudWith(seed: WorldSeed = {}): Promise<Cloud> {
  await restoreVariables();
  restoreVariables = async () => {};
  if (shared) await shared.replaceWorld(quick(seed));
  else shared = await startCloud({ world: seed });
  return shared;
}

/** The same, with other environment variables of the functions than the deployment gives them. */
export async function cloudWithVariables(variables: Record<string, string>, seed: WorldSeed = {}): Promise<Cloud> {
  const cloud = await cloudWith(seed);
  restoreVariables = await cloud.lambda.update(variables);
  return cloud;
}

let restoreVariables = async () => {};

/** A cloud for one test, with other parameters or with functions that have not run yet. */
export async function startOwnCloud(t: TestContext, options: Partial<CloudOptions> = {}): Promise<Cloud> {
  const cloud = await startCloud(options);
  t.after(() => cloud.close());
  return cloud;
}

function startCloud({ world = {}, ...options }: Partial<CloudOptions>): Promise<Cloud> {
  const latest = new Map<Execution, string>();
  return Cloud.start({
    speed,
    ...options,
    settings: { allowedTargets, ...settingsOfWay(), ...options.settings },
    world: quick(world),
    onLog: (_, line) => logged.push(line),
    onExchange: checkRequestToAtlas,
    onEvent: (event, execution) => {
      if (event.type !== 'StateEntered') return;
      const { name } = event.state;
      const from = latest.get(execution);
      visited.states.add(name);
      if (from) visited.transitions.add(`${from} → ${name}`);
      latest.set(execution, name);
      entries.emit(entryOf(execution, name));
    },
  });
}

const entries = new EventEmitter();
const entryOf = ({ arn }: Execution, state: string) => `${arn} ${state}`;

/** Waits until a run enters a state. */
export async function entered(execution: Execution, state: string): Promise<void> {
  const isPast = execution.history.some((event) => event.type === 'StateEntered' && event.state.name === state);
  if (!isPast) await once(entries, entryOf(execution, state));
}

/** Tags the cluster and waits for the end of the run that this starts. */
export async function connectByTag(cloud: Cloud) {
  const [execution, ...others] = await cloud.tag({ 'atlas-streaming': 'connect' });
  assert.ok(execution, 'the tag starts an execution');
  assert.equal(others.length, 0);
  return ended(execution);
}

/** A cloud whose cluster was connected by its tag. The calls of that run are not recorded. */
export async function connectedCloud(seed: WorldSeed = {}): Promise<Cloud> {
  const cloud = await cloudWith({ ...seed, cluster: { ...privateConnectivityIsOn, ...seed.cluster } });
  assertConnected(await connectByTag(cloud));
  cloud.recorder.exchanges.splice(0);
  return cloud;
}

/** Sweeps after some simulated minutes, and waits for the end of the runs that this starts. */
export async function swept(cloud: Cloud, afterMinutes = 0) {
  cloud.clock.advance(afterMinutes);
  const { result, started } = await cloud.sweep();
  const runs = await Promise.all(started.map(ended));
  return { result: result as z.infer<typeof SweepClustersOutput>, runs, ends: runs.map(({ endState }) => endState) };
}

/** Starts the disconnect machine manually and waits for the end of the run. */
export const disconnectByHand = (cloud: Cloud, input: object = {}) =>
  ended(cloud.start({ clusterArn: cloud.world.cluster.arn, ...input }, 'disconnect'));

/** Tags the cluster `disconnect` and waits for the end of the run that this starts. */
export async function disconnectByTag(cloud: Cloud) {
  const [execution = assert.fail('not started')] = await cloud.tag({ 'atlas-streaming': 'disconnect' });
  return ended(execution);
}

/** Starts the connect machine manually and waits for the end of the run. */
export const connectByHand = (cloud: Cloud, input: object = {}) =>
  ended(cloud.start({ clusterArn: cloud.world.cluster.arn, ...input }));

/** What the registry says about the cluster. Fails if it says nothing. */
export async function recordOf(cloud: Cloud, clusterArn = cloud.world.cluster.arn): Promise<RegistryRecord> {
  const item = await cloud.registry.get(clusterArn);
  assert.ok(item, 'the registry has no record');
  return RegistryRecord.parse(item);
}

export { ended };

export type Ended = Awaited<ReturnType<typeof ended>>;

export function assertConnected({ endState, error, cause }: Ended): void {
  assert.equal(endState, 'Connected', `${error}: ${cause}`);
}

/** @param pattern what the Cause must match */
export function assertFailed({ endState, error, cause = '' }: Ended, expected: string, pattern: RegExp): void {
  assert.equal(endState, 'SetupFailed', cause);
  assert.equal(error, expected, cause);
  assert.match(cause, pattern);
}

/** What a run has done with each resource, such as `{ connection: 'removed' }`. */
export const resultsIn = ({ output }: Ended): Record<string, string> =>
  Object.fromEntries((output as { done: Outcome[] }).done.map(({ resource, result }) => [resource, result]));

/** The successful calls that change MSK or Atlas, such as `atlas createGroupStreamConnection`, without those that write tags. */
export function changes({ recorder }: Cloud): string[] {
  return recorder.exchanges
    .filter(
      ({ method, service, operation }) =>
        method !== 'GET' && !['secretsmanager', 'states', 'dynamodb'].includes(service) && operation !== 'createToken',
    )
    .filter(({ operation, status }) => operation !== 'TagResource' && Number(status) < 300)
    .map(({ service, operation }) => `${service} ${operation}`);
}

type Fault = (call: Call, next: () => Promise<Answer>) => Promise<Answer | 'reset'> | Answer | 'reset';

/** Applies a fault to the first `times` calls of an operation. */
export function faultAt(operation: string, fault: Fault, times = 1): Intercept {
  let count = 0;
  return async (call, next) => (call.operation === operation && ++count <= times ? fault(call, next) : next());
}

/** The service carries out the call, but its answer never arrives. */
export const loseAnswer = async (_: Call, next: () => Promise<Answer>): Promise<'reset'> => {
  await next();
  return 'reset';
};

/** Makes the first `times` invocations of a function fail with this error. */
export function failFunction(cloud: Cloud, name: string, error: FunctionError, times = Number.POSITIVE_INFINITY): void {
  let count = 0;
  cloud.interceptInvocation = async (invocation, next) =>
    invocation.name === name && ++count <= times ? { milliseconds: 0, error } : next();
}

/** The first `times` invocations of a function get no answer, as long as their state waits. The function does not run. */
export function neverAnswer(cloud: Cloud, name: string, times = Number.POSITIVE_INFINITY): void {
  let count = 0;
  cloud.interceptInvocation = async (invocation, next) => {
    if (invocation.name !== name || ++count > times) return next();
    invocation.begin();
    return new Promise(() => {});
  };
}
