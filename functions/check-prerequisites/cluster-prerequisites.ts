import type { MskClient } from '../../shared/msk/client.ts';
import type { ClusterDetails } from '../../shared/msk/cluster.ts';
import { useAnotherCluster } from '../../shared/replaced-by.ts';
import { parseProperties } from './server-properties.ts';

/**
 * Checks what multi-VPC private connectivity with SASL/SCRAM requires of a cluster.
 *
 * @returns the unmet prerequisites, each with its remedy
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 *
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html#mvpc-requirements
 */
export async function unmetByCluster(clusterArn: string, cluster: ClusterDetails, msk: MskClient): Promise<string[]> {
  if (cluster.clusterType !== 'PROVISIONED')
    return [
      cluster.clusterType === 'SERVERLESS'
        ? `Cluster ${clusterArn} is MSK Serverless, which supports only IAM authentication. Atlas needs SASL/SCRAM and multi-VPC connectivity, which only provisioned clusters have. ${useAnotherCluster(clusterArn)}`
        : `The type of cluster ${clusterArn} is ${cluster.clusterType}; it must be PROVISIONED.`,
    ];
  const { kafkaVersion, instanceType, isScramOn, isUnauthenticatedOn, clientBroker } = cluster;
  const unmet = [
    isOlder(kafkaVersion, [2, 7, 1]) &&
      `Apache Kafka is ${kafkaVersion}; it must be 2.7.1 or newer. Upgrade the cluster.`,
    instanceType === 'kafka.t3.small' &&
      'The brokers are kafka.t3.small, which has no multi-VPC connectivity. Change the broker type, for example to kafka.m7g.large.',
    !isScramOn &&
      'SASL/SCRAM authentication is off. Turn it on (MSK console > Properties > Security settings > Edit, or UpdateSecurity).',
    isUnauthenticatedOn &&
      "Unauthenticated access is on, which multi-VPC connectivity doesn't allow. Move its clients to an authenticated scheme, then turn it off (MSK console > Properties > Security settings).",
    clientBroker !== null &&
      clientBroker !== 'TLS' &&
      `Encryption between clients and brokers is ${clientBroker}; it must be TLS. Change it (MSK console > Properties > Security settings > Encryption).`,
    await unmetByConfiguration(cluster, msk),
  ];
  return unmet.filter((sentence) => typeof sentence === 'string');
}

const property = 'allow.everyone.if.no.acl.found';

/** Must be false for SASL/SCRAM over private connectivity. MSK's default is true, so a cluster without a configuration fails. */
async function unmetByConfiguration(
  { configurationArn, configurationRevision }: ClusterDetails,
  msk: MskClient,
): Promise<string | false> {
  const remedy = `Give the SCRAM user its Kafka ACLs first, then set ${property}=false in the cluster's configuration: clients without ACLs then lose access.`;
  if (!configurationArn || configurationRevision === null)
    return `The cluster has no custom configuration, so ${property} is true, MSK's default; it must be false. ${remedy}`;
  const text = await msk.serverProperties(configurationArn, configurationRevision);
  const properties = parseProperties(text);
  const revision = `revision ${configurationRevision} of ${configurationArn}`;
  if (!properties)
    return `${property} must be false, and ${revision} cannot be read: its server.properties has a \\u that is not followed by four hexadecimal digits. Correct it in a new revision. ${remedy}`;
  const value = properties.get(property)?.trim() ?? 'true, the default';
  return value.toLowerCase() !== 'false' && `${property} is ${value} in ${revision}; it must be false. ${remedy}`;
}

/** Compares versions such as 2.8.2.tiered and 3.7.x.kraft by their leading numbers; `x` is newer than any number. */
function isOlder(version: string | null, [major, minor, patch]: [number, number, number]): boolean {
  const match = /^(\d+)\.(\d+)(?:\.(\d+|x))?/.exec(version ?? '');
  if (!match) return false;
  const [a, b, c] = [
    Number(match[1]),
    Number(match[2]),
    match[3] === 'x' ? Number.POSITIVE_INFINITY : Number(match[3] ?? 0),
  ];
  return a !== major ? a < major : b !== minor ? b < minor : c < patch;
}
