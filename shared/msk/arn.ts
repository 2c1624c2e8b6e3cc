/** The parts of an MSK cluster's ARN. */
export interface ClusterArn {
  partition: string;
  region: string;
  accountId: string;
  clusterName: string;
}

const clusterArn =
  /^arn:(?<partition>aws[a-z-]{0,16}):kafka:(?<region>[a-z0-9-]{1,32}):(?<accountId>\d{12}):cluster\/(?<clusterName>[A-Za-z0-9][A-Za-z0-9-]{0,63})\/[A-Za-z0-9-]{1,64}$/;

/**
 * @returns the parts, or undefined if the text is not the ARN of an MSK cluster
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedstreamingforapachekafka.html
 */
export const parseClusterArn = (arn: string): ClusterArn | undefined =>
  clusterArn.exec(arn)?.groups as ClusterArn | undefined;

/** The Region of an ARN that has been checked already. */
export const regionOf = (arn: string): string => arn.split(':')[3] ?? '';
