import type { Clock } from '../clock.ts';
import type { Topic } from '../kafka/topic.ts';
import type { AtlasBehaviour } from './behaviour.ts';
import { atlasError } from './error.ts';
import type { Fault, TopicAnswer } from './kafka-source.ts';
import { objectId } from './object-id.ts';
import { connectionNames, type Pipeline, passes, sourceOf } from './pipeline.ts';
import type { Tier } from './schemas/request.ts';

/**
 * For the tests of the product. `project.addProcessor('streams', { name, pipeline })` adds a processor that is STARTED, and
 * `project.processor('streams', name)` returns it: its `state`, which a test may also set; `pipeline` and `tier`, which a test may change as a
 * person does; `checkpoint`, and `startedFrom` of its last start; `runs`, each start with its tier; `recordsWritten` to its sink.
 * `project.recordsWritten` counts those of deleted processors, too, which are in `workspace.deletedProcessors`.
 */

export type ProcessorState =
  | 'INIT'
  | 'CREATING'
  | 'CREATED'
  | 'PROVISIONING'
  | 'STARTED'
  | 'STOPPING'
  | 'STOPPED'
  | 'FAILED'
  | 'DROPPED';

/** A stream processor at the start of a scenario. */
export interface ProcessorSeed {
  name: string;
  pipeline: Pipeline;
  /** It does not change by itself. Default: STARTED. */
  state?: ProcessorState;
  /** Default: Atlas shows none. */
  tier?: Tier | undefined;
  /** How many records it has read. Default: 1000, unless it is CREATED. */
  checkpoint?: number;
  options?: object | undefined;
}

/** One start of a processor. */
interface Run {
  startedAt: Date;
  tier: Tier | undefined;
  startedFrom: 'checkpoint' | 'beginning';
  /** The records before the first that it reads. */
  offset: number;
  /** What it has found. Undefined for a processor without Kafka. */
  found: TopicAnswer | undefined;
  endedAt?: Date;
}

export interface LogLine {
  at: Date;
  level: 'INFO' | 'ERROR';
  message: string;
  errorCode?: number;
}

/** What a processor looks at when it starts. */
type Find = (processor: StreamProcessor) => TopicAnswer | undefined;

/** Documented: in these states, a processor has released its connections. */
const released = new Set<ProcessorState>(['CREATED', 'STOPPED', 'FAILED', 'DROPPED']);

/** Documented: how often a processor reports. Assumed: it has no stats before. */
const heartbeatSeconds = 30;

/** One stream processor. Its state is computed from the clock whenever it is read. */
export class StreamProcessor {
  readonly id: string;
  readonly name: string;
  readonly runs: Run[] = [];
  logs: LogLine[] = [];
  pipeline: Pipeline;
  tier: Tier | undefined;
  readonly #options: object | undefined;
  readonly #clock: Clock;
  readonly #behaviour: AtlasBehaviour;
  /** What was read before the present run. */
  #checkpoint: number | undefined;
  #written = 0;
  /** The state, unless it follows from the run. */
  #fixed: ProcessorState | undefined;

  constructor(seed: ProcessorSeed, clock: Clock, behaviour: AtlasBehaviour) {
    this.id = objectId(clock.now());
    this.name = seed.name;
    this.pipeline = seed.pipeline;
    this.tier = seed.tier;
    this.#options = seed.options;
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.#fixed = seed.state ?? 'STARTED';
    this.#checkpoint = seed.checkpoint ?? (this.#fixed === 'CREATED' ? undefined : 1000);
  }

