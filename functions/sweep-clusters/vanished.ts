import type { Cluster } from '@aws-sdk/client-kafka';
import { ClusterUnusable } from '../../shared/errors.ts';
import { age } from '../../shared/registry/age.ts';
import { hasPieces, type RegistryRecord } from '../../shared/registry/record.ts';
import { forEach } from './batches.ts';
import type { Deps } from './subject.ts';

/** More clusters than a person usually deletes between two sweeps. */
const mostAtOnce = 3;

export interface Unlisted {
  /** Clusters that MSK has, although it did not list them. */
  existing: Map<string, Cluster>;
  /** Records of clusters that MSK says it doesn't have. */
  vanished: RegistryRecord[];
  /** So many have vanished that a mistake is likelier, for example in the registry or the account. Then nothing is done. */
  isImplausible: boolean;
  failed: { clusterArn: string; error: string }[];
}

/**
 * Looks for the recorded clusters that are not in MSK's list. Only "not found" means that a cluster has been deleted.
 *
 * @param records of all clusters
 */
export async function lookForUnlisted(
  records: RegistryRecord[],
  listed: ReadonlyMap<string, Cluster>,
  { msk, settings }: Deps,
): Promise<Unlisted> {
  const found: Unlisted = { existing: new Map(), vanished: [], isImplausible: false, failed: [] };
  // Whatever the parameter says: what could not be removed when the cluster was disconnected is still removed.
  const examined = records.filter(({ status }) => settings.disconnectDeletedClusters || status === 'disconnected');
  const unlisted = examined.filter(({ clusterArn }) => !listed.has(clusterArn));
  await forEach(unlisted, async (record) => {
    const { clusterArn } = record;
    try {
      found.existing.set(clusterArn, (await msk.describeCluster(clusterArn)).cluster);
    } catch (error) {
      if (error instanceof ClusterUnusable) found.vanished.push(record);
      else found.failed.push({ clusterArn, error: (error as Error).message });
    }
  });
  // A record that names nothing has nothing to lose.
  const known = examined.filter((record) => record.missingSince === undefined && hasPieces(record));
  const newlyMissing = known.filter(({ clusterArn }) => !listed.has(clusterArn) && !found.existing.has(clusterArn));
  const areAllMissing = newlyMissing.length > 1 && newlyMissing.length === known.length;
  found.isImplausible = found.vanished.length > 0 && (newlyMissing.length > mostAtOnce || areAllMissing);
  return found;
}

/** Whether an earlier sweep has missed the cluster already. The same sweep may run twice, with the same time. */
export const wasMissed = ({ missingSince }: RegistryRecord, now: string): boolean => {
  const ageMs = age(missingSince, now);
  return ageMs > 0 && ageMs < Number.POSITIVE_INFINITY;
};
