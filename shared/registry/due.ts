import type { Cluster } from '@aws-sdk/client-kafka';
import { actionOf } from '../executions.ts';
import { type Action, settingsOf, settingTags, statusTag, tagOf, triggerTag } from '../msk/tags.ts';
import { age, hour, minute } from './age.ts';
import { nextAttempt } from './backoff.ts';
import { type Failure, hasLeftovers, hasPieces, mayBeOurs, type RegistryRecord, runEndedEarly } from './record.ts';
import { wishWithoutTag } from './untagged.ts';

/**
 * What a cluster needs, by its tags, its record and the time. The sweep starts runs by these functions, and `npm run status` says by them
 * when the next run is due.
 */

/** An execution that is due. */
export interface Due {
  action: Action;
  /** For the person who reads the sweep's result. */
  reason: string;
  /** ISO 8601. Undefined if it is due now. */
  at?: string | undefined;
}

/** A cluster that is tagged or recorded. */
interface Known {
  /** Undefined if MSK no longer has it. */
  cluster: Cluster | undefined;
  record: RegistryRecord | undefined;
}

interface Settings {
  verifyEveryHours: number;
  disconnectOnUntag: boolean;
}

interface RestartSetting {
  restartProcessors: boolean;
}

/** How soon a disconnect repeats if it could not find what was just requested: Atlas may show it late. */
const unclearMs = 15 * minute;

/** Another tool may remove the status tags again and again. */
const rewriteTagsMs = hour;

/**
 * What should be done about a cluster that no run works on, if no run had failed. Status tags are never read as memory.
 *
 * @param now ISO 8601
 * @returns undefined if nothing
 */
export function dueWork({ cluster, record }: Known, now: string, settings: Settings): Due | undefined {
  const { action, because } = wishFor(cluster, record, settings);
  const isDeleting = cluster?.State === 'DELETING';
  if (record && hasLeftovers(record) && !(isDeleting && action !== 'disconnect'))
    return { action: action ?? wishWithoutTag(record) ?? 'connect', reason: 'a run has left something that must end' };
  const status = record?.status ?? 'not connected';
  const isStill = status === 'failed' ? '' : `it is ${status}, and `;
  // A connect would only fail, and that needs no message.
  if (isDeleting && action !== 'disconnect') return undefined;
  if (action === 'connect')
    return status === 'connected' && record
      ? verification(record, cluster?.Tags ?? {}, now, settings)
      : { action, reason: `${isStill}${because}` };
  // Without a record, a run removes nothing.
  if (!record) return undefined;
  if (status === 'disconnected') return removalOfTheRest(record, now, settings);
  if (action === 'disconnect') return { action, reason: `${isStill}${because}` };
  if (status === 'connected') return verification(record, cluster?.Tags ?? {}, now, settings);
  return unfinished(record, now);
}

/**
 * When the sweep starts the next run of a cluster that no run works on, if nothing changes before. A rotated secret, for example, starts
 * it at once.
 *
 * @param now ISO 8601
 * @returns undefined if no run is due by time alone
 */
export function nextRun(known: Known, now: string, settings: Settings & RestartSetting): Due | undefined {
  const due = dueWork(known, now, settings);
  const { failures, lastFailure } = known.record ?? {};
  const isRetry = due && failures && lastFailure && actionOf(lastFailure.executionArn) === due.action;
  if (isRetry && waitsForChange({ ...lastFailure, ...due }, known.record)) {
    const isAllowedNow = known.cluster && mayRestartNow(known.cluster, { settings });
    return isAllowedNow ? due : undefined;
  }
  const retryAt = due && known.record?.failures ? retryTime(due.action, known.record, now) : undefined;
  const [latest] = [due?.at ?? [], retryAt ?? []].flat().toSorted().reverse();
  return due && { ...due, at: latest };
}

/**
 * Until when a cluster pauses whose last run failed.
 *
 * @param action of the next run
 * @param now ISO 8601
 * @returns ISO 8601; undefined if it does not pause
 */
export function retryTime(action: Action, record: RegistryRecord, now: string): string | undefined {
  const { failures = 1, lastFailure } = record;
  if (!lastFailure || actionOf(lastFailure.executionArn) !== action) return undefined;
  if (age(lastFailure.at, now) === Number.POSITIVE_INFINITY) return undefined;
  // What a run that died has stopped must not stay so. One that dies each time is not started at every sweep.
  if (hasLeftovers(record) && lastFailure.error === runEndedEarly && lastFailure.isNews) return undefined;
  const at = endOfPause(failures, lastFailure.at, record);
  return Date.parse(at) <= Date.parse(now) ? undefined : at;
}

/**
 * When the pause after a failure ends. Stopped stream processors must not wait for a day, also if other runs have failed before.
 *
 * @param failures in a row, at least 1
 * @param failedAt ISO 8601
 * @returns ISO 8601
 */
