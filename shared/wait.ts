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

/** Seconds until the next poll of a wait that ends at `deadline`; both times are ISO 8601. */
export function pollAfter(
  { pollSeconds, usualMinutes, timeoutMinutes }: Wait,
  { now, deadline }: { now: string; deadline: string },
): number {
  const elapsed = (Date.parse(now) - Date.parse(deadline)) / 1000 + timeoutMinutes * 60;
  const untilExpected = usualMinutes * 60 * expected.from - elapsed;
  if (untilExpected > 0) return Math.round(Math.min(pollSeconds * seldom, Math.max(pollSeconds, untilExpected)));
  return elapsed < usualMinutes * 60 * expected.to ? pollSeconds : pollSeconds * seldom;
}

/**
 * Lets a poll give way where Atlas has few requests left for the project, so that many waits at once use up no more than
 * Atlas refills, and what is to be done still finds room.
 *
 * @param remainingShare 0 to 1, as the Atlas client knows it
 */
export const givingWay = (seconds: number, remainingShare: number): number => rarer(seconds, 1 / remainingShare);

/** Whole seconds, as Step Functions takes them. */
export const rarer = (seconds: number, stretch: number): number =>
  Math.round(Math.min(seconds * stretch, Math.max(seconds, longestPollSeconds)));

/** More than the longest pause has use for. */
const longestStretch = 15;

/**
 * How much rarer the polls of AWS become. AWS does not say how many requests it has left, so it is told by those that it has
 * refused: twice as seldom after one that had to be tried again, and a twentieth more often after each of the others.
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
