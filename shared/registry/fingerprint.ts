import { createHash } from 'node:crypto';

/** What differs between two occurrences of the same failure. */
const volatile: [pattern: RegExp, name: string][] = [
  [/arn:[\w-]+:states:[^\s"',;)]+/g, '<execution>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/gi, '<uuid>'],
  [/\brequest ?id:? ?[^\s,;)]+/gi, '<request id>'],
  // The id of a link or a connection. Another project is another failure.
  [/(?<!\/groups\/|project |project-id is "|projectId is ")\b[\da-f]{24}\b/g, '<id>'],
  [/\bfor \d+ s\b/g, '<duration>'],
];

/**
 * A fingerprint of texts, so that a repetition is recognised: without times, ids of requests, executions and resources.
 *
 * @param texts such as the state, the name of the error and its message
 * @returns 16 hexadecimal digits
 */
export const fingerprint = (...texts: string[]): string =>
  createHash('sha256')
    .update(JSON.stringify(texts.map(lasting)))
    .digest('hex')
    .slice(0, 16);

const lasting = (text: string): string => volatile.reduce((rest, [pattern, name]) => rest.replace(pattern, name), text);
