import type { Cloud } from '../../emulators/cloud.ts';
import { accessKeyIdOf } from '../../emulators/deployment/iam.ts';
import type { Call, Delivery, ServiceName } from '../../emulators/emulator.ts';
import type { Effect, Fault, RemoteCall } from './faults.ts';

/** A fault that is injected into the first `times` occurrences of a call. */
export interface Injection {
  call: RemoteCall;
  fault: Fault;
  times: number;
}

/** An invocation of a function. */
interface Invocation {
  arn: string;
  /** The execution that has invoked it. */
  executionArn: unknown;
  /** Operation → how many of its calls had no fault. */
  calls: Map<string, number>;
}

/** Keeps track of the functions that run, by name. */
function trackInvocations(cloud: Cloud, onEnd: () => Promise<void> | void = () => {}): Map<string, Invocation> {
  const running = new Map<string, Invocation>();
  cloud.interceptInvocation = async ({ name, arn, payload }, next) => {
    const { executionArn } = payload as { executionArn?: unknown };
    running.set(name, { arn, executionArn, calls: new Map() });
    const outcome = await next();
    running.delete(name);
    // The time-out of the state must not count what this takes.
    await cloud.clock.whileFunctionRuns(Promise.resolve(onEnd()));
    return outcome;
  };
  return running;
}

/** The function that makes a call. All functions have the same Atlas credentials, so a call of Atlas comes from the one that runs. */
const callerOf = ({ service, caller }: Call, running: Map<string, Invocation>): string =>
  [...running.keys()].find((name) =>
    service === 'atlas' ? !callsNoAtlas.includes(name) : accessKeyIdOf({ name }) === caller,
  ) ?? '';

/** Functions that may run at the same time as the others and don't call Atlas. */
const callsNoAtlas = ['NotifyOutcome'];

/** The reads of the services that use POST for everything, and Atlas's token. */
const postedReads = ['DescribeExecution', 'GetItem', 'Scan', 'createToken'];

const isWrite = ({ service, method, operation }: Call) =>
  method !== 'GET' && service !== 'secretsmanager' && !postedReads.includes(operation);

function identify(call: Call, running: Map<string, Invocation>): RemoteCall {
  const { service, operation } = call;
  const caller = callerOf(call, running);
  const occurrence = 1 + (running.get(caller)?.calls.get(operation) ?? 0);
  const isBearer = call.caller.startsWith('mdb_sa_id_');
  return { caller, service, operation, occurrence, isBearer, isWrite: isWrite(call) };
}

function count({ caller, operation, occurrence }: RemoteCall, running: Map<string, Invocation>): void {
  running.get(caller)?.calls.set(operation, occurrence);
}

const keyOf = ({ caller, operation, occurrence, isBearer }: RemoteCall) =>
  [caller, operation, occurrence, isBearer].join();

/** Records each different remote call from now on. */
export function observe(cloud: Cloud): Map<string, RemoteCall> {
  const calls = new Map<string, RemoteCall>();
  const running = trackInvocations(cloud);
  cloud.intercept = (actual, next) => {
    const call = identify(actual, running);
    calls.set(keyOf(call), call);
    count(call, running);
    return next();
  };
  return calls;
}

/** Injects a fault from now on. @returns how many times it was injected so far */
export function inject(cloud: Cloud, { call, fault, times }: Injection): { injected: number } {
  const progress = { injected: 0 };
  let down: { service: ServiceName; invocations: number } | undefined;
  let wasDown = false;
  const running = trackInvocations(cloud, async () => {
    // The invocation during which the service went down is not counted.
    if (!down || down.invocations++ < times) return;
    await cloud.listeners[down.service].comeUp();
    down = undefined;
  });
  const carryOut = async (effect: Effect): Promise<Delivery> => {
    const { arn = '', executionArn } = running.get(call.caller) ?? {};
    if (effect === 'down') {
      wasDown = true;
      down = { service: call.service, invocations: 0 };
      // Not awaited: the listener is down only after its last connection has ended, and this call is on one of them.
      void cloud.listeners[call.service].goDown();
    } else if (effect === 'stop execution') {
      cloud.executions.find((execution) => execution.arn === executionArn)?.abort();
      cloud.lambda.end(arn, 'crash');
    } else if (effect === 'crash' || effect === 'time-out') {
      cloud.lambda.end(arn, effect);
    } else return effect;
    return 'reset';
  };
  cloud.intercept = async (actual, next) => {
    const found = identify(actual, running);
    if (keyOf(found) !== keyOf(call) || progress.injected >= times || wasDown) {
      count(found, running);
      return next();
    }
    progress.injected += 1;
    return carryOut(await fault.inject(actual, next, cloud));
  };
  return progress;
}
