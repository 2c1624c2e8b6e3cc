import type { Cluster } from '@aws-sdk/client-kafka';
import { ClusterUnusable } from '../../shared/errors.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { isRemovedIfDeleted, isVanishingImplausible } from '../../shared/registry/vanished.ts';
import { forEach } from './batches.ts';
import type { Deps } from './subject.ts';

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
  const examined = records.filter((record) => isRemovedIfDeleted(record, settings));
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
  const exists = (clusterArn: string) => listed.has(clusterArn) || found.existing.has(clusterArn);
  found.isImplausible = found.vanished.length > 0 && isVanishingImplausible(examined, exists);
  return found;
}
