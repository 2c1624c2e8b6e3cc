import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { ConnectionSettings } from '../../emulators/atlas/schemas/request.ts';
import { Cloud } from '../../emulators/cloud.ts';
import { iamSettings } from '../../emulators/iam-world.ts';
import * as errors from '../../shared/errors.ts';
import { atlasStatement } from '../../shared/msk/policy.ts';
import { statusTag } from '../../shared/msk/tags.ts';
import { placesToLook, secretsOf, spellings } from '../fixtures/leaks.ts';
import { functionSpeed, type RemoteCall } from './faults.ts';
import { addForeign, foreignChanges } from './foreign.ts';
import { type Injection, inject, observe } from './injection.ts';
import { type Before, leftovers, processorsBefore, wrongProcessors, wrongProof } from './processors.ts';
import { releaseBySweeps, statementsOf, wrongRecord } from './records.ts';
import { latest, maxSweeps, type RunEnd } from './sweeps.ts';
import type { UseCase } from './use-case.ts';

/** A simulated hour takes a second. */
const speed = 3600;

/** How a use case has ended in spite of a fault. */
export interface Verdict {
  /**
   * `survived`: without a person. `stopped`: by a person, and a new start resumed. `failed clearly`: with an error that says what
   * to do, and a new start resumed. `lost`: anything else.
   */
  outcome: 'survived' | 'stopped' | 'failed clearly' | 'lost';
  /** Why it is lost. */
  problems: string[];
  end: RunEnd;
  /** How many times the fault was injected. */
  injected: number;
}

/** Whether a machine may retry a state after this error. */
function mayBeRetried(errorType: string): boolean {
  const errorClass = (errors as Record<string, { prototype: unknown }>)[errorType];
  if (errorClass) return errorClass.prototype instanceof errors.TransientError;
  return /^(Lambda\..*|Sandbox\.Timedout|Runtime\.ExitError|States\.Timeout)$/.test(errorType);
}

/**
 * The most calls of one operation that may fail in a run: sixteen attempts of a state, with three attempts of the SDK, for two secrets. While
 * Atlas is down, EndProbe reads the probe as often as CheckProbe.
 */
const maxFailedCalls = 2 * 16 * 3 * 2;

/**
 * How many times a call may meet a fault that needs a person. Usually once. A 401 is retried with a new nonce, and then with
 * credentials that are read again. Some functions read two secrets. A use case that sweeps does so several times, Lambda invokes
 * NotifyOutcome three times for each execution, and each execution of a use case meets the fault.
 */
const maxRefusals = ({ fault, call }: Injection, executions: number) =>
  (fault.name.startsWith('401') ? 3 : call.operation === 'GetSecretValue' ? 2 : 1) *
  (call.caller === 'SweepClusters' ? maxSweeps : Math.max(executions, 1)) *
  (call.caller === 'NotifyOutcome' ? 3 : 1);

/**
 * Runs use cases in a local cloud, one after the other, each in a world of its own. Several runners can work at the same time,
 * because functions spend most of the time waiting for an answer.
 */
export class Runner {
  /** Of the use case that runs now. */
  #cloud: Cloud;
  /** A use case by IAM needs a deployment with a streams role. */
  readonly #clouds: { scram: Cloud; iam?: Cloud };
  readonly #log: string[];
  #secrets = new Set<string>();
  #secretsBefore = new Set<string>();
  #hasLeaked = false;
  /** The stream processors before the run. */
  #processors: Before = [];
  readonly #credentials = new Map<Cloud, UseCase['world']['atlasCredentials']>();

  static async open(): Promise<Runner> {
    const log: string[] = [];
    return new Runner(await startCloud(log), log);
  }

  private constructor(cloud: Cloud, log: string[]) {
    this.#cloud = cloud;
    this.#clouds = { scram: cloud };
    this.#log = log;
  }

