import type { Cloud } from '../../emulators/cloud.ts';
import { accessKeyIdOf } from '../../emulators/deployment/iam.ts';
import type { Call, Delivery, ServiceName } from '../../emulators/emulator.ts';
import type { Effect, Fault, RemoteCall } from './faults.ts';

/** A fault at a call, so many times: the first ones of a journey. */
export interface Trouble {
  call: RemoteCall;
  fault: Fault;
  times: number;
}

/** A function at work: its ARN, and how often it has called each operation without being disturbed. */
interface Work {
  arn: string;
  undisturbed: Map<string, number>;
}

/** Follows which functions are at work, by name. */
function whoIsAtWork(cloud: Cloud, onEnd: () => Promise<void> | void = () => {}): Map<string, Work> {
  const atWork = new Map<string, Work>();
  cloud.interceptInvocation = async ({ name, arn }, next) => {
    atWork.set(name, { arn, undisturbed: new Map() });
    const outcome = await next();
    atWork.delete(name);
    await onEnd();
    return outcome;
  };
  return atWork;
}

/** AWS knows who calls; Atlas's API does not tell one function from the other, so it is the one that is at work. */
const callerOf = ({ service, caller }: Call, atWork: Map<string, Work>): string =>
  [...atWork.keys()].find((name) =>
    service === 'atlas' ? !callsNoAtlas.includes(name) : accessKeyIdOf({ name }) === caller,
  ) ?? '';

/** May be at work beside another function, since nobody waits for it. */
const callsNoAtlas = ['NotifyOutcome'];

const isWrite = ({ service, method, operation }: Call) =>
  service === 'states'
    ? operation === 'StartExecution'
    : method !== 'GET' && operation !== 'createToken' && service !== 'secretsmanager';

/** The remote call that this is, in the work of the function that makes it. */
function identify(call: Call, atWork: Map<string, Work>): RemoteCall {
  const { service, operation } = call;
  const caller = callerOf(call, atWork);
  const occurrence = 1 + (atWork.get(caller)?.undisturbed.get(operation) ?? 0);
  const isBearer = call.caller.startsWith('mdb_sa_id_');
  return { caller, service, operation, occurrence, isBearer, isWrite: isWrite(call) };
}

function countUndisturbed({ caller, operation, occurrence }: RemoteCall, atWork: Map<string, Work>): void {
  atWork.get(caller)?.undisturbed.set(operation, occurrence);
}

const keyOf = ({ caller, operation, occurrence, isBearer }: RemoteCall) =>
  [caller, operation, occurrence, isBearer].join();

/** Notes every remote call of a journey, each once. */
export function observe(cloud: Cloud): Map<string, RemoteCall> {
  const calls = new Map<string, RemoteCall>();
  const atWork = whoIsAtWork(cloud);
  cloud.intercept = (actual, next) => {
    const call = identify(actual, atWork);
    calls.set(keyOf(call), call);
    countUndisturbed(call, atWork);
    return next();
  };
  return calls;
}

/** Lets a fault befall the first calls of its kind. @returns how many it has befallen so far */
export function plan(cloud: Cloud, { call, fault, times }: Trouble): { befallen: number } {
  const progress = { befallen: 0 };
  let down: { service: ServiceName; refusals: number } | undefined;
  let hasBeenDown = false;
  const atWork = whoIsAtWork(cloud, async () => {
    // The function that has seen the service go is not counted: the next ones find it away.
    if (!down || down.refusals++ < times) return;
    await cloud.listeners[down.service].comeUp();
    down = undefined;
  });
  const carryOut = async (effect: Effect): Promise<Delivery> => {
    const { arn = '' } = atWork.get(call.caller) ?? {};
    if (effect === 'down') {
      hasBeenDown = true;
      down = { service: call.service, refusals: 0 };
      // Not awaited: a listener is down when its last connection is, and this is one of them.
      void cloud.listeners[call.service].goDown();
    } else if (effect === 'stop execution') {
      cloud.executions.at(-1)?.abort();
      cloud.lambda.end(arn, 'crash');
    } else if (effect === 'crash' || effect === 'time-out') {
      cloud.lambda.end(arn, effect);
    } else return effect;
    return 'reset';
  };
  cloud.intercept = async (actual, next) => {
    const found = identify(actual, atWork);
    if (keyOf(found) !== keyOf(call) || progress.befallen >= times || hasBeenDown) {
      countUndisturbed(found, atWork);
      return next();
    }
    progress.befallen += 1;
    return carryOut(await fault.befall(actual, next, cloud));
  };
  return progress;
}
