import { ownLines } from '../../shared/foreign-text.ts';
import { reportable } from './reserved-error.ts';

/** What a Catch leaves behind. */
interface Caught {
  Error: string;
  Cause?: string | undefined;
}

export interface Failure {
  state: string;
  /** The name of the error's class. */
  error: string;
  /** Its own words; '' if it has none. */
  said: string;
}

/** On the way to a failure, these states give back what the run has taken. */
const givingBack = new Set(['EndProbe', 'StartProcessors']);

/**
 * What a run failed of, and what failed on the way to its end. A state that gives back what the run has taken is what the run failed of only
 * if nothing else is.
 *
 * @param failed the state that failed → its error
 */
export function failuresIn(
  failed: Record<string, Caught>,
  executionArn: string,
): { failure: Failure; others: Failure[] } {
  const failures = Object.entries(failed).map(([state, { Error: error, Cause }]) => ({
    state,
    ...reportable({ error, said: ownLines(saidBy(Cause)) }, logGroupOf(state, executionArn)),
  }));
  const failure = failures.find(({ state }) => !givingBack.has(state)) ?? failures[0];
  if (!failure) return { failure: { state: 'The execution', error: 'Unknown', said: '' }, others: [] };
  return { failure, others: failures.filter((it) => it !== failure) };
}

/** The error's own words. A Lambda function's error arrives as `{"errorType","errorMessage","trace"}`. */
function saidBy(cause = ''): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' && errorMessage ? errorMessage : cause;
  } catch {
    // Plain text (Step Functions' own words), or null.
    return cause;
  }
}

/** A function has the prefix of its machine, and the name of its state. */
export const logGroupOf = (state: string, executionArn: string): string =>
  `/aws/lambda/${executionArn.split(':')[6]?.replace(/-(connect|disconnect)$/, '')}-${state}`;
