import { randomUUID } from 'node:crypto';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Action } from '../../emulators/deployment/deployment.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { statusTag, triggerTag } from '../../shared/msk/tags.ts';
import { ended } from '../fixtures/ended.ts';
import { foreign, runToEnd, seedWith } from './foreign.ts';

/** How a use case has ended: the end of its last execution, or the end state `'Swept'` if no execution was started. */
export interface RunEnd {
  endState: string;
  error?: string | undefined;
  cause?: string | undefined;
}

/**
 * One way through the machines. All use cases together make every remote call: a test compares them with the permissions of the
 * functions.
 */
export interface UseCase {
  name: string;
  world: WorldSeed;
  /** Prepares the world before the run. */
  prepare?(cloud: Cloud): Promise<void>;
  /** Runs until nothing happens without a person. */
  run(cloud: Cloud): Promise<RunEnd>;
  /** The end without a fault. */
  expected: { endState: string; error?: string };
  /** What exists at the end. */
  leaves: { links: number; connections: number; statements: number };
}

const startedByHand = (action: Action, input: (cloud: Cloud) => object = () => ({})) => ({
  run: async (cloud: Cloud) => ended(cloud.start({ clusterArn: cloud.world.cluster.arn, ...input(cloud) }, action)),
});

const secretArnOf = ({ world }: Cloud) => world.scramSecrets[0]?.arn ?? '';
/** Several secrets may be associated, so the input names one. */
const withSecret = (cloud: Cloud) => ({ secretArn: secretArnOf(cloud) });

/** Connects the cluster. Two secrets are associated, so a tag names one. */
async function connected(cloud: Cloud): Promise<void> {
  cloud.world.cluster.tags.put({ 'atlas-streaming:secret-arn': secretArnOf(cloud) });
  await runToEnd(cloud, 'connect');
}

async function rotated(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const password = randomUUID();
  cloud.world.secretValues.push(password);
  cloud.world.secretsManager.rotate(secretArnOf(cloud), JSON.stringify({ username: 'atlas', password }));
}

async function usedByProcessor(cloud: Cloud): Promise<void> {
  await rotated(cloud);
  const pipeline = [{ $source: { connectionName: 'orders', topic: 'orders' } }];
  cloud.world.project.workspace('streams').processors.push({ name: 'enrich', state: 'STARTED', pipeline });
}

/** The tags as a stopped run leaves them: still connecting. */
async function heldByEndedRun(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const execution = cloud.executions[0]?.arn ?? '';
  cloud.world.cluster.tags.put({ [statusTag('status')]: 'connecting', [statusTag('execution')]: execution });
}

/** The most sweeps of a use case. */
export const maxSweeps = 5;

/** Sweeps, and waits for the runs that this starts, until the cluster is connected. */
async function sweepUntilDone(cloud: Cloud): Promise<RunEnd> {
  let end: RunEnd = { endState: 'Swept' };
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    try {
      const { result } = await cloud.sweep();
      const [failed] = (result as { failed: { error: string }[] }).failed;
      if (failed) end = { endState: 'Swept', error: errorClassIn(failed.error), cause: failed.error };
    } catch (error) {
      const { name, message } = error as Error;
      end = { endState: 'Swept', error: name, cause: message };
    }
    // Includes executions that were started by a sweep that failed.
    for (const execution of cloud.executions) end = await ended(execution);
    if (end.endState === 'Connected') break;
  }
  return end;
}

/** The result of a sweep has only the message of an error. */
const errorClassIn = (message: string) =>
  message.startsWith('AWS throttles')
    ? 'AwsThrottled'
    : message.startsWith('AWS did not carry out')
      ? 'AwsUnavailable'
      : 'AwsRefused';

/** Starts another update of the cluster when AssociateScramSecret lists the secrets, which is the second time. */
async function busyAtSecondRead({ world: { cluster } }: Cloud): Promise<void> {
  let { scramSecretArns } = cluster;
  let reads = 0;
  Object.defineProperty(cluster, 'scramSecretArns', {
    get: () => {
      if (++reads === 2) cluster.startUpdate(cluster.connectivity);
      return scramSecretArns;
    },
    set: (arns: string[]) => {
      scramSecretArns = arns;
    },
  });
}

/** Another party changes the cluster between our read and our update, requests the link, and creates the connection. */
async function alwaysLate({ world: { cluster, project } }: Cloud): Promise<void> {
  const { currentVersion } = cluster;
  let reads = 0;
  // Read by InspectCluster, by EnablePrivateConnectivity, and then by MSK itself for the update.
  Object.defineProperty(cluster, 'currentVersion', { get: () => (++reads < 3 ? currentVersion : 'K2LATER') });
  const createLink = project.createLink.bind(project);
  project.createLink = (request) => {
    project.createLink = createLink;
    createLink(request);
    return createLink(request);
  };
  const createConnection = project.createConnection.bind(project);
  project.createConnection = (workspace, request) => {
    project.createConnection = createConnection;
    createConnection(workspace, { ...request, authentication: { ...request.authentication, username: 'theirs' } });
    return createConnection(workspace, request);
  };
}

