/** The three waits of a first connect, in the order of the machine. */
export const waits = ['cluster', 'privateLink', 'connection'] as const;
export type Wait = (typeof waits)[number];

/**
 * How long AWS and Atlas take, in minutes. MSK says "30 minutes or more" and other guides 40 to 60; a private link was seen to
 * take 30 to 35, a connection over it 23 to 29 (mongodb/terraform-provider-mongodbatlas #3851, #4467).
 */
export const usualMinutes: Record<Wait, number> = { cluster: 45, privateLink: 32, connection: 26 };

/**
 * A run in which each takes some other time: nobody promises any of them.
 *
 * @param random 0 to 1, once for each wait
 * @param spread 0.3: from 30 % less to 30 % more
 * @param times of the usual time, around which they spread
 */
export function drawn(random: () => number, spread: number, times = 1): Record<Wait, number> {
  const varied = (minutes: number) => minutes * times * (1 - spread + 2 * spread * random());
  return {
    cluster: varied(usualMinutes.cluster),
    privateLink: varied(usualMinutes.privateLink),
    connection: varied(usualMinutes.connection),
  };
}

/** The same numbers in each run of the benchmark: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
