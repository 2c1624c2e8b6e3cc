import { isStartedBySweep } from '../executions.ts';
import { isEvent } from './input.ts';

/** Who has started an execution: the tag's event, the sweep, or a person. */
export type StartedBy = 'tag' | 'sweep' | 'console';

/** @param input the execution's own, which may be anything */
export const startedBy = (input: unknown, executionArn: string): StartedBy =>
  isEvent(input) ? 'tag' : isStartedBySweep(executionArn) ? 'sweep' : 'console';

/** Also if `dryRun` is not a boolean: its author did not intend any change. */
export const isDryRun = (input: unknown): boolean =>
  ((input as { dryRun?: unknown } | null | undefined)?.dryRun ?? false) !== false;

/**
 * Whether a failure concerns only the caller: of a dry run, of a wrong input that a person has typed, or of a run that another one
 * has taken over from. It is neither reported nor recorded.
 *
 * @param error the name of the error's class
 */
export const concernsOnlyCaller = (error: string, input: unknown, executionArn: string): boolean =>
  error === 'ClaimLost' ||
  isDryRun(input) ||
  (error === 'InvalidRequest' && startedBy(input, executionArn) === 'console');

/** Whether a person has given settings of the connection that the runs of the sweep don't have. */
export const hasOwnSettings = (input: unknown, executionArn: string): boolean => {
  const { config, secretArn } = (input ?? {}) as { config?: unknown; secretArn?: unknown };
  return startedBy(input, executionArn) === 'console' && (config ?? secretArn ?? undefined) !== undefined;
};
