import * as z from 'zod/mini';
import { configKeys } from '../atlas/config-keys.ts';
import { InvalidRequest } from '../errors.ts';
import { mechanisms } from '../login.ts';
import { parseClusterArn } from '../msk/arn.ts';
import { windowPattern } from '../reboot-window.ts';
import { secretArnPattern } from '../secrets/secret-arn.ts';
import { isRecord, listed, shown, shownArn } from './redaction.ts';
import { complaintAboutTopics, isTopicName, maxTopics } from './topic-names.ts';

/** What a person may set as mechanism. `auto`: what the registry, the cluster and the deployment suggest. */
export const mechanismChoices = ['auto', ...mechanisms] as const;

/** What each field must be, with a right example: the second half of every message about a wrong value. */
export const rules = {
  clusterArn:
    'the ARN of an Amazon MSK cluster, for example "arn:aws:kafka:us-east-1:111122223333:cluster/orders/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5"',
  projectId: 'the 24 hexadecimal characters of an Atlas project id, for example "5f1a2b3c4d5e6f7a8b9c0d1e"',
  workspace:
    'the name of an Atlas Stream Processing workspace, of letters, digits, ".", "_" and "-", at most 64, and not "." or "..", for example "streams"',
  connectionName:
    'a name of at most 64 letters, digits, ".", "-", "*" and "_", as Atlas allows, and not "." or "..", for example "orders-msk"',
  secretArn:
    'the whole ARN of a Secrets Manager secret whose name starts with AmazonMSK_, for example "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_orders-a1B2c3"',
  mechanism: `one of ${mechanismChoices.map((name) => `"${name}"`).join(', ')}`,
  config: `an object of Kafka client settings, string to string, with these keys only: ${[...configKeys].join(', ')}; for example {"auto.offset.reset":"earliest"}`,
  topics: `a list of the names of 1 to ${maxTopics} different Kafka topics, each of at most 249 letters, digits, ".", "_" and "-", and not "." or "..", for example ["orders"]`,
  probe: 'true or false',
  restartProcessors: 'true or false',
  rebootWindow:
    'days and times in UTC, with "daily" or days such as "Mon-Fri,Sun", and with times from 00:00 to 23:59, for example "Sat 02:00-06:00 UTC", or "none" for any time',
  dryRun: 'true or false',
  claim: 'true or false',
  acceptPrincipal: 'the 12 digits of the AWS account that Atlas names now, for example "123456789012"',
  includeAdopted: 'true or false',
} as const;
export type Field = keyof typeof rules;

/** Fields that only one machine has a meaning for, and that would mislead in the other. */
const ofOneMachine = {
  connect: ['topics', 'probe', 'restartProcessors', 'rebootWindow', 'claim', 'acceptPrincipal'],
  disconnect: ['includeAdopted'],
} satisfies Record<string, Field[]>;
/** What a machine does. */
export type Action = keyof typeof ofOneMachine;

export const otherThan = (action: Action): Action => (action === 'connect' ? 'disconnect' : 'connect');

/** Whether this machine refuses a field, because only the other one knows it. */
export const isOfOther = (field: Field, action: Action): boolean =>
  (ofOneMachine[otherThan(action)] as readonly Field[]).includes(field);

/** The fields of the input of a machine. */
export const fieldsOf = (action: Action): Field[] =>
  (Object.keys(rules) as Field[]).filter((field) => !isOfOther(field, action));

/** A state of Step Functions has at most 256 KiB, and the input is in it as well. */
const longestConfig = 16_384;

/** Whether Atlas passes a key of `config` to the cluster. */
export const isSetting = (key: string) => configKeys.has(key);

/**
 * One schema per field, for the console's input and for tags. The name patterns exclude the secret of an Atlas service account:
 * names are written on the cluster's tags. They also exclude "." and "..", which would change the path of a request.
 */
export const fields = {
  clusterArn: z.string().check(z.refine((arn) => parseClusterArn(arn) !== undefined)),
  projectId: z.string().check(z.regex(/^[a-f0-9]{24}$/)),
  workspace: z.string().check(z.regex(/^(?!mdb_sa_sk_|\.{1,2}$)[A-Za-z0-9._-]{1,64}$/)),
  connectionName: z.string().check(z.regex(/^(?!mdb_sa_sk_|\.{1,2}$)[A-Za-z0-9.*_-]{1,64}$/)),
  // MSK associates only secrets with this prefix.
  secretArn: z.string().check(z.regex(secretArnPattern('AmazonMSK_'))),
  mechanism: z.enum(mechanismChoices),
  // A zod record would silently drop `__proto__`.
  config: z.custom<Record<string, string>>(
    (value) =>
      isRecord(value) &&
      Object.entries(value).every(([key, text]) => isSetting(key) && typeof text === 'string') &&
      JSON.stringify(value).length <= longestConfig,
  ),
  topics: z.array(z.string().check(z.refine(isTopicName))).check(
    z.minLength(1),
    z.maxLength(maxTopics),
    z.refine((names) => new Set(names).size === names.length),
  ),
  probe: z.boolean(),
  restartProcessors: z.boolean(),
  rebootWindow: z.string().check(z.regex(new RegExp(`^(none|${windowPattern})$`))),
  dryRun: z.boolean(),
  claim: z.boolean(),
  acceptPrincipal: z.string().check(z.regex(/^\d{12}$/)),
  includeAdopted: z.boolean(),
} satisfies Record<Field, z.ZodMiniType>;

/**
 * Checks one field.
 *
 * @param name how the person who set it knows it, such as a tag's key
 * @throws InvalidRequest
 */
export function valid<F extends Field>(field: F, value: unknown, name: string): z.infer<(typeof fields)[F]> {
  if (!fields[field].safeParse(value).success) throw new InvalidRequest(`${complaint(field, value, name)}.`);
  return value as z.infer<(typeof fields)[F]>;
}

/**
 * Checks the name of a secret, as a tag gives it: a tag's value has no colon, so it cannot be an ARN.
 *
 * @param name how the person who set it knows it, such as a tag's key
 * @throws InvalidRequest
 */
export function validSecretName(value: string, name: string): string {
  if (/^AmazonMSK_[\w/+=.@-]{1,245}$/.test(value)) return value;
  throw new InvalidRequest(
    `${name} is ${shown(value)}; it must be the name of a Secrets Manager secret that starts with AmazonMSK_, for example "AmazonMSK_orders".`,
  );
}

/** Says what is wrong with a value and what would be right; without a full stop. */
export function complaint(field: Field, value: unknown, name: string = field): string {
  if (field === 'config' && isRecord(value)) {
    const badNames = Object.keys(value).filter((key) => !isSetting(key));
    if (badNames.length > 0)
      return `${name} has the key ${listed(badNames)}, which Atlas ignores; it must be ${rules.config}`;
    const notText = Object.keys(value).filter((key) => typeof value[key] !== 'string');
    if (notText.length === 0) return `${name} is longer than ${longestConfig} characters; it must be shorter`;
    return `${name}.${listed(notText)} must be a string; ${name} is ${rules.config}`;
  }
  const found = field === 'topics' ? complaintAboutTopics(value) : undefined;
  return `${name} ${found ?? `is ${repeated(field, value)}`}; it must be ${rules[field]}`;
}

function repeated(field: Field, value: unknown): string {
  if (field === 'config') return 'not a JSON object';
  return field === 'secretArn' ? shownArn(value) : shown(value);
}
