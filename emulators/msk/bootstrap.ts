import type { GetBootstrapBrokersResponse } from '@aws-sdk/client-kafka';
import { brokerDomain } from '../arn.ts';
import type { ClusterSeed, Connectivity } from './seed.ts';

/**
 * The bootstrap strings of a cluster. Documented: a serverless cluster has one, for IAM.
 *
 * Documented: the ports ("Port information" in the developer guide). Reported: over PrivateLink each broker has a port of its
 * own, 14001 for the first; the order of the brokers may differ between calls, as it does here by `rotation`.
 */
export function bootstrapBrokers(
  seed: ClusterSeed,
  { vpcConnectivity: vpc, publicAccess }: Connectivity,
  rotation: number,
): GetBootstrapBrokersResponse {
  const { clientAuthentication: on, clientBroker, numberOfBrokerNodes } = seed;
  const order = Array.from({ length: numberOfBrokerNodes }, (_, i) => ((i + rotation) % numberOfBrokerNodes) + 1);
  const domain = brokerDomain(seed.arn);
  if (seed.clusterType === 'SERVERLESS') return { BootstrapBrokerStringSaslIam: `${serverlessHost(domain)}:9098` };
  const brokers = (isOn: boolean, label: string, port: (broker: number) => number) =>
    isOn ? order.map((broker) => `b-${broker}${label}.${domain}:${port(broker)}`).join(',') : undefined;
  const open = publicAccess === 'SERVICE_PROVIDED_EIPS';
  return {
    BootstrapBrokerString: brokers(clientBroker !== 'TLS' && on.unauthenticated, '', () => 9092),
    BootstrapBrokerStringTls: brokers(clientBroker !== 'PLAINTEXT' && (on.tls || on.unauthenticated), '', () => 9094),
    BootstrapBrokerStringSaslScram: brokers(on.scram, '', () => 9096),
    BootstrapBrokerStringSaslIam: brokers(on.iam, '', () => 9098),
    BootstrapBrokerStringPublicTls: brokers(open && on.tls, '-public', () => 9194),
    BootstrapBrokerStringPublicSaslScram: brokers(open && on.scram, '-public', () => 9196),
    BootstrapBrokerStringPublicSaslIam: brokers(open && on.iam, '-public', () => 9198),
    BootstrapBrokerStringVpcConnectivityTls: brokers(vpc.tls, '.tls', vpcPort),
    BootstrapBrokerStringVpcConnectivitySaslScram: brokers(vpc.scram, '.scram', vpcPort),
    BootstrapBrokerStringVpcConnectivitySaslIam: brokers(vpc.iam, '.iam', vpcPort),
  };
}

const vpcPort = (broker: number) => 14_000 + broker;

/** `orders.0a1b2c.c1.kafka.us-east-1.amazonaws.com` becomes `boot-0a1b2c.c1.kafka-serverless.us-east-1.amazonaws.com`. */
const serverlessHost = (domain: string) =>
  domain.replace(/^[^.]+\.([^.]+)\.cs?(\d+)\.kafka\./, 'boot-$1.c$2.kafka-serverless.');
