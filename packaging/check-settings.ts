import { streamProcessingRegions } from '../shared/atlas/regions.ts';
import { regionOf } from '../shared/msk/arn.ts';
import { shown, shownArn } from '../shared/request/redaction.ts';
import { brokenRules } from './rules.ts';
import {
  complaintAboutName,
  defaultSettings,
  filesOfSettings,
  type Parameter,
  parameters,
  readSettings,
  readStageFile,
  requiredNames,
  type Settings,
  settingRules,
  stageFile,
  WrongSettings,
} from './settings.ts';
import { doubledKey } from './tags.ts';

/**
 * The settings of a local run: what is typed and, with a stage, the stage's own.
 *
 * @throws WrongSettings
 */
export function localSettings(typed: Settings, stage?: string): Settings {
  if (stage === undefined) {
    refuse(complaintsAbout({ ...defaultSettings('local'), ...typed }));
    return typed;
  }
  const wrongName = complaintAboutStageName(stage);
  if (wrongName) throw new WrongSettings([wrongName]);
  if (!readStageFile(stage)) throw new WrongSettings([howToMakeStageFile(stage)]);
  const settings = readSettings(stage, typed);
  refuse([
    ...complaintsAbout(settings, undefined, filesOfSettings(stage, typed)),
    ...complaintsAboutMissing(settings, stageFile(stage)),
  ]);
  return settings;
}

/** @throws WrongSettings if there is a complaint */
export function refuse(complaints: (string | undefined)[]): void {
  const all = complaints.filter((complaint) => complaint !== undefined);
  if (all.length > 0) throw new WrongSettings(all);
}

export const howToMakeStageFile = (stage: string): string =>
  `${stageFile(stage)} does not exist. Create it from the example, then set ${new Intl.ListFormat('en-GB').format(requiredNames)}:\n\n  cp stages/example.yml ${stageFile(stage)}\n`;

/**
 * Checks settings by the rules of infrastructure/parameters.yml, and against each other.
 *
 * @param settings defaults included; a missing one is not a problem here
 * @param region of the deployment, if it is known
 * @param files the file of each setting that is from a file
 * @returns one sentence for each problem
 */
export function complaintsAbout(settings: Settings, region?: string, files: Record<string, string> = {}): string[] {
  // A setting may have any name, such as "constructor".
  const fileOf = (name: string) => (Object.hasOwn(files, name) ? files[name] : undefined);
  const inFile = (name: string) => (fileOf(name) ? `${name} in ${fileOf(name)}` : name);
  return [
    ...Object.entries(settings).map(
      ([name, value]) => complaintAboutName(name, fileOf(name)) ?? complaintAbout(name, value, inFile(name)),
    ),
    complaintAboutSecret(settings, region, inFile),
    complaintAboutTags(settings, inFile),
    complaintAboutSweepAlarm(settings, inFile),
    ...brokenRules(settings).map((sentence) => sentence.replace(/^\w+/, inFile)),
  ].filter((complaint) => complaint !== undefined);
}

/** @param place the file where the settings belong @returns one sentence for each setting that has no value */
export const complaintsAboutMissing = (settings: Settings, place: string): string[] =>
  requiredNames
    .filter((name) => settings[name] === undefined)
    .map((name) => `${name} is missing in ${place}; it ${parameters[name]?.ConstraintDescription}.`);

/** @param place the file with the settings @returns one sentence for each setting that still has the value of the example */
export function complaintsAboutExamples(settings: Settings, place: string): string[] {
  const example = readStageFile('example');
  return requiredNames
    .filter((name) => settings[name] === example?.[name])
    .map((name) => `${name} in ${place} is still the example value; replace it with your own.`);
}

/** @param region of the deployment @returns one sentence if no cluster there can be connected */
export const complaintAboutRegion = (region: string): string | undefined =>
  streamProcessingRegions.includes(region)
    ? undefined
    : `Atlas offers no Stream Processing in Region ${region}, so no cluster there can be connected. Deploy with --region in the Region of a cluster; it must be one of ${streamProcessingRegions.join(', ')}.`;

/** Serverless allows these characters. */
export const complaintAboutStageName = (stage: string): string | undefined =>
  /^[A-Za-z0-9-]+$/.test(stage)
    ? undefined
    : `The stage ${shown(stage)} cannot be used; the name of a stage must have only letters, digits and "-", for example "prod".`;

