import { withCommand } from '../command.ts';
import { AtlasRefused, ConnectionInUse } from '../errors.ts';
import { tagCommand } from '../msk/tag-commands.ts';
import { settingTags } from '../msk/tags.ts';
import { listed } from '../request/redaction.ts';
import type { AtlasClient } from './client.ts';
import { isConnectionInUse } from './error-codes.ts';
import { LimitExceeded } from './limits.ts';
import type { StreamProcessor } from './types.ts';

/** In these states a processor has released its connections. In any other, including STOPPING, it holds them. */
const released = new Set(['STOPPED', 'FAILED', 'CREATED', 'DROPPED']);

export const holdsConnections = ({ state }: StreamProcessor): boolean => !released.has(state);

/** The processors that hold a connection. */
export const holdersOf = (processors: StreamProcessor[], connectionName: string): StreamProcessor[] =>
  processors.filter((it) => holdsConnections(it) && it.connectionNames.includes(connectionName));

interface Place {
  projectId: string;
  workspace: string;
  connectionName: string;
}

/**
 * The processors that hold a connection, for a person who reads about them.
 *
 * @returns none if Atlas doesn't say it: a key that may not list processors still gets the error itself, and so does a workspace with
 *   very long pipelines
 */
export async function readHolders(
  { projectId, workspace, connectionName }: Place,
  atlas: AtlasClient,
): Promise<StreamProcessor[]> {
  const processors = await atlas.listStreamProcessors(projectId, workspace).catch((refusal: unknown) => {
    if (refusal instanceof AtlasRefused || refusal instanceof LimitExceeded) return [];
    throw refusal;
  });
  return holdersOf(processors, connectionName);
}

/**
 * Turns Atlas's refusal to change or delete a connection that is in use into an error that names the stream processors.
 * Any other error is thrown unchanged.
 *
 * @param remedy what a person can do
 * @throws ConnectionInUse
 */
export async function explainUse(
  error: unknown,
  place: Place,
  atlas: AtlasClient,
  remedy = 'Stop the processor, then start a new execution.',
): Promise<never> {
  if (!isConnectionInUse(error)) throw error;
  const names = (await readHolders(place, atlas)).map(({ name }) => name);
  throw new ConnectionInUse(
    `Connection "${place.connectionName}" in workspace ${place.workspace} is in use by ${names.length > 0 ? `stream processor ${listed(names)}` : 'a running stream processor'}, and Atlas neither changes nor deletes a connection in use. ${remedy}`,
    { cause: error },
  );
}

/** What a person can do if a connect must change a connection in use. */
export const howToRestart = (clusterArn: string): string =>
  withCommand(
    'Stop the processor, start a new execution, and start the processor when the execution has ended. Or let runs stop and start processors, by a tag of the cluster:',
    tagCommand(clusterArn, { [settingTags.restartProcessors]: 'true' }),
    'The input of a manual start may have "restartProcessors": true, and the parameter restartProcessors allows it for all clusters.',
  );
