import { stepWithCommand, withCommand } from './command.ts';
import type { Mechanism } from './login.ts';
import { tagCommand, untagCommand } from './msk/tag-commands.ts';
import { settingTags, triggerTag } from './msk/tags.ts';
import { neverAgain } from './msk/unusable.ts';

/** Ends the message of a failure that a new start alone only repeats: RecordFailure then prints no command for one. */
export const failsAgain = 'A new start before that fails again.';

/** Ends the message about a cluster that no run can ever connect. */
const alwaysFails = 'Until then, the sweep starts a run at least once a day, and each of them fails.';

/** Whether a message ends with the words that a new start alone does not help. */
export const isOfNoUse = (message: string): boolean =>
  message.endsWith(failsAgain) || message.endsWith(neverAgain) || isHopeless(message);

/** Whether no run can ever connect the cluster that a message is about. */
export const isHopeless = (message: string): boolean => message.endsWith(alwaysFails);

/** What a person does about such a cluster. */
export const useAnotherCluster = (clusterArn: string): string =>
  withCommand('Use another cluster, and remove the tag:', untagCommand(clusterArn, [triggerTag]), alwaysFails);

/**
 * How a person replaces what a run has created in Atlas and what has FAILED there. Nobody has published a connection by IAM over a private
 * link, and another mechanism counts only after the disconnect.
 *
 * @param what has to be fixed first
 * @param mechanism of the connection
 */
export const replacedBy = (what: string, mechanism: Mechanism, clusterArn: string): string =>
  [
    'Do this:',
    mechanism === 'AWS_MSK_IAM'
      ? stepWithCommand(
          `  1. Fix ${what}. Or connect by SCRAM instead, which counts after the disconnect:`,
          tagCommand(clusterArn, { [settingTags.mechanism]: 'SCRAM-512' }),
        )
      : `  1. Fix ${what}.`,
    stepWithCommand(
      '  2. Tag the cluster atlas-streaming=disconnect:',
      tagCommand(clusterArn, { [triggerTag]: 'disconnect' }),
    ),
    '  3. Wait until its tag atlas-streaming/status is "disconnected".',
    stepWithCommand(
      '  4. Tag the cluster atlas-streaming=connect:',
      tagCommand(clusterArn, { [triggerTag]: 'connect' }),
    ),
    failsAgain,
  ].join('\n');
