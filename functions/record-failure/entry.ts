import * as errors from '../../shared/errors.ts';
import { actionOf } from '../../shared/executions.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { writeStatus } from '../../shared/msk/tags.ts';
import { isAccountFault } from '../../shared/registry/account-faults.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Changes, Registry } from '../../shared/registry/registry.ts';
import type { StartedBy } from '../../shared/request/intent.ts';

export interface Failing {
  clusterArn: string;
  executionArn: string;
  /** ISO 8601. */
  now: string;
  error: string;
  /** The same for the same failure. */
  fingerprint: string;
  /** The short form, for the tags. */
  detail: string;
  /** Whether this run had claimed the cluster, as far as the machine knows. */
  isClaimed: boolean;
  startedBy: StartedBy;
  /** When the tag was changed whose event has started this run; ISO 8601. */
  taggedAt: string | undefined;
  /** The fingerprint of the difference that TargetChanged reports. */
  targetChange?: string;
  /** Whether this run was allowed to stop stream processors. */
  mayRestart?: boolean;
  /** Whether the input had settings of the connection that the runs of the sweep don't have. */
  hasOwnSettings?: boolean;
}

export interface Entry {
  /** Whether a person must be notified. */
  isNews: boolean;
  /** Whether another run has taken over the cluster, so that this failure needs no reaction. */
  isClaimLost?: boolean;
  /** Whether an earlier attempt of this state has recorded the failure. */
  isRepeated?: boolean;
  /** In a row, with this one; undefined if the sweep doesn't count it. */
  failures?: number | undefined;
  /** The registry's record before this failure. */
  record?: RegistryRecord | undefined;
  /** What could not be written. */
  notes: string[];
}

interface Deps {
  registry: Registry;
  msk: MskClient;
}

/** More than the failures that may be recorded at the same moment. */
const maxAttempts = 5;

/**
 * Writes the failure in the registry and on the cluster's tags, and gives the cluster back. Nothing is written if another execution
 * holds the cluster by now, or if a manual start failed before it had claimed the cluster. A registry or tags that cannot be written
 * become a note: they must not hide the failure itself. Safe to repeat: a failure is counted once.
 */
export async function enter(failing: Failing, deps: Deps, attempts = maxAttempts): Promise<Entry> {
  const { clusterArn, executionArn, isClaimed } = failing;
  const isCallers = !isClaimed && failing.startedBy === 'console';
  const read = await attempt(() => deps.registry.readRecord(clusterArn));
  if ('refusal' in read) {
    const notes = [`The registry could not be read: ${read.refusal}`];
    return { isNews: true, notes: isCallers ? notes : [...notes, ...(await writeTags(failing, 'failed', deps.msk))] };
  }
  const record = read.value;
  const holder = record?.holder;
  if (holder === executionArn) return underClaim(failing, record, deps);
  // An earlier attempt of this state has counted the failure, or the claim is another run's by now.
  const known = record?.lastFailure;
  const counted =
    known?.executionArn === executionArn
      ? { isNews: known.isNews, failures: record?.failures, isRepeated: true }
      : undefined;
  // A disconnect that has removed everything has deleted the record itself. A connect never does: then a disconnect has taken over.
  const isLost = record ? record.lastExecution !== executionArn : actionOf(executionArn) === 'connect';
  if (isClaimed && isLost) return { isNews: false, isClaimLost: true, record, notes: [] };
  if (holder) return { isNews: true, ...counted, record, notes: [heldBy(`execution ${holder}`)] };
  if (counted) return { ...counted, record, notes: await writeTags(failing, statusAfter(failing, record), deps.msk) };
  if (isCallers) return { isNews: true, record, notes: [] };
  if (isClaimed)
    return { isNews: true, record, notes: [`${unchanged}, because this run had given the cluster back before.`] };
  const entry = await withoutClaim(failing, record, deps);
  if (entry) return entry;
  return attempts > 1
    ? enter(failing, deps, attempts - 1)
    : { isNews: true, record, notes: [heldBy('another execution')] };
}

/** The tags come first: after the release, they are another run's. */
async function underClaim(
  failing: Failing,
  record: RegistryRecord | undefined,
  { registry, msk }: Deps,
): Promise<Entry> {
  const { changes, ...entry } = changesFor(failing, record);
  const notes = await writeTags(failing, statusAfter(failing, record), msk);
  const released = await attempt(() => registry.release(failing.clusterArn, failing.executionArn, changes));
  return 'refusal' in released
    ? { isNews: entry.isNews, record, notes: [...notes, `The registry could not be written: ${released.refusal}`] }
    : { ...entry, record, notes };
}

