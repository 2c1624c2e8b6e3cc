import assert from 'node:assert/strict';
import { Cloud } from '../../local/cloud.ts';
import * as errors from '../../shared/errors.ts';
import { placesToLook, secretsOf, spellings } from '../fixtures/leaks.ts';
import { observe, plan, type Trouble } from './fault-plan.ts';
import { functionSpeed, type RemoteCall } from './faults.ts';
import { harmedBy, plantForeign } from './foreign.ts';
import type { Arrival, Journey } from './journeys.ts';

/** An hour takes a second. */
const speed = 3600;

/** What became of a journey to which a fault happened. */
export interface Verdict {
  /** Survived without a person; failed in a way that a person can act on, and that a new start mends; or neither. */
  outcome: 'survived' | 'failed clearly' | 'lost';
  /** Why it is lost. */
  problems: string[];
  arrival: Arrival;
  /** How often the fault has happened. */
  befallen: number;
}

/** What the machines retry: a state that fails in any other way must not be entered again by itself. */
const retried =
  /^(AtlasThrottled|AtlasUnavailable|AwsThrottled|AwsUnavailable|VersionConflict|FunctionTimedOut|Lambda\..*|Sandbox\.Timedout|Runtime\.ExitError|States\.Timeout)$/;

/**
 * No operation may be called in vain more often, whatever happens: sixteen attempts of a state, in each of which the AWS SDK
 * makes three, for two secrets.
 */
const mostCallsInVain = 16 * 3 * 2;

/**
 * A local cloud in which one journey after the other is made, each in a world of its own. Several of them side by side make
 * use of the time in which functions wait for an answer that does not come.
 */
export class Lane {
  readonly #cloud: Cloud;
  readonly #log: string[];
  readonly #secrets = new Set<string>();

  static async open(): Promise<Lane> {
    const log: string[] = [];
    const cloud = await Cloud.start({ speed, functionSpeed, onLog: (_, line) => log.push(line) });
    return new Lane(cloud, log);
  }

  private constructor(cloud: Cloud, log: string[]) {
    this.#cloud = cloud;
    this.#log = log;
  }

