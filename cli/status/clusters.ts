import type { Cluster } from '@aws-sdk/client-kafka';
import { oneLine } from '../../shared/foreign-text.ts';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { privateConnectivityOf } from '../../shared/msk/cluster.ts';
import { type Action, tagOf } from '../../shared/msk/tags.ts';
import { monthlyDollars } from '../../shared/outcomes.ts';
import { isWaitDetail } from '../../shared/reboot-window.ts';
import { type Due, nextRun } from '../../shared/registry/due.ts';
import { hasPieces, type RegistryRecord, type Target } from '../../shared/registry/record.ts';
import { isRemovedIfDeleted, isVanishingImplausible, wasMissed } from '../../shared/registry/vanished.ts';
import type { Registered } from '../registry-table.ts';

/** A resource that the record names. `unclear`: a run has requested it, and the outcome is not known. */
interface Resource {
  resource: 'private link' | 'connection' | 'policy statement';
  id: string | undefined;
  ownership: 'created' | 'adopted' | 'unknown' | 'unclear';
}

/** What is known about a cluster that is recorded or tagged. All times are ISO 8601. */
export interface ClusterStatus {
  clusterArn: string;
  name: string;
  /** Whether MSK lists the cluster; undefined if MSK gave no answer. */
  exists: boolean | undefined;
  status: NonNullable<RegistryRecord['status']> | 'not connected' | 'unreadable';
  /** The end of the last run that succeeded, the last failure, or the start of the run at work. */
  since: string | undefined;
  target: Target | undefined;
  /** The SCRAM secret with which Atlas logs in to the cluster, or the role as which it does. */
  secretArn: string | undefined;
  roleArn: string | undefined;
  resources: Resource[];
  /** When a run turned multi-VPC connectivity on. */
  turnedOn: string | undefined;
  /** The stream processors that a run has stopped and not started again yet. */
  stoppedProcessors: string[];
  /** The name of the temporary stream processor of a run that proves that data can flow, or has died. */
  probe: string | undefined;
  /** What the last failure said, as in the tag atlas-streaming/detail, on one line. */
  error: string | undefined;
  /** How many runs have failed in a row. */
  failures: number;
  /** The run at work. */
  running: { executionArn: string; action: Action; detail?: string } | undefined;
  /** The next run that is due by time, if nothing changes before. The first sweep after `at`, or the next one, starts it. */
  next: Due | undefined;
  /** Without traffic and stream processors. */
  dollarsPerMonth: number;
  needsPerson: boolean;
}

interface Settings {
  verifyEveryHours: number;
  disconnectOnUntag: boolean;
  restartProcessors: boolean;
  disconnectDeletedClusters: boolean;
}

/**
 * Every cluster that is recorded or tagged, by name.
 *
 * @param clusters that MSK lists; undefined if MSK gave no answer
 * @param now ISO 8601
 */
export function clustersOf(
  { records, unreadable }: Registered,
  clusters: Cluster[] | undefined,
  now: string,
  settings: Settings,
): ClusterStatus[] {
  const listed = new Map(clusters?.map((cluster) => [cluster.ClusterArn ?? '', cluster]));
  const recorded = new Map(records.map((record) => [record.clusterArn, record]));
  const unread = new Map(unreadable.map(({ clusterArn, error }) => [clusterArn, error]));
  const tagged = [...listed.values()].filter(tagOf).map(({ ClusterArn }) => ClusterArn ?? '');
  const examined = records.filter((record) => isRemovedIfDeleted(record, settings));
  const isImplausible = isVanishingImplausible(examined, (clusterArn) => listed.has(clusterArn));
  const known: Known = { isListKnown: clusters !== undefined, isImplausible, now, settings };
  const all = [...new Set([...recorded.keys(), ...unread.keys(), ...tagged])].map((clusterArn) => {
    const error = unread.get(clusterArn);
    const cluster = listed.get(clusterArn);
    return {
      ...(error === undefined ? recordedStatus(recorded.get(clusterArn), cluster, known) : unreadableStatus(error)),
      clusterArn,
      name: parseClusterArn(clusterArn)?.clusterName ?? clusterArn,
      exists: clusters && cluster !== undefined,
    };
  });
  return all.toSorted((one, other) => (`${one.name} ${one.clusterArn}` < `${other.name} ${other.clusterArn}` ? -1 : 1));
}

type Status = Omit<ClusterStatus, 'clusterArn' | 'name' | 'exists'>;

