import * as z from 'zod/mini';
import { InvalidRequest } from '../errors.ts';
import { parseClusterArn } from '../msk/arn.ts';
import { secretArnPattern } from '../secrets/secret-arn.ts';
import { cut } from './cut.ts';

/** The two mechanisms that may be sent to Atlas. MSK itself speaks SCRAM-SHA-512 only; an older Atlas page names PLAIN. */
export const mechanisms = ['SCRAM-512', 'PLAIN'] as const;

/** What each field must be, in words, with a right example: the second half of every message about a wrong one. */
const rules = {
  clusterArn:
    'the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5"',
  projectId: 'the 24 hexadecimal characters of an Atlas project id, for example "5f1a2b3c4d5e6f7a8b9c0d1e"',
  workspace:
    'the name of an Atlas Stream Processing workspace, of letters, digits, ".", "_" and "-", at most 64, for example "streams"',
  connectionName:
    'a name of at most 64 letters, digits, ".", "-", "*" and "_", as Atlas allows, for example "orders-msk"',
  secretArn:
    'the whole ARN of a Secrets Manager secret whose name starts with AmazonMSK_, for example "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_orders-a1B2c3"',
  mechanism: `one of ${mechanisms.map((name) => `"${name}"`).join(' and ')}`,
  config: 'an object of Kafka client settings, string to string, for example {"auto.offset.reset":"earliest"}',
  dryRun: 'true or false',
} as const;
type Field = keyof typeof rules;

/** MSK associates only secrets of this prefix. */
const secretArn = secretArnPattern('AmazonMSK_');

/** Whether a key of `config` may be the name of a Kafka client setting. */
const isSetting = (key: string) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(key);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * One schema per field: the same for the console's input, for tags and for the deployment's defaults. The secret of an Atlas
 * service account would pass for a name, which is written on the cluster's tags.
 */
const fields = {
  clusterArn: z.string().check(z.refine((arn) => parseClusterArn(arn) !== undefined)),
  projectId: z.string().check(z.regex(/^[a-f0-9]{24}$/)),
  workspace: z.string().check(z.regex(/^(?!mdb_sa_sk_)[A-Za-z0-9._-]{1,64}$/)),
  connectionName: z.string().check(z.regex(/^(?!mdb_sa_sk_)[A-Za-z0-9.*_-]{1,64}$/)),
  secretArn: z.string().check(z.regex(secretArn)),
  mechanism: z.enum(mechanisms),
  // A record of zod would drop `__proto__` without a word.
  config: z.custom<Record<string, string>>(
    (value) =>
      isRecord(value) && Object.entries(value).every(([key, text]) => isSetting(key) && typeof text === 'string'),
  ),
  dryRun: z.boolean(),
} satisfies Record<Field, z.ZodMiniType>;

/** The input of a console start. */
export const ConsoleInput = z.strictObject({
  ...(z.partial(z.object(fields)).shape as { [F in Field]: z.ZodMiniOptional<(typeof fields)[F]> }),
  clusterArn: fields.clusterArn,
});
export type ConsoleInput = z.infer<typeof ConsoleInput>;

/** The event of a changed tag. @see https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html */
const TagEvent = z.object({
  source: z.literal('aws.tag'),
  'detail-type': z.literal('Tag Change on Resource'),
  resources: z.array(z.string()).check(z.length(1)),
  detail: z.object({ 'changed-tag-keys': z.array(z.string()), tags: z.record(z.string(), z.string()) }),
});

/** The settings of one run, as the states hand them on. Nothing in it is secret. */
export const Request = z.object({
  clusterArn: z.string(),
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  mechanism: z.enum(mechanisms),
  /** The secret that somebody named, else null: then the one secret that is associated with the cluster. */
  secretArn: z.nullable(z.string()),
  /** Only the input of a console start may name a secret that is not associated yet: a tag is not a key. */
  maySecretBeAssociated: z.boolean(),
  config: z.nullable(z.record(z.string(), z.string())),
  dryRun: z.boolean(),
  /** What the cluster's status tags say of the last run, or null. */
  privateLinkId: z.nullable(z.string()),
  secretVersion: z.nullable(z.string()),
});
export type Request = z.infer<typeof Request>;

/**
 * Reads the execution's input: an EventBridge event of a changed tag, or the JSON of a console start.
 *
 * @throws InvalidRequest in one sentence: which field, which value, what would be right
 */
export function readInput(input: unknown): { startedBy: 'tag' | 'console'; given: ConsoleInput } {
  if (isEvent(input)) {
    const event = TagEvent.safeParse(input);
    if (!event.success)
      throw new InvalidRequest(
        `The input looks like an event but is not a "Tag Change on Resource" event of aws.tag about one resource (${pathsOf(event.error)}). ${howToStart}`,
      );
    return { startedBy: 'tag', given: { clusterArn: valid('clusterArn', event.data.resources[0], 'resources[0]') } };
  }
  refuseCredentials(input);
  const console = ConsoleInput.safeParse(input);
  if (console.success) return { startedBy: 'console', given: console.data };
  throw new InvalidRequest(explain(input, console.error));
}

