import { atlasAccess } from '../atlas-access.ts';
import { awsAccess } from '../aws-access.ts';
import { exitCodes, runCommand } from '../exit.ts';
import { regionFor } from '../region.ts';
import { parseArguments, usage } from './arguments.ts';
import { render } from './render.ts';
import { exitCodeOf, readStatus } from './status.ts';

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
  const secretsIn = async (other: string) => (await awsAccess(other)).secrets;
  const { atlasBaseUrl: baseUrl = '', atlasCredentialsSecretArn: ofStage } = settings;
  const atlas = await atlasAccess({ option: given.credentialsSecret, ofStage, baseUrl, region }, env, secretsIn);
  const status = await readStatus({ stage, settings, hasFile, region, projectIds, atlas }, aws);
  console.log(json ? JSON.stringify(status, null, 2) : render(status, process.stdout.columns));
  return exitCodeOf(status);
}

await runCommand((args) => main(args, process.env));
