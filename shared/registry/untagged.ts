import { actionOf } from '../executions.ts';
import { isStoppedDisconnect } from './ended-early.ts';
import type { RegistryRecord } from './record.ts';

/**
 * What is still to be done for a cluster whose tag asks for nothing. What is connected is kept in repair. A disconnect that was asked
 * for is finished, unless a person has stopped it before it removed anything. What a connect has created is removed if the tag took
 * the wish back; a connect that failed is neither completed nor removed.
 *
 * @returns undefined if nothing
 */
export function wishWithoutTag(record: RegistryRecord): 'connect' | 'disconnect' | undefined {
  const { status, connection, verifiedAt, lastFailure } = record;
  const keep = verifiedAt !== undefined && connection?.ownership ? 'connect' : undefined;
  switch (status) {
    case 'connected':
      return 'connect';
    case 'disconnecting':
    case 'disconnected':
      return 'disconnect';
    case 'failed':
      if (!lastFailure || actionOf(lastFailure.executionArn) !== 'disconnect') return keep;
      return (isStoppedDisconnect(lastFailure) ? keep : undefined) ?? 'disconnect';
    case 'connecting':
      return keep;
    // The tag has changed while a run was at work, and the run has given the cluster back.
    case undefined:
      return keep ?? 'disconnect';
  }
}
