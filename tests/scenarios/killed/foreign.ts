import type { Cloud } from '../../../emulators/cloud.ts';
import type { WorldSeed } from '../../../emulators/world.ts';
import { firehoseStatement, policyOf } from '../../fixtures/cluster-policy.ts';

/** What other parties have in the world of a run that is killed. It must stay as it is, byte for byte. */
const foreign = {
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
  clusterArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/payroll/11111111-2222-3333-4444-555555555555-5',
};

const isOwnTag = (key: string) => /^atlas-streaming(\/|$)/.test(key);

/** A world with foreign things, in which MSK and Atlas need only one poll, and of which the tag asks for a connection. */
export const seedWith = ({ cluster, atlas, ...others }: WorldSeed = {}): WorldSeed => ({
  ...others,
  cluster: {
    clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false },
    vpcConnectivity: { scram: false, iam: true, tls: false },
    policy: (clusterArn) => policyOf(...foreign.statements(clusterArn)),
    updateMinutes: 0.4,
    ...cluster,
    tags: { 'atlas-streaming': 'connect', ...foreign.tags, ...cluster?.tags },
  },
  atlas: { linkMinutes: 0.4, connectionMinutes: 0.4, ...atlas },
});

/** Adds what a seed cannot describe: a link to another cluster, a connection over it, a public connection, and a dead link to ours. */
export function addForeign({ clock, world: { project, cluster } }: Cloud): void {
  const link = project.createLink({ provider: 'AWS', vendor: 'MSK', arn: foreign.clusterArn });
  const connection = {
    type: 'Kafka' as const,
    bootstrapServers: 'kafka.example.com:9092',
    authentication: { mechanism: 'PLAIN', username: 'payroll', password: 'theirs' },
    security: { protocol: 'SASL_SSL' },
  };
  const access = { type: 'PRIVATE_LINK' as const, connectionId: link.id };
  project.createConnection('streams', { ...connection, name: 'payroll', networking: { access } });
  project.createConnection('streams', { ...connection, name: 'public', networking: { access: { type: 'PUBLIC' } } });
  project.deleteLink(project.createLink({ provider: 'AWS', vendor: 'MSK', arn: cluster.arn }).id);
  // All of them are settled, so that only a change by somebody changes them.
  clock.advance(60);
}

/** The foreign things as JSON. */
export function foreignThings(cloud: Cloud): string {
  const { cluster, project } = cloud.world;
  const { [ourScheme(cloud)]: _, ...schemes } = cluster.connectivity.vpcConnectivity;
  return JSON.stringify({
    links: project.links
      .filter(({ request }) => request.arn !== cluster.arn)
      .map(({ id, request, state }) => ({ id, request, state })),
    connections: project
      .connections('streams')
      .filter(({ settings }) => settings.name !== cluster.seed.name)
      .map(({ id, settings, state }) => ({ id, settings, state })),
    statements: statementsIn(cluster).filter((it) => !isOwnStatement(it)),
    tags: Object.entries(cluster.tags.all).filter(([key]) => !isOwnTag(key)),
    connectivity: { ...schemes, publicAccess: cluster.connectivity.publicAccess },
  });
}

/** What we have created in Atlas and in the cluster policy, and what a disconnect has to remove. */
export function removable({ world: { cluster, project } }: Cloud): string[] {
  return [
    ...project.links.filter(({ request }) => request.arn === cluster.arn).map(() => 'private link'),
    ...project
      .connections('streams')
      .filter(({ settings }) => settings.name === cluster.seed.name)
      .map(() => 'connection'),
    ...statementsIn(cluster)
      .filter(isOwnStatement)
      .map(() => 'statement'),
  ];
}

/** What we have changed, and what a disconnect leaves: other clients may use it by now. */
export function lasting(cloud: Cloud): string[] {
  const { cluster, scramSecrets } = cloud.world;
  return [
    ...(cluster.connectivity.vpcConnectivity[ourScheme(cloud)] ? ['connectivity'] : []),
    ...(cluster.scramSecretArns.some((arn) => scramSecrets.some((it) => it.arn === arn)) ? ['association'] : []),
  ];
}

/** The scheme that our runs turn on: without a named secret, a deployment with a streams role connects by IAM. */
const ourScheme = ({ deployment }: Cloud) => (deployment.streamsRole ? 'iam' : 'scram');

const statementsIn = ({ policy }: Cloud['world']['cluster']) => [policy?.document.Statement ?? []].flat();
const isOwnStatement = ({ Sid }: { Sid?: string | undefined }) => Sid?.startsWith('AtlasStreamProcessing') ?? false;
