import type { Cloud } from '../../emulators/cloud.ts';
import { iamSettings, iamWorld } from '../../emulators/iam-world.ts';
import type { Cluster } from '../../emulators/msk/cluster.ts';
import type { ClusterSeed } from '../../emulators/msk/seed.ts';
import type { WorldSeed } from '../../emulators/world.ts';
import type { Scheme } from '../../shared/login.ts';

/**
 * How the connections of this process log in to their clusters. A test file tests SCRAM, and the file beside it whose name ends in
 * `-iam` runs the same tests by IAM: it imports by-iam.ts first.
 */
export const way: { scheme: Scheme } = { scheme: 'SASL_SCRAM' };

export const isByIam = (): boolean => way.scheme === 'IAM';

/** Not computed when this module is loaded: by-iam.ts changes the way after that. */
const skippedByIam = () => ({
  get skip(): boolean {
    return isByIam();
  },
});

/** Options of a test about passwords, SCRAM secrets or Kafka ACLs, which a connection by IAM does not have. */
export const scramOnly = skippedByIam();

/** Options of a slow test of what has nothing to do with how a connection logs in. It runs once, by SCRAM. */
export const onlyOnce = skippedByIam();

/** A world in which a cluster is connected in this way. */
export const worldOfWay = (seed: WorldSeed = {}): WorldSeed => (isByIam() ? iamWorld(seed) : seed);

/** The settings of a deployment that connects in this way. */
export const settingsOfWay = (): Record<string, string> => (isByIam() ? iamSettings : {});

/** What another party asks Atlas for, to reach the cluster in this way. */
export const linkOfWay = (arn: string) => ({
  provider: 'AWS',
  vendor: 'MSK',
  arn,
  ...(isByIam() && { authenticationScheme: way.scheme }),
});

/** How the connection of another party logs in over such a link. By IAM, it has the role of the deployment. */
export const authenticationOfWay = ({ deployment }: Cloud, username: string) =>
  isByIam()
    ? { mechanism: 'AWS_MSK_IAM', aws: { roleArn: deployment.streamsRole?.arn ?? '' } }
    : { mechanism: 'SCRAM-512', username, password: 'theirs' };

/** The brokers behind such a link. */
export function brokersOfWay(cluster: Cluster): string {
  const { BootstrapBrokerStringVpcConnectivitySaslIam: iam, BootstrapBrokerStringVpcConnectivitySaslScram: scram } =
    cluster.bootstrapBrokers();
  return (isByIam() ? iam : scram) ?? '';
}

/** A cluster that can be connected in both ways, and has private connectivity for the other one. */
export const otherWayIsOn = () => ({
  clientAuthentication: { scram: true, iam: true, tls: false, unauthenticated: false },
  vpcConnectivity: { scram: isByIam(), iam: !isByIam(), tls: false },
});

/** What a cluster has on that needs no reboot before it is connected. */
export const connectivityOfWay = (): Partial<ClusterSeed> =>
  isByIam()
    ? {
        clientAuthentication: { scram: false, iam: true, tls: false, unauthenticated: false },
        vpcConnectivity: { scram: false, iam: true, tls: false },
      }
    : { vpcConnectivity: { scram: true, iam: false, tls: false } };
