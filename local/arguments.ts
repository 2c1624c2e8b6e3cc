import { parseArgs } from 'node:util';
import { localSettings } from '../packaging/check-settings.ts';
import { complaintAboutNpmOptions } from '../packaging/npm-options.ts';
import { readParams, WrongSettings } from '../packaging/settings.ts';
import { similarName } from '../packaging/similar-name.ts';
import { complaintAboutArguments } from '../packaging/wrong-arguments.ts';
import type { Scenario } from './scenario.ts';

export interface Arguments {
  scenario: Scenario;
  /** The path of a file with an input. */
  input: string | undefined;
  /** Whether the input is for the disconnect machine. */
  disconnect: boolean;
  /** The name of the stage of which the settings are; undefined if none is given. */
  stage: string | undefined;
  settings: Record<string, string>;
  speed: number;
  list: boolean;
  help: boolean;
  json: boolean;
  /** The path of the page to write. */
  html: string | undefined;
  logs: boolean;
  /** Whether the local cloud stays up, and no run is started. */
  keep: boolean;
}

/** Wrong arguments. The message is for the user: one sentence, or one for each wrong parameter. */
export class UsageError extends Error {}

/** One hour takes 10 seconds. So the default scenario, with 98 minutes of waiting, takes about 20 seconds. */
export const defaultSpeed = 360;

/** At this speed, a wait of 30 seconds takes 3 milliseconds. */
const maxSpeed = 10_000;

const options = {
  scenario: { type: 'string', default: 'default' },
  input: { type: 'string' },
  disconnect: { type: 'boolean', default: false },
  stage: { type: 'string' },
  param: { type: 'string', multiple: true, default: [] as string[] },
  speed: { type: 'string', default: String(defaultSpeed) },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
  html: { type: 'string' },
  logs: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
} as const;

/** The options that npm does not have itself. */
const ownOptions = Object.keys(options).filter((name) => name !== 'help' && name !== 'json');

export const usage = `Usage: npm start -- [options]

Runs the state machines and the function bundles that you deploy against emulators of Amazon MSK, AWS Secrets Manager,
Amazon DynamoDB and MongoDB Atlas on this machine. It needs no AWS account and no Atlas account, and it calls neither.

  --scenario NAME      which scenario to run (see --list)
  --list               list the scenarios
  --input FILE         start with the input in this file: the JSON of a manual start, or an EventBridge event;
                       the local cloud then uses the account, Region and cluster in the input's ARN
  --disconnect         with --input: connect the cluster first, unless the scenario prepares it, and then start the
                       disconnect machine with the input
  --stage NAME         use the settings in stages/NAME.yml
  --param NAME=VALUE   set one setting, as for npm run deploy; may be repeated
  --speed N            how many times faster than real time to run, from 1 to ${maxSpeed} (default ${defaultSpeed})
  --json               print only one JSON document (use npm start --silent to hide npm's own lines)
  --keep               start no run and keep the local cloud up, for the AWS CLI and for preflight, status and remove;
                       print its addresses and what runs there (with --json only the addresses); Ctrl-C ends it
  --html FILE          write a page about the run to this file: the path through the machine, what changed, all requests
  --logs               print the logs of the functions on standard error
  --help               show this text

Exit code: 0 if the execution succeeds (Connected, Disconnected, Planned, NothingToDo, NoLongerWanted),
1 if it fails, 2 for wrong arguments; 0 when --keep is ended.`;

/**
 * @param scenarios all scenarios
 * @param env the environment that npm sets
 * @throws UsageError
 */
export function parseArguments(args: string[], scenarios: Scenario[], env: NodeJS.ProcessEnv = {}): Arguments {
  const complaint = complaintAboutNpmOptions(ownOptions, env);
  if (complaint) throw new UsageError(complaint);
  const { scenario: name, input, stage, param, speed, html, ...flags } = parse(args);
  const scenario = scenarios.find((it) => it.name === name);
  if (!scenario) {
    const names = scenarios.map((it) => it.name);
    const meant = similarName(name, names);
    throw new UsageError(
      `There is no scenario "${name}"${meant ? `. Did you mean ${meant}?` : `; there are ${names.join(', ')}.`}`,
    );
  }
  if (flags.json && (flags.list || flags.help))
    throw new UsageError('--json cannot be combined with --list or --help.');
  const ofRuns = [input !== undefined && 'input', flags.disconnect && 'disconnect', html !== undefined && 'html'].find(
    Boolean,
  );
  if (flags.keep && ofRuns)
    throw new UsageError(`--keep cannot be combined with --${ofRuns}, because it starts no run.`);
  if (flags.disconnect && input === undefined) throw new UsageError('--disconnect needs --input.');
  const settings = parseSettings(param, stage, scenario);
  return { scenario, input, stage, html, settings, speed: parseSpeed(speed), ...flags };
}

function parseSettings(
  param: string[],
  stage: string | undefined,
  { settings: ofScenario }: Scenario,
): Record<string, string> {
  try {
    const settings = readParams(param);
    if ('atlasBaseUrl' in settings)
      throw new UsageError('--param atlasBaseUrl cannot be set: the local cloud has its own Atlas.');
    return localSettings({ ...ofScenario, ...settings }, stage);
  } catch (error) {
    if (error instanceof WrongSettings) throw new UsageError(error.message);
    throw error;
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(complaintAboutArguments(error as Error, Object.keys(options), 'npm start'));
  }
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (speed >= 1 && speed <= maxSpeed) return speed;
  throw new UsageError(`--speed must be a number from 1 to ${maxSpeed}, not "${text}".`);
}
