import { PrivateLinkFailed } from '../errors.ts';
import type { PrivateLink } from './types.ts';

/** Atlas still lists a link for a while after it was asked to delete it. */
const goingAway = new Set(['DELETE_REQUESTED', 'DELETING', 'DELETED']);

export const isGoingAway = ({ state }: PrivateLink): boolean => goingAway.has(state ?? '');

/** The project's live private link to this cluster, if there is one: Atlas allows one per ARN. */
export function livePrivateLink(links: PrivateLink[], clusterArn: string): PrivateLink | undefined {
  const live = links.filter((link) => link.arn === clusterArn && !isGoingAway(link));
  return live.find(({ state }) => state !== 'FAILED') ?? live[0];
}

/**
 * The private link by which a removal knows what is ours: the one to this cluster, be it on its way out, else the recorded
 * one when Atlas lists it no more. The record is a tag, and who may tag must not reach a connection to another cluster.
 */
export function linkToRemove(links: PrivateLink[], clusterArn: string, recorded: string | null): string | undefined {
  const link = livePrivateLink(links, clusterArn) ?? links.find(({ arn }) => arn === clusterArn);
  if (link) return link._id;
  return recorded !== null && !links.some(({ _id }) => _id === recorded) ? recorded : undefined;
}

/**
 * Reads a private link's state. DONE is ready; a state that nobody knows counts as in progress, since a deadline bounds it.
 *
 * @throws PrivateLinkFailed when it is FAILED (with Atlas's errorMessage), going away or not for SASL/SCRAM
 */
export function privateLinkState({ _id: id, state, errorMessage, authenticationScheme }: PrivateLink) {
  if (state === 'FAILED')
    throw new PrivateLinkFailed(
      `Atlas could not set up private link ${id} (${errorMessage || 'it gave no reason'}). Mend the reason, delete the link in Atlas (Stream Processing > Private Link), and start again.`,
    );
  if (goingAway.has(state ?? ''))
    throw new PrivateLinkFailed(`Private link ${id} is being deleted (${state}). Start again when it is gone.`);
  if (authenticationScheme && authenticationScheme !== 'SASL_SCRAM')
    throw new PrivateLinkFailed(
      `Private link ${id} to this cluster exists with the authentication scheme ${authenticationScheme}; a SCRAM connection needs SASL_SCRAM, and Atlas allows one link per cluster and project. Delete that link in Atlas if nothing uses it, and start again.`,
    );
  return { id, state: state ?? 'IDLE', isReady: state === 'DONE' };
}
