const minute = 60_000;
const hour = 60 * minute;

/** How long the sweep waits after each failure in a row. Later ones wait for a day: a failure often needs a person. */
const pausesMs = [15 * minute, hour, 6 * hour, 24 * hour];

/**
 * When the sweep starts a failed run again by itself, if nothing changes before.
 *
 * @param failures in a row, at least 1
 * @param failedAt ISO 8601
 * @returns ISO 8601
 */
export const nextAttempt = (failures: number, failedAt: string): string => {
  const pauseMs = pausesMs[Math.min(Math.max(failures, 1), pausesMs.length) - 1] ?? 0;
  return new Date(Date.parse(failedAt) + pauseMs).toISOString();
};
