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
 * A cluster's name has letters, digits and hyphens, and no hyphen first: MSK refuses every other one with "The parameter value
 * contains one or more characters that are not valid." So it is always a valid name of an Atlas connection as well.
 *
 * @returns the parts, or undefined if the text is not the ARN of an MSK cluster
 * @see https://github.com/badmintoncryer/cdk-preflight/tree/main/rules/msk/pf-msk-cluster-name-pattern (reported, 2026-09-14)
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedstreamingforapachekafka.html
 */
export const parseClusterArn = (arn: string): ClusterArn | undefined =>
  clusterArn.exec(arn)?.groups as ClusterArn | undefined;

/** The Region of an ARN that has been checked already. Empty for any other text, such as the name of a secret. */
export const regionOf = (arn: string): string => arn.split(':')[3] ?? '';
