import { AwsRefused, ClusterUnusable } from '../errors.ts';

/** Ends the message about a cluster that is deleted or does not exist: each cluster has another ARN. */
export const neverAgain = 'Each connect with this ARN fails.';

const sweepDisconnects = 'the sweep disconnects it, unless the setting disconnectDeletedClusters is false';

export const doesNotExist = (clusterArn: string) =>
  new ClusterUnusable(
    `Cluster ${clusterArn} does not exist. If it was deleted, ${sweepDisconnects}. In that case, start the disconnect machine with the ARN of the cluster. ${neverAgain}`,
  );

/** The error of a cluster in a state that does not pass by itself. @param reason as MSK gives it, in parentheses */
export function stateError(
  state: string,
  clusterArn: string,
  { reason = '', ...options }: ErrorOptions & { reason?: string } = {},
) {
  const remedy =
    state === 'DELETING'
      ? `When it is deleted, ${sweepDisconnects}. ${neverAgain}`
      : 'Check the cluster in the MSK console. If you cannot repair it, ask AWS Support.';
  return new ClusterUnusable(`Cluster ${clusterArn} is ${state}${reason}; it must be ACTIVE. ${remedy}`, options);
}

/**
 * Only a text of MSK names the state: "You can't get bootstrap broker nodes for a cluster in FAILED state."
 *
 * @see https://github.com/hashicorp/terraform-provider-aws/issues/37471
 */
export function unusableState(refusal: unknown, clusterArn: string): unknown {
  const state = refusal instanceof AwsRefused && /for a cluster in (FAILED|DELETING) state/.exec(refusal.said)?.[1];
  return state ? stateError(state, clusterArn, { cause: refusal }) : refusal;
}
