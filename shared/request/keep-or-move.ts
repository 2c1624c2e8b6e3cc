import { withCommand } from '../command.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { settingTags, triggerTag } from '../msk/tags.ts';
import { mayBeOurs, type Target } from '../registry/record.ts';
import type { Request } from './request.ts';

/** What a person does about a cluster whose settings ask for another target than the one that it is connected to. */
export function howToKeepOrMove({
  clusterArn,
  targetChange,
  recorded,
  ...target
}: Pick<Request, 'clusterArn' | 'targetChange' | 'recorded' | keyof Target>): string {
  const tags = (['projectId', 'workspace', 'connectionName', 'mechanism'] as const)
    .filter((field) => targetChange?.includes(`the tag ${settingTags[field]} is `))
    .map((field) => [settingTags[field], target[field]]);
  const isOtherMechanism = /\bmechanism (in the input )?is /.test(targetChange ?? '');
  const isOtherScheme =
    isOtherMechanism && (target.mechanism === 'AWS_MSK_IAM' || /is "AWS_MSK_IAM"/.test(targetChange ?? ''));
  const isLinkForeign = recorded?.privateLink !== undefined && !mayBeOurs(recorded.privateLink);
  const move = `${howToMove(clusterArn, isOtherMechanism)}${isOtherScheme && isLinkForeign ? ` ${ownerDeletesLink}` : ''}`;
  return tags.length > 0
    ? withCommand('To keep the connection, set the tag back:', tagCommand(clusterArn, Object.fromEntries(tags)), move)
    : `To keep the connection, leave this out of the input. ${move}`;
}

/** Atlas allows one link per cluster and project, and a link has one scheme for good. */
const ownerDeletesLink =
  'This deployment did not create the private link, so a disconnect leaves it: before you connect again, its owner must delete it in Atlas (Stream Processing > Private Link).';

/** How a connected cluster gets another target, and how long that takes. */
export const howToMove = (clusterArn: string, isOtherMechanism: boolean): string =>
  withCommand(
    'To move it, disconnect the cluster first, and then connect it with the new settings:',
    tagCommand(clusterArn, { [triggerTag]: 'disconnect' }),
    `The cluster has no connection for about an hour then: the new private link takes about 35 minutes, and the new connection about 26.${isOtherMechanism ? ' It takes longer if MSK must first reboot the brokers for the other authentication scheme.' : ''}`,
  );
