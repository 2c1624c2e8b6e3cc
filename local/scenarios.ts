import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { atlasError } from '../emulators/atlas/error.ts';
import type { Cloud } from '../emulators/cloud.ts';
import type { Intercept } from '../emulators/emulator.ts';
import { newVersion } from '../emulators/msk/cluster.ts';
import { mskError } from '../emulators/msk/router.ts';
import { statusTag, triggerTag } from '../shared/msk/tags.ts';
import { flowScenarios } from './flow-scenarios.ts';
import { iamScenarios } from './iam-scenarios.ts';
import { probeScenarios } from './probe-scenarios.ts';
import { registryScenarios } from './registry-scenarios.ts';
import { restartScenarios } from './restart-scenarios.ts';
import { first, policy, quickToConnect, type Scenario, sweep, tagAndConnect } from './scenario.ts';
import { securityScenarios } from './security-scenarios.ts';

export const scenarios: Scenario[] = [
  {
    name: 'default',
    description:
      'A cluster without multi-VPC connectivity, with a policy statement for Firehose, is tagged atlas-streaming=connect.',
    expected: { endState: 'Connected' },
    world: { cluster: { policy: policy() } },
  },
  {
    name: 'already-connected',
    description: 'Everything exists from an earlier run. This run verifies it and ends at once.',
    expected: { endState: 'Connected' },
    world: {
      cluster: { vpcConnectivity: { scram: true, iam: false, tls: false } },
      atlas: { linkMinutes: 1, connectionMinutes: 1 },
    },
    prepare: runOnce,
  },
  {
    name: 'dry-run',
    description: 'A dry run, started manually: it returns the plan and changes nothing.',
    expected: { endState: 'Planned' },
    world: { cluster: { policy: policy() } },
    input: ({ world }) => ({ clusterArn: world.cluster.arn, dryRun: true }),
  },
  {
    name: 'foreign-policy',
    description:
      'The cluster policy has statements in unusual forms, and another person edits it at the same time. The run keeps all of it.',
    expected: { endState: 'Connected' },
    world: {
      cluster: {
        policy: policy(
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
      'Atlas answers 429 and 503, and MSK answers 429, for a while. The state machine retries until the calls succeed.',
    expected: { endState: 'Connected' },
    prepare: (cloud) => {
      cloud.intercept = throttle(cloud);
    },
  },
  {
    name: 'link-fails',
    description: "Atlas cannot create the private link. The run fails with Atlas's error message.",
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
      'The cluster and the workspace lack many prerequisites. The run lists all of them and changes nothing.',
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
    description: 'Atlas does not accept the API key of the deployment.',
    expected: { endState: 'SetupFailed', error: 'AtlasCredentialsRefused' },
    world: { atlasCredentials: { publicKey: 'rotated', privateKey: '0a1b2c3d-revoked-last-week' } },
  },
  {
    name: 'service-account',
    description:
      'The deployment uses an Atlas service account (OAuth bearer tokens) instead of an API key (HTTP digest).',
    expected: { endState: 'Connected' },
    world: { atlasCredentials: 'service-account' },
  },
  {
    name: 'disconnect',
    description:
      'A connected cluster is tagged atlas-streaming=disconnect. The run removes what an earlier run has created: the connection, the private link and our policy statement.',
    expected: { endState: 'Disconnected' },
    world: quickToConnect({ cluster: { policy: policy() } }),
    prepare: tagAndConnect,
    start: async (cloud) => first(await cloud.tag({ [triggerTag]: 'disconnect' })),
    startedBy:
      'The cluster is tagged atlas-streaming=disconnect. A rule matches the event of the tag and starts the state machine.',
  },
  {
    name: 'rotation',
    description:
      'The SCRAM secret of a connected cluster is rotated. The next sweep detects it, and the run sends the new password to Atlas.',
    expected: { endState: 'Connected' },
    world: quickToConnect(),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      const { secretsManager, scramSecrets } = cloud.world;
      const [secret] = scramSecrets;
      if (secret) secretsManager.rotate(secret.arn, JSON.stringify({ username: 'atlas', password: randomUUID() }));
    },
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds a newer version of the secret than the one that Atlas has.',
  },
  {
    name: 'drift',
    description:
      'Another person has removed our policy statement and changed the connection. A manual start repairs only these two.',
    expected: { endState: 'Connected' },
    world: quickToConnect({ cluster: { policy: policy() } }),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      const { cluster, project } = cloud.world;
      cluster.policy = { document: policy()(cluster.arn), version: newVersion() } as typeof cluster.policy;
      const authentication = { mechanism: 'PLAIN', username: 'atlas', password: 'theirs' };
      project.connections('streams')[0]?.update({ type: 'Kafka', authentication });
    },
    input: ({ world: { cluster } }) => ({ clusterArn: cluster.arn }),
  },
  {
    name: 'sweep',
    description:
      'The event of a tag is lost: EventBridge delivers it with best effort. The next sweep finds the tagged cluster and connects it.',
    expected: { endState: 'Connected' },
    world: quickToConnect({ cluster: { tags: { [triggerTag]: 'connect' } } }),
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds a cluster that is tagged and not connected.',
  },
  {
    name: 'duplicate-event',
    description:
      'EventBridge delivers the event of a tag twice. The first execution holds the cluster, and the second one does nothing.',
    expected: { endState: 'Connected' },
    world: quickToConnect(),
    start: async (cloud) => {
      const holder = first(await cloud.tag({ [triggerTag]: 'connect' }));
      while (cloud.world.cluster.tags.all[statusTag('execution')] !== `connect/${holder.name}`) await setTimeout(5);
      cloud.deliver(holder.input as object);
      return holder;
    },
    startedBy:
      'The cluster is tagged atlas-streaming=connect. EventBridge delivers the event of the tag again a moment later.',
  },
  ...registryScenarios,
  ...securityScenarios,
  ...probeScenarios,
  ...iamScenarios,
  ...flowScenarios,
  ...restartScenarios,
];

async function runOnce(cloud: Cloud): Promise<void> {
  await cloud.start({ clusterArn: cloud.world.cluster.arn }).result;
  cloud.recorder.exchanges.splice(0);
}

/** Another person changes the policy after our run has read it and before it writes it. */
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

/** How long Atlas throttles each operation after its first call, in simulated minutes. */
const throttledMinutes = 0.5;

/**
 * Throttles as a busy service does. Retry-After is longer than a function waits, so the state machine retries, in simulated
 * time.
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