const isEvent = (input: unknown) => isRecord(input) && ('detail-type' in input || 'source' in input);

/** The cluster ARN in an input that may be wrong otherwise, where readInput looks for it; undefined when there is none. */
export function clusterArnIn(input: unknown): string | undefined {
  const { clusterArn, resources } = (input ?? {}) as { clusterArn?: unknown; resources?: unknown };
  const named = isEvent(input) ? Array.isArray(resources) && resources[0] : clusterArn;
  return typeof named === 'string' && parseClusterArn(named) ? named : undefined;
}

/**
 * Checks one field that does not come from the console's input.
 *
 * @param name how the person who set it knows it: a tag's key, a parameter of the deployment
 * @throws InvalidRequest
 */
export function valid<F extends Field>(field: F, value: unknown, name: string): z.infer<(typeof fields)[F]> {
  const complaint = complaintAbout(field, value, name);
  if (complaint) throw new InvalidRequest(complaint);
  return value as z.infer<(typeof fields)[F]>;
}

/** What `valid` throws, in one sentence; undefined when the value is right. */
export const complaintAbout = (field: Field, value: unknown, name: string): string | undefined =>
  fields[field].safeParse(value).success
    ? undefined
    : `${name} is ${shownAs(field, value)}; it must be ${rules[field]}.`;

const howToStart =
  'Start with {"clusterArn":"arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5"}.';

/** One sentence about everything that is wrong with a console input. */
function explain(input: unknown, { issues }: z.core.$ZodError): string {
  if (!isRecord(input)) return `The input is ${shown(input)}; it must be a JSON object. ${howToStart}`;
  const known = Object.keys(rules).join(', ');
  const complaints = issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `the input has the unknown field ${listed(issue.keys)}; the fields are ${known}`;
    const field = issue.path[0] as Field;
    return Object.hasOwn(input, field)
      ? `${field} is ${shownAs(field, input[field])}; it must be ${rules[field]}`
      : `${field} is missing; it must be ${rules[field]}`;
  });
  const sentence = [...new Set(complaints)].join('; and ');
  // The name of a field stays as it is spelled.
  return `${sentence.replace(/^the input/, 'The input')}. ${howToStart}`;
}

/**
 * Whatever stands in `config` stays readable in the execution's history for 90 days. It is looked at before anything else,
 * because the complaint about a wrong field quotes its value.
 */
function refuseCredentials(input: unknown): void {
  const { config } = (input ?? {}) as { config?: unknown };
  const key = Object.keys(config ?? {}).find((name) =>
    /password|passwd|secret|token|credential|jaas|private|user\.info|\.key$/i.test(name),
  );
  if (key === undefined) return;
  throw new InvalidRequest(
    `config has the key ${shown(key)}, which looks like a credential; it must be left out, because the input stays readable in the execution's history. The user and password come from the SCRAM secret.`,
  );
}

const pathsOf = ({ issues }: z.core.$ZodError) => listed([...new Set(issues.map(({ path }) => path.join('.')))]);

/**
 * A wrong value, as far as it may be repeated: what stands where a secret's ARN or a client's settings should be may be the
 * secret itself, and a message goes into the history, the log and the cluster's tags.
 */
function shownAs(field: Field, value: unknown): string {
  if (field === 'config') {
    if (!isRecord(value)) return 'no JSON object';
    const keys = Object.keys(value);
    const noSettings = keys.filter((key) => !isSetting(key));
    return noSettings.length > 0
      ? `an object in which ${listed(noSettings)} cannot be the name of a setting`
      : `an object in which ${listed(keys.filter((key) => typeof value[key] !== 'string'))} is no string`;
  }
  return field === 'secretArn' ? shownArn(value) : shown(value);
}

/** What stands in the place of a secret's ARN, as far as it may be repeated. */
export const shownArn = (value: unknown): string =>
  typeof value === 'string' && value.startsWith('arn:') ? shown(value) : 'something that does not start with "arn:"';

/** Names, the first few of them. */
const listed = (names: string[]): string =>
  `${names.slice(0, 5).map(shown).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;

/**
 * A value as JSON, cut and escaped to what a sentence can hold. What has fields is not repeated, nor a text that may be a
 * secret in the wrong place.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string' && /^\s*[{[]/.test(value)) return 'JSON in quotes';
  if (typeof value === 'string' && secretLike.test(value)) return 'a text that looks like a secret';
  if (Array.isArray(value) && value.length > 0) return 'a list';
  if (isRecord(value)) return 'an object';
  const text = (JSON.stringify(value) ?? 'nothing').replace(unseen, escaped);
  return text.length > 100 ? `${cut(text, 100)}… (${text.length} characters)` : text;
}

/** The secret of an Atlas service account, the private key of an API key (a UUID), a PEM, and `password=…`. */
const secretLike = /mdb_sa_sk_|^\s*[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\s*$|-----BEGIN|passw(or)?d\S*\s*[=:]/i;

/** Control characters that JSON leaves as they are, and what hides or turns round the text beside it. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string) =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
