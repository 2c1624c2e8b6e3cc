import { regionOf } from '../../shared/msk/arn.ts';
import { atlasClient, atlasCredentialsOf, howToGiveAtlasCredentials } from '../atlas-access.ts';
import { awsAccess, whyNoAnswer } from '../aws-access.ts';
import { exitCodes, runCommand } from '../exit.ts';
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
  const { stage, settings, hasFile, projectIds, json } = given;
  const region = await regionFor(given.region, env);
  const aws = await awsAccess(region);
  const atlas = await atlasFor(given, env);
  const status = await readStatus({ stage, settings, hasFile, region, projectIds, atlas }, aws);
  console.log(json ? JSON.stringify(status, null, 2) : render(status, process.stdout.columns));
  return exitCodeOf(status);
}

/** Atlas with the credentials of the option, else of the environment, else of the stage's secret; or why there are none. */
async function atlasFor({ credentialsSecret, settings }: Arguments, env: NodeJS.ProcessEnv): Promise<Asked['atlas']> {
  const baseUrl = (env.MONGODB_ATLAS_BASE_URL || settings.atlasBaseUrl || '').replace(/\/$/, '');
  const given = credentialsSecret === undefined ? atlasCredentialsOf(env) : undefined;
  const secretArn = credentialsSecret ?? settings.atlasCredentialsSecretArn;
  if (!given && secretArn === undefined)
    return { reason: `There are no Atlas credentials. ${howToGiveAtlasCredentials}` };
  const source = given ? 'the environment' : `the secret ${secretArn}`;
  try {
    return { client: atlasClient(given ?? (await secretIn(secretArn ?? '')), baseUrl), source };
  } catch (error) {
    const why = whyNoAnswer(error)?.sentence ?? (error as Error).message;
    return { reason: `The Atlas credentials from ${source} cannot be used. ${why}` };
  }
}

/** @returns the secret's JSON, undefined if it is not JSON */
async function secretIn(secretArn: string): Promise<unknown> {
  const { secrets } = await awsAccess(regionOf(secretArn));
  return (await secrets.read(secretArn)).value;
}

await runCommand((args) => main(args, process.env));
