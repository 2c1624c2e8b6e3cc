import { parseArgs } from 'node:util';
import { localSettings } from '../packaging/check-settings.ts';
import { WrongSettings } from '../packaging/settings.ts';
import type { Scenario } from './scenarios.ts';

export interface Arguments {
  scenario: Scenario;
  /** The path of a file with an input. */
  input: string | undefined;
  settings: Record<string, string>;
  speed: number;
  list: boolean;
  help: boolean;
  json: boolean;
  logs: boolean;
}

/** Wrong arguments. The message is for the user: one sentence, or one for each wrong parameter. */
export class UsageError extends Error {}

/** One hour takes 10 seconds. So the default scenario, with 98 minutes of waiting, takes about 20 seconds. */
const defaultSpeed = 360;

/** At this speed, a wait of 30 seconds takes 3 milliseconds. */
const maxSpeed = 10_000;

const options = {
  scenario: { type: 'string', default: 'default' },
  input: { type: 'string' },
  stage: { type: 'string' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  speed: { type: 'string', default: String(defaultSpeed) },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
  logs: { type: 'boolean', default: false },
} as const;

export const usage = `Usage: npm start -- [options]

Runs the state machine and the function bundles that you deploy against emulators of Amazon MSK, AWS Secrets Manager
and MongoDB Atlas on this machine. It needs no AWS account and no Atlas account, and it calls neither.

  --scenario NAME      the resources, and what goes wrong (see --list)
  --list               list the scenarios
  --input FILE         start with the input in this file: the JSON of a console start, or an EventBridge event;
                       the local cloud then has the account, the Region and the cluster of the cluster's ARN
  --stage NAME         use the settings in stages/NAME.yml
  --param NAME=VALUE   set one setting, as for npm run deploy; may be repeated
  --speed N            how many times faster than real time to run, from 1 to ${maxSpeed} (default ${defaultSpeed})
  --json               print one JSON document and nothing else; with npm start --silent, npm prints nothing either
  --logs               print the logs of the functions on standard error
  --help               show this text

Exit code: 0 if the execution succeeds (Connected, Disconnected, Planned, NothingToDo), 1 if it fails, 2 for wrong
arguments.`;

/**
 * @param scenarios all scenarios
 * @throws UsageError
 */
export function parseArguments(args: string[], scenarios: Scenario[]): Arguments {
  const { scenario: name, input, stage, param, speed, ...flags } = parse(args);
  const scenario = scenarios.find((it) => it.name === name);
  if (!scenario) {
    const names = scenarios.map((it) => it.name).join(', ');
    throw new UsageError(`There is no scenario "${name}"; there are ${names}.`);
  }
  if (flags.json && (flags.list || flags.help))
    throw new UsageError('--json cannot be combined with --list or --help.');
  const settings = parseSettings(param, stage);
  return { scenario, input, settings, speed: parseSpeed(speed), ...flags };
}

function parseSettings(param: string[], stage: string | undefined): Record<string, string> {
  try {
    return localSettings(Object.fromEntries(param.map(parseParam)), stage);
  } catch (error) {
    if (error instanceof WrongSettings) throw new UsageError(error.message);
    throw error;
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Only the first sentence: the others explain positional arguments, which do not exist here.
    const [sentence] = (error as Error).message.split(/\.\s|\.$|\n/);
    throw new UsageError(`${sentence}; npm start -- --help lists the options.`);
  }
}

function parseParam(param: string): [string, string] {
  const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(param) ?? [];
  if (!name) throw new UsageError(`--param needs NAME=VALUE, such as atlasWorkspace=streams, not "${param}".`);
  if (name === 'atlasBaseUrl')
    throw new UsageError('--param atlasBaseUrl cannot be set: the local cloud has its own Atlas.');
  return [name, value];
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (speed >= 1 && speed <= maxSpeed) return speed;
  throw new UsageError(`--speed must be a number from 1 to ${maxSpeed}, not "${text}".`);
}
