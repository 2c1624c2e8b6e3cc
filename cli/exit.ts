import { WrongSettings } from '../packaging/settings.ts';
import { InvalidRequest } from '../shared/errors.ts';

/** How the commands end: 0 means yes or done, 1 no, 2 that the command cannot tell. */
export const exitCodes = { yes: 0, no: 1, cannotTell: 2 } as const;

/** Wrong arguments, or a wrong environment. The message is one sentence for the user. Exit code 2. */
export class UsageError extends Error {}

/** AWS or Atlas cannot be asked with these credentials, or from here. The message is one sentence for the user. Exit code 2. */
export class NoAccess extends Error {}

/** What a deployment or a run refuses is a wrong argument of a command. @throws UsageError for WrongSettings and InvalidRequest */
export function asUsage<Value>(act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    throw error instanceof WrongSettings || error instanceof InvalidRequest ? new UsageError(error.message) : error;
  }
}

/**
 * Runs a command. Its exit code becomes that of the process.
 *
 * @param main gets the arguments
 */
export async function runCommand(main: (args: string[]) => Promise<number>): Promise<void> {
  // The reader of the output may close it, as `head` does. That does not mean "no".
  process.stdout.on('error', () => process.exit(exitCodes.cannotTell));
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    const { message } = error as Error;
    // A mistake of ours does not mean "no".
    console.error(error instanceof UsageError || error instanceof NoAccess ? message : error);
    // The reader of the document must not get an empty one.
    if (process.argv.includes('--json')) console.log(JSON.stringify({ error: message }, null, 2));
    process.exitCode = exitCodes.cannotTell;
  }
}
