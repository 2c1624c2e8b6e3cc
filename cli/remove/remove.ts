import { readSettings } from '../../packaging/settings.ts';
import { awsAccess } from '../aws-access.ts';
import { asUsage, exitCodes, NoAccess } from '../exit.ts';
import { readRegistry } from '../registry-table.ts';
import { type Arguments, parseArguments, usage } from './arguments.ts';
import { whyNotRemoved } from './connected.ts';
import { useCredentialsOfServerless } from './credentials.ts';
import { removeStack } from './serverless.ts';

/**
 * Removes the stack of a stage, unless clusters are connected.
 *
 * @param executable the command line of Serverless, for tests
 * @returns the exit code
 * @throws UsageError, NoAccess
 */
export async function remove(args: string[], env: NodeJS.ProcessEnv, executable?: string): Promise<number> {
  const given = parseArguments(args, env);
  if (!given) {
    console.log(usage);
    return exitCodes.yes;
  }
  const refusal = given.force ? undefined : await refusalOf(given, env);
  if (refusal === undefined) return removeStack(given.passedOn, executable);
  console.error(refusal);
  return exitCodes.no;
}

/** @returns why the stack must not be removed @throws NoAccess if AWS does not say what is connected */
async function refusalOf({ stage, region, profile }: Arguments, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  useCredentialsOfServerless(stage, profile, env);
  const { dynamodb } = await awsAccess(region);
  try {
    // Without a table, nothing was ever connected, or the stack is half made.
    const registered = await readRegistry(dynamodb);
    return registered && whyNotRemoved(registered, { stage, region, prefix: prefixOf(stage) });
  } catch (error) {
    if (!(error instanceof NoAccess)) throw error;
    throw new NoAccess(
      `${error.message} So it is not known whether a cluster is connected, and the stack is not removed. --force removes it without this check; then what the runs created stays in Atlas.`,
    );
  }
}

/** @throws UsageError */
const prefixOf = (stage: string): string => asUsage(() => readSettings(stage).prefix ?? '');
