import { WaitTimedOut } from './errors.ts';

/** How often a wait polls, and when it gives up. */
export interface Wait {
  pollSeconds: number;
  timeoutMinutes: number;
}

/**
 * The waits of both machines. None has a published duration; the usual times are what was observed and what MongoDB's and AWS's
 * own automation waits for. A poll every 30 seconds delays a run of about 100 minutes by 15 seconds per wait and costs about a
 * cent. All polls of a machine together must stay below 25,000 history events, the limit at which Step Functions ends an execution (a test
 * adds them up).
 */
export const waits = {
  /** MSK updates connectivity by a rolling reboot: usually 45 minutes, and hours on large clusters. */
  cluster: { pollSeconds: 30, timeoutMinutes: 720 },
  /** Usually about half an hour. Atlas itself gives up after a while, and the link is then FAILED. */
  privateLink: { pollSeconds: 30, timeoutMinutes: 90 },
  /** Usually about 25 minutes, from PENDING to READY. */
  connection: { pollSeconds: 30, timeoutMinutes: 90 },
  /** A stream processor usually starts in 2 to 5 minutes, and stops in seconds. Each of the two is a wait of its own. */
  processors: { pollSeconds: 10, timeoutMinutes: 15 },
  /** A connect waits while a disconnect of the cluster runs, at most as long as that machine may. */
  holder: { pollSeconds: 300, timeoutMinutes: 1440 },
  /**
   * For connection and link together. Atlas deletes a connection only after it has been deployed, and has needed more than 20 minutes for
   * it in MongoDB's own tests.
   */
  removal: { pollSeconds: 30, timeoutMinutes: 120 },
  /** A probe: Atlas needs 2 to 5 minutes to start a stream processor, and tries again for 5 minutes if something is wrong. */
  probe: { pollSeconds: 15, timeoutMinutes: 13 },
  /** From the first partition that a probe sees: if reading is denied, Atlas says so only after trying again for 5 minutes. */
  probeRecord: { pollSeconds: 15, timeoutMinutes: 6 },
  /** From a probe's failure: Atlas shows a line of the log up to 5 minutes late. A processor that has failed costs nothing. */
  probeLog: { pollSeconds: 15, timeoutMinutes: 6 },
  /** Until a probe is stopped and deleted. One that is still starting may have to start first. */
  probeEnd: { pollSeconds: 15, timeoutMinutes: 10 },
  /** After a request to create something whose answer was lost. Atlas may show late what it has accepted. */
  unclearAttempt: { pollSeconds: 30, timeoutMinutes: 15 },
} satisfies Record<string, Wait>;
export type Waits = typeof waits;

/** Under load, a wait still polls at least this often: an end should not go unnoticed for longer than five minutes. */
const longestPollSeconds = 300;

/** More than the longest pause can use. */
const largestSlowdown = 15;

/** Both are ISO 8601; `now` is the time at which the state was entered. */
interface Times {
  now: string;
  deadline: string;
}

/** The deadline of a wait that starts now. @param now ISO 8601 @returns ISO 8601 */
export const deadlineAfter = (now: string, { timeoutMinutes }: Wait): string =>
  new Date(Date.parse(now) + timeoutMinutes * 60_000).toISOString();

/**
 * Ends a wait that has passed its deadline.
 *
 * @param what the subject and how it was found, such as "Private link 65f… is still WORKING"
 * @throws WaitTimedOut
 */
export function checkDeadline(what: string, { now, deadline }: Times): void {
  if (Date.parse(now) <= Date.parse(deadline)) return;
  throw new WaitTimedOut(
    `${what}, and the deadline of this wait (${deadline}) has passed. Nothing is lost: start a new execution, which continues with what exists. If it times out again, check the resource itself in the AWS or Atlas console.`,
  );
}

/**
 * Seconds until the next poll: a whole number, and never later than just after the deadline.
 *
 * @param slowdown how many times longer the pause is than usual: 1, unless requests are scarce
 */
export function pollDelay({ pollSeconds }: Wait, { now, deadline }: Times, slowdown: number): number {
  const seconds = Math.min(pollSeconds * slowdown, Math.max(pollSeconds, longestPollSeconds));
  const secondsLeft = (Date.parse(deadline) - Date.parse(now)) / 1000;
  return Math.max(1, Math.min(Math.round(seconds), Math.ceil(secondsLeft) + 1));
}

/**
 * How much polls of Atlas slow down when Atlas has few requests left for the project, so that many waiting runs leave room for
 * runs that change something. The square lets a crowd that could poll six times as often as Atlas allows settle at two fifths of
 * the requests left.
 *
 * @param remainingShare 0 to 1, as the Atlas client knows it
 */
export const slowdownForShare = (remainingShare: number): number => Math.min(1 / remainingShare ** 2, largestSlowdown);

/**
 * How much polls of AWS slow down. AWS does not say how many requests are left, so the SDK's retries show it: after a retried
 * call the pause doubles, after any other it shrinks by a twentieth.
 *
 * @param slowdown of the poll before, 1 at first
 * @param attempts that the SDK made for this poll
 */
export const slowdownAfterAttempts = (slowdown: number, attempts: number): number =>
  attempts > 1 ? Math.min(slowdown * 2, largestSlowdown) : Math.max(1, Math.round(slowdown * 95) / 100);

/** The waits, `speed` times faster: they poll more often and end sooner. Only tests use a speed above 1. */
export const speedUp = (speed: number): Waits =>
  Object.fromEntries(
    Object.entries(waits).map(([name, { pollSeconds, timeoutMinutes }]) => [
      name,
      { pollSeconds: pollSeconds / speed, timeoutMinutes: timeoutMinutes / speed },
    ]),
  ) as Waits;
