import * as z from 'zod/mini';
import { Environment } from '../functions/resolve-request/settings.ts';
import { AtlasEnvironment } from '../shared/atlas/environment.ts';
import { regionOf } from '../shared/msk/arn.ts';
import { complaint, type Field, fields } from '../shared/request/fields.ts';
import { shown, shownArn } from '../shared/request/redaction.ts';
import { secretArnPattern } from '../shared/secrets/secret-arn.ts';
import { type Parameters, unmarked } from './example-values.ts';

/**
 * A recurring schedule of EventBridge Scheduler, which takes a unit in the singular and the plural alike. Of the fields of
 * `cron` it checks what a crontab gets wrong, which knows no `?`; Scheduler judges the rest.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
 */
const schedule =
  /^(rate\([1-9]\d* +(minute|hour|day)s?\)|cron\((?!\S+ +\S+ +\* +\S+ +\* )[\w*?,/#-]+( +[\w*?,/#-]+){5}\))$/;

/** What serverless.yml hands to other services, and to no function. */
const ServiceSettings = z.object({
  // A sweep may come once a day; CloudWatch itself looks back at most seven days.
  SWEEP_ALARM_HOURS: z
    .string()
    .check(z.regex(/^([1-9]|[1-3]\d|4[0-8])$/, { error: 'must be a whole number from 1 to 48, for example 1' })),
  NOTIFICATION_EMAIL: z
    .string()
    .check(
      z.regex(/^$|^[^\s@]+@[^\s@]+\.[^\s@]+$/, { error: 'must be an e-mail address, for example "team@example.com"' }),
    ),
  NOTIFY_ON_SUCCESS: z.enum(['true', 'false'], { error: 'must be true or false, for example false' }),
  SWEEP_SCHEDULE: z.string().check(
    z.regex(schedule, {
      error:
        'must be rate(value unit), or cron(fields) with six fields and "?" for one of the two days, for example "rate(15 minutes)" or "cron(0/15 * * * ? *)"',
    }),
  ),
});

const complaintAbout = (field: Field, value: unknown, name: string) =>
  fields[field].safeParse(value).success ? undefined : `${complaint(field, value, name)}.`;

const idsIn = (list: string) =>
  list
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);

/** serverless.yml hands `clusterPollSeconds` to a function as `CLUSTER_POLL_SECONDS`. */
const variableOf = (parameter: string) => parameter.replace(/[A-Z]/g, '_$&').toUpperCase();

/**
 * Checks the parameters of a deployment by the rules that its functions have for them at run time.
 *
 * @param given all that there are, defaults included; examples count as what they are an example of
 * @param known the names that serverless.yml has
 * @param region of the deployment, where it is known
 * @returns what is wrong, in one sentence each
 */
export function complaintsAbout(given: Parameters, known: string[], region?: string): string[] {
  // YAML takes `60` for a number.
  const parameters = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, unmarked(String(value))]));
  const { atlasProjectId, atlasWorkspace, allowedProjectIds = '' } = parameters;
  return [
    complaintAboutNames(Object.keys(given), known),
    complaintAbout('projectId', atlasProjectId, 'atlasProjectId'),
    complaintAbout('workspace', atlasWorkspace, 'atlasWorkspace'),
    ...idsIn(allowedProjectIds).map((id) => complaintAbout('projectId', id, 'An id in allowedProjectIds')),
    ...complaintsOfSchemas(parameters, known),
    complaintAboutRegion(given.atlasCredentialsSecretArn, region),
    complaintAboutSweepAlarm(parameters),
  ].filter((complaint) => complaint !== undefined);
}

function complaintAboutNames(names: string[], known: string[]): string | undefined {
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.length > 0
    ? `There is no parameter ${unknown.map(shown).join(' or ')}; serverless.yml has ${known.join(', ')}.`
    : undefined;
}

/** Those of the schemas by which the variables of the environment are read. */
function complaintsOfSchemas(parameters: Parameters, known: string[]): string[] {
  const variables = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [variableOf(name), value]));
  return [Environment, AtlasEnvironment, ServiceSettings]
    .flatMap((schema) => schema.safeParse(variables).error?.issues ?? [])
    .map(({ path: [variable], message }) => {
      const name = known.find((it) => variableOf(it) === variable);
      return name === undefined ? `${message}.` : `${name} is ${shownIn(name, parameters[name])}; it ${message}.`;
    });
}

/** A wrong value, as far as it may be repeated. */
function shownIn(name: string, value = ''): string {
  if (name === 'atlasCredentialsSecretArn') return shownArn(value);
  // In an address, they stand around a password or a token.
  if (name === 'atlasBaseUrl' && /[@?#]/.test(value)) return 'an address with "@", "?" or "#" in it';
  return shown(value);
}

/** An alarm that goes off between two sweeps would soon be overheard. Of cron, only Scheduler knows how often it comes. */
function complaintAboutSweepAlarm({ sweepSchedule = '', sweepAlarmHours = '' }: Parameters): string | undefined {
  const [, value, unit = ''] = /^rate\((\d+) +(minute|hour|day)s?\)$/.exec(sweepSchedule) ?? [];
  const hours = Number(value) * ({ minute: 1 / 60, hour: 1, day: 24 }[unit] ?? 0);
  return Number(sweepAlarmHours) >= 1 && hours >= Number(sweepAlarmHours)
    ? `sweepAlarmHours is ${shown(sweepAlarmHours)}, and sweepSchedule ${shown(sweepSchedule)}; the alarm must wait longer than that, and at most 48 hours, for example with ${hours < 24 ? `sweepAlarmHours=${2 * Math.ceil(hours)}` : 'sweepSchedule=rate(1 day) and sweepAlarmHours=48'}.`
    : undefined;
}

/** The functions read the secret in their own Region. An example, which is of none, still has its mark here. */
function complaintAboutRegion(secretArn = '', region = regionOf(secretArn)): string | undefined {
  const isElsewhere = secretArnPattern().test(secretArn) && regionOf(secretArn) !== region;
  return isElsewhere
    ? `atlasCredentialsSecretArn is ${shown(secretArn)}; it must be in Region ${region}, where this is deployed, for example "arn:aws:secretsmanager:${region}:111122223333:secret:atlas-streaming-credentials-a1B2c3".`
    : undefined;
}

/** Lambda's limit for the name of a function, which here is `<service>-<stage>-<function>`. */
const longestFunctionName = 64;

/** What is wrong with the name of the stage, in one sentence. */
export function complaintAboutStage(stage: string, service: string, functions: string[]): string | undefined {
  const longest = functions.reduce((a, b) => (b.length > a.length ? b : a), '');
  const most = longestFunctionName - `${service}--${longest}`.length;
  return stage.length > most
    ? `The stage ${shown(stage)} has ${stage.length} characters; it must have at most ${most}, because Lambda allows ${longestFunctionName} for ${service}-<stage>-${longest}, for example "prod".`
    : undefined;
}