/** CloudFormation refuses a template with a default that breaks its own rule, even if the setting has another value. */
export function complaintAboutStage(stage: string): string | undefined {
  const complaint = complaintAbout('prefix', defaultSettings(stage).prefix ?? '');
  return complaint && `The stage ${shown(stage)} cannot be used, because its default of ${complaint}`;
}

/** @param label the name, and the file if the value is from one */
function complaintAbout(name: string, value: string, label = name): string | undefined {
  const parameter = settingRules[name];
  if (!parameter || isRight(value, parameter)) return undefined;
  return isRight(value.replace(projectIds, toLowerCase), parameter)
    ? `${label} is ${shown(value)}; write the project id in lower case: ${firstInLowerCase(value)}.`
    : `${label} is ${shownAs(name, value)}; it ${parameter.ConstraintDescription}.`;
}

const projectIds = /\b[A-Fa-f0-9]{24}\b/g;
const toLowerCase = (id: string): string => id.toLowerCase();
const firstInLowerCase = (value: string): string =>
  shown(
    value
      .match(projectIds)
      ?.find((id) => id !== toLowerCase(id))
      ?.toLowerCase(),
  );

/** As CloudFormation checks it, except that all of our numbers are whole. */
function isRight(value: string, { Type, AllowedPattern, AllowedValues, MinValue, MaxValue }: Parameter): boolean {
  if (AllowedValues) return AllowedValues.map(String).includes(value);
  if (Type === 'Number')
    return /^\d+$/.test(value) && Number(value) >= Number(MinValue) && Number(value) <= Number(MaxValue);
  return new RegExp(`^(?:${AllowedPattern})$`).test(value);
}

/** A wrong value, unless it may be a secret in the wrong place. */
function shownAs(name: string, value: string): string {
  if (name === 'atlasCredentialsSecretArn') return shownArn(value);
  // An address has a password or a token beside these characters.
  if (name === 'atlasBaseUrl' && /[@?#]/.test(value)) return 'an address with "@", "?" or "#"';
  // A UUID may also be a private key, so it isn't shown.
  if (name === 'streamsRoleExternalIds' && isExternalIds(value.toLowerCase().replaceAll(' ', '')))
    return 'written with capital letters or spaces';
  return shown(value);
}

const isExternalIds = (value: string): boolean => isRight(value, parameters.streamsRoleExternalIds as Parameter);

/** The functions read the secret in their own Region. */
function complaintAboutSecret(
  { atlasCredentialsSecretArn: arn = '' }: Settings,
  region: string | undefined,
  inFile: (name: string) => string,
): string | undefined {
  const isArn = arn.startsWith('arn:') && complaintAbout('atlasCredentialsSecretArn', arn) === undefined;
  const isElsewhere = isArn && regionOf(arn) !== region;
  return region !== undefined && isElsewhere
    ? `${inFile('atlasCredentialsSecretArn')} is ${shown(arn)}; it must be in Region ${region}, where this is deployed, for example "arn:aws:secretsmanager:${region}:111122223333:secret:atlas-streaming-credentials-a1B2c3".`
    : undefined;
}

/** CloudFormation refuses a key that is there twice. */
function complaintAboutTags({ tags = '' }: Settings, inFile: (name: string) => string): string | undefined {
  const key = doubledKey(tags);
  return key === undefined ? undefined : `${inFile('tags')} has the key ${shown(key)} twice; keep one of them.`;
}

/** The alarm must not fire between two sweeps. Only Scheduler knows how often a cron expression runs. */
function complaintAboutSweepAlarm(
  { sweepSchedule = '', sweepAlarmHours = '' }: Settings,
  inFile: (name: string) => string,
): string | undefined {
  const [, value, unit = ''] = /^rate\((\d+) +(minute|hour|day)s?\)$/.exec(sweepSchedule) ?? [];
  const hours = Number(value) * ({ minute: 1 / 60, hour: 1, day: 24 }[unit] ?? 0);
  if (!(Number(sweepAlarmHours) >= 1 && hours >= Number(sweepAlarmHours))) return undefined;
  const example =
    hours < 24 ? `sweepAlarmHours=${2 * Math.ceil(hours)}` : 'sweepSchedule=rate(1 day) and sweepAlarmHours=48';
  return `${inFile('sweepAlarmHours')} is ${shown(sweepAlarmHours)} and ${inFile('sweepSchedule')} is ${shown(sweepSchedule)}; sweepAlarmHours must be greater than the interval in sweepSchedule, and at most 48, for example ${example}.`;
}
