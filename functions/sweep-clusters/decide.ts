import { AwsRefused } from '../../shared/errors.ts';
import { tagOf } from '../../shared/msk/tags.ts';
import { type Due, dueWork } from '../../shared/registry/due.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { currentVersion, retryReason } from './retry.ts';
import type { Deps, Subject } from './subject.ts';

/** An execution that is due. */
export type Work = Pick<Due, 'action' | 'reason'>;

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
  if (!record || !hasFailed) return work;
  const reason = await retryReason(work.action, record, cluster, now, deps);
  return reason ? { ...work, reason: `${work.reason}, and ${reason}` } : 'failed recently';
}

/** What should be done now if no run had failed. */
async function workFor({ cluster, record }: Subject, now: string, deps: Deps): Promise<Work | undefined> {
  const due = dueWork({ cluster, record }, now, deps.settings);
  if (!due) return undefined;
  const { action, reason, at } = due;
  if (at === undefined) return { action, reason };
  return record?.status === 'connected' ? update(record, deps) : undefined;
}

/** Whether a connected cluster must be updated before its next verification, because its SCRAM secret has changed. */
async function update(
  { connection, secretArn, secretVersionId }: RegistryRecord,
  { secrets }: Deps,
): Promise<Work | undefined> {
  if (connection?.ownership !== 'created' || !secretArn || !secretVersionId) return undefined;
  const secret = await secrets.describe(secretArn).catch((error: unknown) => {
    if (error instanceof AwsRefused && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  });
  if (!secret) return { action: 'connect', reason: 'its SCRAM secret no longer exists' };
  const version = currentVersion(secret);
  return version && version !== secretVersionId
    ? { action: 'connect', reason: 'its SCRAM secret has rotated' }
    : undefined;
}
