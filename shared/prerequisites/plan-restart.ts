import type { AtlasClient } from '../atlas/client.ts';
import { howToRestart, readHolders } from '../atlas/stream-processors.ts';
import { listed } from '../request/redaction.ts';
import type { Request } from '../request/request.ts';

/**
 * What an update of the connection means for the stream processors that use it.
 *
 * @returns `inUse`: why the update would fail; neither a change nor that if no processor uses the connection, or if Atlas doesn't say it
 */
export async function planRestart(
  request: Request,
  atlas: AtlasClient,
): Promise<{ changes: { state: string; change: string }[]; inUse?: string }> {
  const names = (await readHolders(request, atlas)).map(({ name }) => name);
  if (names.length === 0) return { changes: [] };
  const [processors, use, again] =
    names.length > 1
      ? ['stream processors', 'use', 'them again from their checkpoints']
      : ['stream processor', 'uses', 'it again from its checkpoint'];
  if (!request.restartProcessors)
    return {
      changes: [],
      inUse: `The running ${processors} ${listed(names)} ${use} the connection, so a run would end in ConnectionInUse. ${howToRestart(request.clusterArn)}`,
    };
  const change = `Stop the ${processors} ${listed(names)}, which ${use} the connection, for the update, and start ${again}.`;
  return { changes: [{ state: 'StopProcessors', change }] };
}