/** The registry decides whether the tags may be written. */
async function withoutClaim(
  failing: Failing,
  record: RegistryRecord | undefined,
  { registry, msk }: Deps,
): Promise<Entry | undefined> {
  const { changes, ...entry } = changesFor(failing, record);
  const written = await attempt(() => registry.updateUnclaimed(failing.clusterArn, undefined, changes, { record }));
  // Another run has claimed the cluster or failed meanwhile, such as that of the other event about the same tag.
  if ('value' in written && !written.value) return undefined;
  const notes = await writeTags(failing, statusAfter(failing, record), msk);
  return 'refusal' in written
    ? { isNews: entry.isNews, record, notes: [`The registry could not be written: ${written.refusal}`, ...notes] }
    : { ...entry, record, notes };
}

function changesFor(failing: Failing, record: RegistryRecord | undefined) {
  const { error, fingerprint, now, executionArn, detail, targetChange, mayRestart, hasOwnSettings } = failing;
  const known = sameFailure(record, failing);
  const isNews = !known && isNewsAfter(record, failing);
  // A cluster that stays connected has not failed.
  const failures = error === 'TargetChanged' ? undefined : (record?.failures ?? 0) + (known ? 0 : 1);
  const changes: Changes = {
    status: statusAfter(failing, record),
    detail,
    failures: failures ?? null,
    lastFailure: {
      ...{ error, fingerprint, at: now, isAccountFault: isAccountFault(error) },
      ...known,
      ...{ executionArn, isNews },
      ...(error === 'ConnectionInUse' && mayRestart !== undefined && { mayRestart }),
      ...(error === 'ConnectionInUse' && hasOwnSettings && { hasOwnSettings }),
    },
    // What was proved before is wrong by now.
    ...(error === 'ProbeFailed' && { proof: null }),
    ...(targetChange &&
      error === 'TargetChanged' && {
        targetsChanged: [...(record?.targetsChanged ?? []), targetChange].slice(-maxTargetsChanged),
      }),
  };
  return { isNews, failures, changes };
}

/** Differences that are remembered as reported: a tag and a person may ask for two in turn. */
const maxTargetsChanged = 10;

/** A target that changed leaves the cluster connected as it is. So does a wrong input, which has changed nothing. */
const statusAfter = ({ error }: { error: string }, record: RegistryRecord | undefined): 'connected' | 'failed' =>
  error === 'TargetChanged' || (error === 'InvalidRequest' && record?.status === 'connected') ? 'connected' : 'failed';

/**
 * The last failure, if it is this one: AWS reports one change of a tag by up to two kinds of events, perhaps minutes apart, and each
 * event may arrive twice. So a failure after the change has seen what this run saw.
 */
function sameFailure(record: RegistryRecord | undefined, { fingerprint, taggedAt }: Failing) {
  const last = record?.lastFailure;
  if (!taggedAt || !record?.failures || last?.fingerprint !== fingerprint) return undefined;
  return Date.parse(taggedAt) <= Date.parse(last.at) ? last : undefined;
}

/** A failure that equals the one before it isn't news, unless no message reported that one. */
function isNewsAfter(record: RegistryRecord | undefined, { error, fingerprint }: Failing): boolean {
  const last = record?.lastFailure;
  if (error === 'TargetChanged' || !record?.failures || last?.fingerprint !== fingerprint) return true;
  return last.isNews && record.notifiedExecution !== last.executionArn;
}

async function writeTags(
  { clusterArn, executionArn, detail }: Failing,
  status: 'connected' | 'failed',
  msk: MskClient,
): Promise<string[]> {
  const written = await attempt(() => writeStatus(clusterArn, { status, detail, executionArn }, msk));
  const problem = 'refusal' in written ? written.refusal : written.value;
  return problem !== undefined ? [`The status tags could not be written: ${problem}`] : [];
}

const unchanged = 'The registry and the status tags were left unchanged';

const heldBy = (who: string) => `${unchanged}, because ${who} is working on this cluster.`;

/** One of our errors becomes its message. Any other is a bug. */
async function attempt<Value>(call: () => Promise<Value>): Promise<{ value: Value } | { refusal: string }> {
  try {
    return { value: await call() };
  } catch (refusal) {
    if (!(refusal instanceof errors.NeedsPersonError || refusal instanceof errors.TransientError)) throw refusal;
    return { refusal: refusal.message };
  }
}
