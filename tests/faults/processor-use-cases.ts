import type { Cloud } from '../../emulators/cloud.ts';
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

export const processorUseCases: UseCase[] = [...others, ...restarts];
