import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { atlasError } from '../emulators/atlas/error.ts';
import type { Cloud } from '../emulators/cloud.ts';
import type { Intercept } from '../emulators/emulator.ts';
import { newVersion } from '../emulators/msk/cluster.ts';
import { mskError } from '../emulators/msk/router.ts';
import type { Execution } from '../emulators/step-functions/execution.ts';
import type { WorldSeed } from '../emulators/world.ts';
import { statusTag, triggerTag } from '../shared/msk/tags.ts';

export interface Scenario {
  name: string;
  /** One sentence: what is special, and what comes of it. */
  description: string;
  /** The state in which the run ends, with the error's class where that is SetupFailed. */
  expected: { endState: 'Connected' | 'Disconnected' | 'Planned' | 'SetupFailed'; error?: string };
  /** What differs from the ordinary: one workspace, and one cluster that is ready but for multi-VPC connectivity. */
  world?: WorldSeed;
  /** What else has happened before the run begins, or is to happen during it. */
  prepare?(cloud: Cloud): void | Promise<void>;
  /** The input of a console start; without it, the tag starts the run. */
  input?(cloud: Cloud): object;
  /** Any other start: the execution that is shown, and in words what starts it. */
  start?(cloud: Cloud): Promise<Execution>;
  startedBy?: string;
}

const firehose = {
  Sid: 'FirehoseReadsOrders',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::210987654321:role/firehose-orders' },
  Action: ['kafka:CreateVpcConnection', 'kafka:GetBootstrapBrokers', 'kafka:DescribeClusterV2'],
  Resource: '*',
};

const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });

export const scenarios: Scenario[] = [
  {
    name: 'default',
    description:
      'A cluster without multi-VPC connectivity, whose policy already lets Firehose in, is tagged atlas-streaming=connect.',
    expected: { endState: 'Connected' },
    world: { cluster: { policy: policy(firehose) } },
  },
  {
    name: 'already-connected',
    description: 'Everything is there from an earlier run: this one verifies it and is done at once.',
    expected: { endState: 'Connected' },
    world: {
      cluster: { vpcConnectivity: { scram: true, iam: false, tls: false } },
      atlas: { linkMinutes: 1, connectionMinutes: 1 },
    },
    prepare: runOnce,
  },
  {
    name: 'dry-run',
    description: 'A person asks in the console what a run would change, and gets the plan.',
    expected: { endState: 'Planned' },
    world: { cluster: { policy: policy(firehose) } },
    input: ({ world }) => ({ clusterArn: world.cluster.arn, dryRun: true }),
  },
  {
    name: 'foreign-policy',
    description:
      'The cluster policy has statements in unusual forms, and somebody else edits it at the same moment; all of it survives.',
    expected: { endState: 'Connected' },
    world: {
      cluster: {
        policy: policy(
          firehose,
          {
            Effect: 'Allow',
            Principal: { AWS: ['210987654321', '109876543210'] },
            Action: 'kafka:describecluster',
            Resource: '*',
          },
          { Sid: 'NoDeletion', Effect: 'Deny', Principal: '*', Action: ['kafka:Delete*'], Resource: ['*'] },
          {
            Sid: 'Replicator',
            Effect: 'Allow',
            Principal: { Service: 'kafka.amazonaws.com' },
            NotAction: ['kafka:DeleteCluster', 'kafka:PutClusterPolicy'],
            Resource: '*',
            Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
          },
        ),
      },
    },
    prepare: (cloud) => {
      cloud.intercept = editPolicyMeanwhile(cloud);
    },
  },
  {
    name: 'throttled',
    description:
      'Atlas answers 429 and 503 and MSK answers 429 for a while; the machine waits, tries again and gets there.',
    expected: { endState: 'Connected' },
    prepare: (cloud) => {
      cloud.intercept = throttle(cloud);
    },
  },
  {
    name: 'link-fails',
    description: "Atlas cannot set up the private link; the run ends with Atlas's own message.",
    expected: { endState: 'SetupFailed', error: 'PrivateLinkFailed' },
    world: {
      atlas: {
        linkFails: 'None of the availability zones of the cluster is available to the VPC of Atlas in us-east-1.',
      },
    },
  },
  {
    name: 'prerequisites-missing',
    description:
      'The cluster and the workspace lack many things at once; the run names all of them and changes nothing.',
    expected: { endState: 'SetupFailed', error: 'PrerequisitesNotMet' },
    world: {
      cluster: {
        kafkaVersion: '2.6.2',
        instanceType: 'kafka.t3.small',
        clientAuthentication: { scram: true, iam: false, tls: false, unauthenticated: true },
        clientBroker: 'TLS_PLAINTEXT',
        serverProperties: undefined,
      },
      scramSecrets: [],
      project: { workspaces: [{ name: 'streams', dataProcessRegion: { cloudProvider: 'AWS', region: 'DUBLIN_IRL' } }] },
    },
  },
  {
    name: 'wrong-credentials',
    description: 'The deployment has an API key that Atlas does not know.',
    expected: { endState: 'SetupFailed', error: 'AtlasRefused' },
    world: { atlasCredentials: { publicKey: 'rotated', privateKey: '0a1b2c3d-revoked-last-week' } },
  },
  {
    name: 'service-account',
    description:
      'The deployment has an Atlas service account (OAuth bearer tokens) instead of an API key (HTTP digest).',
    expected: { endState: 'Connected' },
    world: { atlasCredentials: 'service-account' },
  },
  {
    name: 'disconnect',
    description:
      'A connected cluster is tagged atlas-streaming=disconnect: what was made goes away again, and nothing else does.',
    expected: { endState: 'Disconnected' },
    world: connectedSoon({ cluster: { policy: policy(firehose) } }),
    prepare: tagAndConnect,
    start: async (cloud) => first(await cloud.tag({ [triggerTag]: 'disconnect' })),
    startedBy:
      'The cluster is tagged atlas-streaming=disconnect; the rule takes the event and starts the other machine.',
  },
  {
    name: 'rotation',
    description:
      'The SCRAM secret of a connected cluster rotates; the next sweep sees it, and Atlas gets the new password.',
    expected: { endState: 'Connected' },
    world: connectedSoon(),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      const { secretsManager, scramSecrets } = cloud.world;
      const [secret] = scramSecrets;
      if (secret) secretsManager.rotate(secret.arn, JSON.stringify({ username: 'atlas', password: randomUUID() }));
    },
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds a newer version of the secret than Atlas has.',
  },
  {
    name: 'drift',
    description:
      'Somebody has removed our statement from the policy and changed the connection; a run by hand repairs both, and nothing else.',
    expected: { endState: 'Connected' },
    world: connectedSoon({ cluster: { policy: policy(firehose) } }),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      const { cluster, project } = cloud.world;
      cluster.policy = { document: policy(firehose), version: newVersion() } as typeof cluster.policy;
      project.connections('streams')[0]?.update({ type: 'Kafka', authentication: { mechanism: 'PLAIN' } });
    },
    input: ({ world: { cluster } }) => ({ clusterArn: cluster.arn }),
  },
  {
    name: 'sweep',
    description:
      'The event of a tag is lost, as events may be; the next sweep finds the tagged cluster and connects it.',
    expected: { endState: 'Connected' },
    world: connectedSoon({ cluster: { tags: { [triggerTag]: 'connect' } } }),
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds a cluster that is tagged and not connected.',
  },
  {
    name: 'duplicate-event',
    description:
      'EventBridge delivers the event of the tag twice: the first execution holds the cluster, and the second leaves it alone.',
    expected: { endState: 'Connected' },
    world: connectedSoon(),
    start: async (cloud) => {
      const holder = first(await cloud.tag({ [triggerTag]: 'connect' }));
      while (cloud.world.cluster.tags.all[statusTag('execution')] !== holder.arn) await setTimeout(5);
      cloud.deliver(holder.input as object);
      return holder;
    },
    startedBy: 'The cluster is tagged atlas-streaming=connect; the event of that comes once more a moment later.',
  },
];

