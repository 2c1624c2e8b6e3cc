import { whyNotOurs } from '../atlas/connection.ts';
import { isBeingDeleted, type LinkUser, livePrivateLink } from '../atlas/private-link.ts';
import type { Connection, PrivateLink } from '../atlas/types.ts';
import { few } from '../cut.ts';
import { atlasSids, atlasStatement, findStatement, grantingStatement, isSameStatement } from '../msk/policy.ts';
import { triggerTag } from '../msk/tags.ts';
import { notCreated } from '../outcomes.ts';
import type { Request } from '../request/request.ts';
import type { Wait } from '../waits.ts';
import { mayBeOurs, type Ownership, ownershipOf, type Piece, type RegistryRecord, settledAs } from './record.ts';

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
 * because an unclear attempt has become clear; null if the recorded resource no longer exists, or is no longer ours alone.
 */
export type Verdict<Recorded = Piece> =
  | { isOurs: true; settled?: Recorded }
  | ({ isOurs: false; settled?: Recorded | null } & Kept);

type Asked = Pick<Request, 'clusterArn' | 'includeAdopted' | 'recorded'>;

const unrecorded = `${notCreated}, as far as the registry knows`;
const linkCost = 'It costs about $51 a month.';

/** How a person removes what no record names. @param where it can be deleted */
const takeOver = (where: string, asked: Asked) =>
  removeIt(
    where,
    asked,
    `take it over: set the cluster's tag ${triggerTag} to "hold", which starts nothing. Start the connect machine with "claim": true. When that run has succeeded, set the tag to "disconnect"`,
  );

/** How a person removes what a connect has adopted. The disconnect has deleted the record by then, if nothing of ours is left. */
const includeAdopted = (where: string, asked: Asked) =>
  removeIt(
    where,
    asked,
    `let this deployment delete it: tag the cluster ${triggerTag}=connect, and wait until it is connected. Set the tag to "hold", which starts nothing. Then start the disconnect machine with "includeAdopted": true`,
  );

/** A cluster that no longer exists cannot be connected again. */
const removeIt = (where: string, { recorded }: Asked, orElse: string): string =>
  recorded?.missingSince
    ? `To remove it, delete it in ${where}.`
    : `To remove it, delete it in ${where}. Or ${orElse}.`;

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
  recorded.id === undefined || isUnclear(recorded)
    ? (links.find(({ _id }) => ownershipOf(_id, recorded) === 'created') ?? livePrivateLink(links, clusterArn))
    : links.find(({ _id }) => _id === recorded.id);

/** What the output says about links to the cluster that stay although no record names them; undefined if there are none. */
export function keptLinks(others: PrivateLink[], asked: Asked): Kept | undefined {
  const ids = others.filter((link) => !isBeingDeleted(link)).map(({ _id }) => _id);
  if (ids.length === 0) return undefined;
  return { note: `${few(ids)} - ${unrecorded}`, remedy: `${linkCost} ${takeOver('Atlas', asked)}` };
}

/**
 * Who uses the link that is to be deleted. `ours`: the connection that is to be deleted before it, if Atlas shows it again.
 * `others`: as `workspace/connection`.
 */
