import * as z from 'zod/mini';
import { WaitTimedOut } from './errors.ts';

/** How a wait polls: how often while the end is to be expected, how long it takes as a rule, and when it is given up. */
export const Wait = z.object({ pollSeconds: z.number(), usualMinutes: z.number(), timeoutMinutes: z.number() });
export type Wait = z.infer<typeof Wait>;

/**
 * Between these shares of the usual time the end is to be expected. Nobody promises a time, and what was seen differs by a
 * third either way; a wait that takes much longer has met a trouble, and a minute more is nothing to it.
 */
const expected = { from: 0.6, to: 1.6 };

/** Before and after that, a wait polls so many times as seldom: of a wait of its usual length, that saves a third of the polls. */
const seldom = 3;

/** However many others there are, a wait polls at least so often, where it would do so by itself: an end is worth five minutes. */
const longestPollSeconds = 300;

/** The deadline of a wait that starts now. @param now ISO 8601, the time at which the state was entered */
export const deadlineAfter = (now: string, minutes: number): string =>
  new Date(Date.parse(now) + minutes * 60_000).toISOString();

/**
 * Ends a wait that has passed its deadline; both times are ISO 8601.
 *
 * @param what the sentence's subject and how it was found, such as "Private link 65f… is still WORKING"
 * @throws WaitTimedOut
 */
export function keepDeadline(what: string, { now, deadline }: { now: string; deadline: string }): void {
  if (Date.parse(now) <= Date.parse(deadline)) return;
  throw new WaitTimedOut(
    `${what}, and the deadline of this wait (${deadline}) has passed. Nothing is lost: start again, and the run goes on from here. If it never ends, look at the resource itself; how long to wait is a parameter of the deployment.`,
  );
}

interface Times {
  /** ISO 8601, the time at which the state was entered. */
  now: string;
  /** ISO 8601. */
  deadline: string;
}

/**
 * Seconds until the next poll of a wait: often while the end is to be expected, seldom before and after.
 *
 * @param stretch how much rarer it is to be, because others need the requests: 1, where there are enough
 */
export function pollAfter({ pollSeconds, usualMinutes, timeoutMinutes }: Wait, times: Times, stretch: number): number {
  const elapsed = timeoutMinutes * 60 - secondsLeft(times);
  const untilExpected = usualMinutes * 60 * expected.from - elapsed;
  const isOverdue = elapsed >= usualMinutes * 60 * expected.to;
  const often = untilExpected <= 0 && !isOverdue;
  const seconds = often ? pollSeconds : pollSeconds * seldom;
  // The last of the long pauses ends where the short ones begin.
  const pause = untilExpected > 0 ? Math.min(seconds, Math.max(pollSeconds, untilExpected)) : seconds;
  return pollEvery(pause, times, stretch);
}

/** The same for a wait of which nobody knows how long it takes as a rule. */
export function pollEvery(seconds: number, times: Times, stretch: number): number {
  const stretched = Math.min(seconds * stretch, Math.max(seconds, longestPollSeconds));
  // None is later than just after the deadline; and Step Functions takes whole seconds.
  return Math.max(1, Math.min(Math.round(stretched), Math.ceil(secondsLeft(times)) + 1));
}

const secondsLeft = ({ now, deadline }: Times): number => (Date.parse(deadline) - Date.parse(now)) / 1000;

/** More than the longest pause has use for. */
const longestStretch = 15;

/**
 * How much rarer polls of Atlas become where it has few requests left for the project, so that many waits at once use up no
 * more than Atlas refills, and what is to be done still finds room: by the square, so that a crowd that could poll six times as
 * often as Atlas allows comes to rest where two fifths are left.
 *
 * @param remainingShare 0 to 1, as the Atlas client knows it
 */
export const stretchFor = (remainingShare: number): number => Math.min(1 / remainingShare ** 2, longestStretch);

/**
 * How much rarer polls of AWS become. AWS does not say how many requests it has left, so it is told by those that had to be tried
 * again, as a rule because AWS throttles: twice as seldom after one of these, a twentieth more often after each of the others.
 *
 * @param stretch of the poll before, 1 at first @param attempts that the SDK has made for this one
 */
export const stretchAfter = (stretch: number, attempts: number): number =>
  attempts > 1 ? Math.min(stretch * 2, longestStretch) : Math.max(1, Math.round(stretch * 95) / 100);

/** The most polls of a wait that lasts until its deadline. */
export function mostPolls({ pollSeconds, usualMinutes, timeoutMinutes }: Wait): number {
  const within = (minutes: number) => Math.min(minutes, timeoutMinutes);
  const often = within(usualMinutes * expected.to) - within(usualMinutes * expected.from);
  return ((often + (timeoutMinutes - often) / seldom) * 60) / pollSeconds;
}
