import { setTimeout } from 'node:timers/promises';
import type { Cloud } from '../emulators/cloud.ts';
import type { Execution } from '../emulators/step-functions/execution.ts';
import { triggerTag } from '../shared/msk/tags.ts';
import { first, policy, quickToConnect, type Scenario, sweep, tagAndConnect } from './scenario.ts';

/** The statement with which another tool lets Atlas connect. */
const terraform = {
  Sid: 'TerraformAtlas',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::821274765805:root' },
  Action: ['CreateVpcConnection', 'GetBootstrapBrokers', 'DescribeCluster*'].map((action) => `kafka:${action}`),
  Resource: '*',
};

/** What the registry is for: what others have made stays, and what we have made is found again. */
export const registryScenarios: Scenario[] = [
  {
    name: 'foreign-link',
    description:
      'Terraform has made the private link and its policy statement. The cluster is connected over it, and then disconnected. The link and the statement stay.',
    expected: { endState: 'Disconnected' },
    world: quickToConnect({ cluster: { policy: policy(terraform) } }),
    prepare: async (cloud) => {
      createLink(cloud);
      await tagAndConnect(cloud);
    },
    start: tagDisconnect,
    startedBy: 'The cluster is tagged atlas-streaming=disconnect.',
  },
  {
    name: 'hand-made-connection',
    description:
      'A person has made the connection, with another user. The run uses it, and does not change its user or password.',
    expected: { endState: 'Connected' },
    world: quickToConnect({ cluster: { policy: policy(terraform) } }),
    prepare: (cloud) => createConnection(cloud, createLink(cloud)),
  },
  {
    name: 'target-changed',
    description:
      'The owner of a connected cluster sets the tag atlas-streaming/connection-name to another name. The connection stays, and the run reports the difference once.',
    expected: { endState: 'SetupFailed', error: 'TargetChanged' },
    world: quickToConnect(),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      await cloud.tag({ 'atlas-streaming/connection-name': 'orders-v2' });
    },
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds changed setting tags.',
  },
  {
    name: 'mind-changed',
    description:
      'The tag is set to disconnect while a connect waits for the connection. The new run stops the connect and removes what it has created.',
    expected: { endState: 'Disconnected' },
    world: quickToConnect({ atlas: { linkMinutes: 1, connectionMinutes: 20 } }),
    prepare: async (cloud) => {
      await cloud.tag({ [triggerTag]: 'connect' });
      while (cloud.world.project.connections('streams').length === 0) await setTimeout(5);
    },
    start: tagDisconnect,
    startedBy: 'The cluster is tagged atlas-streaming=disconnect while a connect is running.',
  },
  {
    name: 'tags-stripped',
    description:
      'A tool removes all tags of a connected cluster. The next sweep finds the record, and the run writes the status tags again.',
    expected: { endState: 'Connected' },
    world: quickToConnect(),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      await cloud.untag(Object.keys(cloud.world.cluster.tags.all));
    },
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds a connected cluster without status tags.',
  },
  {
    name: 'cluster-deleted',
    description:
      'A connected cluster is deleted in MSK. After two sweeps have missed it, a run removes its connection and its private link.',
    expected: { endState: 'Disconnected' },
    world: quickToConnect(),
    prepare: async (cloud) => {
      await tagAndConnect(cloud);
      cloud.world.msk.deleteCluster(cloud.world.cluster.arn);
      await cloud.sweep();
      cloud.clock.advance(15);
    },
    start: sweep,
    startedBy: 'The schedule starts the second sweep that does not find the cluster.',
  },
  {
    name: 'two-at-once',
    description:
      'A tag and a person start a run at the same moment. One of them claims the cluster and connects it. The other one does nothing.',
    expected: { endState: 'Connected' },
    world: quickToConnect(),
    start: async (cloud) => {
      const byTag = await cloud.tag({ [triggerTag]: 'connect' });
      const byHand = cloud.start({ clusterArn: cloud.world.cluster.arn });
      const holder = await holderOf(cloud);
      return first([...byTag, byHand].filter(({ arn }) => arn === holder));
    },
    startedBy: 'The cluster is tagged atlas-streaming=connect, and a person starts the state machine as well.',
  },
  {
    name: 'died',
    description:
      'A run was killed after it had requested the private link and before it got the answer. The next run recognizes the link as ours and finishes.',
    expected: { endState: 'Connected' },
    world: quickToConnect(),
    prepare: killAfterRequest,
    start: sweep,
    startedBy: 'The schedule starts the sweep, which finds a run that ended without recording its outcome.',
  },
];

async function tagDisconnect(cloud: Cloud): Promise<Execution> {
  return first(await cloud.tag({ [triggerTag]: 'disconnect' }));
}

/** Another tool makes a private link, and Atlas sets it up. @returns its id */
function createLink({ world: { project, cluster }, clock }: Cloud): string {
  const { id } = project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn });
  clock.advance(2);
  return id;
}

/** A person makes a connection over the link, and Atlas deploys it. */
function createConnection({ world: { project, cluster }, clock }: Cloud, connectionId: string): void {
  project.createConnection('streams', {
    type: 'Kafka',
    name: 'orders',
    bootstrapServers: cluster.bootstrapBrokers().BootstrapBrokerStringVpcConnectivitySaslScram ?? '',
    authentication: { mechanism: 'SCRAM-512', username: 'by-hand', password: 'theirs' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId } },
  });
  clock.advance(2);
}

/** The execution that claims the cluster. */
async function holderOf({ registry, world: { cluster } }: Cloud): Promise<unknown> {
  for (;;) {
    const { holder } = (await registry.get(cluster.arn)) ?? {};
    if (holder) return holder;
    await setTimeout(5);
  }
}

/** Atlas carries out the request for the private link. Then the execution is stopped, and its function dies. */
async function killAfterRequest(cloud: Cloud): Promise<void> {
  const { intercept } = cloud;
  const execution = first(await cloud.tag({ [triggerTag]: 'connect' }));
  cloud.intercept = async (call, next) => {
    const answer = await next();
    if (call.operation !== 'createGroupStreamPrivateLinkConnection' || answer.status !== 200) return answer;
    execution.abort();
    void cloud.lambda.stopBusy();
    return 'reset';
  };
  await execution.result;
  cloud.intercept = intercept;
  cloud.recorder.exchanges.splice(0);
  // The sweep pauses after a failure.
  cloud.clock.advance(20);
}
