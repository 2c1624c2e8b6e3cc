import { createHash } from 'node:crypto';

/** A short text that differs as soon as one of these texts differs. */
export const fingerprint = (...texts: string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
