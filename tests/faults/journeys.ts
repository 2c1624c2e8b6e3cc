import { randomUUID } from 'node:crypto';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Action } from '../../emulators/deployment/deployment.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { statusTag, triggerTag } from '../../shared/msk/tags.ts';
import { ended } from '../fixtures/ended.ts';
import { foreign, seedWith, settle } from './foreign.ts';

/** How a journey has ended: the end state of its last execution, or `'Swept'` where only the sweep has run. */
export interface Arrival {
  endState: string;
  error?: string | undefined;
  cause?: string | undefined;
}

/**
 * One way through the machines. All journeys together make every remote call that there is: a test compares them with the
 * permissions of the functions.
 */
export interface Journey {
  name: string;
  world: WorldSeed;
  /** What has happened before. */
  prepare?(cloud: Cloud): Promise<void>;
  /** Goes as far as it gets without a person. */
  travel(cloud: Cloud): Promise<Arrival>;
  /** Where it arrives when nothing is in its way. */
  goal: { endState: string; error?: string };
  /** What is there in the end. */
  leaves: { links: number; connections: number; statements: number };
}

const by = (action: Action, input: (cloud: Cloud) => object = () => ({})) => ({
  travel: async (cloud: Cloud) => ended(cloud.start({ clusterArn: cloud.world.cluster.arn, ...input(cloud) }, action)),
});

const secretArnOf = ({ world }: Cloud) => world.scramSecrets[0]?.arn ?? '';
/** Two secrets are associated: which one is meant has to be said. */
const named = (cloud: Cloud) => ({ secretArn: secretArnOf(cloud) });

/** With the tags that it had, as somebody who tags it would find it. */
async function connected(cloud: Cloud): Promise<void> {
  cloud.world.cluster.tags.put({ 'atlas-streaming:secret-arn': secretArnOf(cloud) });
  await settle(cloud, 'connect');
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

/** As after a run that was stopped: it has written that it is at work, and not that it is done. */
async function heldByRunThatHasEnded(cloud: Cloud): Promise<void> {
  await connected(cloud);
  const execution = cloud.executions[0]?.arn ?? '';
  cloud.world.cluster.tags.put({ [statusTag('status')]: 'connecting', [statusTag('execution')]: execution });
}

/** So many sweeps are given the time to do it. */
export const mostSweeps = 5;

/** A sweep, then the runs that it starts; and the next sweep a quarter of an hour later. */
async function sweepUntilDone(cloud: Cloud): Promise<Arrival> {
  let arrival: Arrival = { endState: 'Swept' };
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    try {
      const { result } = await cloud.sweep();
      const [failed] = (result as { failed: { error: string }[] }).failed;
      if (failed) arrival = { endState: 'Swept', error: errorClassIn(failed.error), cause: failed.error };
    } catch (error) {
      const { name, message } = error as Error;
      arrival = { endState: 'Swept', error: name, cause: message };
    }
    // Also those that a sweep has started which did not come to tell of it.
    for (const execution of cloud.executions) arrival = await ended(execution);
    if (arrival.endState === 'Connected') break;
  }
  return arrival;
}

/** The sweep tells of a cluster that it could not look at in the words of the error. */
const errorClassIn = (message: string) =>
  message.startsWith('AWS throttles')
    ? 'AwsThrottled'
    : message.startsWith('AWS did not carry out')
      ? 'AwsUnavailable'
      : 'AwsRefused';

/** Another update of the cluster begins when its secrets are looked at for the second time, by AssociateScramSecret. */
async function busyAtTheSecondLook({ world: { cluster } }: Cloud): Promise<void> {
  let { scramSecretArns } = cluster;
  let looks = 0;
  Object.defineProperty(cluster, 'scramSecretArns', {
    get: () => {
      if (++looks === 2) cluster.startUpdate(cluster.connectivity);
      return scramSecretArns;
    },
    set: (arns: string[]) => {
      scramSecretArns = arns;
    },
  });
}

