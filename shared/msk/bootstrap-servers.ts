import { GetBootstrapBrokersCommand, type KafkaClient } from '@aws-sdk/client-kafka';
import { fromAws } from '../aws.ts';
import { AwsUnavailable } from '../errors.ts';

/**
 * The one string that resolves through the private link; it appears when MSK has carried out the connectivity update.
 *
 * @returns `host:port`, separated by commas
 * @throws AwsUnavailable, also while MSK does not show it; AwsRefused
 */
export async function privateBootstrapServers(
  clusterArn: string,
  { kafka, signal }: { kafka: KafkaClient; signal: AbortSignal },
): Promise<string> {
  const command = new GetBootstrapBrokersCommand({ ClusterArn: clusterArn });
  const brokers = await fromAws('kafka:GetBootstrapBrokers', kafka.send(command, { abortSignal: signal }));
  if (brokers.BootstrapBrokerStringVpcConnectivitySaslScram)
    return brokers.BootstrapBrokerStringVpcConnectivitySaslScram;
  throw new AwsUnavailable(`MSK does not show the private SASL/SCRAM bootstrap servers of ${clusterArn} yet.`);
}
