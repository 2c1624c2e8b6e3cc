import { whyNotOurs } from '../atlas/connection.ts';
import { isBeingDeleted, livePrivateLink } from '../atlas/private-link.ts';
import type { Connection, PrivateLink } from '../atlas/types.ts';
import { atlasSids, atlasStatement, findStatement, isSameStatement } from '../msk/policy.ts';
import type { Request } from '../request/request.ts';
import type { Wait } from '../waits.ts';
import { mayBeOurs, type Ownership, ownershipOf, type Piece, type RegistryRecord } from './record.ts';

/**
 * What a disconnect may delete. DeleteConnection, DeletePrivateLink and RemoveClusterPolicy decide by these functions, and
 * PlanRemoval says beforehand how they will decide.
 */

/** Why a resource stays, as short as a tag needs it, and what a person can do. */
export interface Kept {
  note: string;
  remedy?: string | undefined;
}

/** Both in one text, for the output of a run. */
export const noteOf = ({ note, remedy }: Kept): string => (remedy === undefined ? note : `${note}. ${remedy}`);

/**
 * Whether a resource that was found may be deleted, or why it stays. `settled`: what the record must say about it from now on,
 * because an unclear attempt has become clear; null if the recorded resource no longer exists.
 */
export type Verdict<Recorded = Piece> =
  | { isOurs: true; settled?: Recorded }
  | ({ isOurs: false; settled?: Recorded | null } & Kept);

type Asked = Pick<Request, 'clusterArn' | 'includeAdopted' | 'recorded'>;

const notCreated = 'not created by this deployment, as far as the registry knows';
const takeOver = (where: string) =>
  `To remove it, run connect with the input "claim": true and then disconnect, or delete it in ${where}.`;
const includeAdopted = (where: string) =>
  `To remove it, run connect and then disconnect with the input "includeAdopted": true, or delete it in ${where}.`;
const linkCost = 'It costs about $51 a month (docs/cost.md).';

/** How a connection of the recorded name is treated. It is never touched if it doesn't go through a link to this cluster. */
export function decideConnection(connection: Connection, links: PrivateLink[], asked: Asked): Verdict {
  const recorded = asked.recorded?.connection;
  const linkId = connection.networking?.access?.connectionId ?? undefined;
  const reason = whyNotOurs(connection, isLinkToCluster(linkId, connection, links, asked) ? linkId : undefined);
  if (!reason) return verdictOn(connection.id ?? undefined, recorded, asked);
  return { isOurs: false, note: reason, ...(isReplaced(connection.id ?? undefined, recorded) && { settled: null }) };
}

/** A link that Atlas no longer lists is recognized by the record: it is the recorded one, or that of the recorded connection. */
function isLinkToCluster(
  linkId: string | undefined,
  { id }: Connection,
  links: PrivateLink[],
  { clusterArn, recorded }: Asked,
): boolean {
  const link = links.find(({ _id }) => _id === linkId);
  if (link) return link.arn === clusterArn;
  const isRecordedConnection = typeof id === 'string' && recorded?.connection?.id === id;
  return linkId !== undefined && (recorded?.privateLink?.id === linkId || isRecordedConnection);
}

/**
 * The private link that this run is about, with its verdict: the recorded one, by its id. After an unclear attempt it is the one
 * that falls into the attempt, else any live one. Both are undefined if Atlas doesn't list it.
 *
 * @returns `others`: further links to this cluster, which stay
 */
export function decidePrivateLink(
  links: PrivateLink[],
  asked: Asked,
): { link: PrivateLink | undefined; verdict: Verdict | undefined; others: PrivateLink[] } {
  const toCluster = links.filter(({ arn, state }) => arn === asked.clusterArn && state !== 'DELETED');
  const recorded = asked.recorded?.privateLink;
  const link = recorded && recordedLink(toCluster, recorded, asked.clusterArn);
  const verdict = link && verdictOn(link._id, recorded, asked);
  return {
    link,
    verdict: verdict?.isOurs === false ? { ...verdict, remedy: `${linkCost} ${verdict.remedy}` } : verdict,
    others: toCluster.filter((other) => other !== link),
  };
}

const recordedLink = (links: PrivateLink[], recorded: Piece, clusterArn: string): PrivateLink | undefined =>
  recorded.id === undefined
    ? (links.find(({ _id }) => ownershipOf(_id, recorded) === 'created') ?? livePrivateLink(links, clusterArn))
    : links.find(({ _id }) => _id === recorded.id);

/** What the output says about links to the cluster that stay although no record names them; undefined if there are none. */
export function keptLinks(others: PrivateLink[]): Kept | undefined {
  const ids = others.filter((link) => !isBeingDeleted(link)).map(({ _id }) => _id);
  if (ids.length === 0) return undefined;
  return { note: `${few(ids)} - ${notCreated}`, remedy: `${linkCost} ${takeOver('Atlas')}` };
}

