import { age } from './age.ts';
import { hasPieces, type RegistryRecord } from './record.ts';

/** What the sweep does about recorded clusters that MSK no longer has. `npm run status` says it beforehand. */

/** More clusters than a person usually deletes between two sweeps. */
const mostAtOnce = 3;

/** Whether a run removes what is left if the cluster is deleted. What could not be removed at its disconnect always is. */
export const isRemovedIfDeleted = (
  { status }: Pick<RegistryRecord, 'status'>,
  { disconnectDeletedClusters }: { disconnectDeletedClusters: boolean },
): boolean => disconnectDeletedClusters || status === 'disconnected';

/** Whether an earlier sweep has missed the cluster already. The same sweep may run twice, with the same time. */
export const wasMissed = ({ missingSince }: RegistryRecord, now: string): boolean => {
  const ageMs = age(missingSince, now);
  return ageMs > 0 && ageMs < Number.POSITIVE_INFINITY;
};

/**
 * Whether so many clusters have vanished since the last sweep that a mistake is likelier, for example in the registry or the account. Then
 * the sweep does nothing about any of them.
 *
 * @param examined the records of which a run removes what is left
 */
export function isVanishingImplausible(examined: RegistryRecord[], exists: (clusterArn: string) => boolean): boolean {
  // A record that names nothing has nothing to lose.
  const known = examined.filter((record) => record.missingSince === undefined && hasPieces(record));
  const newlyMissing = known.filter(({ clusterArn }) => !exists(clusterArn));
  return newlyMissing.length > mostAtOnce || (newlyMissing.length > 1 && newlyMissing.length === known.length);
}