  /** Runs a use case without a fault. @returns its remote calls */
  async observe(useCase: UseCase): Promise<Map<string, RemoteCall>> {
    await this.#begin(useCase);
    const calls = observe(this.#cloud);
    const end = await useCase.run(this.#cloud);
    await this.#cloud.messages();
    await this.#stopFaults();
    assert.ok(isAsExpected(end, useCase), `${useCase.name} ends in ${end.endState}: ${end.cause}`);
    assert.match(end.cause ?? '', useCase.says ?? /(?:)/, useCase.name);
    assert.deepEqual(await this.#problemsAtEnd(useCase, this.#wrongTags(useCase, end)), [], useCase.name);
    return calls;
  }

  /** Runs a use case with a fault, and once more without it if it did not end as expected. */
  async run(useCase: UseCase, injection: Injection): Promise<Verdict> {
    await this.#begin(useCase);
    const cloud = this.#cloud;
    const { fault, call } = injection;
    const before = cloud.executions.length;
    const progress = inject(cloud, injection);
    const end = await useCase.run(cloud);
    const isNotified = (await cloud.messages()).length > 0;
    const { injected } = progress;
    await this.#stopFaults();

    const problems = injected === 0 ? ['the fault was not injected'] : [];
    if (fault.kind === 'needs a person' && injected > maxRefusals(injection, cloud.executions.length - before))
      problems.push(`the call was refused ${injected} times`);
    // The output reports status tags that were refused. All others must be right.
    const hasTags = !['TagResource', 'UntagResource'].includes(call.operation) && call.caller !== 'RecordFailure';
    if (isAsExpected(end, useCase)) {
      if (!(useCase.says ?? /(?:)/).test(end.cause ?? '')) problems.push(`the Cause does not say it: ${end.cause}`);
      problems.push(...(await this.#problemsAtEnd(useCase, hasTags ? this.#wrongTags(useCase, end) : [])));
      // If NotifyOutcome fails, an alarm on its errors reports that.
      const isReported = isNotified || useCase.isSilent || !hasFailed(end);
      return {
        outcome: problems.length > 0 ? 'lost' : isReported ? 'survived' : 'failed clearly',
        problems,
        end,
        injected,
      };
    }
    // NotifyOutcome cannot describe the execution while Step Functions is down. An alarm on its errors reports that.
    const canBeNotified =
      fault.kind !== 'ends the run' &&
      !useCase.isSilent &&
      !(fault.name === 'connection refused' && call.service === 'states');
    if (hasFailed(end) && !isNotified && canBeNotified) problems.push('no message was published');
    problems.push(
      ...complaints(end, injection),
      ...this.#problems(useCase, false),
      ...(await wrongRecord(cloud, useCase, false)),
      ...(await wrongProcessors(cloud, this.#processors, useCase, false)),
      ...wrongLeftovers(leftovers(cloud, this.#processors), end, injection),
    );
    const resumed = { ...useCase, ...useCase.resume };
    const later = await resumed.run(cloud);
    if (!isAsExpected(later, resumed))
      problems.push(`a new start ends in ${later.endState}: ${later.error} ${later.cause}`);
    problems.push(...(await this.#problemsAtEnd(resumed, this.#wrongTags(resumed, later))));
    const ended = fault.kind === 'ends the run' ? 'stopped' : 'failed clearly';
    return { outcome: problems.length > 0 ? 'lost' : ended, problems, end, injected };
  }

  /** What is wrong after all runs have ended, and after the sweeps that release a cluster whose holder has ended. */
  async #problemsAtEnd(useCase: UseCase, wrongTags: string[]): Promise<string[]> {
    await releaseBySweeps(this.#cloud);
    return [
      ...this.#problems(useCase, true),
      ...wrongTags,
      ...(await wrongRecord(this.#cloud, useCase, true)),
      ...(await wrongProcessors(this.#cloud, this.#processors, useCase, true)),
      ...(await wrongProof(this.#cloud, useCase)),
    ];
  }

  /** Closes the cloud and searches its logs for secrets: the last lines of a log arrive when the cloud closes. */
  async close(): Promise<string[]> {
    for (const cloud of Object.values(this.#clouds)) await cloud.close();
    this.#searchLog();
    return this.#hasLeaked ? ['a secret is in a log'] : [];
  }

  /** Searches the lines since the last search for secrets, also for those of the use case before: some lines arrive late. */
  #searchLog(): void {
    const log = this.#log.splice(0).join('\n');
    const secrets = [...this.#secretsBefore, ...this.#secrets].flatMap(spellings);
    this.#hasLeaked ||= secrets.some((secret) => log.includes(secret));
    this.#secretsBefore = this.#secrets;
    this.#secrets = new Set();
  }

  async #begin({ world, prepare, isByIam }: UseCase): Promise<void> {
    this.#searchLog();
    await this.#stopFaults();
    if (isByIam) this.#clouds.iam ??= await startCloud(this.#log, iamSettings);
    this.#cloud = (isByIam && this.#clouds.iam) || this.#clouds.scram;
    const cloud = this.#cloud;
    await cloud.replaceWorld(world);
    // A warm function would first use the credentials of the world before, which is another use case.
    if (world.atlasCredentials !== this.#credentials.get(cloud)) await cloud.lambda.coolDown();
    this.#credentials.set(cloud, world.atlasCredentials);
    addForeign(cloud);
    await prepare?.(cloud);
    (await cloud.messages()).splice(0);
    cloud.recorder.exchanges.splice(0);
    this.#processors = await processorsBefore(cloud);
  }

  /** Makes everything work again. */
  async #stopFaults(): Promise<void> {
    const cloud = this.#cloud;
    cloud.intercept = (_, next) => next();
    cloud.interceptInvocation = (_, next) => next();
    for (const listener of Object.values(cloud.listeners)) await listener.comeUp();
  }

  /** What is wrong with the world, or with what the runs did in it. */
  #problems(useCase: UseCase, isDone: boolean): string[] {
    const { world, leaves, adopted } = useCase;
    const cloud = this.#cloud;
    const { cluster, project } = cloud.world;
    const found = {
      links: project.links.filter(({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted)
        .length,
      connections: project.connections('streams').filter(({ settings }) => settings.name === 'orders').length,
      statements: statementsOf(cloud).length,
    };
    const wrongCounts = Object.entries(found).flatMap(([what, count]) => {
      const wanted = leaves[what as keyof typeof leaves];
      const isRight = isDone ? count === wanted : count <= 1;
      return isRight ? [] : [`${count} ${what}, not ${wanted}`];
    });
    const wrongParts = isDone && leaves.connections === 1 && !adopted ? this.#wrongParts(useCase) : [];
    return [
      ...wrongCounts,
      ...wrongParts,
      ...foreignChanges(cloud, world),
      ...this.#leaks(),
      ...this.#wrongRetries(),
      ...this.#repeatedCalls(),
    ];
  }

  /** What is wrong with the connection, its link and our statement. */
  #wrongParts({ isByIam, expected }: UseCase): string[] {
    const { cluster, project } = this.#cloud.world;
    const link = project.links.find(({ request, isBeingDeleted }) => request.arn === cluster.arn && !isBeingDeleted);
    const connection = project.connections('streams').find(({ settings }) => settings.name === 'orders');
    const { authentication, networking } = connection?.settings ?? {};
    const [statement] = statementsOf(this.#cloud);
    const wanted = atlasStatement(cluster.arn, `arn:aws:iam::${project.awsAccountId}:root`);
    // Atlas does not change a connection in use.
    const isOld = expected.error === 'ConnectionInUse';
    const wrong = {
      ...(isByIam ? this.#wrongRole(authentication, isOld) : this.#wrongUser(authentication, isOld)),
      'the link of the connection': networking?.access.connectionId !== link?.id,
      'our statement': JSON.stringify(statement) !== JSON.stringify(wanted),
    };
    return Object.entries(wrong).flatMap(([what, isWrong]) => (isWrong ? [`${what} is not right`] : []));
  }

  #wrongUser(
    authentication: ConnectionSettings['authentication'] | undefined,
    isOld: boolean,
  ): Record<string, boolean> {
    const [secret] = this.#cloud.world.scramSecrets;
    const { username, password } = JSON.parse(secret?.versions.at(-1)?.secretString ?? '{}');
    return {
      'the password': !isOld && authentication?.password !== password,
      'the user': authentication?.username !== username,
    };
  }

  #wrongRole(
    authentication: ConnectionSettings['authentication'] | undefined,
    isOld: boolean,
  ): Record<string, boolean> {
    const roleArn = this.#cloud.deployment.streamsRole?.arn;
    return { 'the role': !isOld && !isDeepStrictEqual(authentication, { mechanism: 'AWS_MSK_IAM', aws: { roleArn } }) };
  }

  /** The status tags that have the wrong value. A cluster that is gone has none, and what only the caller is concerned with is not written. */
  #wrongTags({ isSilent }: UseCase, { endState }: RunEnd): string[] {
    const { msk, cluster } = this.#cloud.world;
    const status = {
      Connected: 'connected',
      Disconnected: 'disconnected',
      SetupFailed: 'failed',
      RemovalFailed: 'failed',
    }[endState];
    if (!status || isSilent || !msk.clusters.has(cluster.arn)) return [];
    const execution = latest(this.#cloud.executions)?.arn.replace(/^.*-(connect|disconnect):/, '$1/');
    return Object.entries({ status, execution }).flatMap(([name, value]) => {
      const actual = cluster.tags.all[statusTag(name as 'status' | 'execution')];
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
        if (event.type !== 'TaskAnswered' || !event.error || !isRetried || mayBeRetried(event.error.errorType))
          return [];
        return [`${event.state.name} was retried after ${event.error.errorType}`];
      }),
    );
  }

  #repeatedCalls(): string[] {
    const failed = this.#cloud.recorder.exchanges.filter(({ status }) => !(Number(status) < 300));
    return [...Map.groupBy(failed, ({ operation }) => operation)].flatMap(([operation, { length }]) =>
      length > maxFailedCalls ? [`${length} calls of ${operation} failed`] : [],
    );
  }
}

const startCloud = (log: string[], settings?: Record<string, string>): Promise<Cloud> =>
  Cloud.start({ speed, functionSpeed, onLog: (_, line) => log.push(line), ...(settings && { settings }) });

/** After a request for an access token that has failed, the next one must wait for its turn. */
const errorsOfToken = ({ operation }: RemoteCall) =>
  ['createToken', 'PutSecretValue'].includes(operation) ? ['AtlasThrottled'] : [];

const hasFailed = ({ endState }: RunEnd) => /Failed|NotRecorded/.test(endState);

const isAsExpected = ({ endState, error }: RunEnd, { expected }: UseCase) =>
  endState === expected.endState && error === expected.error;

/**
 * What is wrong with what a failed run has left. Only the states that give it back may leave anything, or Atlas if it stays down. Then the
 * Cause names each stream processor that is stopped.
 */
function wrongLeftovers(left: string[], { endState, cause = '' }: RunEnd, { fault, call, times }: Injection): string[] {
  if (fault.kind === 'ends the run' || endState === 'Swept') return [];
  const mayLeave =
    ['StartProcessors', 'EndProbe'].includes(call.caller) || (fault.name === 'connection refused' && times > 3);
  return left.flatMap((name) => [
    ...(mayLeave ? [] : [`the run has left ${name}`]),
    ...(name.startsWith('aspprobe') || cause.includes(name) || endState !== 'SetupFailed'
      ? []
      : [`the Cause does not name ${name}: ${cause}`]),
  ]);
}

/** What is wrong with the error of a failed run: its class, or its Cause. */
function complaints({ endState, error = '', cause = '' }: RunEnd, { fault, call }: Injection): string[] {
  if (fault.kind === 'ends the run') return [];
  if (error === 'FailureNotRecorded') return call.caller === 'RecordFailure' ? [] : ['the failure was not recorded'];
  // The next sweep starts everything again, so a person needs no instructions.
  const isSweep = endState === 'Swept';
  // A service that is down also fails the runs that a sweep starts.
  const isOfStartedRun = fault.name === 'connection refused' && call.caller === 'SweepClusters';
  const wrong = {
    [`the error is ${error} (${endState})`]: ![...fault.errors, ...errorsOfToken(call)].includes(error),
    'the Cause does not name the state':
      !isSweep && !cause.startsWith(`${call.caller} failed: `) && !(isOfStartedRun && /^\w+ failed: /.test(cause)),
    [`the Cause has the wrong remedy: ${cause}`]: !fault.says.test(cause) && !(isSweep && fault.kind === 'transient'),
    [`the Cause tells a person to wait: ${cause}`]: fault.kind === 'needs a person' && /usually transient/.test(cause),
  };
  return Object.entries(wrong).flatMap(([complaint, isWrong]) => (isWrong ? [complaint] : []));
}
