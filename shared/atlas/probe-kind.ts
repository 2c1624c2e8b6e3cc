import { cut } from '../cut.ts';
import { heldText } from './limits.ts';

/** Why a probe could not read its topic. */
export type ProbeFailureKind =
  | 'unreachable'
  | 'loginRefused'
  | 'topicMissing'
  | 'topicDenied'
  | 'groupDenied'
  | 'tooManyPartitions'
  | 'noBilling'
  | 'sinkRefused'
  | 'unknown';

/**
 * Texts of an operational log, and what they mean. Atlas documents neither its format nor these texts. A client of Kafka that cannot
 * log in also says that all brokers are down, so the order counts: the more exact reason comes first.
 */
const patterns: [kind: ProbeFailureKind, pattern: RegExp][] = [
  // MongoDB's agent skill for stream processing reports this text for a source with more partitions than the tier allows.
  [
    'tooManyPartitions',
    /parallelism requested exceeds|exceeds (the )?(limit|maximum)[^.]*\btier\b|\btier\b[^.]*exceeds/i,
  ],
  // librdkafka's RD_KAFKA_RESP_ERR__AUTHENTICATION, and how MSK refuses a role; inferred: Atlas uses the same client library.
  [
    'loginRefused',
    /\bSASL\b.*(authentication|handshake|denied)|authentication.*\bSASL\b|SaslAuthentication|sts:AssumeRole/i,
  ],
  // Kafka's errors 29 and 30 in the words of librdkafka and of the Java client; inferred.
  ['topicDenied', /topic authorization failed|not authorized to access topics?\b|TOPIC_AUTHORIZATION_FAILED/i],
  ['groupDenied', /group authorization failed|not authorized to access group\b|GROUP_AUTHORIZATION_FAILED/i],
  // Atlas's code 419, by MongoDB's agent skill; and Kafka's error 3.
  ['topicMissing', /no partitions found|unknown topic|UNKNOWN_TOPIC|code"?\s*[:=]?\s*419\b/i],
  // How MongoDB refuses a user, and the probe's own sinks in a line about an error; inferred. A line may repeat the pipeline.
  [
    'sinkRefused',
    /MongoServerError|not authorized on \S+ to execute|(error|fail|refus|denied|cannot)[^{]*(__testLog|\$merge|aspProbe\.)/i,
  ],
  // librdkafka's errors without an answer of a broker; inferred.
  [
    'unreachable',
    /broker transport failure|failed to resolve|brokers? (are )?down|connection refused|timed? ?out|unreachable/i,
  ],
];

/** What a text of Atlas says about a probe that has failed. */
export interface Diagnosis {
  kind: ProbeFailureKind;
  /** The words that say it, to be quoted; undefined if there are none. */
  said?: string;
  /** Atlas's refusal to start the probe, or to show its log. */
  refusal?: Error;
}

/**
 * Why a probe has failed, by its operational log.
 *
 * @param log lines of text or of JSON, oldest first
 * @returns undefined if no line says why
 */
export function diagnose(log: string): Diagnosis | undefined {
  const lines = log.split('\n').filter((line) => line.trim() !== '' && !isHarmless(line));
  for (const [kind, pattern] of patterns) {
    const line = lines.findLast((text) => pattern.test(text));
    if (line !== undefined) return { kind, said: wordsOf(line) };
  }
  const last = lines.findLast((line) => /error|fail|fatal/i.test(line));
  return last === undefined ? undefined : { kind: 'unknown', said: wordsOf(last) };
}

/** Whether Atlas refuses a probe with its own sink because of that sink. Its words are not known. */
export const isAboutSink = (refusal: string): boolean => /__testLog|\$emit\b|\bsinks?\b|\blast stage\b/i.test(refusal);

/** Why Atlas refuses to start a probe. */
export function kindOfRefusal(refusal: string): ProbeFailureKind {
  const kind = diagnose(refusal)?.kind ?? 'unknown';
  return kind === 'unknown' && isAboutSink(refusal) ? 'sinkRefused' : kind;
}

/** Enough for an error of Kafka. A line about a record may repeat the record, so the rest of it is not passed on. */
const maxSaid = 200;

/** The message in a line of a log, without a document in it, which may be a record. */
function wordsOf(line: string): string {
  const said = heldText(messageIn(line).replace(/(?<=\S)\s*\{.*$/s, ''));
  return said.length > maxSaid ? `${cut(said, maxSaid)}…` : said;
}

function messageIn(line: string): string {
  const { message, msg, errorMsg } = fieldsIn(line);
  return [message, msg, errorMsg].find((text) => typeof text === 'string') ?? line;
}

/** Whether a line says itself that it is about no error. */
const isHarmless = (line: string): boolean => {
  const { level, severity, s } = fieldsIn(line);
  return /^(info|debug|trace|i|d\d?)$/i.test(String(level ?? severity ?? s));
};

/** The fields of a line in JSON; a line of plain text has none. */
function fieldsIn(line: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}
