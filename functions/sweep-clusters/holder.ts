import type { DescribeExecutionCommandOutput } from '@aws-sdk/client-sfn';
import { isOfSameDeployment, mayStillWrite } from '../../shared/executions.ts';
import { age, minute } from '../../shared/registry/age.ts';
import { endedEarly } from '../../shared/registry/ended-early.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { noClaim } from '../../shared/registry/registry.ts';
import type { Deps } from './subject.ts';

/** DescribeExecution may not find an execution that has just started. */
const unknownForMs = 5 * minute;

/** What became of the execution that holds a cluster. */
export interface Held {
  /** The record without a holder that has ended. */
  record: RegistryRecord | undefined;
  isRunning: boolean;
  /** Whether the execution ended without recording its outcome, and was counted as a failure now. */
  isCounted: boolean;
}

/**
 * Releases a cluster whose holder has ended. An execution that was stopped, timed out, or failed without RecordFailure counts as a
 * failure, so that the pauses of failed runs apply to it.
 *
 * @throws AwsRefused, AwsThrottled, AwsUnavailable if the execution cannot be described
 */
export async function settleHolder(
  record: RegistryRecord | undefined,
  now: string,
  { executions, registry, settings }: Pick<Deps, 'executions' | 'registry' | 'settings'>,
): Promise<Held> {
  if (!record?.holder) return { record, isRunning: false, isCounted: false };
  // A retained registry may name an execution of a former deployment, which the role may not describe.
  const ours = `${settings.machines.connect.replace(':stateMachine:', ':execution:')}:`;
  const isOurs = isOfSameDeployment(record.holder, ours);
  const execution = isOurs ? await executions.describe(record.holder) : undefined;
  if (isOurs && isRunning(record, execution, now)) return { record, isRunning: true, isCounted: false };

  const hasSucceeded = execution?.status === 'SUCCEEDED';
  const { holder, action, claimedAt: _claimedAt, wantedBy: _wantedBy, ...rest } = record;
  const end = execution?.status ?? 'no longer exists';
  const at = execution?.stopDate?.toISOString() ?? now;
  const outcome = hasSucceeded
    ? successOf(record, execution)
    : endedEarly(record, { executionArn: record.holder, action, end, at });
  // The run may have released the cluster since the scan, and another one may have claimed it: the next sweep sees.
  if (!(await registry.updateUnclaimed(record.clusterArn, holder, { ...noClaim, ...outcome })))
    return { record, isRunning: true, isCounted: false };
  return { record: { ...rest, ...outcome }, isRunning: false, isCounted: !hasSucceeded };
}

function isRunning({ claimedAt }: RegistryRecord, execution: DescribeExecutionCommandOutput | undefined, now: string) {
  if (!execution) return age(claimedAt, now) < unknownForMs;
  return execution.status === 'RUNNING' || execution.status === 'PENDING_REDRIVE' || mayStillWrite(execution, now);
}

/**
 * A connect that succeeded and could not write that in the registry. Without the time of a success, a cluster without its tag would
 * never be verified again.
 */
const successOf = (
  { action, connection, verifiedAt }: RegistryRecord,
  { stopDate }: DescribeExecutionCommandOutput,
): { verifiedAt?: string } =>
  action === 'connect' && connection?.ownership && !verifiedAt && stopDate
    ? { verifiedAt: stopDate.toISOString() }
    : {};
