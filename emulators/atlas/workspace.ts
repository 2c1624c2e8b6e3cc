import type { Clock } from '../clock.ts';
import type { Topic } from '../kafka/topic.ts';
import type { AtlasBehaviour } from './behaviour.ts';
import { validationError } from './body.ts';
import type { Connection } from './connection.ts';
import { atlasError } from './error.ts';
import { faults, type TopicAnswer } from './kafka-source.ts';
import { objectId } from './object-id.ts';
import { checkStages, connectionNames, sourceOf, testLog } from './pipeline.ts';
import { type ProcessorSeed, StreamProcessor } from './processor.ts';
import { streamProcessingRegions } from './regions.ts';
import { type Tier, tiers } from './schemas/request.ts';

export interface WorkspaceSeed {
  name: string;
  dataProcessRegion?: { cloudProvider: string; region: string };
  /** Of a processor that is created without one. Default: SP30. */
  tier?: Tier;
  /** Default: every tier is allowed. */
  maxTier?: Tier;
  /** Its connections of the type Cluster. Default: none. */
  clusterConnections?: ClusterConnectionSeed[];
  /** Default: none. */
  processors?: ProcessorSeed[];
}

interface ClusterConnectionSeed {
  name: string;
  clusterName: string;
}

/** Documented. A larger tier has no limit. */
const maxPartitions: Partial<Record<Tier, number>> = { SP2: 32, SP5: 64 };

/** A stream processing workspace: its connections, and its stream processors. */
export class Workspace {
  readonly id: string;
  readonly name: string;
  readonly dataProcessRegion: { cloudProvider: string; region: string };
  readonly tier: Tier;
  readonly maxTier: Tier | undefined;
  /** To Kafka. */
  connections: Connection[] = [];
  readonly processors: StreamProcessor[];
  readonly deletedProcessors: StreamProcessor[] = [];
  readonly #clusterConnections: (ClusterConnectionSeed & { id: string })[];
  readonly #clock: Clock;
  readonly #behaviour: AtlasBehaviour;

  constructor(seed: WorkspaceSeed, clock: Clock, behaviour: AtlasBehaviour) {
    const { dataProcessRegion = { cloudProvider: 'AWS', region: 'VIRGINIA_USA' }, clusterConnections = [] } = seed;
    this.id = objectId(clock.now());
    this.name = seed.name;
    this.dataProcessRegion = existing(dataProcessRegion);
    this.tier = seed.tier ?? 'SP30';
    this.maxTier = seed.maxTier;
    this.#clusterConnections = clusterConnections.map((it) => ({ ...it, id: objectId(clock.now()) }));
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.processors = (seed.processors ?? []).map((it) => new StreamProcessor(it, clock, behaviour));
  }

