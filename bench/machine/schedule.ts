import { usualMinutes, type Wait, waits } from './durations.ts';

/** How long to wait until the next look, when so many seconds of the wait have passed. */
export type Schedule = Record<Wait, (elapsedSeconds: number) => number>;

const always = (seconds: number) => () => seconds;

/** @param pollSeconds as in serverless.yml */
export const fixed = (pollSeconds: Record<Wait, number>): Schedule => ({
  cluster: always(pollSeconds.cluster),
  privateLink: always(pollSeconds.privateLink),
  connection: always(pollSeconds.connection),
});

interface NearAndFar {
  /** Between two looks while the end is to be expected. */
  nearSeconds: number;
  /** Between two looks before and after: what an end at an unusual time may cost. */
  farSeconds: number;
  /** The end is to be expected from this share of the usual duration on, */
  from: number;
  /** to this one. */
  to: number;
}

/** Seldom at first, often when the end is near, seldom again when it does not come. */
export function nearAndFar({ nearSeconds, farSeconds, from, to }: NearAndFar): Schedule {
  const around = (minutes: number) => (elapsed: number) => {
    const [start, end] = [minutes * 60 * from, minutes * 60 * to];
    if (elapsed >= end) return farSeconds;
    return elapsed >= start ? nearSeconds : Math.min(farSeconds, Math.max(nearSeconds, start - elapsed));
  };
  return Object.fromEntries(waits.map((wait) => [wait, around(usualMinutes[wait])])) as Schedule;
}

export interface Polled {
  polls: number;
  /** Between the end of what was waited for and the look that finds it. */
  delaySeconds: number;
}

/** @param seconds after which what is waited for is there @param lookSeconds that a look itself takes */
export function poll(next: (elapsedSeconds: number) => number, seconds: number, lookSeconds = 0): Polled {
  let polls = 0;
  let elapsed = 0;
  do {
    elapsed += next(elapsed) + lookSeconds;
    polls += 1;
  } while (elapsed < seconds);
  return { polls, delaySeconds: elapsed - seconds };
}