  /** Makes a journey undisturbed. @returns every remote call in it */
  async observe(journey: Journey): Promise<Map<string, RemoteCall>> {
    await this.#begin(journey);
    const calls = observe(this.#cloud);
    const arrival = await journey.travel(this.#cloud);
    await this.#cloud.messages();
    assert.ok(hasArrived(arrival, journey), `${journey.name} ends in ${arrival.endState}: ${arrival.cause}`);
    assert.deepEqual(this.#problems(journey, true), [], journey.name);
    return calls;
  }

  /** Makes a journey to which a fault happens, and another one after it where it has not arrived. */
  async run(journey: Journey, trouble: Trouble): Promise<Verdict> {
    const cloud = this.#cloud;
    const { fault } = trouble;
    await this.#begin(journey);
    const progress = plan(cloud, trouble);
    const arrival = await journey.travel(cloud);
    const isTold = (await cloud.messages()).length > 0;
    const { befallen } = progress;
    await this.#calm();

    const problems = befallen === 0 ? ['the fault has not happened'] : [];
    if (hasArrived(arrival, journey)) {
      problems.push(...this.#problems(journey, true));
      // What could not be told, an alarm on the errors of NotifyOutcome tells.
      const survived = isTold || !hasFailed(arrival) ? 'survived' : 'failed clearly';
      return { outcome: problems.length > 0 ? 'lost' : survived, problems, arrival, befallen };
    }
    if (hasFailed(arrival) && !isTold && fault.kind !== 'ends the run') problems.push('nobody was told');
    problems.push(...complaints(arrival, trouble), ...this.#problems(journey, false));
    const later = await journey.travel(cloud);
    if (!hasArrived(later, journey))
      problems.push(`a new start ends in ${later.endState}: ${later.error} ${later.cause}`);
    problems.push(...this.#problems(journey, true));
    return { outcome: problems.length > 0 ? 'lost' : 'failed clearly', problems, arrival, befallen };
  }

  /** Closes the cloud, and says whether anything in its logs was a secret: their last lines come with its end. */
  async close(): Promise<string[]> {
    await this.#cloud.close();
    const log = this.#log.join('\n');
    return [...this.#secrets].some((secret) => spellings(secret).some((it) => log.includes(it)))
      ? ['a secret is in a log']
      : [];
  }

  async #begin({ world, prepare }: Journey): Promise<void> {
    const cloud = this.#cloud;
    await this.#calm();
    await cloud.renew(world);
    plantForeign(cloud);
    await prepare?.(cloud);
    for (const machine of cloud.machines) machine.executions.splice(0);
    cloud.recorder.exchanges.splice(0);
  }

  /** Everything works again. */
  async #calm(): Promise<void> {
    const cloud = this.#cloud;
    cloud.intercept = (_, next) => next();
    cloud.interceptInvocation = (_, next) => next();
    for (const listener of Object.values(cloud.listeners)) await listener.comeUp();
  }

  /** What is wrong with the world, or with what was done in it. */
  #problems({ world, leaves }: Journey, hasArrived: boolean): string[] {
    const cloud = this.#cloud;
    const { cluster, project } = cloud.world;
    const found = {
      links: project.links.filter(({ request, isDying }) => request.arn === cluster.arn && !isDying).length,
      connections: project.connections('streams').filter(({ settings }) => settings.name === 'orders').length,
      statements: [cluster.policy?.document.Statement ?? []].flat().filter(({ Sid }) => Sid?.startsWith('Atlas'))
        .length,
    };
    const wrongCounts = Object.entries(found).flatMap(([what, count]) => {
      const wanted = leaves[what as keyof typeof leaves];
      const isRight = hasArrived ? count === wanted : count <= 1;
      return isRight ? [] : [`${count} ${what}, not ${wanted}`];
    });
    return [...wrongCounts, ...harmedBy(cloud, world), ...this.#leaks(), ...this.#wrongRetries(), ...this.#storms()];
  }

  #leaks(): string[] {
    const secrets = secretsOf(this.#cloud);
    for (const secret of secrets) this.#secrets.add(secret);
    return Object.entries(placesToLook(this.#cloud)).flatMap(([place, text]) =>
      secrets.some((secret) => spellings(secret).some((it) => text.includes(it))) ? [`a secret is in ${place}`] : [],
    );
  }

  #wrongRetries(): string[] {
    return this.#cloud.executions.flatMap(({ history }) =>
      history.flatMap((event, index) => {
        const isRetried = history[index + 1]?.type === 'StateRetried';
        if (event.type !== 'TaskAnswered' || !event.error || !isRetried || retried.test(event.error.errorType))
          return [];
        return [`${event.state.name} was tried again after ${event.error.errorType}`];
      }),
    );
  }

  #storms(): string[] {
    const inVain = this.#cloud.recorder.exchanges.filter(({ status }) => !(Number(status) < 300));
    return [...Map.groupBy(inVain, ({ operation }) => operation)].flatMap(([operation, { length }]) =>
      length > mostCallsInVain ? [`${length} calls of ${operation} in vain`] : [],
    );
  }
}

const hasFailed = ({ endState }: Arrival) => /Failed|NotRecorded/.test(endState);

const hasArrived = ({ endState, error }: Arrival, { goal }: Journey) =>
  endState === goal.endState && error === goal.error;

/** What is wrong with the way in which a run has failed: its class, or a Cause that helps nobody. */
function complaints({ endState, error, cause = '' }: Arrival, { fault, call }: Trouble): string[] {
  if (fault.kind === 'ends the run') return [];
  if (error === 'FailureNotRecorded') return call.caller === 'RecordFailure' ? [] : ['the failure was not recorded'];
  const isKnown = error !== undefined && (error in errors || fault.errors.includes(error));
  return [
    ...(isKnown && fault.errors.includes(error) ? [] : [`the error is ${error} (${endState})`]),
    ...(cause.includes(call.caller) || endState === 'Swept' ? [] : ['the Cause does not name the state']),
    ...(/start again|Check |Add |Give |lacks|must /.test(cause) || endState === 'Swept'
      ? []
      : [`the Cause has no remedy: ${cause}`]),
  ];
}