export const endOfPause = (failures: number, failedAt: string, record: RegistryRecord | undefined): string =>
  nextAttempt(record && hasLeftovers(record) ? 1 : failures, failedAt);

/**
 * Whether the sweep starts no run of a cluster until something changes. A connect that must change a connection in use fails again as long
 * as nothing allows it to stop the stream processors. If the run was allowed to, they may stop the next time. If it had settings of its own,
 * the sweep's run may have nothing to change. What an earlier run has left is given back all the same.
 */
export const waitsForChange = (
  {
    error,
    action,
    mayRestart,
    hasOwnSettings,
  }: Pick<Failure, 'error' | 'mayRestart' | 'hasOwnSettings'> & { action: Action },
  record: RegistryRecord | undefined,
): boolean =>
  error === 'ConnectionInUse' &&
  action === 'connect' &&
  !(mayRestart || hasOwnSettings) &&
  !(record && hasLeftovers(record));

/** Whether a run may stop stream processors, as ResolveRequest decides it. */
export function mayRestartNow({ Tags = {} }: Cluster, { settings }: { settings: RestartSetting }): boolean {
  const tag = Tags[settingTags.restartProcessors];
  return tag === undefined ? settings.restartProcessors : tag === 'true';
}

/** What the cluster's owner wants now, and how we know. */
function wishFor(
  cluster: Cluster | undefined,
  record: RegistryRecord | undefined,
  { disconnectOnUntag }: Settings,
): { action?: Action; because?: string } {
  if (!cluster) return { action: 'disconnect', because: 'the cluster no longer exists' };
  const action = tagOf(cluster);
  if (action) return { action, because: `its tag says ${action}` };
  // A cluster that was connected from the console, and never had the tag, stays connected.
  const wasUntagged = record?.wasTagged && hasPieces(record) && cluster.Tags?.[triggerTag] === undefined;
  return disconnectOnUntag && wasUntagged ? { action: 'disconnect', because: 'its tag was removed' } : {};
}

/** When a connected cluster must be verified. */
function verification(
  record: RegistryRecord,
  tags: Record<string, string>,
  now: string,
  { verifyEveryHours }: Settings,
): Due {
  const because = (reason: string, at?: string): Due => ({ action: 'connect', reason, at });
  const at = endOf(record.verifiedAt, verifyEveryHours * hour, now);
  const isOld = because(`it has not been verified for ${verifyEveryHours} hours`, at);
  if (at === undefined) return isOld;
  if (record.settings !== undefined && record.settings !== settingsOf(tags))
    return because('its setting tags have changed');
  // What AWS refuses is missing for good. Each verification tries again.
  if (tags[statusTag('status')] !== undefined || record.tagsRefused !== undefined) return isOld;
  return because(
    'its status tags were removed',
    record.strippedReported ? endOf(record.verifiedAt, rewriteTagsMs, now) : undefined,
  );
}

/** When a disconnect must try again to remove what could not be removed, such as a private link that is in use. */
function removalOfTheRest(record: RegistryRecord, now: string, { verifyEveryHours }: Settings): Due {
  const { privateLink, connection, statement, verifiedAt } = record;
  // The last run may have been too early to find what was created.
  const isUnclear = [privateLink, connection, statement].some(
    (piece) =>
      piece && mayBeOurs(piece) && (!piece.ownership || age(piece.attemptedAt, verifiedAt ?? now) < 2 * unclearMs),
  );
  const at = endOf(verifiedAt, isUnclear ? unclearMs : verifyEveryHours * hour, now);
  return { action: 'disconnect', reason: 'it is disconnected, and something may be left', at };
}

/** What an untagged record needs that is neither connected nor disconnected. */
function unfinished(record: RegistryRecord, now: string): Due | undefined {
  const { status, failures, lastFailure } = record;
  const wish = wishWithoutTag(record);
  if (wish === 'connect') return { action: 'connect', reason: 'it was connected' };
  if (wish === 'disconnect' && (hasPieces(record) || status))
    return {
      action: 'disconnect',
      reason: status ? 'its disconnect is not finished' : 'its connect is no longer wanted, and something may be left',
    };
  if (hasPieces(record)) return undefined;
  // A failure stays readable for a day.
  const at = failures ? endOf(lastFailure?.at, 24 * hour, now) : undefined;
  return { action: 'disconnect', reason: 'its record is empty', at };
}

/**
 * When a pause ends.
 *
 * @param from ISO 8601
 * @returns ISO 8601; undefined if it has ended, or if its begin is unknown
 */
const endOf = (from: string | undefined, pauseMs: number, now: string): string | undefined =>
  age(from, now) > pauseMs ? undefined : new Date(Date.parse(from ?? '') + pauseMs).toISOString();
