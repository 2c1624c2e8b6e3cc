import { clustersOf } from '../../cli/status/clusters.ts';
import { findOrphans } from '../../cli/status/orphans.ts';
import { render } from '../../cli/status/render.ts';
import type { Status } from '../../cli/status/status.ts';
import { settingsOf } from '../../shared/msk/tags.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';

const place = { region: 'us-east-1', accountId: '111122223333' };
const projectId = '5f1a2b3c4d5e6f7a8b9c0d1e';
const now = '2026-11-28T04:01:00.000Z';

const arnOf = (name: string, uuid: string) =>
  `arn:aws:kafka:${place.region}:${place.accountId}:cluster/${name}/${uuid}-5`;
const orders = arnOf('orders', '6357e0b2-0e6a-4b86-a0b4-70df934c2e31');
const payments = arnOf('payments', '0c7b9a52-1f0e-4c36-9d0c-6c5b1a0f7e11');
const invoices = arnOf('invoices', '9a1d6c1e-5b0e-4b5e-8a63-3a4c9f1f2d77');

const execution = (name: string) =>
  `arn:aws:states:${place.region}:${place.accountId}:execution:msk-atlas-privatelink-prod-connect:${name}`;
const targetOf = (connectionName: string) =>
  ({ projectId, workspace: 'streams', connectionName, mechanism: 'SCRAM-512' }) as const;

const records: RegistryRecord[] = [
  {
    clusterArn: orders,
    target: targetOf('orders'),
    privateLink: { id: '6a1f0000aaaaaaaaaaaaaaaa', ownership: 'created' },
    connection: { id: '6a1f0001aaaaaaaaaaaaaaaa', ownership: 'created' },
    secretArn: `arn:aws:secretsmanager:${place.region}:${place.accountId}:secret:AmazonMSK_orders_atlas-a1B2c3`,
    turnedOn: '2026-11-27T09:20:00.000Z',
    status: 'connected',
    verifiedAt: '2026-11-28T03:11:00.000Z',
    settings: settingsOf({}),
  },
  {
    clusterArn: payments,
    target: targetOf('payments'),
    status: 'failed',
    detail: 'CheckPrerequisites PrerequisitesNotMet - No SCRAM secret is associated with the cluster',
    failures: 2,
    lastFailure: {
      error: 'PrerequisitesNotMet',
      fingerprint: '',
      at: '2026-11-28T03:46:00.000Z',
      executionArn: execution('sweep-connect-0b1c'),
      isNews: false,
      isAccountFault: false,
    },
  },
  {
    clusterArn: invoices,
    target: targetOf('invoices'),
    status: 'connecting',
    holder: execution('tag-7d2e'),
    action: 'connect',
    claimedAt: '2026-11-28T03:58:00.000Z',
  },
];

const isOn = {
  ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: { Sasl: { Scram: { Enabled: true } } } } },
};
const clusters = [orders, payments, invoices].map((ClusterArn) => ({
  ClusterArn,
  Tags: { 'atlas-streaming': 'connect', 'atlas-streaming/status': '' },
  Provisioned: {
    NumberOfBrokerNodes: 3,
    BrokerNodeGroupInfo: { ClientSubnets: [], InstanceType: 'kafka.m7g.large', ...(ClusterArn === orders && isOn) },
  },
}));

/** An example of what `npm run status` shows. */
export async function exampleStatus(): Promise<Status> {
  const registered = { records, unreadable: [] };
  const settings = {
    verifyEveryHours: 6,
    disconnectOnUntag: false,
    restartProcessors: false,
    disconnectDeletedClusters: true,
  };
  const listed = new Set(clusters.map(({ ClusterArn }) => ClusterArn));
  const retired = arnOf('retired', '4c038240-bfb7-4b63-bbb0-f77f942caaa5');
  const listPrivateLinks = async () => [
    { _id: '69c30000bbbbbbbbbbbbbbbb', arn: retired, state: 'DONE', authenticationScheme: 'SASL_SCRAM' },
  ];
  const { orphans } = await findOrphans(
    [projectId],
    { ...registered, ...place, listed, now },
    { listPrivateLinks },
    'the environment',
  );
  const statuses = clustersOf(registered, clusters, now, settings);
  return {
    ...{ stage: 'prod', hasFile: true, isPaused: false, ...place, now },
    clusters: statuses,
    clustersNotListed: undefined,
    orphans,
    linksNotListed: [],
    dollarsPerMonth: statuses.reduce((sum, { dollarsPerMonth }) => sum + dollarsPerMonth, 0),
  };
}

/** What it prints. */
export const statusOutput = async (): Promise<string> => render(await exampleStatus());
