import assert from 'node:assert/strict';
import type { Cloud } from '../../../emulators/cloud.ts';
import { authenticationOfWay, brokersOfWay, isByIam, linkOfWay } from '../way.ts';

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
  const { id } = project.createLink(linkOfWay(cluster.arn));
  clock.advance(10);
  return id;
}

/** A person creates a connection over a link with a user or a role of their own, and Atlas deploys it. */
export function createForeignConnection(cloud: Cloud, name: string, linkId: string): void {
  const { project, cluster } = cloud.world;
  const connection = project.createConnection('streams', {
    type: 'Kafka',
    name,
    bootstrapServers: brokersOfWay(cluster),
    authentication: authenticationOfWay(cloud, 'by-hand'),
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: linkId } },
  });
  const aws = { roleArn: 'arn:aws:iam::123456789012:role/by-hand' };
  if (isByIam()) connection.update({ type: 'Kafka', authentication: { mechanism: 'AWS_MSK_IAM', aws } });
  cloud.clock.advance(10);
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