  get state(): ProcessorState {
    if (this.#fixed) return this.#fixed;
    const run = this.#run;
    if (run?.endedAt) {
      const isStopped = this.#clock.minutesSince(run.endedAt) * 60 >= this.#behaviour.processorStopSeconds;
      return isStopped ? 'STOPPED' : 'STOPPING';
    }
    return run ? this.#stateOfRun(run) : 'CREATED';
  }

  /** Lets a test set any state, which then stays until the next start or stop. */
  set state(state: ProcessorState) {
    if (released.has(state)) this.#settle();
    this.#fixed = state;
  }

  get holdsConnections(): boolean {
    return !released.has(this.state);
  }

  uses(connectionName: string): boolean {
    return connectionNames(this.pipeline).includes(connectionName);
  }

  /** How many records it has read up to its last checkpoint. Undefined: there is none. */
  get checkpoint(): number | undefined {
    const run = this.#run;
    const isReading = run && !run.endedAt && !run.found?.fault && this.#topicOf(run);
    return isReading ? run.offset + this.#readIn(run) : this.#checkpoint;
  }

  /** Of the last start. */
  get startedFrom(): 'checkpoint' | 'beginning' | undefined {
    return this.#run?.startedFrom;
  }

  /** How many records it has written to its sink. */
  get recordsWritten(): number {
    const run = this.#run;
    return this.#written + (run && !run.endedAt ? this.#writtenIn(run) : 0);
  }

  /**
   * Documented: it continues at the checkpoint unless the request says otherwise, and without one at `auto_offset_reset`, whose default is
   * the end of the topic. Reported (mongodb/terraform-provider-mongodbatlas): the tier of a start is shown from then on.
   *
   * @throws Refusal 400 if it runs, 402 without a payment method
   */
  start(find: Find, { tier = this.tier, resumes = true }: { tier?: Tier | undefined; resumes?: boolean } = {}): void {
    this.#require('started', (state) => released.has(state) && state !== 'DROPPED');
    if (!this.#behaviour.billing) {
      throw atlasError(402, 'NO_PAYMENT_INFORMATION_FOUND', 'No payment information was found for the organization.');
    }
    this.#settle();
    this.tier = tier;
    const found = find(this);
    const fromCheckpoint = resumes && this.#checkpoint !== undefined;
    if (!fromCheckpoint) this.#checkpoint = undefined;
    const reset = sourceOf(this.pipeline).config?.auto_offset_reset ?? 'latest';
    const first = /^(earliest|beginning)$/.test(reset) ? 0 : (found?.topic?.records ?? 0);
    const offset = this.#checkpoint ?? first;
    const startedFrom = fromCheckpoint ? 'checkpoint' : 'beginning';
    const run: Run = { startedAt: this.#clock.now(), tier, startedFrom, offset, found };
    this.runs.push(run);
    this.#fixed = undefined;
    this.#log('INFO', 'The stream processor was started.', run.startedAt);
    if (found?.fault) this.#logFault(found.fault, run);
  }

  /** @throws Refusal 400 if it does not run */
  stop(): void {
    this.#require('stopped', (state) => state === 'STARTED' || state === 'PROVISIONING');
    if (!this.#run || this.#run.endedAt) this.runs.push(this.#seededRun());
    this.#settle();
    this.#fixed = undefined;
    this.#log('INFO', 'The stream processor was stopped.', this.#clock.now());
  }

  /** @throws Refusal 400 if it runs */
  checkDeletable(): void {
    this.#require('deleted', (state) => released.has(state) || state === 'INIT');
  }

  created(): object {
    const { id: _id, name, state, pipeline, tier } = this;
    return { _id, name, state, pipeline, options: this.#options, tier };
  }

  describe(): object {
    return { ...this.created(), stats: this.state === 'STARTED' ? this.#stats() : undefined };
  }

  get #run(): Run | undefined {
    return this.runs.at(-1);
  }

  /** Of a processor that has run all along. */
  #seededRun(): Run {
    const { tier } = this;
    const offset = this.#checkpoint ?? 0;
    return { startedAt: this.#clock.now(), tier, startedFrom: 'beginning', offset, found: undefined };
  }

  /** Ends the present run, and keeps what it has read and written. */
  #settle(): void {
    const run = this.#run;
    if (!run || run.endedAt) return;
    const { checkpoint, recordsWritten } = this;
    const now = this.#clock.now();
    run.endedAt = now;
    this.logs = this.logs.filter(({ at }) => at <= now);
    this.#checkpoint = checkpoint;
    this.#written = recordsWritten;
  }

  #stateOfRun({ startedAt, found: { topic, fault } = {} }: Run): ProcessorState {
    const { processorStartMinutes, processorRetryMinutes } = this.#behaviour;
    const minutes = this.#clock.minutesSince(startedAt) - processorStartMinutes;
    if (minutes < 0) return 'PROVISIONING';
    if (!fault) return 'STARTED';
    if (fault.isFinal || minutes >= processorRetryMinutes) return 'FAILED';
    return topic ? 'STARTED' : 'PROVISIONING';
  }

  /** How many records it has read in a run. */
  #readIn(run: Run): number {
    const topic = this.#topicOf(run);
    return topic && !run.found?.fault ? Math.max(0, topic.records - run.offset) : 0;
  }

  #writtenIn(run: Run): number {
    return passes(this.pipeline, run.found?.topic?.document) ? this.#readIn(run) : 0;
  }

  /** The topic, after the first heartbeat. */
  #topicOf({ startedAt, found }: Run): Topic | undefined {
    const minutes = this.#clock.minutesSince(startedAt) - this.#behaviour.processorStartMinutes;
    return minutes * 60 >= heartbeatSeconds ? found?.topic : undefined;
  }

  #stats(): object {
    const run = this.#run;
    const topic = run && !run.endedAt ? this.#topicOf(run) : undefined;
    const read = run && topic ? this.#readIn(run) : 0;
    return {
      name: this.name,
      status: 'running',
      inputMessageCount: read,
      outputMessageCount: run && topic ? this.#writtenIn(run) : 0,
      kafkaPartitions: topic && run ? partitionsOf(topic, run.offset, read) : undefined,
    };
  }

  #require(what: string, isRight: (state: ProcessorState) => boolean): void {
    const { state, name } = this;
    if (isRight(state)) return;
    const detail = `Stream processor ${name} is ${state}, and cannot be ${what}.`;
    throw atlasError(400, 'STREAM_PROCESSOR_HAS_WRONG_STATE', detail, { parameters: [name, state] });
  }

  /** Assumed: the first and the last attempt each write a line. */
  #logFault({ message, errorCode, isFinal }: Fault, { startedAt }: Run): void {
    const { processorStartMinutes, processorRetryMinutes } = this.#behaviour;
    for (const minutes of isFinal ? [0] : [0, processorRetryMinutes])
      this.logs.push({ at: after(startedAt, processorStartMinutes + minutes), level: 'ERROR', message, errorCode });
  }

  #log(level: LogLine['level'], message: string, at: Date): void {
    this.logs.push({ at, level, message });
  }
}

const after = (moment: Date, minutes: number): Date => new Date(moment.getTime() + minutes * 60_000);

/** The records are spread over the partitions as evenly as they can be. */
function partitionsOf({ partitions }: Topic, offset: number, read: number): object[] {
  const share = (total: number, index: number) => Math.floor(total / partitions) + (index < total % partitions ? 1 : 0);
  return Array.from({ length: partitions }, (_, partition) => ({
    partition,
    currentOffset: share(offset + read, partition),
    checkpointOffset: share(offset, partition),
    isIdle: share(read, partition) === 0,
  }));
}
