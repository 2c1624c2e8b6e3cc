import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { complaintAboutStageName } from '../../packaging/check-settings.ts';
import { complaintAboutNpmOptions } from '../../packaging/npm-options.ts';
import { similarName } from '../../packaging/similar-name.ts';
import { UsageError } from '../exit.ts';
import { checkRegion } from '../region.ts';

export interface Arguments {
  stage: string;
  region: string;
  profile: string | undefined;
  /** Whether to remove the stack whatever is connected. */
  force: boolean;
  /** What Serverless gets. */
  passedOn: string[];
}

const options = {
  stage: { type: 'string', short: 's' },
  region: { type: 'string', short: 'r' },
  'aws-profile': { type: 'string' },
  force: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** The options that npm does not have itself. */
const ownOptions = ['stage', 'region', 'aws-profile'];

/** As `npm run deploy` has it. */
const defaultRegion: string = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'), {
  merge: true,
}).provider.region;

export const usage = `Usage: npm run remove -- --stage NAME [options]

Removes the stack of a stage. It refuses while a cluster is connected, because only the deployment can disconnect it.

  --stage NAME        the deployment's stage
  --region NAME       default: ${defaultRegion}, as for npm run deploy
  --aws-profile NAME  a profile of the AWS CLI
  --force             remove the stack all the same: what runs created stays in Atlas and in the cluster policies
  --help              show this text

All other options are passed to Serverless.
Exit code: 1 if a cluster is connected, 2 for wrong arguments or if AWS gives no answer, otherwise that of Serverless.`;

/**
 * @param env the environment that npm sets
 * @returns undefined if only the usage is to be shown
 * @throws UsageError
 */
export function parseArguments(args: string[], env: NodeJS.ProcessEnv = {}): Arguments | undefined {
  const complaint = complaintAboutNpmOptions(ownOptions, env);
  if (complaint) throw new UsageError(complaint);
  // npm has --force itself, and sets this variable to an empty text if it is not given.
  if (env.npm_config_force)
    throw new UsageError('npm has used --force itself; put "--" before all options: npm run remove -- --force …');
  const { values, tokens } = parseArgs({ args, options, strict: false, tokens: true });
  if (values.help) return undefined;
  for (const { name, rawName } of tokens.filter((token) => token.kind === 'option')) {
    const meant = name in options ? undefined : similarName(name, Object.keys(options));
    if (meant) throw new UsageError(`Unknown option ${rawName}; did you mean --${meant}?`);
  }
  const { stage, region = defaultRegion, 'aws-profile': profile, force } = values;
  if (typeof stage !== 'string') throw new UsageError('The stage is missing; give --stage NAME.');
  const wrongName = complaintAboutStageName(stage);
  if (wrongName) throw new UsageError(wrongName);
  if (typeof region !== 'string') throw new UsageError('--region needs a value, for example us-east-1.');
  checkRegion(region, '--region');
  if (profile !== undefined && typeof profile !== 'string') throw new UsageError('--aws-profile needs a value.');
  const others = args.filter((arg) => arg !== '--force');
  const passedOn = values.region === undefined ? [...others, '--region', region] : others;
  return { stage, region, profile, force: force === true, passedOn };
}
