import { randomUUID } from 'node:crypto';
import type { Cloud } from '../emulators/cloud.ts';
import { settingTags } from '../shared/msk/tags.ts';
import { quickToConnect, type Scenario, sweep, tagAndConnect } from './scenario.ts';

const startedBy =
  'The schedule starts the sweep, which finds a newer version of the secret than the one that Atlas has.';

/** A connection that a running stream processor uses must be updated. */
export const restartScenarios: Scenario[] = [
  {
    name: 'rotation-in-use',
    description:
      'The SCRAM secret of a connected cluster is rotated while a stream processor uses the connection. The run does not stop the processor, and says how to allow it.',
    expected: { endState: 'SetupFailed', error: 'ConnectionInUse' },
    world: quickToConnect(),
    prepare: rotateInUse,
    start: sweep,
    startedBy,
  },
  {
    name: 'rotation-in-use-allowed',
    description:
      'The same rotation, with the tag atlas-streaming/restart-processors=true. The run stops the processor, sends the new password to Atlas, and starts the processor again from its checkpoint.',
    expected: { endState: 'Connected' },
    world: quickToConnect(),
    prepare: async (cloud) => {
      await rotateInUse(cloud);
      await cloud.tag({ [settingTags.restartProcessors]: 'true' });
    },
    start: sweep,
    startedBy,
  },
];

/** Connects the cluster, lets a stream processor use the connection, and rotates the password. */
async function rotateInUse(cloud: Cloud): Promise<void> {
  await tagAndConnect(cloud);
  const { project, secretsManager, scramSecrets } = cloud.world;
  const pipeline = [
    { $source: { connectionName: 'orders', topic: 'orders' } },
    { $emit: { connectionName: '__testLog' } },
  ];
  project.addProcessor('streams', { name: 'orders-to-db', tier: 'SP10', pipeline });
  const [secret] = scramSecrets;
  if (secret) secretsManager.rotate(secret.arn, JSON.stringify({ username: 'atlas', password: randomUUID() }));
}
