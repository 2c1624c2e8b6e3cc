import * as z from 'zod/mini';

/**
 * What a probe has found out. `read`: a record was read. `reachable`: the login works and the topic's partitions are visible, but there
 * was no record to read. `notProved`: the probe could not find out, and `note` says why.
 */
export const ProbeResult = z.enum(['read', 'reachable', 'notProved']);

/** What a run says about the flow of data, in its output. */
export const ProbeFinding = z.object({
  /** Missing if none is named. */
  topic: z.optional(z.string()),
  result: ProbeResult,
  partitions: z.optional(z.number()),
  records: z.optional(z.number()),
  note: z.optional(z.string()),
});
export type ProbeFinding = z.infer<typeof ProbeFinding>;

/** What was found out about a topic, such as "topic orders can be read: 6 partitions, 1,204 records". */
export function inWords({ topic, result, partitions, records, note }: ProbeFinding): string {
  if (result === 'reachable') return `topic ${topic} is reachable, no record to read`;
  if (result === 'notProved') return `not proved: ${note ?? 'the probe did not find out'}`;
  const counts = [partitions && counted(partitions, 'partition'), counted(records ?? 0, 'record')].filter(Boolean);
  return `topic ${topic} can be read: ${counts.join(', ')}`;
}

/** One line for a person about a finding in an output. */
export const sentenceOf = (finding: ProbeFinding): string =>
  `Flow of data: ${finding.note && finding.result !== 'notProved' ? finding.note : inWords(finding)}`;

/** Joins what was found out to a sentence about the connection. */
export const joined = (sentence: string, result: ProbeFinding['result'], words: string): string =>
  `${sentence}${{ read: ', and ', reachable: '; ', notProved: ', ' }[result]}${words}`;

/** Such as "1 partition", "1,204 records". */
const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
