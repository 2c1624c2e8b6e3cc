import { search } from '@aws-lambda-powertools/jmespath';
import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as kafka from '@aws-sdk/client-kafka';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as organizations from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import * as scheduler from '@aws-sdk/client-scheduler';
import * as secretsManager from '@aws-sdk/client-secrets-manager';
import * as sfn from '@aws-sdk/client-sfn';
import { NormalizedSchema } from '@smithy/core/schema';
import { parse } from 'yaml';
import { readDocument } from '../../docs/generators/documents.ts';
import { releaseParameters } from '../../docs/generators/terraform.ts';
import { statusTag, triggerTag } from '../../shared/msk/tags.ts';
import { RegistryRecord } from '../../shared/registry/record.ts';
import { readArguments } from './shell.ts';

/** The AWS SDK's client for each service, under the name that the AWS CLI has for it. Both are made from the same models. */
const services: Record<string, Record<string, unknown>> = {
  cloudformation,
  dynamodb,
  events: eventbridge,
  iam,
  kafka,
  kms,
  lambda,
  organizations,
  s3api: s3,
  scheduler,
  secretsmanager: secretsManager,
  stepfunctions: sfn,
};

/** Options of the AWS CLI itself, not of an operation. */
const globalOptions = ['output', 'query', 'region', 'max-items', 'cli-input-json'];

/** The commands that the AWS CLI makes of several operations, with their options. https://docs.aws.amazon.com/cli/latest/reference/ */
const ownCommands: Record<string, string[]> = {
  'cloudformation deploy': [
    'capabilities',
    'no-execute-changeset',
    'parameter-overrides',
    's3-bucket',
    's3-prefix',
    'stack-name',
    'tags',
    'template-file',
  ],
  'cloudformation wait': ['stack-name'],
  's3 cp': ['recursive'],
  's3 mb': [],
};

/**
 * Checks a command of the AWS CLI: its service, operation and options, that no required option is missing (unless the parameters are
 * in a JSON text), and that each path of its `--query` exists in the answer.
 *
 * @param args what follows `aws` @returns what is wrong, or undefined
 */
export function complaintAboutAws(args: string[]): string | undefined {
  const { positional, options } = readArguments(args);
  const [service = '', operation = '', ...others] = positional;
  const own = ownCommands[`${service} ${operation}`];
  if (own) {
    const unknown = Object.keys(options).filter((option) => ![...globalOptions, ...own].includes(option));
    if (unknown.length > 0) return `${service} ${operation} has no option ${unknown.join(', ')}`;
    return complaintAboutSettings(options['parameter-overrides'] ?? [], options['template-file']?.[0]);
  }
  const client = services[service];
  if (!client) return `unknown service ${service}`;
  const name = operation.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  const command = client[`${name}Command`];
  if (typeof command !== 'function') return `${service} has no operation ${operation}`;
  if (others.length > 0) return `unexpected ${others.join(' ')}`;

  // The SDK's own form of a model: operation [9, …, input, output], structure [3, …, names of members (required ones first), …, required].
  const [, , , , input, output] = Reflect.construct(command, [{}]).schema;
  const known = NormalizedSchema.of(input).getSchema() as unknown[];
  // An operation without input has no members.
  const members = ((known[4] as string[] | undefined) ?? []).map(optionOf);
  const given = Object.keys(options);
  const unknown = given.filter(
    (option) => ![...globalOptions, ...members, ...members.map((it) => `no-${it}`)].includes(option),
  );
  if (unknown.length > 0) return `${operation} has no option ${unknown.join(', ')}`;
  const required = given.includes('cli-input-json') ? [] : members.slice(0, (known[6] as number | undefined) ?? 0);
  const missing = required.filter((option) => !given.includes(option) && !given.includes(`no-${option}`));
  if (missing.length > 0) return `${operation} needs ${missing.join(', ')}`;
  const settings = [...(options.parameters ?? []), ...(options['parameter-overrides'] ?? [])];
  // Seen with the AWS CLI: "Error parsing parameter".
  const unquoted = settings.find((it) => /ParameterValue=[^"]*[{[]/.test(it));
  if (unquoted) return `the AWS CLI reads a brace as syntax in ${unquoted}`;
  return (
    complaintAboutSettings(settings.flatMap((it) => /^ParameterKey=([^,]+)/.exec(it)?.[1] ?? [])) ??
    complaintAboutQuery(options.query?.[0], NormalizedSchema.of(output))
  );
}

/**
 * Settings of a stack, such as `prefix=atlas`, whose names its template does not have. Without a file, or with that of a release, it is the
 * template of the deployment.
 */
function complaintAboutSettings(settings: string[], file = 'release/template.json'): string | undefined {
  const known =
    file === 'release/template.json'
      ? Object.keys(releaseParameters)
      : Object.keys(parse(readDocument(file), { logLevel: 'silent' }).Parameters);
  const unknown = settings.map((it) => it.split('=')[0] ?? '').filter((name) => !known.includes(name));
  return unknown.length > 0 ? `the template has no parameter ${unknown.join(', ')}` : undefined;
}

/** `KmsKeyId` → `kms-key-id` */
const optionOf = (member: string): string => member.replace(/([a-z\d])([A-Z])/g, '$1-$2').toLowerCase();

function complaintAboutQuery(query: string | undefined, output: NormalizedSchema): string | undefined {
  if (query === undefined) return undefined;
  // A filter compares with a text, which then is that of the answer.
  const answer = sampleOf(output, /'([^']+)'/.exec(query)?.[1] ?? 'text');
  const found = JSON.stringify(search(query, answer as never));
  return /null|^\[\]$/.test(found) ? `${query} finds only ${found} in an answer` : undefined;
}

/** The keys that the documentation reads from maps: those of tags, and the attributes of the registry. */
const mapKeys = [triggerTag, statusTag('status'), statusTag('execution'), ...Object.keys(RegistryRecord.shape)];

/** An answer that has every field. Each text in it is this one. */
function sampleOf(schema: NormalizedSchema, text: string, depth = 0): unknown {
  if (depth > 8) return 'deep';
  // A value of DynamoDB may hold other values, without end.
  if (schema.getName() === 'AttributeValue') return { S: text };
  if (schema.isStructSchema())
    return Object.fromEntries(
      [...schema.structIterator()].map(([name, member]) => [name, sampleOf(member, text, depth + 1)]),
    );
  if (schema.isListSchema()) return [sampleOf(schema.getValueSchema(), text, depth + 1)];
  if (schema.isMapSchema()) {
    const value = sampleOf(schema.getValueSchema(), text, depth + 1);
    return Object.fromEntries(mapKeys.map((key) => [key, value]));
  }
  return text;
}
