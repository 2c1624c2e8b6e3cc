import { fingerprint } from './fingerprint.ts';
import { type Failure, hasLeftovers, type RegistryRecord, runEndedEarly } from './record.ts';

/**
 * What a record gets if an execution ended without recording its outcome: a failure. So the pauses after failures apply to such runs
 * too, and one that ends like this each time is not started at every sweep.
 *
 * @param end its status, or that it no longer exists; without a cause, because the status is all that is known for certain
 * @param at ISO 8601
 */
export function endedEarly(
  record: RegistryRecord | undefined,
  { executionArn, action, end, at }: { executionArn: string; action: string | undefined; end: string; at: string },
) {
  const { failures = 0, lastFailure, notifiedExecution } = record ?? {};
  // Nobody may have been notified of the one before yet. Only FAILED has a message.
  const isReported = end !== 'FAILED' || !lastFailure?.isNews || lastFailure.executionArn === notifiedExecution;
  const found = fingerprintOf(action, end);
  const hasLeft = record !== undefined && hasLeftovers(record);
  return {
    status: 'failed' as const,
    detail: `${runEndedEarly}: execution ${executionArn} ended without recording its outcome (${end}).`,
    failures: failures + 1,
    lastFailure: {
      error: runEndedEarly,
      fingerprint: found,
      at,
      executionArn,
      // News starts the next run at once, and that must give back what this one has left.
      isNews: found !== lastFailure?.fingerprint || !isReported || (hasLeft && !lastFailure.hasLeft),
      isAccountFault: false,
      ...(hasLeft && { hasLeft }),
    },
  };
}

/** Whether a failure is that of a run that was stopped. */
export const isStopped = (failure: Failure | undefined, action: 'connect' | 'disconnect'): boolean =>
  failure?.fingerprint === fingerprintOf(action, 'ABORTED');

/** Whether the last failure is that of a disconnect that a person has stopped. */
export const isStoppedDisconnect = (failure: Failure | undefined): boolean => isStopped(failure, 'disconnect');

const fingerprintOf = (action: string | undefined, end: string): string =>
  fingerprint(runEndedEarly, action ?? '', end);
