import { randomInt, randomUUID } from 'node:crypto';
import type {
  BrokerNodeGroupInfo,
  Cluster as ClusterInfo,
  ClusterOperationV2,
  ClusterState,
  ConnectivityInfo,
  ErrorInfo,
  GetBootstrapBrokersResponse,
} from '@aws-sdk/client-kafka';
import type { Clock } from '../clock.ts';
import type { TagChange } from '../event-bridge.ts';
import type { Topic } from '../kafka/topic.ts';
import { bootstrapBrokers } from './bootstrap.ts';
import type { PolicyDocument } from './policy.ts';
import { parsePolicy } from './policy-grammar.ts';
import type { ClusterSeed, Connectivity, Schemes } from './seed.ts';
import { Tags } from './tags.ts';

interface StoredPolicy {
  document: PolicyDocument;
  version: string;
}

/** An update of the connectivity. Assumed: it is PENDING for its first minute. */
interface Update {
  arn: string;
  startedAt: Date;
  minutes: number;
  error: ErrorInfo | undefined;
  source: Connectivity;
  target: Connectivity;
  newVersion: string;
}

/** One cluster. Its state is computed from its seed, its updates and the clock whenever it is read. */
export class Cluster {
  readonly seed: ClusterSeed;
  readonly tags: Tags;
  policy: StoredPolicy | undefined;
  scramSecretArns: string[];
  /** A test may change them. */
  topics: Topic[];
  readonly #clock: Clock;
  readonly #createdAt: Date;
  readonly #firstVersion = newVersion();
  readonly #updates: Update[] = [];
  /** When topics were created during the scenario. */
  readonly #created = new Map<Topic, Date>();
  #bootstrapCalls = 0;

  constructor(seed: ClusterSeed, clock: Clock, onTagChange: (change: TagChange) => void) {
    this.seed = seed;
    this.tags = new Tags(seed.arn, seed.tags, (change) => onTagChange({ ...change, time: clock.now() }));
    this.policy = seed.policy && {
      document: parsePolicy(JSON.stringify(seed.policy), seed.arn),
      version: newVersion(),
    };
    this.scramSecretArns = [...seed.scramSecretArns];
    this.topics = seed.topics.map((topic) => ({ ...topic }));
    this.#clock = clock;
    this.#createdAt = clock.now();
  }

  get arn(): string {
    return this.seed.arn;
  }

  /** As a client of Kafka does. */
  createTopic(topic: Topic): void {
    const created = { ...topic };
    this.topics.push(created);
    this.#created.set(created, this.#clock.now());
  }

  /** Documented: what MSK shows of topics is about one minute old. */
  get shownTopics(): Topic[] {
    return this.topics.filter((topic) => this.#clock.minutesSince(this.#created.get(topic) ?? new Date(0)) >= 1);
  }

  get state(): ClusterState {
    if (this.#running) return 'UPDATING';
    const settled = this.#clock.minutesSince(this.#createdAt) >= this.seed.settlesAfterMinutes;
    return settled ? 'ACTIVE' : this.seed.state;
  }

  /** Documented: "When this update operation is successful, it generates a new cluster version." */
  get currentVersion(): string {
    return this.#lastComplete?.newVersion ?? this.#firstVersion;
  }

  get connectivity(): Connectivity {
    return this.#lastComplete?.target ?? this.seed;
  }

  get configurationArn(): string {
    return this.arn.replace(':cluster/', ':configuration/');
  }

  startUpdate(target: Connectivity): string {
    const arn = `${this.arn.replace(':cluster/', ':cluster-operation/')}/${randomUUID()}`;
    this.#updates.push({
      arn,
      startedAt: this.#clock.now(),
      minutes: this.seed.updateMinutes,
      error: this.seed.updateError,
      source: this.connectivity,
      target,
      newVersion: newVersion(),
    });
    return arn;
  }

