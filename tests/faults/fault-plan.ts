import type { Cloud } from '../../local/cloud.ts';
import { accessKeyIdOf } from '../../local/deployment/iam.ts';
import type { Call, Delivery, ServiceName } from '../../local/emulator.ts';
import type { Effect, Fault, RemoteCall } from './faults.ts';

/** A fault at a call, so many times: the first ones of a journey. */
export interface Trouble {
  call: RemoteCall;
  fault: Fault;
  times: number;
}

/** Follows which functions are at work: name → ARN. */
function whoIsAtWork(cloud: Cloud, onEnd: () => Promise<void> | void = () => {}) {
  const atWork = new Map<string, string>();
  cloud.interceptInvocation = async ({ name, arn }, next) => {
    atWork.set(name, arn);
    const outcome = await next();
    atWork.delete(name);
    await onEnd();
    return outcome;
  };
  return atWork;
}

/** AWS knows who calls; Atlas's API does not tell one function from the other, so it is the one at work that calls Atlas. */
const callerOf = ({ service, caller }: Call, atWork: Map<string, string>): string =>
  [...atWork.keys()].find((name) =>
    service === 'atlas' ? !callsNoAtlas.includes(name) : accessKeyIdOf({ name }) === caller,
  ) ?? '';

/** May be at work beside another function, since nobody waits for it. */
const callsNoAtlas = ['NotifyOutcome'];

const isWrite = ({ service, method, operation }: Call) =>
  service === 'states'
    ? operation === 'StartExecution'
    : method !== 'GET' && operation !== 'createToken' && service !== 'secretsmanager';

/** Notes every remote call of a journey, each once. */
export function observe(cloud: Cloud): Map<string, RemoteCall> {
  const calls = new Map<string, RemoteCall>();
  const atWork = whoIsAtWork(cloud);
  cloud.intercept = (call, next) => {
    const { service, operation } = call;
    const caller = callerOf(call, atWork);
    calls.set(`${caller} ${operation}`, { caller, service, operation, isWrite: isWrite(call) });
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
    if (effect === 'down') {
      hasBeenDown = true;
      down = { service: call.service, refusals: 0 };
      // Not awaited: a listener is down when its last connection is, and this is one of them.
      void cloud.listeners[call.service].goDown();
    } else if (effect === 'stop execution') {
      cloud.executions.at(-1)?.abort();
      cloud.lambda.end(atWork.get(call.caller) ?? '', 'crash');
    } else if (effect === 'crash' || effect === 'time-out') {
      cloud.lambda.end(atWork.get(call.caller) ?? '', effect);
    } else return effect;
    return 'reset';
  };
  cloud.intercept = async (actual, next) => {
    const isIt =
      callerOf(actual, atWork) === call.caller &&
      actual.operation === call.operation &&
      actual.service === call.service;
    if (!isIt || progress.befallen >= times || hasBeenDown) return next();
    progress.befallen += 1;
    return carryOut(await fault.befall(actual, next, cloud));
  };
  return progress;
}
