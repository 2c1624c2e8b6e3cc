import { withCommand } from '../command.ts';
import { InvalidRequest, NoLongerWanted } from '../errors.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { triggerTag } from '../msk/tags.ts';
import { shown } from './redaction.ts';
import type { Request } from './request.ts';

/**
 * Why the cluster's tag no longer asks for the connect that is at work, or undefined if it does. `disconnect` always ends it. A
 * removed tag, or any other value, ends it only if the tag has started it and the deployment disconnects on untag.
 *
 * @param tags of the cluster, as they are now
 */
export function whyNoLongerWanted(
  tags: Record<string, string>,
  { clusterArn, endsOnUntag }: Pick<Request, 'clusterArn' | 'endsOnUntag'>,
): string | undefined {
  const value = tags[triggerTag];
  if (value === 'disconnect') return `The tag ${triggerTag} of ${clusterArn} is "disconnect" now.`;
  if (value === 'connect' || !endsOnUntag) return undefined;
  return `The tag ${triggerTag} of ${clusterArn} ${value === undefined ? 'was removed' : `is ${shown(value)} now`}.`;
}

/** The error that ends a run which the tag no longer asks for. */
export const noLongerWanted = (reason: string): NoLongerWanted =>
  new NoLongerWanted(
    `${reason} This run stops here. What it has created stays recorded, and the run that disconnects the cluster removes it.`,
  );

/**
 * Refuses a connect that the next event of the tag, or the next sweep, would undo.
 *
 * @param tags of the cluster
 * @throws InvalidRequest
 */
export function refuseIfUndone(clusterArn: string, tags: Record<string, string>): void {
  if (tags[triggerTag] !== 'disconnect') return;
  throw new InvalidRequest(
    withCommand(
      `The tag ${triggerTag} of ${clusterArn} is "disconnect", so a connect would be undone. Set the tag to "connect", which starts a run:`,
      tagCommand(clusterArn, { [triggerTag]: 'connect' }),
      'Or set the tag to another value, such as "hold", and then start the run.',
    ),
  );
}