  describe(): ClusterInfo {
    return {
      ActiveOperationArn: this.#running?.arn,
      ClusterArn: this.arn,
      ClusterName: this.seed.name,
      ClusterType: this.seed.clusterType,
      CreationTime: this.#createdAt,
      CurrentVersion: this.currentVersion,
      State: this.state,
      Tags: this.tags.all,
      ...(this.seed.clusterType === 'SERVERLESS' ? this.#serverless() : this.#provisioned()),
    };
  }

  describeOperation(operationArn: string): ClusterOperationV2 | undefined {
    const update = this.#updates.find(({ arn }) => arn === operationArn);
    if (!update) return undefined;
    const state = this.#stateOf(update);
    const endsAt = new Date(update.startedAt.getTime() + update.minutes * 60_000);
    return {
      ClusterArn: this.arn,
      ClusterType: this.seed.clusterType,
      StartTime: update.startedAt,
      EndTime: state === 'UPDATE_COMPLETE' || state === 'UPDATE_FAILED' ? endsAt : undefined,
      ErrorInfo: state === 'UPDATE_FAILED' ? update.error : undefined,
      OperationArn: update.arn,
      OperationState: state,
      OperationType: 'UPDATE_CONNECTIVITY',
      Provisioned: {
        SourceClusterInfo: { ConnectivityInfo: connectivityInfo(update.source) },
        TargetClusterInfo: { ConnectivityInfo: connectivityInfo(update.target) },
      },
    };
  }

  bootstrapBrokers(): GetBootstrapBrokersResponse {
    this.#bootstrapCalls += 1;
    return bootstrapBrokers(this.seed, this.connectivity, this.#bootstrapCalls);
  }

  get #running(): Update | undefined {
    return this.#updates.find((it) => ['PENDING', 'UPDATE_IN_PROGRESS'].includes(this.#stateOf(it)));
  }

  get #lastComplete(): Update | undefined {
    return this.#updates.findLast((it) => this.#stateOf(it) === 'UPDATE_COMPLETE');
  }

  #stateOf({ startedAt, minutes, error }: Update) {
    const elapsed = this.#clock.minutesSince(startedAt);
    if (elapsed >= minutes) return error ? 'UPDATE_FAILED' : 'UPDATE_COMPLETE';
    return elapsed < 1 ? 'PENDING' : 'UPDATE_IN_PROGRESS';
  }

  #serverless(): ClusterInfo {
    return {
      Serverless: { VpcConfigs: [{ SubnetIds: subnets }], ClientAuthentication: { Sasl: { Iam: { Enabled: true } } } },
    };
  }

  #provisioned(): ClusterInfo {
    const { seed } = this;
    const configuration = { ConfigurationArn: this.configurationArn, ConfigurationRevision: 1 };
    const { unauthenticated, ...schemes } = seed.clientAuthentication;
    const ClientAuthentication = { ...authentication(schemes), Unauthenticated: { Enabled: unauthenticated } };
    return {
      Provisioned: {
        BrokerNodeGroupInfo: this.#brokerNodeGroup(),
        // Reported: without any scheme, it is absent.
        ...(Object.values(schemes).some(Boolean) ? { ClientAuthentication } : {}),
        CurrentBrokerSoftwareInfo: {
          KafkaVersion: seed.kafkaVersion,
          ...(seed.serverProperties === undefined ? {} : configuration),
        },
        EncryptionInfo: {
          EncryptionAtRest: { DataVolumeKMSKeyId: seed.dataVolumeKmsKeyId },
          EncryptionInTransit: { ClientBroker: seed.clientBroker, InCluster: true },
        },
        EnhancedMonitoring: 'DEFAULT',
        NumberOfBrokerNodes: seed.numberOfBrokerNodes,
        StorageMode: 'LOCAL',
      },
    };
  }

  #brokerNodeGroup(): BrokerNodeGroupInfo {
    return {
      BrokerAZDistribution: 'DEFAULT',
      ClientSubnets: subnets,
      ConnectivityInfo: connectivityInfo(this.connectivity),
      InstanceType: this.seed.instanceType,
      SecurityGroups: ['sg-0a1b2c3d4e5f60718'],
      StorageInfo: { EbsStorageInfo: { VolumeSize: 100 } },
      ZoneIds: ['use1-az1', 'use1-az2', 'use1-az4'],
    };
  }
}

const subnets = ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712', 'subnet-0a1b2c3d4e5f60713'];

/** Assumed: `VpcConnectivity` is absent while all schemes are off. */
function connectivityInfo({ publicAccess, vpcConnectivity }: Connectivity): ConnectivityInfo {
  const on = Object.values(vpcConnectivity).some(Boolean);
  return {
    PublicAccess: { Type: publicAccess },
    NetworkType: 'IPV4',
    ...(on ? { VpcConnectivity: { ClientAuthentication: authentication(vpcConnectivity) } } : {}),
  };
}

function authentication({ scram, iam, tls }: Schemes) {
  return { Sasl: { Scram: { Enabled: scram }, Iam: { Enabled: iam } }, Tls: { Enabled: tls } };
}

/** Documented: a version such as `K3T4TT2Z381HKD`. "Cluster versions aren't simple numbers." */
export function newVersion(): string {
  return `K${Array.from({ length: 13 }, () => randomInt(36).toString(36))
    .join('')
    .toUpperCase()}`;
}
