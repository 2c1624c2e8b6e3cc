import type { Settings } from '../../functions/resolve-request/settings.ts';
import { pollAfter } from '../../shared/wait.ts';
import type { Wait } from './durations.ts';

/** How long to wait until the next poll, when so many seconds of the wait have passed. */
export type Schedule = Record<Wait, (elapsedSeconds: number) => number>;

const scheduleOf = (next: (wait: Wait) => (elapsedSeconds: number) => number): Schedule => ({
  cluster: next('cluster'),
  privateLink: next('privateLink'),
  connection: next('connection'),
});

/** A poll every so many seconds. */
export const fixed = (seconds: number): Schedule => scheduleOf(() => () => seconds);

/** As the functions poll that deploy, where Atlas has enough requests left. */
export const deployed = (settings: Settings['waits']): Schedule =>
  scheduleOf((wait) => (elapsedSeconds) => {
    const { timeoutMinutes } = settings[wait];
    const [now, deadline] = [elapsedSeconds, timeoutMinutes * 60].map((seconds) =>
      new Date(seconds * 1000).toISOString(),
    );
    return pollAfter(settings[wait], { now: now ?? '', deadline: deadline ?? '' }, 1);
  });

export interface Polled {
  polls: number;
  /** Between the end of what was waited for and the poll that finds it. */
  delaySeconds: number;
}

/** @param seconds after which what is waited for is there */
export function poll(next: (elapsedSeconds: number) => number, seconds: number): Polled {
  let polls = 0;
  let elapsed = 0;
  do {
    elapsed += next(elapsed);
    polls += 1;
  } while (elapsed < seconds);
  return { polls, delaySeconds: elapsed - seconds };
}
