import type { AtlasClient } from '../../shared/atlas/client.ts';
import { connectionState, differences, whyNotOurs } from '../../shared/atlas/connection.ts';
import { isBusy, isConnectionAlreadyThere, isConnectionInUse, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { explainUse } from '../../shared/atlas/stream-processors.ts';
import type { Connection, KafkaConnectionRequest } from '../../shared/atlas/types.ts';
import { AtlasUnavailable, ConnectionRefused } from '../../shared/errors.ts';

/** What is known about the password, which Atlas never returns. */
export interface KnownPassword {
  /** The version of the SCRAM secret that `wanted` has the password of. */
  versionId: string;
  /** The version that Atlas was sent last, or null if unknown. */
  sentVersionId: string | null;
  /** Whether Atlas had the connection before this run changed anything. */
  existedBefore: boolean;
}

interface Upserted {
  connection: Connection;
  result: 'created' | 'updated' | 'unchanged';
  /** Whether Atlas certainly has the wanted password. */
  hasPassword: boolean;
}

interface Place {
  projectId: string;
  workspace: string;
}

/**
 * Creates the connection, or updates the one that exists.
 *
 * @throws ConnectionRefused, ConnectionInUse, ConnectionFailed, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function upsertConnection(
  wanted: KafkaConnectionRequest,
  known: KnownPassword,
  place: Place,
  atlas: AtlasClient,
): Promise<Upserted> {
  const { projectId, workspace } = place;
  const find = () => atlas.getConnection(projectId, workspace, wanted.name).catch(noneWhenAbsent);

  const existing = await find();
  if (existing) return updateConnection(existing, wanted, known, place, atlas);
  try {
    const connection = await atlas.createConnection(projectId, workspace, wanted);
    return { connection, result: 'created', hasPassword: true };
  } catch (error) {
    if (!isConnectionAlreadyThere(error)) throw error;
    const other = await find();
    if (other) return updateConnection(other, wanted, known, place, atlas);
    // Atlas may not show a connection yet that it has just created.
    throw new AtlasUnavailable(
      `Atlas says that connection "${wanted.name}" exists, but does not show it yet. ${error.message}`,
      { cause: error },
    );
  }
}

async function updateConnection(
  connection: Connection,
  wanted: KafkaConnectionRequest,
  known: KnownPassword,
  { projectId, workspace }: Place,
  atlas: AtlasClient,
): Promise<Upserted> {
  const reason = whyNotOurs(connection, wanted.networking.access.connectionId);
  if (reason)
    throw new ConnectionRefused(
      `In workspace ${workspace}, ${reason}. Atlas cannot change that. Choose another connectionName, or delete that connection if nothing uses it; then start the execution again.`,
    );
  // An update may repair a FAILED connection, but not one that is being deleted.
  if (connection.state === 'DELETING') connectionState(connection);

  const isEqual = differences(connection, wanted).length === 0;
  const hasPassword = isPasswordKnown(known);
  const unchanged: Upserted = { connection, result: 'unchanged', hasPassword };
  if (isEqual && isPasswordCurrent(connection, known)) return unchanged;
  try {
    const updated = await atlas.updateConnection(projectId, workspace, wanted);
    return { connection: updated, result: 'updated', hasPassword: true };
  } catch (error) {
    if (isBusy(error))
      throw new AtlasUnavailable(`Atlas is busy with connection "${wanted.name}". ${error.message}`, { cause: error });
    // We only suspect that the password is stale; don't ask anyone to stop a stream processor for that.
    if (isEqual && known.sentVersionId === null && isConnectionInUse(error)) return unchanged;
    return explainUse(error, { projectId, workspace, connectionName: wanted.name }, atlas);
  }
}

/**
 * Whether Atlas certainly has the password of today. The recorded version of the secret identifies the password. Without a record,
 * an equal connection that did not exist before this run was created by this run, in a request whose answer was lost.
 */
const isPasswordKnown = ({ versionId, sentVersionId, existedBefore }: KnownPassword): boolean =>
  sentVersionId === versionId || (sentVersionId === null && !existedBefore);

/** Whether an equal connection needs no update. A FAILED one may have an old password, whatever was recorded. */
function isPasswordCurrent({ state }: Connection, known: KnownPassword): boolean {
  // Without a record, a connection that is still deploying was most likely created by the run before.
  const isMostLikelyOurs = known.sentVersionId === null && state === 'PENDING';
  return state !== 'FAILED' && (isPasswordKnown(known) || isMostLikelyOurs);
}
