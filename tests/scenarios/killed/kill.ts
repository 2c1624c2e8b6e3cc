import type { Cloud } from '../../../emulators/cloud.ts';
import type { Action } from '../../../emulators/deployment/deployment.ts';
import { accessKeyIdOf } from '../../../emulators/deployment/iam.ts';
import type { Call } from '../../../emulators/emulator.ts';

/** A call of a run that changes something at MSK, Atlas, DynamoDB or Step Functions. */
export interface Write {
  /** The function that makes it, which is the name of its state. */
  state: string;
  /** The operation; of an update of the registry, with the attributes that it changes. */
  call: string;
  /** Counts the equal calls of a run from 1. */
  occurrence: number;
}

/**
 * `stopped`: the execution is stopped, and its function dies. `crashing`: the function dies at the call, and whenever it is invoked
 * from then on, so that the execution fails. `outlived`: the execution is stopped, and its function goes on: the call is carried out
 * while the disconnect is at work.
 */
type End = 'stopped' | 'crashing' | 'outlived';

/** Where a run is killed. `applied`: after the service has carried out the call; its answer is lost. */
export interface Kill {
  write: Write;
  applied: boolean;
  end: End;
}

const posted = new Set(['DescribeExecution', 'GetItem', 'Scan', 'createToken']);

const isWrite = ({ service, method, operation }: Call) =>
  method !== 'GET' && service !== 'secretsmanager' && service !== 'sns' && !posted.has(operation);

function nameOf({ service, operation, body }: Call): string {
  if (service !== 'dynamodb') return operation;
  const { UpdateExpression = '' } = JSON.parse(body) as { UpdateExpression?: string };
  const attributes = [...new Set(UpdateExpression.match(/#\w+/g))].map((it) => it.slice(1));
  if (operation !== 'UpdateItem') return operation;
  if (attributes.includes('lastExecution')) return `${operation} (release)`;
  if (attributes.includes('claimedAt')) return `${operation} (claim)`;
  return `${operation} (${attributes.filter((it) => it !== 'holder').join(', ') || 'confirm the claim'})`;
}

/** The name of a write in the table and in the names of tests. */
export const describe = ({ state, call, occurrence }: Write): string =>
  `${state}: ${call}${occurrence > 1 ? `, ${occurrence}.` : ''}`;

/** Calls back for every write of the first execution of a machine that begins after this. */
function watch(
  cloud: Cloud,
  action: Action,
  onWrite: (write: Write, functionArn: string, next: () => Promise<unknown>) => Promise<'reset' | undefined>,
) {
  const earlier = new Set(cloud.executions.map(({ arn }) => arn));
  const counts = new Map<string, number>();
  const seen: { victim?: string; running?: { name: string; arn: string } | undefined; broken?: string } = {};
  cloud.interceptInvocation = async ({ name, arn, payload }, next) => {
    const { executionArn = '' } = payload as { executionArn?: string };
    if (executionArn.includes(`-${action}:`) && !earlier.has(executionArn)) seen.victim ??= executionArn;
    if (executionArn === '' || executionArn !== seen.victim) return next();
    if (name === seen.broken) return { milliseconds: 0, error: exited };
    seen.running = { name, arn };
    const outcome = await next();
    seen.running = undefined;
    return outcome;
  };
  cloud.intercept = async (call, next) => {
    const { running } = seen;
    const isVictims =
      running && (call.service === 'atlas' || call.caller === accessKeyIdOf({ name: running.name })) && isWrite(call);
    if (!isVictims) return next();
    const [state, name] = [running.name, nameOf(call)];
    const occurrence = 1 + (counts.get(`${state} ${name}`) ?? 0);
    counts.set(`${state} ${name}`, occurrence);
    let answer: Awaited<ReturnType<typeof next>> | undefined;
    const apply = async () => {
      answer = await next();
    };
    const delivery = await onWrite({ state, call: name, occurrence }, running.arn, apply);
    return delivery ?? answer ?? next();
  };
  return seen;
}

const exited = { errorType: 'Runtime.ExitError', errorMessage: 'Error: Runtime exited with error: exit status 1' };

/** @returns a list that gets the writes of the next execution of a machine */
export function observe(cloud: Cloud, action: Action): Write[] {
  const writes: Write[] = [];
  watch(cloud, action, async (write) => {
    writes.push(write);
    return undefined;
  });
  return writes;
}

/** Kills the next execution of a machine. @returns the moment; `late`: when the call of an outlived function may be carried out */
export function kill(cloud: Cloud, action: Action, how: Kill, onKill: () => void) {
  const { write, applied, end } = how;
  const progress = {
    isDone: false,
    done: Promise.withResolvers<void>(),
    late: Promise.withResolvers<void>(),
    /** After the call of an outlived function. */
    applied: Promise.withResolvers<void>(),
  };
  const seen = watch(cloud, action, async (actual, functionArn, apply) => {
    if (progress.isDone || describe(actual) !== describe(write)) return undefined;
    progress.isDone = true;
    onKill();
    if (applied) await apply();
    if (end === 'crashing') seen.broken = actual.state;
    else cloud.executions.find(({ arn }) => arn === seen.victim)?.abort();
    progress.done.resolve();
    if (end === 'outlived') {
      await progress.late.promise;
      await apply();
      progress.applied.resolve();
      return undefined;
    }
    cloud.lambda.end(functionArn, 'crash');
    return 'reset';
  });
  return progress;
}

/** Ends the interception: the next runs are not disturbed. */
export function heal(cloud: Cloud): void {
  cloud.intercept = (_, next) => next();
  cloud.interceptInvocation = (_, next) => next();
}
