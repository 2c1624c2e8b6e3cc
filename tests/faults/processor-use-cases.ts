import type { AtlasBehaviour } from '../../emulators/atlas/behaviour.ts';
import { faults } from '../../emulators/atlas/kafka-source.ts';
import type { Cloud } from '../../emulators/cloud.ts';
import type { ClusterSeed } from '../../emulators/msk/seed.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { iamSeedWith, seedWith } from './foreign.ts';
import * as preparations from './preparations.ts';
import { withSecret } from './preparations.ts';
import { isOn, none, one, startedByHand, type UseCase } from './use-case.ts';

/** A workspace that is connected to a cluster, where processors can write. */
const project = { workspaces: [{ name: 'streams', clusterConnections: [{ name: 'db', clusterName: 'main' }] }] };

const restartAllowed = { restartProcessors: true };
const inUse = { endState: 'SetupFailed', error: 'ConnectionInUse' };

/** What happens to running stream processors when their connection must be updated. */
const restarts: UseCase[] = [
  {
    name: 'restart a processor for a rotated password',
    world: seedWith({ cluster: isOn, project }),
    prepare: preparations.usedByProcessor,
    ...startedByHand('connect', () => restartAllowed),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    mayRestart: true,
  },
  {
    name: 'restart a processor for another role by IAM',
    world: iamSeedWith({ cluster: isOn, project }),
    isByIam: true,
    prepare: preparations.usedWithAnotherRole,
    ...startedByHand('connect', () => restartAllowed),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    mayRestart: true,
  },
  {
    name: 'find the connection in use by IAM',
    world: iamSeedWith({ cluster: isOn, project }),
    isByIam: true,
    prepare: preparations.usedWithAnotherRole,
    ...startedByHand('connect'),
    expected: inUse,
    leaves: one,
    status: 'failed',
    says: /in use by stream processor "enrich"/,
  },
  {
    name: 'disconnect after a run that has stopped a processor',
    world: seedWith({ cluster: isOn, project }),
    prepare: async (cloud) => {
      await preparations.usedByProcessor(cloud);
      await preparations.stoppedAt(cloud, 'StopProcessors', 2, restartAllowed);
    },
    ...startedByHand('disconnect'),
    expected: { endState: 'RemovalFailed', error: 'ConnectionInUse' },
    leaves: one,
    status: 'failed',
    mayRestart: true,
    concerns: ['StartProcessors'],
  },
];

const asking = { topics: ['orders'], probe: true };
const proving = (input = asking) => startedByHand('connect', (cloud: Cloud) => ({ ...withSecret(cloud), ...input }));
const provingByIam = startedByHand('connect', () => asking);
const read = /^topic orders can be read: 6 partitions, 1,204 records$/;
const probing = ['StartProbe', 'CheckProbe', 'EndProbe'];

/** The proof that data can flow. */
const proofs: UseCase[] = [
  {
    name: 'prove that a topic can be read',
    world: seedWith({ cluster: isOn }),
    ...proving(),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    proves: read,
  },
  {
    name: 'prove it by IAM',
    world: iamSeedWith({ cluster: isOn }),
    isByIam: true,
    ...provingByIam,
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    proves: read,
  },
  {
    name: 'prove it with a sink in a cluster',
    world: seedWith({ cluster: isOn, project, atlas: { refusesTestLog: 'create' } }),
    ...proving(),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    proves: read,
  },
  {
    name: 'connect without a sink for the probe',
    world: seedWith({ cluster: isOn, atlas: { refusesTestLog: 'create' } }),
    ...proving(),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    concerns: probing,
  },
  {
    name: 'disconnect after a run that has left a probe',
    world: seedWith({ cluster: isOn }),
    prepare: (cloud) => preparations.stoppedAt(cloud, 'CheckProbe', 1, { ...withSecret(cloud), ...asking }),
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
    concerns: probing,
  },
];

/** A probe that fails: the kind of failure, and its remedy. */
interface Failing {
  kind: string;
  cluster?: Partial<ClusterSeed>;
  atlas?: Partial<AtlasBehaviour>;
  project?: WorldSeed['project'];
  says: RegExp;
  topic?: string;
}

const failing = ({ kind, cluster, atlas, project, says, topic = 'orders' }: Failing): UseCase => ({
  name: `find that a probe fails: ${kind}`,
  world: seedWith({ cluster: { ...isOn, ...cluster }, ...(atlas && { atlas }), ...(project && { project }) }),
  ...proving({ ...asking, topics: [topic] }),
  expected: { endState: 'SetupFailed', error: 'ProbeFailed' },
  leaves: one,
  status: 'failed',
  says,
});
const asVariant = (useCase: UseCase): UseCase => ({ ...useCase, concerns: probing });
const byIam = ({ world, name, ...useCase }: UseCase, seed: WorldSeed): UseCase => ({
  ...useCase,
  ...provingByIam,
  name: `${name}, by IAM`,
  world: iamSeedWith({ ...seed, cluster: { ...isOn, ...seed.cluster } }),
  isByIam: true,
});

