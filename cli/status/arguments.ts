import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { complaintAboutNpmOptions } from '../../packaging/npm-options.ts';
import { type Settings, stageFile } from '../../packaging/settings.ts';
import { similarName } from '../../packaging/similar-name.ts';
import { complaintAboutArguments } from '../../packaging/wrong-arguments.ts';
import { valid } from '../../shared/request/fields.ts';
import { checkCredentialsSecret } from '../atlas-access.ts';
import { asUsage, UsageError } from '../exit.ts';
import { settingsOfStage } from '../settings.ts';

export interface Arguments {
  stage: string;
  /** The stage's settings, defaults included. */
  settings: Settings;
  /** Whether the stage has a file. */
  hasFile: boolean;
  region: string | undefined;
  /** Atlas projects in which a run may create a private link. */
  projectIds: string[];
  credentialsSecret: string | undefined;
  json: boolean;
}

const options = {
  stage: { type: 'string', short: 's' },
  region: { type: 'string', short: 'r' },
  project: { type: 'string', multiple: true, default: [] as string[] },
  'credentials-secret': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** The options that npm does not have itself. */
const ownOptions = Object.keys(options).filter((name) => name !== 'help' && name !== 'json');

export const usage = `Usage: npm run status -- [options]

Shows every cluster of the Region that is recorded or tagged, and private links in Atlas that are in no record. It only reads.

  --stage NAME              the deployment's stage (default: the only file in stages/ beside the example)
  --region NAME             default: AWS_REGION, AWS_DEFAULT_REGION, or the Region of the profile
  --project ID              list the private links of this Atlas project as well; may be repeated
  --credentials-secret ARN  a secret with the Atlas credentials. Default: MONGODB_ATLAS_PUBLIC_KEY and
                            MONGODB_ATLAS_PRIVATE_KEY, or MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET,
                            or the secret of the stage
  --json                    print one JSON document (use npm run --silent status to hide npm's own lines)
  --help                    show this text

Exit code: 0 if nothing needs a person, 1 if a cluster has failed or a private link is left over, 2 for wrong arguments
or if something could not be read.`;

/**
 * @param env the environment that npm sets
 * @param folder of the project
 * @returns undefined if only the usage is to be shown
 * @throws UsageError
 */
export function parseArguments(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  folder = join(import.meta.dirname, '../..'),
): Arguments | undefined {
  const complaint = complaintAboutNpmOptions(ownOptions, env);
  if (complaint) throw new UsageError(complaint);
  const { help, project, 'credentials-secret': credentialsSecret, region, json, ...given } = parse(args);
  if (help) return undefined;
  const stage = given.stage ?? onlyStage(folder);
  for (const id of project) asUsage(() => valid('projectId', id, '--project'));
  checkCredentialsSecret(credentialsSecret);
  const { settings, hasFile } = settingsOfStage(stage, {}, env, folder);
  const meant = hasFile ? undefined : similarName(stage, stagesIn(folder));
  if (meant) throw new UsageError(`${stageFile(stage)} does not exist. Did you mean --stage ${meant}?`);
  const ofStage = [settings.atlasProjectId ?? [], settings.allowedTargets?.match(/\b[a-f0-9]{24}(?=\/)/g) ?? []];
  return {
    ...{ stage, settings, hasFile, region, credentialsSecret, json },
    projectIds: [...new Set([...ofStage.flat(), ...project])],
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(complaintAboutArguments(error as Error, Object.keys(options), 'npm run status'));
  }
}

/** @returns the stage of the only stage file */
function onlyStage(folder: string): string {
  const stages = stagesIn(folder);
  if (stages.length === 1 && stages[0] !== undefined) return stages[0];
  const found = stages.length === 0 ? 'stages/ has no file beside the example' : `stages/ has ${stages.join(', ')}`;
  throw new UsageError(`The stage is missing, and ${found}; give --stage NAME.`);
}

const stagesIn = (folder: string): string[] =>
  readdirSync(join(folder, 'stages'))
    .filter((file) => file.endsWith('.yml') && file !== 'example.yml')
    .map((file) => file.replace(/\.yml$/, ''))
    .toSorted();
