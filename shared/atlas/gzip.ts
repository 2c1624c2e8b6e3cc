import { createGunzip } from 'node:zlib';
import { inMegabytes, LimitExceeded } from './limits.ts';

/** What is kept of an unpacked text: its end. */
const keptBytes = 1_000_000;

/** A text that is longer, unpacked, is none that a person would read, and takes too long. */
const maxUnpackedBytes = 200_000_000;

/** The end of a compressed text, at most 1 MB of it. @throws LimitExceeded, or zlib's error if it is not gzip or is cut short */
export async function lastTextOf(gzipped: Uint8Array): Promise<string> {
  const unpacking = createGunzip();
  unpacking.end(gzipped);
  let kept = Buffer.alloc(0);
  let size = 0;
  for await (const chunk of unpacking as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxUnpackedBytes) throw new LimitExceeded(`It is longer than ${inMegabytes(maxUnpackedBytes)}.`);
    kept = Buffer.concat([kept, chunk]);
    if (kept.length > 2 * keptBytes) kept = kept.subarray(-keptBytes);
  }
  return kept.subarray(-keptBytes).toString();
}
