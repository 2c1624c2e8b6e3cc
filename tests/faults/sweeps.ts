import type { Cloud } from '../../emulators/cloud.ts';
import type { Execution } from '../../emulators/step-functions/execution.ts';
import { ended } from '../fixtures/ended.ts';

/** How a use case has ended: the end of its last execution, or the end state `'Swept'` if no execution was started. */
export interface RunEnd {
  endState: string;
  error?: string | undefined;
  cause?: string | undefined;
}

/** Minutes before each sweep of a use case: just longer than the pauses after the first, second, … failure. */
const pauses = [0, 16, 61, 361, 1441, 1441];

/** The most sweeps of a use case. */
export const maxSweeps = pauses.length;

/** Sweeps, and waits for the runs that this starts, until the last one ends as wished. */
export async function sweepUntil(cloud: Cloud, endState: string): Promise<RunEnd> {
  let end: RunEnd | undefined;
  for (const minutes of pauses) {
    await pass(cloud, minutes);
    end = await sweepOnce(cloud, end);
    if (end.endState === endState) break;
  }
  return end ?? nothing;
}

const nothing: RunEnd = { endState: 'Swept' };

/** @param before the end if the sweep starts no execution and nothing is wrong with it */
export async function sweepOnce(cloud: Cloud, before = nothing): Promise<RunEnd> {
  const known = cloud.executions;
  let end = before;
  try {
    const { result } = await cloud.sweep();
    const [failed] = (result as { failed: { error: string }[] }).failed;
    if (failed) end = { endState: 'Swept', error: errorClassIn(failed.error), cause: failed.error };
  } catch (error) {
    const { name, message } = error as Error;
    end = { endState: 'Swept', error: name, cause: message };
  }
  // Includes executions that were started by a sweep that failed.
  for (const execution of cloud.executions.filter((it) => !known.includes(it))) end = await ended(execution);
  return end;
}

/** The result of a sweep has only the message of an error. */
const errorClassIn = (message: string) =>
  message.startsWith('AWS throttles')
    ? 'AwsThrottled'
    : message.startsWith('AWS did not carry out')
      ? 'AwsUnavailable'
      : 'AwsRefused';

/** Lets time pass while nothing runs: a running function would run into its time-out. */
export async function pass(cloud: Cloud, minutes: number): Promise<void> {
  await cloud.messages();
  cloud.clock.advance(minutes);
}

/** The execution that was started last. */
export const latest = (executions: Execution[]): Execution | undefined =>
  executions.toSorted((one, other) => one.startDate.getTime() - other.startDate.getTime()).at(-1);
