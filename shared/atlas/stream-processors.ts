import { AtlasRefused, ConnectionInUse } from '../errors.ts';
import type { AtlasClient } from './client.ts';
import type { StreamProcessor } from './types.ts';

/** A processor in one of these states has let go of its connections; in any other it holds them, STOPPING included. */
const released = new Set(['STOPPED', 'FAILED', 'CREATED', 'DROPPED']);

/** Whether a processor that holds its connections uses this one. */
const uses = ({ state, pipeline }: StreamProcessor, connectionName: string): boolean =>
  !released.has(state) &&
  JSON.stringify(pipeline ?? null).includes(`"connectionName":${JSON.stringify(connectionName)}`);

/** Seen as HTTP 403: "Stream connection with name … has active processors, and cannot be changed." */
export const isInUse = (error: unknown): error is AtlasRefused =>
  error instanceof AtlasRefused && error.errorCode === 'STREAM_CONNECTION_HAS_STREAM_PROCESSORS';

/**
 * Turns Atlas's refusal to change or delete a connection that is in use into an error that names the stream processors.
 * Any other error is thrown on as it is.
 *
 * @throws ConnectionInUse
 */
export async function explainUse(
  error: unknown,
  { projectId, workspace, connectionName }: { projectId: string; workspace: string; connectionName: string },
  atlas: AtlasClient,
): Promise<never> {
  if (!isInUse(error)) throw error;
  const processors = await atlas.listStreamProcessors(projectId, workspace).catch((refusal: unknown) => {
    // Whoever may not list them still learns what is wrong.
    if (refusal instanceof AtlasRefused) return [];
    throw refusal;
  });
  const names = processors.filter((processor) => uses(processor, connectionName)).map(({ name }) => `"${name}"`);
  throw new ConnectionInUse(
    `Connection "${connectionName}" in workspace ${workspace} is in use by ${names.length > 0 ? `stream processor ${names.join(', ')}` : 'a running stream processor'}, and Atlas changes no connection that is in use. Stop the processor, and start again.`,
    { cause: error },
  );
}
