import type { AtlasClient } from '../../shared/atlas/client.ts';
import { isBeingDeleted } from '../../shared/atlas/private-link.ts';
import type { PrivateLink } from '../../shared/atlas/types.ts';
import { AtlasRefused, AtlasUnavailable } from '../../shared/errors.ts';
import { oneLine } from '../../shared/foreign-text.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { ownershipOf, type RegistryRecord } from '../../shared/registry/record.ts';
import { keptLinks } from '../../shared/registry/removal.ts';
import { whyNoAtlasAnswer } from '../atlas-access.ts';
import type { Registered } from '../registry-table.ts';

/** A private link to a cluster of this account and Region that no record knows. Atlas bills it by the hour. */
export interface Orphan {
  projectId: string;
  /** Atlas's ObjectId. */
  id: string;
  state: string;
  clusterArn: string;
  /** Whether a person has to decide something: not if Atlas is deleting the link. */
  needsPerson: boolean;
  /** What to do. */
  remedy: string;
  /** The Atlas CLI's command that deletes the link. */
  command: string | undefined;
}

/** Why the links of some projects could not be listed. */
export interface NotLooked {
  /** Undefined if this is about all of them. */
  projectId?: string;
  reason: string;
}

interface Known extends Registered {
  accountId: string;
  region: string;
  /** Clusters that MSK lists; undefined if MSK gave no answer. */
  listed: Set<string> | undefined;
  /** ISO 8601. */
  now: string;
}

/**
 * Lists the private links of each project once. A project that cannot be listed does not stop the others.
 *
 * @param source of the credentials of Atlas, such as `the environment`
 */
export async function findOrphans(
  projectIds: string[],
  known: Known,
  atlas: Pick<AtlasClient, 'listPrivateLinks'>,
  source: string,
): Promise<{ orphans: Orphan[]; notLooked: NotLooked[] }> {
  const orphans: Orphan[] = [];
  const notLooked: NotLooked[] = [];
  for (const projectId of projectIds) {
    try {
      const links = await atlas.listPrivateLinks(projectId);
      orphans.push(...links.filter((link) => isOrphan(link, known)).map((link) => orphanOf(link, projectId, known)));
    } catch (error) {
      const reason = oneLine(whyNoAtlasAnswer(error, source) ?? (error as Error).message);
      // The next project would have the same answer, or none.
      if (error instanceof AtlasUnavailable || (error instanceof AtlasRefused && error.status === 401))
        return { orphans, notLooked: [{ reason }] };
      notLooked.push({ projectId, reason });
    }
  }
  return { orphans, notLooked };
}

/** The item of a cluster that cannot be read may name the link. */
function isOrphan(link: PrivateLink, { accountId, region, records, unreadable }: Known): boolean {
  const place = parseClusterArn(link.arn ?? '');
  if (place?.accountId !== accountId || place.region !== region || link.state === 'DELETED') return false;
  if (unreadable.some(({ clusterArn }) => clusterArn === link.arn)) return false;
  return !records.some((record) => names(record, link));
}

/** A link whose request has no clear outcome yet is known, too: the next run records it. */
function names({ clusterArn, privateLink }: RegistryRecord, { _id, arn }: PrivateLink): boolean {
  if (privateLink?.id === _id) return true;
  return clusterArn === arn && privateLink?.ownership === undefined && ownershipOf(_id, privateLink) === 'created';
}

function orphanOf(link: PrivateLink, projectId: string, { records, listed, now }: Known): Orphan {
  const clusterArn = link.arn ?? '';
  const found = { projectId, id: link._id, state: link.state ?? 'UNKNOWN', clusterArn };
  if (isBeingDeleted(link))
    return { ...found, needsPerson: false, remedy: 'Atlas is deleting it.', command: undefined };
  const recorded = records.find((record) => record.clusterArn === clusterArn) ?? null;
  // A cluster that MSK does not list cannot be connected again.
  const isGone = listed !== undefined && !listed.has(clusterArn);
  const asked = { clusterArn, includeAdopted: false, recorded: isGone ? { clusterArn, missingSince: now } : recorded };
  return {
    ...found,
    needsPerson: true,
    remedy: keptLinks([link], asked)?.remedy ?? '',
    command: `atlas streams privateLinks delete ${link._id} --projectId ${projectId}`,
  };
}
