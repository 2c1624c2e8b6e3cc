import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after } from 'node:test';
import { Cloud } from '../../../emulators/cloud.ts';
import { timesOf } from '../../../emulators/cloudwatch/alarms.ts';
import { executionEvent } from '../../../emulators/event-bridge.ts';
import type { Outcome } from '../../../emulators/lambda/container.ts';
import type { Message } from '../../../emulators/sns.ts';
import type { Execution } from '../../../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { assertCopyable } from '../../fixtures/copyable.ts';
import { ended } from '../../fixtures/ended.ts';
import { checkRequestToAtlas } from '../../fixtures/requests-to-atlas.ts';

/** Waits take no real time. */
const speed = 10_000_000;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const isOn = { vpcConnectivity: { scram: true, iam: false, tls: false } };

/** A world in which MSK and Atlas need only minutes. */
const quick = (seed: WorldSeed): WorldSeed => ({
  ...seed,
  cluster: { ...isOn, updateMinutes: 3, ...seed.cluster },
  atlas: { linkMinutes: 3, connectionMinutes: 2, ...seed.atlas },
});

export type Ended = Awaited<ReturnType<typeof ended>>;

const clouds = new Map<string, Cloud>();
after(async () => {
  for (const cloud of clouds.values()) await cloud.close();
});

/** What reaches the subscribers of the topic: messages about runs, and alarms that go off. */
export class Watched {
  readonly cloud: Cloud;
  readonly #from: number;
  /** How many messages were counted before. */
  #counted = 0;

  private constructor(cloud: Cloud) {
    this.cloud = cloud;
    this.#from = cloud.clock.now().getTime();
  }

  /** A world for one test. Tests with the same parameters share a cloud, one after the other, because its functions are warm. */
  static async start(seed: WorldSeed = {}, settings: Record<string, string> = {}): Promise<Watched> {
    const key = JSON.stringify(settings);
    const known = clouds.get(key);
    if (known) await known.replaceWorld(quick(seed));
    else
      clouds.set(
        key,
        await Cloud.start({ speed, settings, world: quick(seed), onEvent: onEntry, onExchange: checkRequestToAtlas }),
      );
    const cloud = clouds.get(key) as Cloud;
    cloud.interceptInvocation = (_, next) => inTurn(next);
    return new Watched(cloud);
  }

  get clusterArn(): string {
    return this.cloud.world.cluster.arn;
  }

  /** The messages since this method was called last. */
  async messages(): Promise<Message[]> {
    const all = await this.cloud.messages();
    const fresh = all.slice(this.#counted);
    this.#counted = all.length;
    for (const { text } of fresh) assertCopyable(text);
    return fresh;
  }

  /** Their subjects. */
  async subjects(): Promise<string[]> {
    return (await this.messages()).map(({ subject }) => subject);
  }

  /** The alarms that went off since the start, or will if nothing else happens: each name as often as it went off. */
  alarms(): string[] {
    const { deployment, metrics, clock } = this.cloud;
    const now = clock.now().getTime();
    return deployment.alarms.flatMap((alarm) => {
      // Without data, this one goes off because nothing happens.
      const to = alarm.TreatMissingData === 'breaching' ? now : now + 2 * hourMs;
      const name = alarm.AlarmName.replace(/^.*-local-/, '');
      return timesOf(alarm, metrics, { from: this.#from, to }).map(() => name);
    });
  }

  /** Sweeps every 15 minutes, or at other intervals. @returns the ends of the runs that the sweeps have started, in their order */
  async sweepFor(hours: number, everyMinutes = 15): Promise<Ended[]> {
    const runs: Ended[] = [];
    for (let sweep = 0; sweep < (hours * 60) / everyMinutes; sweep++) {
      this.cloud.clock.advance(everyMinutes);
      const { started } = await this.cloud.sweep();
      runs.push(...(await Promise.all(started.map(ended))));
      await this.cloud.messages();
    }
    return runs;
  }

  /** Sets the tag, and waits for the end of the run that this starts. */
  async tag(tags: Record<string, string> = { 'atlas-streaming': 'connect' }, clusterArn = this.clusterArn) {
    const started = await this.cloud.tag(tags, clusterArn);
    const execution = started.find(({ input }) => JSON.stringify(input).includes(clusterArn));
    assert.ok(execution, 'the tag starts an execution');
    const end = await ended(execution);
    await this.cloud.messages();
    return end;
  }

  /** Starts an execution as a person does, and waits for its end. */
  startByHand(input: unknown, action?: 'connect' | 'disconnect') {
    return ended(this.cloud.start(input, action));
  }

  /** EventBridge delivers events at least once: the event about the end of this execution arrives again. */
  repeatEvent({ arn, name, ended }: Execution): void {
    const stateMachineArn = arn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');
    this.cloud.deliver(executionEvent({ arn, name, stateMachineArn, status: ended?.status ?? 'RUNNING' }));
  }

  /** Answers for a function, instead of running it. */
  replace(name: string, outcome: Omit<Outcome, 'milliseconds'>): void {
    this.cloud.interceptInvocation = async (invocation, next) =>
      invocation.name === name ? { milliseconds: 0, ...outcome } : inTurn(next);
  }

  /** Lets a function not answer, as long as its state waits. */
  silence(name: string): void {
    this.cloud.interceptInvocation = async (invocation, next) => {
      if (invocation.name !== name) return inTurn(next);
      invocation.begin();
      return new Promise(() => {});
    };
  }

  /** Makes a function fail, instead of running it, as often as said. */
  fail(name: string, times = Number.POSITIVE_INFINITY, error = crash): void {
    let count = 0;
    this.cloud.interceptInvocation = async (invocation, next) =>
      invocation.name === name && ++count <= times ? { milliseconds: 0, error } : inTurn(next);
  }
}

/** Each function at work has a thread of its own, and a new thread takes a while. */
const mostFunctions = 3;
let atWork = 0;
const waiting: (() => void)[] = [];

/** Runs a function when few others are at work. */
async function inTurn(run: () => Promise<Outcome>): Promise<Outcome> {
  if (atWork === mostFunctions) await new Promise<void>((resolve) => waiting.push(resolve));
  else atWork++;
  return run().finally(() => {
    const next = waiting.shift();
    if (next) next();
    else atWork--;
  });
}

/** A function whose code is wrong, so that no state retries it. */
const crash = { errorType: 'TypeError', errorMessage: 'x is undefined' };

/** When runs were started, in minutes after the first of these times. */
export const minutesBetween = (executions: Execution[]): number[] => {
  const times = executions.map(({ startDate }) => startDate.getTime());
  return times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / minuteMs));
};

const entries = new EventEmitter();
const onEntry = (event: { type: string; state?: { name: string } }, { arn }: Execution) => {
  if (event.type === 'StateEntered') entries.emit(`${arn} ${event.state?.name}`);
};

/** Waits until a run enters a state. */
export async function entered(execution: Execution, state: string): Promise<void> {
  const isPast = execution.history.some((event) => event.type === 'StateEntered' && event.state.name === state);
  if (!isPast) await once(entries, `${execution.arn} ${state}`);
}