const isOn = { vpcConnectivity: { scram: true, iam: true, tls: false } };
const one = { links: 1, connections: 1, statements: 1 };
const none = { links: 0, connections: 0, statements: 0 };

export const useCases: UseCase[] = [
  {
    name: 'connect for the first time',
    world: seedWith({ scramSecrets: [{ isAssociated: false }, foreign.scramSecret] }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'take over from an ended run',
    world: seedWith(),
    prepare: heldByEndedRun,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'send a rotated password',
    world: seedWith(),
    prepare: rotated,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'find the connection in use',
    world: seedWith(),
    prepare: usedByProcessor,
    ...startedByHand('connect'),
    expected: { endState: 'SetupFailed', error: 'ConnectionInUse' },
    leaves: one,
  },
  {
    name: 'fail with the update of MSK',
    world: seedWith({ cluster: { updateError: { ErrorCode: 'Subnets', ErrorString: 'No free addresses.' } } }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'SetupFailed', error: 'ClusterUpdateFailed' },
    leaves: none,
  },
  {
    name: 'find the cluster busy before the secret is associated',
    world: seedWith({ cluster: isOn, scramSecrets: [{ isAssociated: false }] }),
    prepare: busyAtSecondRead,
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'connect after another party did the same',
    world: seedWith(),
    prepare: alwaysLate,
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'reject a wrong input for a cluster that another run held',
    world: seedWith(),
    prepare: heldByEndedRun,
    ...startedByHand('connect', () => ({ connectionName: 'two words' })),
    expected: { endState: 'SetupFailed', error: 'InvalidRequest' },
    leaves: one,
  },
  {
    name: 'record a failure',
    world: seedWith({ atlas: { linkFails: 'No zone in common.' } }),
    prepare: async (cloud) => {
      cloud.world.cluster.tags.put({ 'atlas-streaming:secret-arn': secretArnOf(cloud) });
    },
    ...startedByHand('connect'),
    expected: { endState: 'SetupFailed', error: 'PrivateLinkFailed' },
    leaves: { links: 1, connections: 0, statements: 1 },
  },
  {
    name: 'connect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'plan to connect',
    world: seedWith(),
    ...startedByHand('connect', (cloud) => ({ ...withSecret(cloud), dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: none,
  },
  {
    name: 'disconnect',
    world: seedWith(),
    prepare: connected,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
  },
  {
    name: 'disconnect and delete an empty policy',
    world: seedWith({ cluster: { policy: undefined } }),
    prepare: connected,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
  },
  {
    name: 'disconnect and keep a link in use',
    world: seedWith(),
    prepare: async (cloud) => {
      await connected(cloud);
      const { project } = cloud.world;
      const [ours] = project.connections('streams').filter(({ settings }) => settings.name === 'orders');
      if (ours) project.createConnection('streams', { ...ours.settings, name: 'reports' });
    },
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: { links: 1, connections: 0, statements: 1 },
  },
  {
    name: 'disconnect and find the connection in use',
    world: seedWith(),
    prepare: usedByProcessor,
    ...startedByHand('disconnect'),
    expected: { endState: 'RemovalFailed', error: 'ConnectionInUse' },
    leaves: one,
  },
  {
    name: 'disconnect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    prepare: connected,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
  },
  {
    name: 'plan to disconnect',
    world: seedWith(),
    prepare: connected,
    ...startedByHand('disconnect', () => ({ dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: one,
  },
  {
    name: 'plan to disconnect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    prepare: connected,
    ...startedByHand('disconnect', () => ({ dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: one,
  },
  {
    name: 'sweep and find a tagged cluster',
    world: seedWith({ cluster: { tags: { [triggerTag]: 'connect' } }, scramSecrets: [{}] }),
    run: sweepUntilDone,
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'sweep and find a rotated secret',
    world: seedWith({ cluster: { tags: { [triggerTag]: 'connect' } } }),
    prepare: async (cloud) => {
      await rotated(cloud);
      // The sweep must find out which of the two secrets is in use.
      cloud.world.cluster.tags.remove(['atlas-streaming:secret-arn']);
    },
    run: sweepUntilDone,
    expected: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'sweep and find an ended run',
    world: seedWith({ cluster: { tags: { [triggerTag]: 'connect' } } }),
    prepare: heldByEndedRun,
    run: sweepUntilDone,
    expected: { endState: 'Connected' },
    leaves: one,
  },
];
