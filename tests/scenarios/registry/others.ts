import assert from 'node:assert/strict';
import type { Cloud } from '../../../emulators/cloud.ts';

/** What Terraform or a person has made, so that Atlas can reach the cluster. */

const account = '821274765805';

/** The Sid of our own statement. */
export const ourSid = `AtlasStreamProcessing${account}`;

const actions = ['CreateVpcConnection', 'GetBootstrapBrokers', 'DescribeCluster', 'DescribeClusterV2'];

/** Another tool's statement for Atlas. */
export const terraformStatement = {
  Sid: 'TerraformAtlas',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: actions.map((action) => `kafka:${action}`),
  Resource: '*',
};

/** Another tool creates a private link to the cluster, and Atlas sets it up. */
export function createForeignLink({ world: { project, cluster }, clock }: Cloud): string {
  const { id } = project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn });
  clock.advance(10);
  return id;
}

/** A person creates a connection over a link with a user of their own, and Atlas deploys it. */
export function createForeignConnection(
  { world: { project, cluster }, clock }: Cloud,
  name: string,
  linkId: string,
): void {
  project.createConnection('streams', {
    type: 'Kafka',
    name,
    bootstrapServers: cluster.bootstrapBrokers().BootstrapBrokerStringVpcConnectivitySaslScram ?? '',
    authentication: { mechanism: 'SCRAM-512', username: 'by-hand', password: 'theirs' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: linkId } },
  });
  clock.advance(10);
}

/** Everything in Atlas, with its passwords, and the cluster policy: to compare it byte for byte. */
export function everything({ world: { project, cluster } }: Cloud): string {
  const links = project.links.map((link) => link.describe());
  const connections = project.workspaces.flatMap(({ name }) =>
    project.connections(name).map((it) => [name, it.settings, it.describe()]),
  );
  return JSON.stringify({ links, connections, policy: cluster.policy?.document }, null, 1);
}

/** Nothing of ours is left: no link, no connection, no statement and no record. */
export async function assertNothingLeft(cloud: Cloud): Promise<void> {
  const { project, cluster } = cloud.world;
  const connections = project.workspaces.flatMap(({ name }) => project.connections(name));
  assert.deepEqual([project.links, connections], [[], []]);
  assert.equal(cluster.policy, undefined);
  assert.equal(await cloud.registry.get(cluster.arn), undefined);
}
