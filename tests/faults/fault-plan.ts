import type { Cloud } from '../../local/cloud.ts';
import type { Call, Delivery, ServiceName } from '../../local/emulator.ts';
import type { Effect, Fault, RemoteCall } from './faults.ts';

/** A fault at a call, so many times: the first ones of a journey. */
export interface Trouble {
  call: RemoteCall;
  fault: Fault;
  times: number;
}

/** Follows which function is at work, since Atlas's API does not tell one from the other. */
function whoIsAtWork(cloud: Cloud, onEnd: (name: string) => Promise<void> | void = () => {}) {
  const work = { name: '', arn: '' };
  cloud.interceptInvocation = async (invocation, next) => {
    Object.assign(work, invocation);
    const outcome = await next();
    await onEnd(invocation.name);
    return outcome;
  };
  return work;
}

const isWrite = ({ service, method, operation }: Call) =>
  service === 'states'
    ? operation === 'StartExecution'
    : method !== 'GET' && operation !== 'createToken' && service !== 'secretsmanager';

/** Notes every remote call of a journey, each once. */
export function observe(cloud: Cloud): Map<string, RemoteCall> {
  const calls = new Map<string, RemoteCall>();
  const work = whoIsAtWork(cloud);
  cloud.intercept = (call, next) => {
    const { service, operation } = call;
    calls.set(`${work.name} ${operation}`, { caller: work.name, service, operation, isWrite: isWrite(call) });
    return next();
  };
  return calls;
}

/** Lets a fault befall the first calls of its kind. @returns how many it has befallen so far */
export function plan(cloud: Cloud, { call, fault, times }: Trouble): { befallen: number } {
  const progress = { befallen: 0 };
  let down: { service: ServiceName; refusals: number } | undefined;
  let hasBeenDown = false;
  const work = whoIsAtWork(cloud, async () => {
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
      cloud.lambda.end(work.arn, 'crash');
    } else if (effect === 'crash' || effect === 'time-out') {
      cloud.lambda.end(work.arn, effect);
    } else return effect;
    return 'reset';
  };
  cloud.intercept = async (actual, next) => {
    const isIt = work.name === call.caller && actual.operation === call.operation && actual.service === call.service;
    if (!isIt || progress.befallen >= times || hasBeenDown) return next();
    progress.befallen += 1;
    return carryOut(await fault.befall(actual, next, cloud));
  };
  return progress;
}
