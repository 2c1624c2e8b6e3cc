import type { Cloud } from '../../emulators/cloud.ts';
import { triggerTag } from '../../shared/msk/tags.ts';
import { ended } from '../fixtures/ended.ts';
import { foreign, iamSeedWith, seedWith } from './foreign.ts';
import * as preparations from './preparations.ts';
import { withSecret } from './preparations.ts';
import { processorUseCases } from './processor-use-cases.ts';
import type { RunEnd } from './sweeps.ts';
import { isOn, none, one, startedByHand, swept, type Theirs, type UseCase } from './use-case.ts';

/** The tag says disconnect, so a connect would be refused. */
const byDisconnect = {
  resume: {
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    status: 'no record' as const,
  },
};

/** A disconnect finds a connect at work, which waits for its link. */
async function disconnectDuringConnect(cloud: Cloud): Promise<RunEnd> {
  const { arn: clusterArn } = cloud.world.cluster;
  // A new start finds none at work.
  if (cloud.executions.length === 0)
    await preparations.untilIn(cloud.start({ clusterArn, ...withSecret(cloud) }), 'WaitForPrivateLink');
  return ended(cloud.start({ clusterArn }, 'disconnect'));
}

const tagged = { tags: { [triggerTag]: 'connect' } };
const both: Theirs[] = ['privateLink', 'connection'];
const bothAdopted = { theirs: both, adopted: both };