  get clusterConnections(): { name: string; describe(): object }[] {
    return this.#clusterConnections.map(({ id, name, clusterName }) => ({
      name,
      describe: () => ({
        id,
        name,
        type: 'Cluster',
        clusterName,
        dbRoleToExecute: { role: 'readWriteAnyDatabase', type: 'BUILT_IN' },
        region: this.dataProcessRegion.region,
        state: 'READY',
      }),
    }));
  }

  /** Adds a processor without any check. */
  addProcessor(seed: ProcessorSeed): StreamProcessor {
    const processor = new StreamProcessor(seed, this.#clock, this.#behaviour);
    this.processors.push(processor);
    return processor;
  }

  /** @throws Refusal 404 */
  processor(name: string): StreamProcessor {
    const processor = this.processors.find((it) => it.name === name);
    if (processor) return processor;
    const detail = `Stream processor with name ${name} in stream workspace ${this.name} not found.`;
    throw atlasError(404, 'STREAM_PROCESSOR_NOT_FOUND', detail, { parameters: [name, this.name] });
  }

  /** Assumed: the connections of the pipeline must exist. @throws Refusal */
  createProcessor(request: Pick<ProcessorSeed, 'name' | 'pipeline' | 'options' | 'tier'>): StreamProcessor {
    const { name, pipeline, tier = this.tier } = request;
    checkStages(pipeline);
    this.#checkTier(tier);
    this.#checkConnections(connectionNames([pipeline, request.options]), this.#behaviour.refusesTestLog === 'create');
    if (this.processors.some((it) => it.name === name)) {
      const detail = `A stream processor with the name ${name} already exists.`;
      throw atlasError(409, 'STREAM_PROCESSOR_NAME_ALREADY_EXISTS', detail, { parameters: [name] });
    }
    return this.addProcessor({ ...request, tier, state: 'CREATED' });
  }

  startProcessor(name: string, options: { tier?: Tier | undefined; resumes?: boolean } = {}): void {
    const processor = this.processor(name);
    if (options.tier) this.#checkTier(options.tier);
    processor.start((it) => {
      this.#checkConnections(connectionNames(it.pipeline), this.#behaviour.refusesTestLog === 'start');
      return this.#find(it);
    }, options);
  }

  deleteProcessor(name: string): void {
    const processor = this.processor(name);
    processor.checkDeletable();
    this.processors.splice(this.processors.indexOf(processor), 1);
    this.deletedProcessors.push(processor);
  }

  /**
   * The lines that can be read by now. Assumed: those of deleted processors are kept.
   *
   * @param from, to in epoch seconds
   */
  logs(name: string | undefined, from: number, to: number): object[] {
    const now = this.#clock.now();
    const { logDelayMinutes } = this.#behaviour;
    return [...this.deletedProcessors, ...this.processors]
      .filter((it) => name === undefined || it.name === name)
      .flatMap(({ name: streamProcessorName, logs }) => logs.map((line) => ({ streamProcessorName, ...line })))
      .filter(({ at }) => at.getTime() >= from * 1000 && at.getTime() <= to * 1000)
      .filter(({ at }) => now.getTime() - at.getTime() >= logDelayMinutes * 60_000)
      .sort((a, b) => a.at.getTime() - b.at.getTime())
      .map(({ at, level, streamProcessorName, message, errorCode }) => ({
        t: at.toISOString(),
        level,
        streamProcessorName,
        message,
        errorCode,
      }));
  }

  #checkTier(tier: Tier): void {
    const { maxTier = tier } = this;
    if (tiers.indexOf(tier) <= tiers.indexOf(maxTier)) return;
    const detail = `The tier ${tier} exceeds the maximum tier ${maxTier} of the stream workspace.`;
    throw atlasError(400, 'STREAM_PROCESSOR_TIER_TOO_LARGE', detail, { parameters: [tier, maxTier] });
  }

  #checkConnections(names: string[], isTestLogRefused: boolean): void {
    const others = this.clusterConnections.map(({ name }) => name);
    const known = new Set([...this.#kafkaConnections.map(({ settings }) => settings.name), ...others]);
    if (!isTestLogRefused) known.add(testLog);
    const missing = names.find((name) => !known.has(name));
    if (missing === undefined) return;
    const detail = `Connection ${missing} for tenant ${this.name} not found.`;
    throw atlasError(400, 'STREAM_CONNECTION_NOT_FOUND_FOR_NAME', detail, { parameters: [missing, this.name] });
  }

  get #kafkaConnections(): Connection[] {
    return this.connections.filter(({ state }) => state !== 'DELETED');
  }

  /** What a processor finds. Only topics behind a private link are emulated. */
  #find({ id, pipeline, tier = this.tier }: StreamProcessor): TopicAnswer | undefined {
    const { connectionName, topic = [], config = {} } = sourceOf(pipeline);
    const connection = this.#kafkaConnections.find(({ settings }) => settings.name === connectionName);
    if (!connection?.link) return undefined;
    const { sinkFails, refusesTestLog, brokersUnreachable, readTopic } = this.#behaviour;
    const { bootstrapServers, authentication } = connection.settings;
    if (connection.state !== 'READY' || brokersUnreachable)
      return { fault: faults.unreachable(bootstrapServers.split(',')[0] ?? '') };
    const { mechanism, username, password, aws } = authentication;
    const login = { mechanism, username, password, roleArn: aws?.roleArn };
    const { arn: clusterArn } = connection.link.request;
    const group = config.group_id ?? `asp-${id}-consumer`;
    const names = [topic].flat();
    if (names.length === 0) throw validationError('pipeline: $source has no topic');
    const answers = names.map((it) => readTopic({ ...login, clusterArn, group, topic: it }));
    const faulty = answers.find(({ fault }) => fault);
    if (faulty) return faulty;
    const found = allOf(answers.flatMap((it) => it.topic ?? []));
    const limit = maxPartitions[tier];
    if (limit !== undefined && found.partitions > limit) return { fault: faults.tierTooSmall(found.partitions, limit) };
    if (refusesTestLog === 'run' && connectionNames(pipeline).includes(testLog)) return { fault: faults.noTestLog() };
    return sinkFails === undefined ? { topic: found } : { fault: { errorCode: 1, message: sinkFails } };
  }
}

/** Several topics as one. It follows the records of each. */
function allOf(topics: Topic[]): Topic {
  const [first] = topics;
  if (first && topics.length === 1) return first;
  const sum = (of: (topic: Topic) => number) => topics.reduce((total, topic) => total + of(topic), 0);
  return {
    name: topics.map(({ name }) => name).join(','),
    partitions: sum(({ partitions }) => partitions),
    get records() {
      return sum(({ records }) => records);
    },
  };
}

/** @throws Error if Atlas has no workspaces in this Region */
function existing(place: Workspace['dataProcessRegion']): Workspace['dataProcessRegion'] {
  if (streamProcessingRegions[place.cloudProvider]?.includes(place.region)) return place;
  throw new Error(`Atlas has no Stream Processing in ${place.cloudProvider} ${place.region}, and no workspaces there.`);
}