export function usersOfLink(
  users: LinkUser[],
  links: PrivateLink[],
  asked: Asked & Pick<Request, 'workspace' | 'connectionName'>,
): { ours: Piece | undefined; others: string[] } {
  const others: string[] = [];
  let ours: Piece | undefined;
  for (const { workspace, connection } of users) {
    const isOfName = workspace === asked.workspace && connection.name === asked.connectionName;
    const verdict = isOfName ? decideConnection(connection, links, asked) : undefined;
    if (verdict?.isOurs) ours = verdict.settled ?? asked.recorded?.connection;
    else others.push(`${workspace}/${connection.name}`);
  }
  return { ours, others };
}

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
  asked: Asked,
): { sid: string; verdict?: Verdict<Statement> } {
  const { clusterArn, includeAdopted: isAdoptedIncluded, recorded } = asked;
  const statement = recorded?.statement;
  if (!statement) {
    const sid = policy === undefined ? '' : atlasSids(policy).join(', ');
    return sid
      ? {
          sid,
          verdict: { isOurs: false, note: `${sid}, ${unrecorded}`, remedy: takeOver('the cluster policy', asked) },
        }
      : { sid };
  }
  const { sid, principalArn, ownership } = statement;
  const wanted = atlasStatement(clusterArn, principalArn);
  const find = (text: string) => (sid === '' ? grantingStatement(text, wanted) : findStatement(text, sid));
  const found = policy === undefined ? undefined : find(policy);
  if (!found) return { sid };

  const isExact = sid === wanted.Sid && isSameStatement(found, wanted);
  const edit = 'To remove it, edit the cluster policy.';
  if (ownership === 'created')
    return isExact
      ? { sid, verdict: { isOurs: true } }
      : {
          sid,
          verdict: { isOurs: false, settled: null, note: `${sid}, which another party has changed`, remedy: edit },
        };
  if (isUnclear(statement) && isExact)
    return { sid, verdict: { isOurs: true, settled: { ...statement, ownership: 'created' } } };
  if (isAdoptedIncluded && isExact) return { sid, verdict: { isOurs: true } };
  const unknown = { settled: { ...statement, ownership: 'unknown' as const } };
  const note = `${sid || 'a statement without a Sid'}, ${ownership === 'adopted' ? notCreated : 'which differs from what this deployment writes'}`;
  const remedy = isExact ? includeAdopted('the cluster policy', asked) : edit;
  return { sid, verdict: { isOurs: false, note, remedy, ...(isUnclear(statement) && unknown) } };
}

/** @param id Atlas's ObjectId of what was found */
function verdictOn(id: string | undefined, recorded: Piece | undefined, asked: Asked): Verdict {
  if (!recorded) return { isOurs: false, note: unrecorded, remedy: takeOver('Atlas', asked) };
  if (isReplaced(id, recorded))
    return {
      isOurs: false,
      note: `another party has replaced the one that is recorded, ${recorded.id}`,
      remedy: takeOver('Atlas', asked),
      settled: null,
    };
  const ownership: Ownership = ownershipOf(id, recorded);
  const settled = isUnclear(recorded) && { settled: settledAs(ownership, id, recorded) };
  if (ownership === 'created' || asked.includeAdopted) return { isOurs: true, ...settled };
  const note =
    ownership === 'adopted'
      ? notCreated
      : 'this deployment tried to create one, but this one was created at another time';
  return { isOurs: false, note, remedy: includeAdopted('Atlas', asked), ...settled };
}

const isReplaced = (id: string | undefined, recorded: Piece | undefined): boolean =>
  id !== undefined && recorded?.id !== undefined && recorded.id !== id && !isUnclear(recorded);

const isUnclear = ({ ownership, attemptedAt }: Pick<Piece, 'ownership' | 'attemptedAt'>): boolean =>
  ownership === undefined && attemptedAt !== undefined;

/**
 * What a run does about a recorded resource that Atlas doesn't show. Atlas may show late what it has accepted, and one wrong answer
 * must not make us forget what is billed. `wait`: look again in the next poll. `keep`: leave it in the record, because the sweep
 * starts another run. `forget`: it doesn't exist.
 *
 * @param times ISO 8601; at its deadline, a wait does not look again
 * @param wait how long after the attempt it may appear. An attempt is forgotten when it is twice as old
 * @param wasMissing whether the poll before did not find it either
 */
export function whenNotShown(
  recorded: Piece | undefined,
  { now, deadline }: { now: string; deadline: string },
  { timeoutMinutes }: Wait,
  wasMissing: boolean,
): 'wait' | 'keep' | 'forget' {
  if (!recorded) return 'forget';
  const limitMs = timeoutMinutes * 60_000;
  const mayAppear = mayBeOurs(recorded) && recorded.attemptedAt !== undefined;
  const ageMs = mayAppear ? Date.parse(now) - Date.parse(recorded.attemptedAt ?? '') : Number.POSITIVE_INFINITY;
  if ((ageMs < limitMs || !wasMissing) && Date.parse(now) <= Date.parse(deadline)) return 'wait';
  return ageMs < 2 * limitMs || !wasMissing ? 'keep' : 'forget';
}

/** What the output says about a resource that was requested and that no run could find yet. */
export const unconfirmed: Kept = {
  note: 'requested, but Atlas does not show it yet',
  remedy: 'The sweep starts a run that looks again.',
};
