import type { Cloud } from '../emulators/cloud.ts';
import { iamSettings, iamWorld } from '../emulators/iam-world.ts';
import type { Execution } from '../emulators/step-functions/execution.ts';
import { settingTags, triggerTag } from '../shared/msk/tags.ts';
import { first, policy, quickToConnect, type Scenario, sweep, tagAndConnect } from './scenario.ts';

/** Connections that log in as the streams role of the deployment, without a password. */
export const iamScenarios: Scenario[] = [
  {
    name: 'iam',
    description:
      'A cluster with IAM authentication is tagged atlas-streaming=connect. It has no SCRAM, no secret and no configuration for ACLs. Atlas logs in as the streams role, without a password.',
    expected: { endState: 'Connected' },
    world: iamWorld({ cluster: { policy: policy() } }),
    settings: iamSettings,
  },
  {
    name: 'iam-role-not-registered',
    description:
      'The same cluster, but nobody has registered the streams role in the Atlas project. The run names the atlas commands for it, and changes nothing.',
    expected: { endState: 'SetupFailed', error: 'PrerequisitesNotMet' },
    world: iamWorld({ project: { awsRoles: [] } }),
    settings: iamSettings,
  },
  {
    name: 'iam-to-scram',
    description:
      'The owner of a cluster that is connected by IAM sets the tag atlas-streaming/mechanism to SCRAM-512. The next run keeps the connection, and its message says how to move. The owner then disconnects the cluster and connects it again. The last run, which is shown, connects it by SCRAM.',
    expected: { endState: 'Connected' },
    world: quickToConnect(
      iamWorld({
        cluster: {
          clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false },
          vpcConnectivity: { scram: false, iam: true, tls: false },
          serverProperties: 'allow.everyone.if.no.acl.found=false\n',
        },
        scramSecrets: [{}],
      }),
    ),
    settings: iamSettings,
    prepare: tagAndConnect,
    start: moveToScram,
    startedBy:
      'The owner changes the tag, and the sweep finds that. Then the owner tags the cluster atlas-streaming=disconnect and, after that, atlas-streaming=connect again.',
  },
];

/** @returns the run that connects the cluster again */
async function moveToScram(cloud: Cloud): Promise<Execution> {
  await cloud.tag({ [settingTags.mechanism]: 'SCRAM-512' });
  await (await sweep(cloud)).result;
  await first(await cloud.tag({ [triggerTag]: 'disconnect' })).result;
  return first(await cloud.tag({ [triggerTag]: 'connect' }));
}
