import { WaitTimedOut } from './errors.ts';

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