/** Without the topic API of MSK, a run does not know which topics exist, and how large they are. */
const withoutTopicApi = { kafkaVersion: '3.5.1' };
const orders = { name: 'orders', partitions: 6, records: 1204 };

const denied = failing({
  kind: 'denied',
  cluster: { deniedAcls: ['topic:orders:Read'] },
  says: /\(topic denied by a Kafka ACL\).*Kafka ACLs Describe and Read on topic "orders"/s,
});

const failures: UseCase[] = [
  denied,
  byIam(
    {
      ...denied,
      says: /\(topic denied by IAM\).*kafka-cluster:ReadData on \S+:topic\/orders\S+\/orders.*streamsRoleTopics/s,
    },
    { atlas: { readTopic: () => ({ topic: orders, fault: faults.topicDenied('orders') }) } },
  ),
  ...[
    {
      kind: 'unreachable',
      atlas: { brokersUnreachable: true },
      says: /\(unreachable\).*brokers are healthy/s,
    },
    {
      kind: 'login refused',
      atlas: { readTopic: () => ({ fault: faults.wrongPassword() }) },
      says: /\(login refused\).*secret is associated with the cluster/s,
    },
    {
      kind: 'topic missing',
      cluster: withoutTopicApi,
      topic: 'order',
      says: /\(topic missing\).*\n {2}aws kafka tag-resource .*atlas-streaming\/topics=TOPIC/s,
    },
    {
      kind: 'consumer group denied',
      cluster: { deniedAcls: ['group:asp-*:Read'] },
      says: /\(consumer group denied by a Kafka ACL\).*ACL Read on all consumer groups/s,
    },
    {
      kind: 'too many partitions',
      cluster: { ...withoutTopicApi, topics: [{ ...orders, partitions: 100 }] },
      says: /\(too many partitions\).*number of partitions is unknown.*Apache Kafka 3\.6\.0/s,
    },
    { kind: 'no billing', atlas: { billing: false }, says: /\(no billing\).*Add a payment method/s },
    {
      kind: 'sink refused',
      project,
      atlas: {
        refusesTestLog: 'create' as const,
        sinkFails: 'MongoServerError: not authorized on aspProbe to execute command',
      },
      says: /\(sink refused\).*connection "db".*of the type Cluster/s,
    },
    {
      kind: 'unknown',
      cluster: { deniedAcls: ['topic:orders:Read'] },
      atlas: { mayReadLogs: false },
      says: /\(unknown reason\).*Project Data Access Read Only/s,
    },
  ].map((it) => asVariant(failing(it))),
  asVariant(
    byIam(
      { ...failing({ kind: 'login refused', says: /\(login refused\).*must allow kafka-cluster:Connect on arn/s }) },
      { atlas: { readTopic: () => ({ fault: faults.accessDenied() }) } },
    ),
  ),
];

/** A window that opens about an hour after the start of the run, for six hours. */
function soon({ clock }: Cloud): string {
  const at = (hours: number) => new Date(clock.now().getTime() + hours * 3_600_000).toISOString().slice(11, 16);
  return `daily ${at(1)}-${at(7)} UTC`;
}

/** Topics, and the window for reboots. */
const others: UseCase[] = [
  {
    name: 'connect and check a topic',
    world: seedWith({ cluster: isOn }),
    ...startedByHand('connect', (cloud) => ({ ...withSecret(cloud), topics: ['orders'] })),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'name a topic that does not exist',
    world: seedWith({ cluster: isOn }),
    ...startedByHand('connect', (cloud) => ({ ...withSecret(cloud), topics: ['order'] })),
    expected: { endState: 'SetupFailed', error: 'PrerequisitesNotMet' },
    leaves: none,
    status: 'failed',
    says: /has no topic order\. Similar names: orders/,
  },
  {
    name: 'name a topic that does not exist, by IAM',
    world: iamSeedWith({ cluster: isOn }),
    isByIam: true,
    ...startedByHand('connect', () => ({ topics: ['order'] })),
    expected: { endState: 'SetupFailed', error: 'PrerequisitesNotMet' },
    leaves: none,
    status: 'failed',
    says: /has no topic order\. Similar names: orders/,
  },
  {
    name: 'wait for the reboot window',
    world: seedWith(),
    ...startedByHand('connect', (cloud) => ({ ...withSecret(cloud), rebootWindow: soon(cloud) })),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
];

export const processorUseCases: UseCase[] = [...others, ...restarts, ...proofs, ...failures];
