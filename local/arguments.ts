import { parseArgs } from 'node:util';
import { localSettings } from '../packaging/check-settings.ts';
import { WrongSettings } from '../packaging/settings.ts';
import type { Scenario } from './scenarios.ts';

export interface Arguments {
  scenario: Scenario;
  /** A file with an input of the user's own. */
  input: string | undefined;
  params: Record<string, string>;
  speed: number;
  list: boolean;
  help: boolean;
  json: boolean;
  logs: boolean;
}

/** Wrong arguments. The message is one sentence for the person who typed them, or one for each wrong parameter. */
export class UsageError extends Error {}

/** An hour takes 10 seconds, and the default scenario, with 98 minutes of waiting, about 20. */
const defaultSpeed = 360;

/** A wait of 30 seconds, the shortest of the defaults, takes 3 milliseconds then. */
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

Runs the state machine that deploys, with the function bundles that deploy, against emulators of Amazon MSK,
AWS Secrets Manager and MongoDB Atlas on loopback. It needs no AWS and no Atlas account, and reaches neither.

  --scenario NAME      what there is to connect, and what goes wrong (see --list)
  --list               the scenarios
  --input FILE         start with this input: the JSON of a console start, or a whole EventBridge event;
                       the account, the Region and the cluster are those of its ARN
  --stage NAME         use the settings in stages/NAME.yml
  --param NAME=VALUE   a setting, as for npm run deploy; may be repeated
  --speed N            how many times faster than real time, 1 to ${maxSpeed} (default ${defaultSpeed})
  --json               print one JSON document and nothing else; npm start --silent -- --json leaves out the lines
                       that npm itself prints
  --logs               print what the functions log, on standard error
  --help               this text

Exit code: 0 when the execution succeeds (Connected, Planned, NothingToDo), 1 when it does not, 2 for wrong arguments.`;

/**
 * @param scenarios that exist
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
    throw new UsageError('--json is for a run; --list and --help print text.');
  const params = parseSettings(param, stage);
  return { scenario, input, params, speed: parseSpeed(speed), ...flags };
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
    // Node's message goes on with advice about positional arguments, which there are none of.
    const [sentence] = (error as Error).message.split(/\.\s|\.$|\n/);
    throw new UsageError(`${sentence}; npm start -- --help lists the options.`);
  }
}

function parseParam(param: string): [string, string] {
  const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(param) ?? [];
  if (!name) throw new UsageError(`--param takes NAME=VALUE, such as atlasWorkspace=streams, not "${param}".`);
  if (name === 'atlasBaseUrl')
    throw new UsageError('--param atlasBaseUrl is not for here: the local cloud has its own Atlas.');
  return [name, value];
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (speed >= 1 && speed <= maxSpeed) return speed;
  throw new UsageError(`--speed takes a number from 1 to ${maxSpeed}, not "${text}".`);
}
