import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { shown } from '../shared/request/redaction.ts';
import { similarName } from './similar-name.ts';
import { tagsSetting } from './tags.ts';

const project = join(import.meta.dirname, '..');

/** The settings of a deployment by name. All values are text, as CloudFormation expects them. */
export type Settings = Record<string, string>;

/** The settings cannot be used. The message is one sentence for each problem, on a line of its own. */
export class WrongSettings extends Error {
  override name = 'WrongSettings' as const;

  constructor(complaints: string[]) {
    super(complaints.join('\n'));
  }
}

/** The rules of a setting in infrastructure/parameters.yml, with CloudFormation's own names. */
export interface Parameter {
  Type: 'String' | 'Number';
  Description: string;
  Default?: string | number;
  AllowedPattern?: string;
  AllowedValues?: (string | number)[];
  MinValue?: number;
  MaxValue?: number;
  ConstraintDescription: string;
}

export const parameters: Record<string, Parameter> = parse(
  readFileSync(join(project, 'infrastructure/parameters.yml'), 'utf8'),
).Parameters;

/** The rules of all settings: the parameters, and the tags of the stack. */
export const settingRules: Record<string, Parameter> = { ...parameters, tags: tagsSetting };

/** The settings that only the person who deploys knows. */
export const requiredNames = Object.keys(parameters).filter((name) => parameters[name]?.Default === undefined);

export function defaultSettings(stage: string): Settings {
  const defaults = Object.entries(settingRules).flatMap(([name, { Default }]) =>
    Default === undefined ? [] : [[name, String(Default).replaceAll('${sls:stage}', stage)]],
  );
  return Object.fromEntries(defaults);
}

/**
 * Reads the settings of a stage: defaults, then stages/<stage>.yml if it exists, then `--param`. Nothing is checked yet.
 *
 * @param given with `--param`
 * @param folder of the project
 * @throws WrongSettings if the file is not a list of names and values
 */
export const readSettings = (stage: string, given: Settings = {}, folder = project): Settings => ({
  ...defaultSettings(stage),
  ...readStageFile(stage, folder),
  ...given,
});

/** The file of each setting that is from the stage's file, and not from `--param`. */
export const filesOfSettings = (stage: string, given: Settings = {}, folder = project): Record<string, string> =>
  Object.fromEntries(
    Object.keys(readStageFile(stage, folder) ?? {})
      .filter((name) => !Object.hasOwn(given, name))
      .map((name) => [name, stageFile(stage)]),
  );

/** Reads the values of `--param`. @throws WrongSettings if one is not a name and a value */
export function readParams(params: string[]): Settings {
  const pairs = params.map((param) => /^([^=]+)=(.*)$/s.exec(param.trimEnd())?.slice(1));
  const wrong = params.filter((_, index) => !pairs[index]);
  if (wrong.length > 0)
    throw new WrongSettings(
      wrong.map((param) => `--param needs NAME=VALUE, such as atlasWorkspace=streams, not ${shown(param)}.`),
    );
  return Object.fromEntries(pairs.filter((pair) => pair !== undefined));
}

export const stageFile = (stage: string): string => `stages/${stage}.yml`;

/** @returns undefined if there is no such file @throws WrongSettings */
export function readStageFile(stage: string, folder = project): Settings | undefined {
  const file = stageFile(stage);
  const values = parseSettings(file, readIfExists(join(folder, file)));
  if (values === undefined) return undefined;
  const nested = Object.keys(values).filter((name) => typeof values[name] !== 'string');
  if (nested.length > 0) throw new WrongSettings(nested.map((name) => complaintAboutNested(name, values[name], file)));
  return values as Settings;
}

function complaintAboutNested(name: string, value: unknown, file: string): string {
  const wrongName = complaintAboutName(name, file);
  if (wrongName) return wrongName;
  const rule = settingRules[name]?.ConstraintDescription ?? '';
  return Array.isArray(value) && rule.includes('separated by commas')
    ? `${name} in ${file} is a list; write one line, separated by commas, ${exampleIn(rule)}.`
    : `${name} in ${file} must have a single value.`;
}

/** Settings of earlier versions. */
const renamed = new Map([['allowedProjectIds', { name: 'allowedTargets', difference: 'which also names workspaces' }]]);

/** @param file that has the setting, if it is from a file @returns one sentence if no setting has this name */
export function complaintAboutName(name: string, file?: string): string | undefined {
  if (Object.hasOwn(settingRules, name)) return undefined;
  const successor = renamed.get(name);
  if (successor) {
    const example = exampleIn(parameters[successor.name]?.ConstraintDescription ?? '');
    return `${name}${file ? ` in ${file}` : ''} is now ${successor.name}, ${successor.difference}, ${example}.`;
  }
  const names = Object.keys(settingRules);
  const meant = similarName(name, names);
  const help = meant ? `Did you mean ${meant}?` : `The settings are ${names.join(', ')}.`;
  return `${shown(name)}${file ? ` in ${file}` : ''} is not a setting. ${help}`;
}

/** The end of a ConstraintDescription: `for example …`. */
const exampleIn = (rule: string): string => /for example .*/.exec(rule)?.[0] ?? '';

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The failsafe schema leaves every value the text that it is: an Atlas project id may consist of digits only. */
function parseSettings(file: string, text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const values: unknown = parse(text, { schema: 'failsafe' }) || {};
    if (typeof values === 'object' && !Array.isArray(values)) return values as Record<string, unknown>;
  } catch (error) {
    const [problem] = (error as Error).message.split(':\n');
    throw new WrongSettings([`${file} is not valid YAML: ${problem}.`]);
  }
  throw new WrongSettings([`${file} must have one "name: value" on each line.`]);
}
