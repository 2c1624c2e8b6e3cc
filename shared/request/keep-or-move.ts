import { stepWithCommand, withCommand } from '../command.ts';
import { authenticationOf, type Mechanism, mechanisms, type Scheme, schemeOf } from '../login.ts';
import { tagCommand, untagCommand } from '../msk/tag-commands.ts';
import { settingTags, statusTag, triggerTag } from '../msk/tags.ts';
import { mayBeOurs, type Target } from '../registry/record.ts';
import type { Request } from './request.ts';

/** What a person does about a cluster whose settings ask for another target than the one that it is connected to. */
export function howToKeepOrMove({
  clusterArn,
  targetChange,
  recorded,
  ...target
}: Pick<Request, 'clusterArn' | 'targetChange' | 'recorded' | keyof Target>): string {
  const asked = targetChange ?? '';
  const tags = (['projectId', 'workspace', 'connectionName', 'mechanism'] as const)
    .filter((field) => asked.includes(`the tag ${settingTags[field]} is `))
    .map((field) => [settingTags[field], target[field]] as const);
  const [, mechanism] = /\bmechanism (?:in the input )?is "([^"]*)"/.exec(asked) ?? [];
  // A tag that cannot move a connected cluster is not checked before, so its value may be anything.
  const known = mechanisms.find((it) => it === mechanism);
  const scheme = known && schemeOf(known);
  const move = howToMove(clusterArn, {
    scheme: scheme === schemeOf(target.mechanism as Mechanism) ? undefined : scheme,
    isLinkForeign: recorded?.privateLink !== undefined && !mayBeOurs(recorded.privateLink),
    isByInput: / in the input is /.test(asked),
  });
  if (tags.length === 0) return `To keep the connection, leave this out of the input.\n${move}`;
  const keys = tags.map(([key]) => key);
  return [
    withCommand('To keep the connection, set the tag back:', tagCommand(clusterArn, Object.fromEntries(tags))),
    withCommand('Or remove it, if it was not there before:', untagCommand(clusterArn, keys), move),
  ].join('\n');
}

interface Move {
  /** The authentication scheme, if it is another one than that of the connection. */
  scheme: Scheme | undefined;
  isLinkForeign?: boolean;
  /** Whether the input of a manual start asks for the other target, and not only a tag. */
  isByInput?: boolean;
  /** The setting tags that ask for the other target, if the cluster does not have them yet. */
  tags?: Record<string, string>;
}

/** How a connected cluster gets another target, in steps, and how long that takes. */
export function howToMove(clusterArn: string, { scheme, isLinkForeign, isByInput, tags }: Move): string {
  const whenDisconnected = `When the cluster's tag ${statusTag('status')} is "disconnected", `;
  const steps = [
    scheme && [needs[scheme]],
    ['Disconnect the cluster:', tagCommand(clusterArn, { [triggerTag]: 'disconnect' })],
    scheme && isLinkForeign && [ownerDeletesLink],
    isByInput
      ? [`${whenDisconnected}start the connect again with this input.`]
      : [`${whenDisconnected}connect it:`, tagCommand(clusterArn, { ...tags, [triggerTag]: 'connect' })],
  ].filter((step) => Array.isArray(step));
  return [
    'To move it:',
    ...steps.map(([text, command], index) => {
      const step = `  ${index + 1}. ${text}`;
      return command === undefined ? step : stepWithCommand(step, command);
    }),
    `The cluster has no connection for about an hour then: the new private link takes about 30 minutes, and the new connection about 25.${scheme ? ' It takes longer if MSK must first reboot the brokers for the other authentication scheme.' : ''}`,
  ].join('\n');
}

const needs: Record<Scheme, string> = {
  SASL_SCRAM: `Prepare what ${authenticationOf.SASL_SCRAM} needs: that authentication on, a SCRAM secret that is associated with the cluster, and ACLs for its user.`,
  IAM: `Prepare what ${authenticationOf.IAM} needs: that authentication on, and a streams role that is authorized in the Atlas project.`,
};

/** Atlas allows one link per cluster and project, and a link has one scheme for good. */
const ownerDeletesLink =
  'This deployment did not create the private link, so the disconnect leaves it: its owner must delete it in Atlas (Stream Processing > Private Link).';
