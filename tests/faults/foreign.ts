import assert from 'node:assert/strict';
import type { Cloud } from '../../emulators/cloud.ts';
import type { Action } from '../../emulators/deployment/deployment.ts';
import { iamWorld } from '../../emulators/iam-world.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import { firehoseStatement, policyOf } from '../fixtures/cluster-policy.ts';
import { ended } from '../fixtures/ended.ts';

/** What other parties have in the world of a use case. It must stay as it is, whatever happens to a run. */
export const foreign = {
  statements: (clusterArn: string) => [
    firehoseStatement(clusterArn),
    {
      Sid: 'OtherAccounts',
      Effect: 'Allow',
      Principal: { AWS: ['210987654321', 'arn:aws:iam::109876543210:root'] },
      Action: ['kafka:CreateVpcConnection', 'kafka:GetBootstrapBrokers'],
      Resource: '*',
    },
    { Effect: 'Deny', Principal: '*', NotAction: 'kafka:*', Resource: '*', Condition: { Bool: { a: 'true' } } },
  ],
  tags: { team: 'payments', 'atlas-streaming-like': 'but not ours' },
  scramSecret: { name: 'AmazonMSK_payroll' },
  clusterArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/payroll/11111111-2222-3333-4444-555555555555-5',
  connection: {
    name: 'payroll',
    type: 'Kafka' as const,
    bootstrapServers: 'kafka.example.com:9092',
    authentication: { mechanism: 'PLAIN', username: 'payroll', password: 'theirs' },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PUBLIC' as const } },
  },
};

/** Schemes of multi-VPC connectivity: that of another party is on, ours is not yet. */
const schemes = { scram: false, iam: true, tls: false };

/** A world with foreign things, in which MSK and Atlas need only minutes. */
export const seedWith = ({ cluster, scramSecrets, atlas, ...others }: WorldSeed = {}): WorldSeed => ({
  ...others,
  cluster: {
    clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false },
    vpcConnectivity: schemes,
    policy: (clusterArn) => policyOf(...foreign.statements(clusterArn)),
    updateMinutes: 3,
    ...cluster,
    tags: { ...foreign.tags, ...cluster?.tags },
  },
  scramSecrets: scramSecrets ?? [{}, foreign.scramSecret],
  atlas: { linkMinutes: 3, connectionMinutes: 2, ...atlas },
});

/** The same for a connection by IAM: SCRAM is the scheme of another party, who has its secret associated. */
export const iamSeedWith = ({ cluster, ...others }: WorldSeed = {}): WorldSeed =>
  iamWorld(
    seedWith({
      scramSecrets: [foreign.scramSecret],
      ...others,
      cluster: { vpcConnectivity: { scram: true, iam: false, tls: false }, ...cluster },
    }),
  );

/** Adds what a seed cannot describe: a foreign link and connection, and an earlier link to this cluster that is being deleted. */
export function addForeign({ world: { project, cluster } }: Cloud): void {
  project.createLink({ provider: 'AWS', vendor: 'MSK', arn: foreign.clusterArn });
  project.createConnection('streams', foreign.connection);
  project.deleteLink(project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn }).id);
}

/** Runs a machine to its end, before faults are injected. */
export async function runToEnd(cloud: Cloud, action: Action): Promise<void> {
  const { endState, cause } = await ended(cloud.start({ clusterArn: cloud.world.cluster.arn }, action));
  assert.match(endState, /^(Connected|Disconnected)$/, cause);
}

/** The foreign things that have changed. */
export function foreignChanges({ world: { cluster, project, scramSecrets } }: Cloud, seed: WorldSeed): string[] {
  const before = seed.cluster?.policy ? foreign.statements(cluster.arn) : [];
  const after = [cluster.policy?.document.Statement ?? []].flat().filter(({ Sid }) => !Sid?.startsWith('Atlas'));
  const secret = scramSecrets.find(({ name }) => name === foreign.scramSecret.name);
  const [connection] = project.connections('streams').filter(({ settings }) => settings.name === 'payroll');
  const { vpcConnectivity, publicAccess } = cluster.connectivity;
  const changes = {
    'a foreign statement': !same(after, before),
    'a foreign tag': !Object.entries(foreign.tags).every(([key, value]) => cluster.tags.all[key] === value),
    'a foreign scheme':
      vpcConnectivity.tls ||
      publicAccess !== 'DISABLED' ||
      (['scram', 'iam'] as const).some((it) => seed.cluster?.vpcConnectivity?.[it] && !vpcConnectivity[it]),
    'a foreign SCRAM secret': secret !== undefined && !cluster.scramSecretArns.includes(secret.arn),
    'a foreign link':
      project.links.filter(({ request, isBeingDeleted }) => isForeign(request.arn) && !isBeingDeleted).length !== 1,
    'a foreign connection': !same(connection?.settings, foreign.connection),
  };
  return Object.entries(changes).flatMap(([what, hasChanged]) => (hasChanged ? [`${what} has changed`] : []));
}

const isForeign = (arn: string) => arn === foreign.clusterArn;
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
