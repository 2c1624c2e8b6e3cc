import type { UpdateConnectivityRequest } from '@aws-sdk/client-kafka';
import type { Cluster } from './cluster.ts';
import { mskError } from './router.ts';
import type { Connectivity, Schemes } from './seed.ts';

/**
 * The connectivity of a cluster after this UpdateConnectivity.
 *
 * Documented: the requirements of multi-VPC private connectivity (developer guide). Reported: the refusal of a request that
 * changes nothing, and of one with two settings (hashicorp/terraform-provider-aws #47279). Assumed: a scheme that the request leaves out is turned off, so that a careless request does harm here.
 *
 * @throws Refusal if MSK would refuse the request
 */
export function connectivityTarget(cluster: Cluster, request: UpdateConnectivityRequest): Connectivity {
  const { PublicAccess, VpcConnectivity, NetworkType } = request.ConnectivityInfo ?? {};
  if ([PublicAccess, VpcConnectivity, NetworkType].filter(Boolean).length > 1) {
    throw badConnectivity(
      "You can't update multiple connectivity settings in the same request. Modify your request to update only " +
        'NetworkType, VpcConnectivity, or PublicAccess connectivity setting, and try again.',
    );
  }
  if (request.ZookeeperAccess || NetworkType) {
    throw mskError('NotImplementedException', 'The local MSK updates VPC connectivity and public access only.');
  }
  if (!PublicAccess && !VpcConnectivity) throw badConnectivity('Specify the connectivity to update.');
  if (PublicAccess && !publicAccessTypes.includes(PublicAccess.Type ?? '')) {
    throw badConnectivity(`The type of public access must be one of ${publicAccessTypes.join(' and ')}.`);
  }
  const { Sasl, Tls } = VpcConnectivity?.ClientAuthentication ?? {};
  const target = {
    publicAccess: (PublicAccess?.Type as Connectivity['publicAccess']) ?? cluster.connectivity.publicAccess,
    vpcConnectivity: VpcConnectivity
      ? { scram: Sasl?.Scram?.Enabled ?? false, iam: Sasl?.Iam?.Enabled ?? false, tls: Tls?.Enabled ?? false }
      : cluster.connectivity.vpcConnectivity,
  };
  const obstacle = obstacles(cluster, target.vpcConnectivity).at(0);
  if (obstacle) throw badConnectivity(obstacle);
  if (isSame(target, cluster.connectivity)) {
    throw badConnectivity(
      'The specified parameter value is identical to the current value for the cluster. ' +
        'Specify a different value, then try again.',
    );
  }
  return target;
}

/** Documented. The text of the refusal is assumed. */
const publicAccessTypes = ['DISABLED', 'SERVICE_PROVIDED_EIPS'];

/** Why these schemes cannot be on for this cluster. The rules are documented; the texts are assumed. */
function obstacles({ seed }: Cluster, target: Schemes): string[] {
  const schemes = (['scram', 'iam', 'tls'] as const).filter((scheme) => target[scheme]);
  if (schemes.length === 0) return [];
  const off = schemes.filter((scheme) => !seed.clientAuthentication[scheme]);
  return [
    ...off.map((scheme) => `VPC connectivity for ${scheme} needs ${scheme} authentication on the cluster.`),
    ...(seed.clientAuthentication.unauthenticated ? ['VPC connectivity needs unauthenticated access to be off.'] : []),
    ...(seed.instanceType === 'kafka.t3.small' ? ['VPC connectivity is not available for kafka.t3.small.'] : []),
    ...(isOlder(seed.kafkaVersion, '2.7.1') ? ['VPC connectivity needs Apache Kafka 2.7.1 or later.'] : []),
  ];
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

function isSame(a: Connectivity, b: Connectivity): boolean {
  const { scram, iam, tls } = a.vpcConnectivity;
  const other = b.vpcConnectivity;
  return a.publicAccess === b.publicAccess && scram === other.scram && iam === other.iam && tls === other.tls;
}

function badConnectivity(message: string) {
  return mskError('BadRequestException', message, 'connectivityInfo');
}
