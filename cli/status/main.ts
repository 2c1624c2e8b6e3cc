import { DeploymentMisconfigured } from '../../shared/errors.ts';
import { atlasClient, atlasCredentialsOf, howToGiveAtlasCredentials } from '../atlas-access.ts';
import { type Aws, awsAccess, whyNoAnswer } from '../aws-access.ts';
import { exitCodes, NoAccess, UsageError } from '../exit.ts';
import { regionFor } from '../region.ts';
import { type Arguments, parseArguments, usage } from './arguments.ts';
import { render } from './render.ts';
import { type Asked, exitCodeOf, readStatus } from './status.ts';

/** `npm run status`: what is connected, what needs a person, and what is left over. @returns the exit code */
async function main(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const given = parseArguments(args, env);
  if (!given) {
    console.log(usage);
    return exitCodes.yes;
  }
  const { stage, settings, projectIds, json } = given;
  const region = await regionFor(given.region, env);
  const aws = await awsAccess(region);
  const atlas = await atlasFor(given, env, aws);
  const status = await readStatus({ stage, settings, region, projectIds, atlas }, aws);
  console.log(json ? JSON.stringify(status, null, 2) : render(status, process.stdout.columns));
  return exitCodeOf(status);
}

/** Atlas with the person's credentials, or why there are none. */
async function atlasFor(
  { credentialsSecret, settings }: Arguments,
  env: NodeJS.ProcessEnv,
  { secrets }: Aws,
): Promise<Asked['atlas']> {
  const baseUrl = (env.MONGODB_ATLAS_BASE_URL || settings.atlasBaseUrl || '').replace(/\/$/, '');
  const credentials = credentialsSecret ? await secretIn(credentialsSecret, secrets) : atlasCredentialsOf(env);
  if (credentials === undefined) return { reason: `There are no Atlas credentials. ${howToGiveAtlasCredentials}` };
  if (credentials instanceof Error) return { reason: credentials.message };
  try {
    return atlasClient(credentials, baseUrl);
  } catch (error) {
    if (error instanceof DeploymentMisconfigured) return { reason: error.message };
    throw error;
  }
}

/** @returns the secret's JSON, null if it is not JSON, or why it cannot be read */
const secretIn = (secretArn: string, secrets: Aws['secrets']): Promise<unknown> =>
  secrets.read(secretArn).then(
    ({ value }) => value ?? null,
    (error: Error) => new Error(whyNoAnswer(error)?.sentence ?? error.message),
  );

try {
  process.exitCode = await main(process.argv.slice(2), process.env);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof NoAccess)) throw error;
  console.error(error.message);
  process.exitCode = exitCodes.cannotTell;
}
