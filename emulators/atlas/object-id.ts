import { randomBytes } from 'node:crypto';

/** An ObjectId of MongoDB. Recorded and documented: its first eight hex digits are the seconds of its creation since the epoch. */
export function objectId(createdAt: Date): string {
  const seconds = Math.floor(createdAt.getTime() / 1000);
  return seconds.toString(16).padStart(8, '0') + randomBytes(8).toString('hex');
}
