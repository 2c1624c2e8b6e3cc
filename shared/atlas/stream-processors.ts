import { AtlasRefused, ConnectionInUse } from '../errors.ts';
import { listed } from '../request/redaction.ts';
import type { AtlasClient } from './client.ts';
import { isConnectionInUse } from './error-codes.ts';
import { LimitExceeded } from './limits.ts';
import type { StreamProcessor } from './types.ts';

/** In these states a processor has released its connections. In any other, including STOPPING, it holds them. */
const released = new Set(['STOPPED', 'FAILED', 'CREATED', 'DROPPED']);

/** Whether a processor that holds its connections uses this one. */
const uses = ({ state, connectionNames }: StreamProcessor, connectionName: string): boolean =>
  !released.has(state) && connectionNames.includes(connectionName);

/**
 * Turns Atlas's refusal to change or delete a connection that is in use into an error that names the stream processors.
 * Any other error is thrown unchanged.
 *
 * @throws ConnectionInUse
 */
export async function explainUse(
  error: unknown,
  { projectId, workspace, connectionName }: { projectId: string; workspace: string; connectionName: string },
  atlas: AtlasClient,
): Promise<never> {
  if (!isConnectionInUse(error)) throw error;
  const processors = await atlas.listStreamProcessors(projectId, workspace).catch((refusal: unknown) => {
    // A key that may not list processors still gets the error itself, and so does a workspace with very long pipelines.
    if (refusal instanceof AtlasRefused || refusal instanceof LimitExceeded) return [];
    throw refusal;
  });
  const names = processors.filter((processor) => uses(processor, connectionName)).map(({ name }) => name);
  throw new ConnectionInUse(
    `Connection "${connectionName}" in workspace ${workspace} is in use by ${names.length > 0 ? `stream processor ${listed(names)}` : 'a running stream processor'}, and Atlas neither changes nor deletes a connection in use. Stop the processor, then start a new execution.`,
    { cause: error },
  );
}
