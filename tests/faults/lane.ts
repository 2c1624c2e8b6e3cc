import assert from 'node:assert/strict';
import { Cloud } from '../../emulators/cloud.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { placesToLook, secretsOf, spellings } from '../fixtures/leaks.ts';
import { observe, plan, type Trouble } from './fault-plan.ts';
import { functionSpeed, type RemoteCall } from './faults.ts';
import { harmedBy, plantForeign } from './foreign.ts';
import { type Arrival, type Journey, mostSweeps } from './journeys.ts';

/** An hour takes a second. */
const speed = 3600;

/** What became of a journey to which a fault happened. */
export interface Verdict {
  /**
   * Survived without a person; stopped by one, and a new start went on; failed in a way that a person can act on, and a new
   * start went on; or neither.
   */
  outcome: 'survived' | 'stopped' | 'failed clearly' | 'lost';
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
 * What wants a person is not tried again. But a 401 is, twice: for a nonce, and with keys that were read once more; some
 * functions read both secrets at once; and RecordSuccess, refused all of its tags, tries the most important ones. A sweep comes
 * again, and Lambda calls a function that nobody waits for three times.
 */
const mostRefusals = ({ fault, call }: Trouble) =>
  (fault.name.startsWith('401') ? 3 : ['GetSecretValue', 'TagResource'].includes(call.operation) ? 2 : 1) *
  ({ SweepClusters: mostSweeps, NotifyOutcome: 3 }[call.caller] ?? 1);

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
    assert.deepEqual([...this.#problems(journey, true), ...this.#wrongTags(arrival)], [], journey.name);
    return calls;
  }

  /** Makes a journey to which a fault happens, and another one after it where it has not arrived. */
  async run(journey: Journey, trouble: Trouble): Promise<Verdict> {
    const cloud = this.#cloud;
    const { fault, call } = trouble;
    await this.#begin(journey);
    const progress = plan(cloud, trouble);
    const arrival = await journey.travel(cloud);
    const isTold = (await cloud.messages()).length > 0;
    const { befallen } = progress;
    await this.#calm();

    const problems = befallen === 0 ? ['the fault has not happened'] : [];
    if (fault.kind === 'wants a person' && befallen > mostRefusals(trouble))
      problems.push(`it was refused ${befallen} times`);
    // Status tags that were refused are told in the result; all others must be right.
    const hasTags = !['TagResource', 'UntagResource'].includes(call.operation) && call.caller !== 'RecordFailure';
    if (hasArrived(arrival, journey)) {
      problems.push(...this.#problems(journey, true), ...(hasTags ? this.#wrongTags(arrival) : []));
      // What could not be told, an alarm on the errors of NotifyOutcome tells.
      const survived = isTold || !hasFailed(arrival) ? 'survived' : 'failed clearly';
      return { outcome: problems.length > 0 ? 'lost' : survived, problems, arrival, befallen };
    }
    // With Step Functions away for good, nobody can ask it how the run has ended; the alarm on NotifyOutcome's errors tells.
    const canBeTold =
      fault.kind !== 'ends the run' && !(fault.name === 'connection refused' && call.service === 'states');
    if (hasFailed(arrival) && !isTold && canBeTold) problems.push('nobody was told');
    problems.push(...complaints(arrival, trouble), ...this.#problems(journey, false));
    const later = await journey.travel(cloud);
    if (!hasArrived(later, journey))
      problems.push(`a new start ends in ${later.endState}: ${later.error} ${later.cause}`);
    problems.push(...this.#problems(journey, true), ...this.#wrongTags(later));
    const ended = fault.kind === 'ends the run' ? 'stopped' : 'failed clearly';
    return { outcome: problems.length > 0 ? 'lost' : ended, problems, arrival, befallen };
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
    await cloud.replaceWorld(world);
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
      links: project.links.filter(({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted)
        .length,
      connections: project.connections('streams').filter(({ settings }) => settings.name === 'orders').length,
      statements: [cluster.policy?.document.Statement ?? []].flat().filter(({ Sid }) => Sid?.startsWith('Atlas'))
        .length,
    };
    const wrongCounts = Object.entries(found).flatMap(([what, count]) => {
      const wanted = leaves[what as keyof typeof leaves];
      const isRight = hasArrived ? count === wanted : count <= 1;
      return isRight ? [] : [`${count} ${what}, not ${wanted}`];
    });
    const wrongParts = hasArrived && leaves.connections === 1 ? this.#wrongParts() : [];
    return [
      ...wrongCounts,
      ...wrongParts,
      ...harmedBy(cloud, world),
      ...this.#leaks(),
      ...this.#wrongRetries(),
      ...this.#storms(),
    ];
  }

  /** What is wrong with the connection, its link and our statement, where they are there to stay. */
  #wrongParts(): string[] {
    const { cluster, project, scramSecrets } = this.#cloud.world;
    const link = project.links.find(({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted);
    const connection = project.connections('streams').find(({ settings }) => settings.name === 'orders');
    const { authentication, networking } = connection?.settings ?? {};
    const secret = JSON.parse(scramSecrets[0]?.versions.at(-1)?.secretString ?? '{}');
    const statement = [cluster.policy?.document.Statement ?? []].flat().find(({ Sid }) => Sid?.startsWith('Atlas'));
    const wanted = atlasStatement(cluster.arn, `arn:aws:iam::${project.awsAccountId}:root`);
    const isInUse = project.workspace('streams').processors.length > 0;
    const wrong = {
      'the password': !isInUse && authentication?.password !== secret.password,
      'the user': authentication?.username !== secret.username,
      'the link of the connection': networking?.access.connectionId !== link?.id,
      'our statement': JSON.stringify(statement) !== JSON.stringify(wanted),
    };
    return Object.entries(wrong).flatMap(([what, isWrong]) => (isWrong ? [`${what} is not right`] : []));
  }

  /** What the cluster's own tags say, and should not. */
  #wrongTags({ endState }: Arrival): string[] {
    const { cluster, project, scramSecrets } = this.#cloud.world;
    const tags = cluster.tags.all;
    const execution = this.#cloud.executions.at(-1)?.arn ?? '';
    const link = project.links.find(({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted);
    const connected = {
      status: 'connected',
      'private-link-id': link?.id,
      'secret-version': scramSecrets[0]?.versions.at(-1)?.id,
    };
    const expected: Record<string, Record<string, string | undefined>> = {
      Connected: connected,
      Disconnected: { status: 'disconnected', 'private-link-id': undefined, 'secret-version': undefined },
      SetupFailed: { status: 'failed' },
      RemovalFailed: { status: 'failed' },
    };
    return Object.entries(expected[endState] ? { ...expected[endState], execution } : {}).flatMap(([name, value]) => {
      const actual = tags[`${triggerTag}:${name}`];
      return actual === value ? [] : [`the tag ${name} is ${actual}, not ${value}`];
    });
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
        const next = history.slice(index + 1).find(({ type }) => type !== 'StateFailed');
        const isRetried = next?.type === 'StateRetried';
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
function complaints({ endState, error = '', cause = '' }: Arrival, { fault, call }: Trouble): string[] {
  if (fault.kind === 'ends the run') return [];
  if (error === 'FailureNotRecorded') return call.caller === 'RecordFailure' ? [] : ['the failure was not recorded'];
  // A sweep is its own new start, a quarter of an hour later.
  const isSweep = endState === 'Swept';
  const wrong = {
    [`the error is ${error} (${endState})`]: !fault.errors.includes(error),
    'the Cause does not name the state': !isSweep && !cause.startsWith(`${call.caller} failed: `),
    [`the Cause has not the right remedy: ${cause}`]: !fault.says.test(cause) && !(isSweep && fault.kind === 'passes'),
    [`the Cause lets a person wait in vain: ${cause}`]:
      fault.kind === 'wants a person' && /passes by itself/.test(cause),
  };
  return Object.entries(wrong).flatMap(([complaint, isWrong]) => (isWrong ? [complaint] : []));
}
