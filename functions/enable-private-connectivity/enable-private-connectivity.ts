import {
  type Cluster,
  DescribeClusterOperationV2Command,
  type KafkaClient,
  UpdateConnectivityCommand,
  type VpcConnectivityClientAuthentication,
} from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { fromAws } from '../../shared/aws.ts';
import { AwsRefused, ClusterUpdateFailed, VersionConflict } from '../../shared/errors.ts';
import { describeCluster, isPrivateConnectivityOn, vpcConnectivityOf } from '../../shared/msk/cluster.ts';

export const EnablePrivateConnectivityInput = z.object({
  clusterArn: z.string(),
  /** The update that this run has asked for before, or '': a null would not survive CloudFormation. */
  operationArn: z.string(),
});

interface Deps {
  kafka: KafkaClient;
  signal: AbortSignal;
}

/**
 * Adds SASL/SCRAM to the cluster's multi-VPC private connectivity and returns at once; the machine waits for the brokers'
 * rolling reboot. The machine comes here again only when connectivity is still off after an update: then that update has
 * failed, or is not visible yet.
 *
 * @returns the update's operation, or '' when none was needed
 * @throws ClusterUpdateFailed, VersionConflict, ClusterUnusable, AwsRefused, AwsUnavailable
 */
export async function enablePrivateConnectivity(
  { clusterArn, operationArn }: z.infer<typeof EnablePrivateConnectivityInput>,
  deps: Deps,
): Promise<{ operationArn: string }> {
  if (operationArn !== '') {
    await checkOperation(operationArn, deps);
    return { operationArn };
  }
  const { cluster } = await describeCluster(clusterArn, deps.kafka, deps.signal);
  // Somebody else's change is under way, or has done it: the machine waits and looks again.
  if (isPrivateConnectivityOn(cluster) || cluster.State !== 'ACTIVE') return { operationArn: '' };
  return { operationArn: await updateConnectivity(clusterArn, cluster, deps) };
}

async function updateConnectivity(clusterArn: string, cluster: Cluster, { kafka, signal }: Deps): Promise<string> {
  const command = new UpdateConnectivityCommand({
    ClusterArn: clusterArn,
    CurrentVersion: cluster.CurrentVersion,
    ConnectivityInfo: { VpcConnectivity: { ClientAuthentication: withScram(vpcConnectivityOf(cluster)) } },
  });
  try {
    const answer = await fromAws('kafka:UpdateConnectivity', kafka.send(command, { abortSignal: signal }));
    return answer.ClusterOperationArn ?? '';
  } catch (error) {
    if (!(error instanceof AwsRefused)) throw error;
    const after = await describeCluster(clusterArn, kafka, signal);
    return afterRefusal(error, cluster, after.cluster);
  }
}

/**
 * MSK tells "identical to the current value", "the version isn't current" and "not in the ACTIVE state" apart only by the text
 * of a BadRequestException. So the cluster itself is asked: whatever somebody else has changed meanwhile needs no person.
 */
function afterRefusal(refusal: AwsRefused, before: Cluster, after: Cluster): string {
  if (isPrivateConnectivityOn(after) || after.State !== 'ACTIVE') return '';
  // A describe may lag behind; the text then says what it does not show yet.
  const isStale = after.CurrentVersion !== before.CurrentVersion || /isn.t current/.test(refusal.said);
  if (!isStale) throw refusal;
  throw new VersionConflict(`Somebody else changed the cluster meanwhile (${refusal.said}).`, { cause: refusal });
}

/**
 * The schemes that are on, and SASL/SCRAM. MSK does not say whether it keeps a scheme that is left out, and turning one off
 * would cut its consumers. Public access is left out, so that it stays as it is.
 */
function withScram({ Sasl, Tls }: VpcConnectivityClientAuthentication = {}): VpcConnectivityClientAuthentication {
  return {
    Sasl: { Scram: { Enabled: true }, ...(Sasl?.Iam?.Enabled && { Iam: { Enabled: true } }) },
    ...(Tls?.Enabled && { Tls: { Enabled: true } }),
  };
}

async function checkOperation(operationArn: string, { kafka, signal }: Deps): Promise<void> {
  const command = new DescribeClusterOperationV2Command({ ClusterOperationArn: operationArn });
  const { ClusterOperationInfo: operation } = await fromAws(
    'kafka:DescribeClusterOperationV2',
    kafka.send(command, { abortSignal: signal }),
  );
  if (operation?.OperationState !== 'UPDATE_FAILED') return;
  const { ErrorCode = 'no error code', ErrorString = 'no reason given' } = operation.ErrorInfo ?? {};
  throw new ClusterUpdateFailed(
    `MSK could not turn on multi-VPC private connectivity (${ErrorCode}: ${ErrorString}), in operation ${operationArn}. Mend the reason, and start again.`,
  );
}
