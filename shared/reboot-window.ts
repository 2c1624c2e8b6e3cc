const day = '(Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const days = `(daily|${day}(-${day})?(,${day}(-${day})?)*)`;
const time = '([01]\\d|2[0-3]):[0-5]\\d';

/**
 * The form of a reboot window, such as `Sat 02:00-06:00 UTC`, `daily 22:00-04:00 UTC` or `Mon-Fri,Sun 00:00-00:00 UTC`. The parameter
 * rebootWindow has the same pattern (infrastructure/parameters.yml), so CloudFormation refuses a window that never opens.
 */
export const windowPattern = `${days} ${time}-${time} UTC`;

const minute = 60_000;
const day24 = 24 * 60 * minute;
const week = 7 * day24;

const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** A time within a week that begins on Monday, in milliseconds, whatever week it is in. */
const withinWeek = (ms: number): number => ((ms % week) + week) % week;

/** 1970 began on a Thursday. */
const sinceMonday = (time: string): number => withinWeek(Date.parse(time) + 3 * day24);

/**
 * When a window opens.
 *
 * @param window as `windowPattern`: it opens on each of its days, and may last beyond midnight. Two equal times are 24 hours
 * @param now ISO 8601
 * @returns ISO 8601 without fractions of a second, at most a week later; undefined if the window is open
 */
export function nextOpening(window: string, now: string): string | undefined {
  const [days = '', times = ''] = window.split(' ');
  const [from = 0, to = 0] = times.split('-').map(msOf);
  const length = (to - from + day24) % day24 || day24;
  const openings = daysIn(days).map((day) => day * day24 + from);
  const at = sinceMonday(now);
  if (openings.some((opening) => withinWeek(at - opening) < length)) return undefined;
  const pause = Math.min(...openings.map((opening) => withinWeek(opening - at)));
  return new Date(Date.parse(now) + pause).toISOString().replace(/\.\d+Z$/, 'Z');
}

function msOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * minute;
}

/** The days that a list names, 0 for Monday. A range may go on over Sunday. */
function daysIn(list: string): number[] {
  if (list === 'daily') return names.map((_, index) => index);
  return list.split(',').flatMap((range) => {
    const [first = '', last = first] = range.split('-');
    const [from, to] = [names.indexOf(first), names.indexOf(last)];
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7);
  });
}

const opens = (window: string, opening: string): string => `the reboot window ${window}, which opens ${opening}`;

/**
 * How long after the start of a run a window may open that it waits for. Before it, the run may have waited for a disconnect and for an update of
 * another party, and what follows must fit in the machine's time limit.
 */
export const maxDaysToWindow = 9;

/** Whether a run may wait for a window. Both are ISO 8601. */
export const isInTime = (opening: string, startedAt: string): boolean =>
  Date.parse(opening) - Date.parse(startedAt) <= maxDaysToWindow * day24;

/** What a run says that has missed its window. */
export const missed = (window: string, opening: string): string =>
  `MSK could not turn on multi-VPC private connectivity while the reboot window ${window} was open, probably because of another update of the cluster. The window next opens ${opening}, which is more than ${maxDaysToWindow} days after the start of this run. Nothing was turned on. Start a new execution, which waits for that.`;

/** What a run writes about itself when the window is open. */
export const rebootDetail = 'MSK reboots the brokers one by one to turn on multi-VPC private connectivity';

/** What a run writes about itself while it waits. */
export const waitDetail = (window: string, opening: string): string => `Waits for ${opens(window, opening)}`;

export const isWaitDetail = (detail: string): boolean => detail.startsWith('Waits for the reboot window ');

/** When the brokers reboot, if not at any time: for a plan, with a space before it. */
export function noteOnReboot(window: string | null, now: string): string {
  if (window === null) return '';
  const opening = nextOpening(window, now);
  return opening === undefined
    ? ` The reboot window ${window} is open now.`
    : ` Before that, the run waits for ${opens(window, opening)}.`;
}
