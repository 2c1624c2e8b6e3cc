/** The three waits of a first connect, in the order of the machine. */
export const waits = ['cluster', 'privateLink', 'connection'] as const;
export type Wait = (typeof waits)[number];

/**
 * How long AWS and Atlas usually take, in minutes. MSK says "30 minutes or more" and other guides 40 to 60. A private link was seen
 * to take 30 to 35 minutes, a connection over it 23 to 29 (mongodb/terraform-provider-mongodbatlas #3851, #4467).
 */
export const usualMinutes: Record<Wait, number> = { cluster: 45, privateLink: 32, connection: 26 };