/** The first few of some ids or names: a project may have thousands. */
const few = (names: string[]): string =>
  names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ');

/** What the output says about a link that other connections use. @param users as `workspace/connection` */
export const keptInUse = (users: string[], { recorded }: Asked): Kept => ({
  note: `used by ${few(users)}`,
  remedy:
    recorded?.privateLink && mayBeOurs(recorded.privateLink)
      ? 'The sweep removes the private link when no connection uses it.'
      : 'Delete these connections, and then the private link in Atlas.',
});

/** Why our statement stays as long as a private link to the cluster does. */
export const neededStatement: Kept = { note: 'a private link to the cluster needs it' };

type Statement = NonNullable<RegistryRecord['statement']>;

/**
 * How the statement for Atlas in the cluster policy is treated. Without a record, any statement with a Sid of ours is reported.
 *
 * @param policy undefined if the cluster has none, or is gone
 * @returns the Sid, and no verdict if the policy has no such statement
 * @throws PolicyRefused if the policy cannot be read
 */
export function decideStatement(
  policy: string | undefined,
  { clusterArn, includeAdopted: isAdoptedIncluded, recorded }: Asked,
): { sid: string; verdict?: Verdict<Statement> } {
  const statement = recorded?.statement;
  if (!statement) {
    const sid = policy === undefined ? '' : atlasSids(policy).join(', ');
    return sid
      ? { sid, verdict: { isOurs: false, note: notCreated, remedy: takeOver('the cluster policy') } }
      : { sid };
  }
  const { sid, principalArn, ownership } = statement;
  const found = policy === undefined ? undefined : findStatement(policy, sid);
  if (!found) return { sid };
  if (ownership === 'created') return { sid, verdict: { isOurs: true } };

  const isExact = isSameStatement(found, atlasStatement(clusterArn, principalArn));
  if (isUnclear(statement) && isExact)
    return { sid, verdict: { isOurs: true, settled: { ...statement, ownership: 'created' } } };
  if (isAdoptedIncluded && isExact) return { sid, verdict: { isOurs: true } };
  const unknown = { settled: { ...statement, ownership: 'unknown' as const } };
  const note = ownership === 'adopted' ? adopted : 'it differs from what this deployment writes';
  const remedy = includeAdopted('the cluster policy');
  return { sid, verdict: { isOurs: false, note, remedy, ...(isUnclear(statement) && unknown) } };
}

const adopted = 'adopted, not created, by this deployment';

/** @param id Atlas's ObjectId of what was found */
function verdictOn(id: string | undefined, recorded: Piece | undefined, asked: Asked): Verdict {
  if (!recorded) return { isOurs: false, note: notCreated, remedy: takeOver('Atlas') };
  if (isReplaced(id, recorded))
    return {
      isOurs: false,
      note: `another party has replaced the one that is recorded, ${recorded.id}`,
      remedy: takeOver('Atlas'),
      settled: null,
    };
  const ownership: Ownership = ownershipOf(id, recorded);
  const settled = isUnclear(recorded) && { settled: { ...recorded, ...(id !== undefined && { id }), ownership } };
  if (ownership === 'created' || asked.includeAdopted) return { isOurs: true, ...settled };
  const note =
    ownership === 'adopted'
      ? adopted
      : 'this deployment tried to create one, but this one does not fall into the attempt';
  return { isOurs: false, note, remedy: includeAdopted('Atlas'), ...settled };
}

const isReplaced = (id: string | undefined, recorded: Piece | undefined): boolean =>
  id !== undefined && recorded?.id !== undefined && recorded.id !== id;

const isUnclear = ({ ownership, attemptedAt }: Pick<Piece, 'ownership' | 'attemptedAt'>): boolean =>
  ownership === undefined && attemptedAt !== undefined;

/**
 * What a run does about a recorded resource that Atlas doesn't show. Atlas may show late what it has accepted. `wait`: look again in
 * the next poll. `keep`: leave it in the record, because the sweep starts another run. `forget`: it doesn't exist.
 *
 * @param times ISO 8601; at its deadline, a wait does not look again
 * @param wait how long after the attempt it may appear. An attempt is forgotten when it is twice as old
 */
export function whenNotShown(
  recorded: Piece | undefined,
  { now, deadline }: { now: string; deadline: string },
  { timeoutMinutes }: Wait,
): 'wait' | 'keep' | 'forget' {
  if (!recorded?.attemptedAt || !mayBeOurs(recorded)) return 'forget';
  const limitMs = timeoutMinutes * 60_000;
  const ageMs = Date.parse(now) - Date.parse(recorded.attemptedAt);
  if (ageMs < limitMs && Date.parse(now) <= Date.parse(deadline)) return 'wait';
  return ageMs < 2 * limitMs ? 'keep' : 'forget';
}

/** What the output says about a resource that was requested and that no run could find yet. */
export const unconfirmed: Kept = {
  note: 'requested, but Atlas does not show it yet',
  remedy: 'The sweep starts a run that looks again.',
};