/** All use cases together make every remote call: a test compares them with the permissions of the functions. */
export const useCases: UseCase[] = [
  {
    name: 'connect for the first time',
    world: seedWith({ scramSecrets: [{ isAssociated: false }, foreign.scramSecret] }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'take over from an ended run',
    world: seedWith(),
    prepare: preparations.heldByEndedRun,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'send a rotated password',
    world: seedWith(),
    prepare: preparations.rotated,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'find the connection in use',
    world: seedWith(),
    prepare: preparations.usedByProcessor,
    ...startedByHand('connect'),
    expected: { endState: 'SetupFailed', error: 'ConnectionInUse' },
    leaves: one,
    status: 'failed',
  },
  {
    name: 'fail with the update of MSK',
    world: seedWith({ cluster: { updateError: { ErrorCode: 'Subnets', ErrorString: 'No free addresses.' } } }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'SetupFailed', error: 'ClusterUpdateFailed' },
    leaves: none,
    status: 'failed',
  },
  {
    name: 'find the cluster busy before the secret is associated',
    world: seedWith({ cluster: isOn, scramSecrets: [{ isAssociated: false }] }),
    prepare: preparations.busyAtSecondRead,
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'connect after another party did the same',
    world: seedWith(),
    prepare: preparations.alwaysLate,
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    ...bothAdopted,
  },
  {
    name: 'connect through what another party has made',
    world: seedWith({ cluster: isOn }),
    prepare: preparations.theirs,
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    ...bothAdopted,
  },
  {
    name: 'claim what another party has made',
    world: seedWith({ cluster: isOn }),
    prepare: preparations.theirs,
    ...startedByHand('connect', (cloud) => ({ ...withSecret(cloud), claim: true })),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    theirs: both,
  },
  {
    name: 'reject a wrong input for a cluster that another run held',
    world: seedWith(),
    prepare: preparations.heldByEndedRun,
    ...startedByHand('connect', () => ({ connectionName: 'two words' })),
    expected: { endState: 'SetupFailed', error: 'InvalidRequest' },
    leaves: one,
    status: 'connected',
    isSilent: true,
  },
  {
    name: 'record a failure',
    world: seedWith({ atlas: { linkFails: 'No zone in common.' } }),
    prepare: preparations.named,
    ...startedByHand('connect'),
    expected: { endState: 'SetupFailed', error: 'PrivateLinkFailed' },
    leaves: { links: 1, connections: 0, statements: 1 },
    status: 'failed',
  },
  {
    name: 'report refused credentials',
    world: seedWith({ atlasCredentials: { publicKey: 'unknown', privateKey: 'unknown' } }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'SetupFailed', error: 'AtlasCredentialsRefused' },
    leaves: none,
    status: 'failed',
  },
  {
    name: 'end because the tag says disconnect',
    world: seedWith({}),
    prepare: async (cloud) => {
      await preparations.changesItsMindAtOnce(cloud);
      await preparations.losesAnswersOfTable(cloud);
    },
    ...startedByHand('connect', withSecret),
    expected: { endState: 'NoLongerWanted' },
    leaves: none,
    status: undefined,
    ...byDisconnect,
  },
  {
    name: 'end because the tag changes during the run',
    world: seedWith({ cluster: isOn }),
    prepare: async (cloud) => {
      await preparations.changesItsMind(cloud);
      await preparations.losesAnswersOfTable(cloud);
    },
    ...startedByHand('connect'),
    expected: { endState: 'NoLongerWanted' },
    leaves: none,
    status: undefined,
    ...byDisconnect,
  },
  {
    name: 'connect while answers of the registry are lost',
    world: seedWith({ cluster: isOn }),
    prepare: preparations.losesAnswersOfTable,
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'connect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    ...startedByHand('connect', withSecret),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'plan to connect',
    world: seedWith(),
    ...startedByHand('connect', (cloud) => ({ ...withSecret(cloud), dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: none,
    status: 'no record',
    isSilent: true,
  },
  {
    name: 'disconnect',
    world: seedWith(),
    prepare: preparations.connected,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  {
    name: 'disconnect while answers of the registry are lost',
    world: seedWith(),
    prepare: async (cloud) => {
      await preparations.connected(cloud);
      await preparations.losesAnswersOfTable(cloud);
    },
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  {
    name: 'disconnect during a connect',
    world: seedWith({ cluster: isOn }),
    ...{ run: disconnectDuringConnect },
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  {
    name: 'disconnect and keep what another party has made',
    world: seedWith({ cluster: isOn }),
    prepare: preparations.adopted,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: one,
    status: 'disconnected',
    ...bothAdopted,
  },
  {
    name: 'disconnect and delete an empty policy',
    world: seedWith({ cluster: { policy: undefined } }),
    prepare: preparations.connected,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  {
    name: 'disconnect while MSK updates the cluster',
    world: seedWith({ cluster: { ...isOn, updateMinutes: 30 } }),
    prepare: preparations.updating,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  {
    name: 'disconnect and keep a link in use',
    world: seedWith(),
    prepare: preparations.sharedLink,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: { links: 1, connections: 0, statements: 1 },
    status: 'disconnected',
  },
  {
    name: 'disconnect and find the connection in use',
    world: seedWith(),
    prepare: preparations.usedByProcessor,
    ...startedByHand('disconnect'),
    expected: { endState: 'RemovalFailed', error: 'ConnectionInUse' },
    leaves: one,
    status: 'failed',
  },
  {
    name: 'disconnect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    prepare: preparations.connected,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  {
    name: 'plan to disconnect',
    world: seedWith(),
    prepare: preparations.connected,
    ...startedByHand('disconnect', () => ({ dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: one,
    status: 'connected',
    isSilent: true,
  },
  {
    name: 'plan to disconnect with a service account',
    world: seedWith({ atlasCredentials: 'service-account' }),
    prepare: preparations.connected,
    ...startedByHand('disconnect', () => ({ dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: one,
    status: 'connected',
    isSilent: true,
  },
  {
    name: 'sweep and find a tagged cluster',
    world: seedWith({ cluster: tagged, scramSecrets: [{}] }),
    ...swept('Connected'),
    leaves: one,
    status: 'connected',
  },
  {
    name: 'sweep and find a rotated secret',
    world: seedWith({ cluster: tagged }),
    prepare: preparations.rotated,
    ...swept('Connected'),
    leaves: one,
    status: 'connected',
  },
  {
    name: 'sweep and find an ended run',
    world: seedWith({ cluster: tagged }),
    prepare: preparations.heldByEndedRun,
    ...swept('Connected'),
    leaves: one,
    status: 'connected',
  },
  {
    name: 'sweep and find a failed run',
    world: seedWith({ cluster: tagged }),
    prepare: preparations.failed,
    ...swept('Connected'),
    leaves: one,
    status: 'connected',
  },
  {
    name: 'sweep and repair a cluster without its tag',
    world: seedWith(),
    prepare: preparations.withoutStatement,
    ...swept('Connected'),
    leaves: one,
    status: 'connected',
  },
  {
    name: 'sweep and clean up after a deleted cluster',
    world: seedWith(),
    prepare: preparations.deletedCluster,
    ...swept('Disconnected'),
    leaves: none,
    status: 'no record',
  },
  {
    name: 'connect by IAM for the first time',
    world: iamSeedWith(),
    isByIam: true,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'connect by IAM through what another party has made',
    world: iamSeedWith({ cluster: isOn }),
    isByIam: true,
    prepare: preparations.theirsByIam,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
    ...bothAdopted,
  },
  {
    name: 'repair the role of a connection by IAM',
    world: iamSeedWith({ cluster: isOn }),
    isByIam: true,
    prepare: preparations.withAnotherRole,
    ...startedByHand('connect'),
    expected: { endState: 'Connected' },
    leaves: one,
    status: 'connected',
  },
  {
    name: 'plan to connect by IAM',
    world: iamSeedWith(),
    isByIam: true,
    ...startedByHand('connect', () => ({ dryRun: true })),
    expected: { endState: 'Planned' },
    leaves: none,
    status: 'no record',
    isSilent: true,
  },
  {
    name: 'disconnect by IAM',
    world: iamSeedWith({ cluster: isOn }),
    isByIam: true,
    prepare: preparations.connectedByIam,
    ...startedByHand('disconnect'),
    expected: { endState: 'Disconnected' },
    leaves: none,
    status: 'no record',
  },
  ...processorUseCases,
];