interface Known {
  /** Whether MSK has listed its clusters. */
  isListKnown: boolean;
  /** Whether so many clusters have vanished that the sweep does nothing about them. */
  isImplausible: boolean;
  /** ISO 8601. */
  now: string;
  settings: Settings;
}

/** Nothing is known about it but its key. */
const unreadableStatus = (error: string): Status => ({
  status: 'unreadable',
  since: undefined,
  target: undefined,
  secretArn: undefined,
  roleArn: undefined,
  resources: [],
  turnedOn: undefined,
  stoppedProcessors: [],
  probe: undefined,
  error: oneLine(error),
  failures: 0,
  running: undefined,
  next: undefined,
  dollarsPerMonth: 0,
  needsPerson: true,
});

function recordedStatus(record: RegistryRecord | undefined, cluster: Cluster | undefined, known: Known): Status {
  const { isListKnown } = known;
  const { status = 'not connected', holder, action = 'connect', failures = 0, lastFailure } = record ?? {};
  const running = holder === undefined ? undefined : { executionArn: holder, action, ...waitOf(record?.detail) };
  const next = isListKnown && !running ? nextOf(record, cluster, known) : undefined;
  const hasFailed = status === 'failed' || failures > 0;
  const isLeft = isListKnown && !cluster && record !== undefined && hasPieces(record) && next === undefined;
  return {
    status,
    since: running ? record?.claimedAt : hasFailed ? lastFailure?.at : record?.verifiedAt,
    target: record?.target,
    secretArn: record?.secretArn,
    roleArn: record?.roleArn,
    resources: resourcesOf(record),
    turnedOn: record?.turnedOn,
    stoppedProcessors: (record?.stoppedProcessors ?? []).filter((it) => !it.seenStarted).map((it) => it.name),
    probe: record?.probe?.name,
    error: (hasFailed ? errorOf(record) : undefined) ?? (isLeft && known.isImplausible ? manyVanished : undefined),
    failures,
    running,
    next,
    dollarsPerMonth: dollarsFor(record, cluster),
    needsPerson: !running && (hasFailed || isLeft),
  };
}

/** A run that waits for the reboot window says until when. */
const waitOf = (detail: string | undefined) =>
  detail !== undefined && isWaitDetail(detail) ? { detail: oneLine(detail) } : {};

/** What is billed by the hour, whoever created it. AWS bills multi-VPC connectivity for each scheme (docs/cost.md). */
function dollarsFor(record: RegistryRecord | undefined, cluster: Cluster | undefined): number {
  const schemes = cluster ? Object.values(privateConnectivityOf(cluster)).filter(Boolean).length : 0;
  return (record?.privateLink ? monthlyDollars('privateLink') : 0) + schemes * monthlyDollars('multiVpcConnectivity');
}

/** The sweep treats a cluster that MSK no longer has as the setting says, and only if two sweeps agree that it has vanished. */
function nextOf(
  record: RegistryRecord | undefined,
  cluster: Cluster | undefined,
  { isImplausible, now, settings }: Known,
): Due | undefined {
  if (cluster || !record) return nextRun({ cluster, record }, now, settings);
  if (isImplausible || !isRemovedIfDeleted(record, settings)) return undefined;
  const next = nextRun({ cluster, record }, now, settings);
  return next && !wasMissed(record, now)
    ? { ...next, reason: `${next.reason}; the second sweep that misses it starts the run` }
    : next;
}

const manyVanished =
  'So many recorded clusters are missing in MSK that the sweep does nothing about them. If they were deleted, start a disconnect for each.';

/** A run that succeeded since then may have written another detail. */
const errorOf = (record: RegistryRecord | undefined): string | undefined => {
  const { status, detail, lastFailure } = record ?? {};
  const text = status === 'failed' ? (detail ?? lastFailure?.error) : lastFailure?.error;
  return text && oneLine(text);
};

function resourcesOf(record: RegistryRecord | undefined): Resource[] {
  const { privateLink, connection, statement } = record ?? {};
  const pieces = [
    { resource: 'private link' as const, id: privateLink?.id, piece: privateLink },
    { resource: 'connection' as const, id: connection?.id, piece: connection },
    { resource: 'policy statement' as const, id: statement?.sid, piece: statement },
  ];
  return pieces.flatMap(({ piece, ...rest }) => (piece ? { ...rest, ownership: piece.ownership ?? 'unclear' } : []));
}
