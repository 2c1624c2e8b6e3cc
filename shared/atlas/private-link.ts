import * as z from 'zod/mini';
import { PrivateLinkFailed } from '../errors.ts';
import { quoted } from '../foreign-text.ts';
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
 * @param ownership decides what a person has to do about a link that is FAILED
 * @param hints what may have made it FAILED, and what to check then
 * @throws PrivateLinkFailed if it is FAILED (with Atlas's errorMessage), is being deleted, or isn't for SASL/SCRAM
 */
export function privateLinkState(
  { _id: id, state, errorMessage, authenticationScheme }: PrivateLink,
  ownership: Ownership,
  clusterArn: string,
  ...hints: (string | undefined)[]
) {
  if (state === 'FAILED')
    throw new PrivateLinkFailed(
      `Atlas could not set up private link ${id}: ${errorMessage ? quoted(errorMessage.replace(/\.$/, '')) : 'it gave no reason'}. ${hints.filter(Boolean).join(' ')}\n${
        ownership === 'created'
          ? replacedBy('what Atlas reports', clusterArn)
          : `This deployment did not create the link. Its owner must delete it in Atlas (Stream Processing > Private Link). Then start a new execution. ${failsAgain}`
      }`,
    );
  if (deletionStates.has(state ?? ''))
    throw new PrivateLinkFailed(
      `Private link ${id} is being deleted (${state}). Start a new execution when it is gone.`,
    );
  if (authenticationScheme && authenticationScheme !== 'SASL_SCRAM')
    throw new PrivateLinkFailed(
      `Private link ${id} to this cluster exists with the authentication scheme ${authenticationScheme}; a SCRAM connection needs SASL_SCRAM, and Atlas allows one link per cluster and project. If nothing uses that link, delete it in Atlas and start a new execution.`,
    );
  return { id, state: state ?? 'IDLE', isReady: state === 'DONE' };
}
