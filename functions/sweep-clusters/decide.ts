import { AwsRefused } from '../../shared/errors.ts';
import { settingsOf, statusTag, triggerTag } from '../../shared/msk/tags.ts';
import { hasPieces, mayBeOurs, type RegistryRecord } from '../../shared/registry/record.ts';
import { wishWithoutTag } from '../../shared/registry/untagged.ts';
import { age, hour, minute } from './age.ts';
import { currentVersion, retryReason } from './retry.ts';
import { type Action, type Deps, type Subject, tagOf } from './subject.ts';

/** An execution that is due. */
export interface Work {
  action: Action;
  /** For the person who reads the sweep's result. */
  reason: string;
}

/** How soon a disconnect repeats if it could not find what was just requested: Atlas may show it late. */
const unclearMs = 15 * minute;

/** Another tool may remove the status tags again and again. */
const rewriteTagsMs = hour;

/**
 * Compares what a cluster's trigger tag asks for with what the registry says about it. Status tags are never read as memory.
 *
 * @param isRunning whether the record's holder is at work
 * @throws AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function decide(
  subject: Subject & { isRunning: boolean },
  now: string,
  deps: Deps,
): Promise<Work | 'running' | 'failed recently' | 'as it should be'> {
  const { cluster, record, isRunning } = subject;
  if (isRunning) {
    // The disconnect stops it. A connect would only wait for a running disconnect.
    const isUnwanted = record?.action === 'connect' && tagOf(cluster) === 'disconnect';
    return isUnwanted
      ? { action: 'disconnect', reason: 'a connect is running, and its tag says disconnect' }
      : 'running';
  }
  const work = await workFor(subject, now, deps);
  const hasFailed = (record?.failures ?? 0) > 0;
  if (!work) return hasFailed && record?.status !== 'connected' ? 'failed recently' : 'as it should be';
  // It would only fail, and that needs no message.
  if (work.action === 'connect' && cluster?.State === 'DELETING') return 'as it should be';
  if (!record || !hasFailed) return work;
  const reason = await retryReason(work.action, record, cluster, now, deps);
  return reason ? { ...work, reason: `${work.reason}, and ${reason}` } : 'failed recently';
}

/** What should be done if no run had failed. */
async function workFor({ cluster, record }: Subject, now: string, deps: Deps): Promise<Work | undefined> {
  const { action, because } = wishFor(cluster, record, deps);
  const status = record?.status ?? 'not connected';
  const isStill = status === 'failed' ? '' : `it is ${status}, and `;
  if (action === 'connect')
    return status === 'connected' && record
      ? verification(record, cluster?.Tags ?? {}, now, deps)
      : { action, reason: `${isStill}${because}` };
  // Without a record, a run removes nothing.
  if (!record) return undefined;
  if (status === 'disconnected') return removalOfTheRest(record, now, deps);
  if (action === 'disconnect') return { action, reason: `${isStill}${because}` };
  if (status === 'connected') return verification(record, cluster?.Tags ?? {}, now, deps);
  return unfinished(record, now);
}

/** What the cluster's owner wants now, and how we know. */
function wishFor(
  cluster: Subject['cluster'],
  record: RegistryRecord | undefined,
  { settings }: Deps,
): { action?: Action; because?: string } {
  if (!cluster) return { action: 'disconnect', because: 'the cluster no longer exists' };
  const action = tagOf(cluster);
  if (action) return { action, because: `its tag says ${action}` };
  // A cluster that was connected from the console, and never had the tag, stays connected.
  const wasUntagged = record?.wasTagged && hasPieces(record) && cluster.Tags?.[triggerTag] === undefined;
  return settings.disconnectOnUntag && wasUntagged ? { action: 'disconnect', because: 'its tag was removed' } : {};
}

/** Whether a connected cluster must be verified now. */
async function verification(
  record: RegistryRecord,
  tags: Record<string, string>,
  now: string,
  { secrets, settings: { verifyEveryHours } }: Deps,
): Promise<Work | undefined> {
  const because = (reason: string): Work => ({ action: 'connect', reason });
  if (age(record.verifiedAt, now) > verifyEveryHours * hour)
    return because(`it has not been verified for ${verifyEveryHours} hours`);
  if (record.settings !== undefined && record.settings !== settingsOf(tags))
    return because('its setting tags have changed');
  const isRewritten = record.strippedReported && age(record.verifiedAt, now) < rewriteTagsMs;
  // What AWS refuses is missing for good. Each verification tries again.
  const isRefused = record.tagsRefused !== undefined;
  if (tags[statusTag('status')] === undefined && !isRewritten && !isRefused)
    return because('its status tags were removed');
  const { connection, secretArn, secretVersionId } = record;
  if (connection?.ownership !== 'created' || !secretArn || !secretVersionId) return undefined;
  const secret = await secrets.describe(secretArn).catch((error: unknown) => {
    if (error instanceof AwsRefused && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  });
  if (!secret) return because('its SCRAM secret no longer exists');
  const version = currentVersion(secret);
  return version && version !== secretVersionId ? because('its SCRAM secret has rotated') : undefined;
}

/** Whether a disconnect must try again to remove what could not be removed, such as a private link that is in use. */
function removalOfTheRest(record: RegistryRecord, now: string, { settings }: Deps): Work | undefined {
  const { privateLink, connection, statement, verifiedAt } = record;
  // The last run may have been too early to find what was created.
  const isUnclear = [privateLink, connection, statement].some(
    (piece) =>
      piece && mayBeOurs(piece) && (!piece.ownership || age(piece.attemptedAt, verifiedAt ?? now) < 2 * unclearMs),
  );
  const pauseMs = isUnclear ? unclearMs : settings.verifyEveryHours * hour;
  return age(verifiedAt, now) > pauseMs
    ? { action: 'disconnect', reason: 'it is disconnected, and something may be left' }
    : undefined;
}

/** What an untagged record needs that is neither connected nor disconnected. */
function unfinished(record: RegistryRecord, now: string): Work | undefined {
  const { status, failures, lastFailure } = record;
  const wish = wishWithoutTag(record);
  if (wish === 'connect') return { action: 'connect', reason: 'it was connected' };
  if (wish === 'disconnect' && (hasPieces(record) || status))
    return {
      action: 'disconnect',
      reason: status ? 'its disconnect is not finished' : 'its connect is no longer wanted, and something may be left',
    };
  // A failure stays readable for a day.
  const isEmpty = !hasPieces(record) && (!failures || age(lastFailure?.at, now) > 24 * hour);
  return isEmpty ? { action: 'disconnect', reason: 'its record is empty' } : undefined;
}
