export const minute = 60_000;
export const hour = 60 * minute;

/** A sweep carries its scheduled time, and it may run, or be retried, some minutes later. */
const toleranceMs = hour;

/**
 * How long ago something was, in milliseconds.
 *
 * @param time ISO 8601
 * @returns Infinity if the time is missing, unreadable or lies in the future, so that a wrong time never switches the sweep off
 */
export function age(time: string | undefined, now: string): number {
  const ageMs = Date.parse(now) - Date.parse(time ?? '');
  return ageMs >= -toleranceMs ? ageMs : Number.POSITIVE_INFINITY;
}
