import type { AtlasClient } from '../atlas/client.ts';
import { howToRestart, readHolders } from '../atlas/stream-processors.ts';
import { listed } from '../request/redaction.ts';
import type { Request } from '../request/request.ts';

/** What an update of the connection means for the stream processors that use it: a change of the plan, or why it would fail. */
export interface PlannedRestart {
  change?: { state: string; change: string };
  note?: string;
}

/** @returns nothing if no processor uses the connection, or if Atlas doesn't say it */
export async function planRestart(request: Request, atlas: AtlasClient): Promise<PlannedRestart> {
  const names = (await readHolders(request, atlas)).map(({ name }) => name);
  if (names.length === 0) return {};
  const [processors, use, again] =
    names.length > 1
      ? ['stream processors', 'use', 'them again from their checkpoints']
      : ['stream processor', 'uses', 'it again from its checkpoint'];
  return request.restartProcessors
    ? {
        change: {
          state: 'StopProcessors',
          change: `Stop the ${processors} ${listed(names)}, which ${use} the connection, for the update, and start ${again}.`,
        },
      }
    : {
        note: `The running ${processors} ${listed(names)} ${use} the connection, so a run would end in ConnectionInUse. ${howToRestart(request.clusterArn)}`,
      };
}