/** Somebody else changes the cluster between our look and our update, requests the link, and makes the connection. */
async function alwaysTooLate({ world: { cluster, project } }: Cloud): Promise<void> {
  const { currentVersion } = cluster;
  let looks = 0;
  // The looks: InspectCluster, EnablePrivateConnectivity, and MSK's own when it gets the update.
  Object.defineProperty(cluster, 'currentVersion', { get: () => (++looks < 3 ? currentVersion : 'K2LATER') });
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

export const journeys: Journey[] = [
  {
    name: 'connect for the first time',
    world: seedWith({ scramSecrets: [{ isAssociated: false }, foreign.scramSecret] }),
    ...by('connect', named),
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'take over from a run that has ended',
    world: seedWith(),
    prepare: heldByRunThatHasEnded,
    ...by('connect'),
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'hand over a rotated password',
    world: seedWith(),
    prepare: rotated,
    ...by('connect'),
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'come upon a connection that is in use',
    world: seedWith(),
    prepare: usedByProcessor,
    ...by('connect'),
    goal: { endState: 'SetupFailed', error: 'ConnectionInUse' },
    leaves: one,
  },
  {
    name: 'see MSK fail its update',
    world: seedWith({ cluster: { updateError: { ErrorCode: 'Subnets', ErrorString: 'No free addresses.' } } }),
    ...by('connect', named),
    goal: { endState: 'SetupFailed', error: 'ClusterUpdateFailed' },
    leaves: none,
  },
  {
    name: 'find the cluster busy when the secret is to be associated',
    world: seedWith({ cluster: isOn, scramSecrets: [{ isAssociated: false }] }),
    prepare: busyAtTheSecondLook,
    ...by('connect', named),
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'connect, and be a moment too late each time',
    world: seedWith(),
    prepare: alwaysTooLate,
    ...by('connect', named),
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'refuse a wrong input, on a cluster that another run held',
    world: seedWith(),
    prepare: heldByRunThatHasEnded,
    ...by('connect', () => ({ connectionName: 'two words' })),
    goal: { endState: 'SetupFailed', error: 'InvalidRequest' },
    leaves: one,
  },
  {
    name: 'fail, and record it',
    world: seedWith({ atlas: { linkFails: 'No zone in common.' } }),
    prepare: async (cloud) => {
      cloud.world.cluster.tags.put({ 'atlas-streaming:secret-arn': secretArnOf(cloud) });
    },
    ...by('connect'),
    goal: { endState: 'SetupFailed', error: 'PrivateLinkFailed' },
    leaves: { links: 1, connections: 0, statements: 1 },
  },
  {
    name: 'connect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    ...by('connect', named),
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'plan to connect',
    world: seedWith(),
    ...by('connect', (cloud) => ({ ...named(cloud), dryRun: true })),
    goal: { endState: 'Planned' },
    leaves: none,
  },
  {
    name: 'disconnect',
    world: seedWith(),
    prepare: connected,
    ...by('disconnect'),
    goal: { endState: 'Disconnected' },
    leaves: none,
  },
  {
    name: 'disconnect, and delete an empty policy',
    world: seedWith({ cluster: { policy: undefined } }),
    prepare: connected,
    ...by('disconnect'),
    goal: { endState: 'Disconnected' },
    leaves: none,
  },
  {
    name: 'disconnect, and leave a link that is in use',
    world: seedWith(),
    prepare: async (cloud) => {
      await connected(cloud);
      const { project } = cloud.world;
      const [ours] = project.connections('streams').filter(({ settings }) => settings.name === 'orders');
      if (ours) project.createConnection('streams', { ...ours.settings, name: 'reports' });
    },
    ...by('disconnect'),
    goal: { endState: 'Disconnected' },
    leaves: { links: 1, connections: 0, statements: 1 },
  },
  {
    name: 'disconnect, and come upon a connection that is in use',
    world: seedWith(),
    prepare: usedByProcessor,
    ...by('disconnect'),
    goal: { endState: 'RemovalFailed', error: 'ConnectionInUse' },
    leaves: one,
  },
  {
    name: 'disconnect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    prepare: connected,
    ...by('disconnect'),
    goal: { endState: 'Disconnected' },
    leaves: none,
  },
  {
    name: 'plan to disconnect',
    world: seedWith(),
    prepare: connected,
    ...by('disconnect', () => ({ dryRun: true })),
    goal: { endState: 'Planned' },
    leaves: one,
  },
  {
    name: 'plan to disconnect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    prepare: connected,
    ...by('disconnect', () => ({ dryRun: true })),
    goal: { endState: 'Planned' },
    leaves: one,
  },
  {
    name: 'sweep, and find a tagged cluster',
    world: seedWith({ cluster: { tags: { [triggerTag]: 'connect' } }, scramSecrets: [{}] }),
    travel: sweepUntilDone,
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'sweep, and find a rotated secret',
    world: seedWith({ cluster: { tags: { [triggerTag]: 'connect' } } }),
    prepare: async (cloud) => {
      await rotated(cloud);
      // Which of the two secrets is in use is to be found out.
      cloud.world.cluster.tags.remove(['atlas-streaming:secret-arn']);
    },
    travel: sweepUntilDone,
    goal: { endState: 'Connected' },
    leaves: one,
  },
  {
    name: 'sweep, and find a run that has died',
    world: seedWith({ cluster: { tags: { [triggerTag]: 'connect' } } }),
    prepare: heldByRunThatHasEnded,
    travel: sweepUntilDone,
    goal: { endState: 'Connected' },
    leaves: one,
  },
];
