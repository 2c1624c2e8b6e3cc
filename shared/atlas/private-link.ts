import * as z from 'zod/mini';
import { PrivateLinkFailed } from '../errors.ts';
import { quoted } from '../foreign-text.ts';
import { type Mechanism, schemeOf } from '../login.ts';
import { settingTags } from '../msk/tags.ts';
import { Result } from '../outcomes.ts';
import { Ownership } from '../registry/record.ts';
import { failsAgain, replacedBy } from '../replaced-by.ts';
import type { AtlasClient } from './client.ts';
import type { Connection, PrivateLink } from './types.ts';

/** A private link on its way to DONE, as RequestPrivateLink and CheckPrivateLink pass it on. */
export const PrivateLinkProgress = z.object({
  id: z.string(),
  state: z.string(),
  isReady: z.boolean(),
  deadline: z.string(),
  pollSeconds: z.number(),
  result: Result,
  ownership: Ownership,
});

/** Atlas still lists a link for a while after a request to delete it. */
const deletionStates = new Set(['DELETE_REQUESTED', 'DELETING', 'DELETED']);

export const isBeingDeleted = ({ state }: PrivateLink): boolean => deletionStates.has(state ?? '');

/** The project's live private link to this cluster, if there is one: Atlas allows one per ARN. @param id of the recorded one */
export function livePrivateLink(links: PrivateLink[], clusterArn: string, id?: string): PrivateLink | undefined {
  const live = links.filter((link) => link.arn === clusterArn && !isBeingDeleted(link));
  return live.find(({ _id }) => _id === id) ?? live.find(({ state }) => state !== 'FAILED') ?? live[0];
}

/** A connection that uses a private link. */
export interface LinkUser {
  workspace: string;
  connection: Connection;
}

/** The connections of all workspaces that use a private link, without those that are being deleted. */
export async function usersOf(privateLinkId: string, projectId: string, atlas: AtlasClient): Promise<LinkUser[]> {
  const users: LinkUser[] = [];
  for (const { name: workspace } of await atlas.listWorkspaces(projectId)) {
    const connections = await atlas.listConnections(projectId, workspace);
    const using = connections.filter(
      ({ networking, state }) => networking?.access?.connectionId === privateLinkId && state !== 'DELETING',
    );
    users.push(...using.map((connection) => ({ workspace, connection })));
  }
  return users;
}

/**
 * Reads a private link's state. DONE is ready. An unknown state counts as in progress, because the wait has a deadline.
 *
 * @param mechanism of the connection that will use it
 * @param ownership decides what a person has to do about a link that is FAILED
 * @param hints what may have made it FAILED, and what to check then
 * @throws PrivateLinkFailed if it is FAILED (with Atlas's errorMessage), is being deleted, or has the scheme of another mechanism
 */
export function privateLinkState(
  { _id: id, state, errorMessage, authenticationScheme }: PrivateLink,
  mechanism: Mechanism,
  ownership: Ownership,
  clusterArn: string,
  ...hints: (string | undefined)[]
) {
  if (state === 'FAILED')
    throw new PrivateLinkFailed(
      `Atlas could not set up private link ${id}: ${errorMessage ? quoted(errorMessage.replace(/\.$/, '')) : 'it gave no reason'}. ${hints.filter(Boolean).join(' ')}\n${
        ownership === 'created'
          ? replacedBy('what Atlas reports', mechanism, clusterArn)
          : `This deployment did not create the link. Its owner must delete it in Atlas (Stream Processing > Private Link). Then start a new execution. ${failsAgain}`
      }`,
    );
  if (deletionStates.has(state ?? ''))
    throw new PrivateLinkFailed(
      `Private link ${id} is being deleted (${state}). Start a new execution when it is gone.`,
    );
  const scheme = schemeOf(mechanism);
  if (authenticationScheme && authenticationScheme !== scheme)
    throw new PrivateLinkFailed(
      `Private link ${id} to this cluster has the authentication scheme ${authenticationScheme}, which never changes. The mechanism ${mechanism} needs ${scheme}, and Atlas allows one link per cluster and project. ${useSchemeOf(authenticationScheme)}If nothing uses the link, its owner can delete it in Atlas (Stream Processing > Private Link). Then start a new execution: a new link takes about 30 minutes.`,
    );
  return { id, state: state ?? 'IDLE', isReady: state === 'DONE' };
}

const mechanismsOf = new Map<string, Mechanism>([
  ['SASL_SCRAM', 'SCRAM-512'],
  ['IAM', 'AWS_MSK_IAM'],
]);

/** The mechanism for a link's scheme, or undefined if we know none. Without a scheme, Atlas has used SASL_SCRAM. */
export const mechanismOf = ({ authenticationScheme }: PrivateLink): Mechanism | undefined =>
  mechanismsOf.get(authenticationScheme ?? 'SASL_SCRAM');

/** How a person can use a link as it is. */
function useSchemeOf(scheme: string): string {
  const mechanism = mechanismsOf.get(scheme);
  if (!mechanism) return '';
  return `To use the link, set the mechanism to ${mechanism} (mechanism in the input, or the tag ${settingTags.mechanism}). `;
}
