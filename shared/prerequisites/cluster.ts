import { oneLine } from '../foreign-text.ts';
import { type Mechanism, schemeOf } from '../login.ts';
import type { MskClient } from '../msk/client.ts';
import type { ClusterDetails } from '../msk/cluster.ts';
import { useAnotherCluster } from '../replaced-by.ts';
import type { Findings } from './findings.ts';
import { parseProperties } from './server-properties.ts';

/**
 * Checks what multi-VPC private connectivity with the mechanism's authentication scheme requires of a cluster.
 *
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 *
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html#mvpc-requirements
 */
export async function checkCluster(
  clusterArn: string,
  cluster: ClusterDetails,
  mechanism: Mechanism,
  msk: MskClient,
  findings: Findings,
): Promise<void> {
  findings.report(
    'clusterType',
    cluster.clusterType === 'SERVERLESS'
      ? `Cluster ${clusterArn} is MSK Serverless, which supports only IAM authentication. Atlas needs multi-VPC connectivity, which only provisioned clusters have. ${useAnotherCluster(clusterArn)}`
      : cluster.clusterType !== 'PROVISIONED' &&
          `The type of cluster ${clusterArn} is ${cluster.clusterType}; it must be PROVISIONED.`,
  );
  if (cluster.clusterType !== 'PROVISIONED') return;
  const { kafkaVersion, instanceType, isScramOn, isIamOn, isUnauthenticatedOn, clientBroker } = cluster;
  const isByIam = schemeOf(mechanism) === 'IAM';
  findings.report(
    'kafkaVersion',
    isOlder(kafkaVersion, [2, 7, 1]) &&
      `Apache Kafka is ${kafkaVersion}; it must be 2.7.1 or newer. Upgrade the cluster.`,
  );
  findings.report(
    'brokerType',
    instanceType === 'kafka.t3.small' &&
      'The brokers are kafka.t3.small, which has no multi-VPC connectivity. Change the broker type, for example to kafka.m7g.large.',
  );
  if (isByIam) findings.report('iam', !isIamOn && `IAM authentication is off. ${howToTurnOn}`);
  else findings.report('scram', !isScramOn && `SASL/SCRAM authentication is off. ${howToTurnOn}`);
  findings.report(
    'unauthenticated',
    isUnauthenticatedOn &&
      "Unauthenticated access is on, which multi-VPC connectivity doesn't allow. Move its clients to an authenticated scheme, then turn it off (MSK console > Properties > Security settings).",
  );
  findings.report(
    'encryption',
    clientBroker !== null &&
      clientBroker !== 'TLS' &&
      `Encryption between clients and brokers is ${clientBroker}; it must be TLS. Change it (MSK console > Properties > Security settings > Encryption).`,
  );
  // Kafka ACLs mean nothing to clients that log in by IAM.
  if (!isByIam) await checkConfiguration(cluster, msk, findings);
}

const howToTurnOn = 'Turn it on (MSK console > Properties > Security settings > Edit, or UpdateSecurity).';

const property = 'allow.everyone.if.no.acl.found';

/** Must be false for SASL/SCRAM over private connectivity. MSK's default is true, so a cluster without a configuration fails. */
async function checkConfiguration(
  { configurationArn, configurationRevision }: ClusterDetails,
  msk: MskClient,
  findings: Findings,
): Promise<void> {
  const remedy = `Give the SCRAM user its Kafka ACLs first, then set ${property}=false in the cluster's configuration: clients without ACLs then lose access.`;
  if (!configurationArn || configurationRevision === null)
    return findings.report(
      'acls',
      `The cluster has no custom configuration, so ${property} is true, MSK's default; it must be false. ${remedy}`,
    );
  const text = await findings.look('acls', () => msk.serverProperties(configurationArn, configurationRevision));
  if (text === undefined) return;
  const properties = parseProperties(text);
  const revision = `revision ${configurationRevision} of ${configurationArn}`;
  if (!properties)
    return findings.report(
      'acls',
      `${property} must be false, and ${revision} cannot be read: its server.properties has a \\u that is not followed by four hexadecimal digits. Correct it in a new revision. ${remedy}`,
    );
  const value = oneLine(properties.get(property)?.trim() ?? 'true, the default');
  findings.report(
    'acls',
    value.toLowerCase() !== 'false' && `${property} is ${value} in ${revision}; it must be false. ${remedy}`,
  );
}

/** Compares versions such as 2.8.2.tiered and 3.7.x.kraft by their leading numbers; `x` is newer than any number. */
export function isOlder(version: string | null, [major, minor, patch]: [number, number, number]): boolean {
  const match = /^(\d+)\.(\d+)(?:\.(\d+|x))?/.exec(version ?? '');
  if (!match) return false;
  const [a, b, c] = [
    Number(match[1]),
    Number(match[2]),
    match[3] === 'x' ? Number.POSITIVE_INFINITY : Number(match[3] ?? 0),
  ];
  return a !== major ? a < major : b !== minor ? b < minor : c < patch;
}