/** Multi-VPC connectivity is on, and Atlas quick: for scenarios about what comes after the first connect. */
function connectedSoon(world: WorldSeed = {}): WorldSeed {
  return {
    ...world,
    cluster: { vpcConnectivity: { scram: true, iam: false, tls: false }, ...world.cluster },
    atlas: { linkMinutes: 1, connectionMinutes: 1, ...world.atlas },
  };
}

async function sweep(cloud: Cloud): Promise<Execution> {
  return first((await cloud.sweep()).started);
}

function first([execution]: Execution[]): Execution {
  if (execution) return execution;
  throw new Error('No execution was started.');
}

async function runOnce(cloud: Cloud): Promise<void> {
  await cloud.start({ clusterArn: cloud.world.cluster.arn }).result;
  cloud.recorder.exchanges.splice(0);
}

/** As it was done in the first place: by the tag, which stays. */
async function tagAndConnect(cloud: Cloud): Promise<void> {
  await first(await cloud.tag({ [triggerTag]: 'connect' })).result;
  cloud.recorder.exchanges.splice(0);
}

/** Somebody else puts a policy of their own between our reading of it and our writing. */
function editPolicyMeanwhile({ world: { cluster } }: Cloud): Intercept {
  let isEdited = false;
  return (call, next) => {
    if (call.operation === 'PutClusterPolicy' && !isEdited && cluster.policy) {
      isEdited = true;
      const { document } = cluster.policy;
      const theirs = {
        Sid: 'AddedMeanwhile',
        Effect: 'Allow' as const,
        Principal: { AWS: '321098765432' },
        Action: 'kafka:DescribeCluster',
        Resource: '*',
      };
      cluster.policy = {
        document: { ...document, Statement: [document.Statement, theirs].flat() },
        version: newVersion(),
      };
    }
    return next();
  };
}

/** For how long Atlas throttles each operation, from its first call on, in (simulated) minutes. */
const throttledMinutes = 0.5;

/**
 * Refuses what a busy service refuses. Retry-After is longer than a function may wait, because a function waits in real
 * time: it is the machine that tries again.
 */
function throttle({ clock }: Cloud): Intercept {
  const firstCalls = new Map<string, Date>();
  const calls = { atlas: 0, DescribeClusterV2: 0 };
  return async ({ service, operation }, next) => {
    if (operation === 'DescribeClusterV2' && ++calls.DescribeClusterV2 <= 4) {
      return mskError('TooManyRequestsException', 'Too many requests.').answer;
    }
    if (service !== 'atlas') return next();
    const firstCall = firstCalls.get(operation) ?? clock.now();
    firstCalls.set(operation, firstCall);
    if (clock.minutesSince(firstCall) < throttledMinutes) {
      const headers = { 'retry-after': '60' };
      return atlasError(429, 'RATE_LIMITED_TOKEN_BUCKET', 'Too many requests. Try again in 60 s.', { headers }).answer;
    }
    calls.atlas += 1;
    return calls.atlas % 20 === 0 ? atlasError(503, 'UNEXPECTED_ERROR', 'Unexpected error.').answer : next();
  };
}
