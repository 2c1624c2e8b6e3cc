import { AwsRefused, ClusterUnusable } from '../errors.ts';

export const doesNotExist = (clusterArn: string) =>
  new ClusterUnusable(`Cluster ${clusterArn} does not exist. It may have been deleted.`);

/**
 * Only a text of MSK names the state: "You can't get bootstrap broker nodes for a cluster in FAILED state."
 *
 * @see https://github.com/hashicorp/terraform-provider-aws/issues/37471
 */
export function unusableState(refusal: unknown, clusterArn: string): unknown {
  const state = refusal instanceof AwsRefused && /for a cluster in (FAILED|DELETING) state/.exec(refusal.said)?.[1];
  if (!state) return refusal;
  return new ClusterUnusable(`Cluster ${clusterArn} is ${state}; it must be ACTIVE.`, { cause: refusal });
}
