import type { AtlasClient } from '../../shared/atlas/client.ts';
import { connectionState, differences, noteOnAdopted, spokenList, whyNotOurs } from '../../shared/atlas/connection.ts';
import { isBusy, isConnectionInUse, isDuplicate, noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { explainUse, howToRestart } from '../../shared/atlas/stream-processors.ts';
import type { Connection, KafkaConnectionRequest } from '../../shared/atlas/types.ts';
import {
  AtlasRefused,
  AtlasThrottled,
  AtlasUnavailable,
  ConnectionRefused,
  ProcessorsRunning,
} from '../../shared/errors.ts';
import type { Login } from '../../shared/login.ts';
import type { Result } from '../../shared/outcomes.ts';
import {
  announced,
  mayBeOurs,
  type Ownership,
  ownershipOf,
  type RegistryRecord,
  settledAs,
} from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';

/** What the registry keeps of the credentials that Atlas was sent: the role, or the secret and its version. */
export type Sent =
  | { roleArn: string; secretArn: null; secretVersionId: null }
  | { roleArn: null; secretArn: string; secretVersionId: string };

/** What a connection is written with. */
export interface Credentials {
  login: Login;
  /** The credentials that `wanted` has. */
  sent: Sent;
  /** Whether a connection that we have not created becomes ours. */
  claim: boolean;
  /** Whether the run may stop the stream processors that use the connection. */
  restartProcessors: boolean;
  /** ISO 8601. */
  now: string;
}

interface Upserted {
  connection: Connection;
  result: Result;
  ownership: Ownership;
  /** Whether this call has written the connection. */
  isWritten: boolean;
  /** Whether Atlas certainly has the wanted password, or needs none from us. */
  hasPassword: boolean;
  note?: string;
}

interface Place {
  projectId: string;
  workspace: string;
}

interface Deps {
  atlas: AtlasClient;
  registry: Registry;
  clusterArn: string;
  executionArn: string;
  /** What a person can check if the connection is FAILED. */
  hint: string;
}

/**
 * Creates the connection, or updates the one that exists if it is ours. The registry records the attempt before the request, and
 * the connection after the answer.
 *
 * @throws ProcessorsRunning, ConnectionRefused, ConnectionInUse, ConnectionFailed, ClaimLost, DeploymentMisconfigured
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsThrottled, AwsUnavailable
 */
export async function upsertConnection(
  wanted: KafkaConnectionRequest,
  credentials: Credentials,
  place: Place,
  deps: Deps,
): Promise<Upserted> {
  const { projectId, workspace } = place;
  const { atlas, registry, clusterArn, executionArn } = deps;
  const find = () => atlas.getConnection(projectId, workspace, wanted.name).catch(noneWhenAbsent);
  const recorded = await registry.confirm(clusterArn, executionArn);

  const existing = await find();
  if (existing) return useConnection(existing, recorded, wanted, credentials, place, deps);
  const attemptedAt = atlas.answeredAt ?? credentials.now;
  const { sent } = credentials;
  // If the connection turns out to be ours, it has these credentials. After an earlier attempt it may have the recorded ones.
  const isFirst = !(recorded.connection && mayBeOurs(recorded.connection));
  const announcement = { connection: announced(recorded.connection, attemptedAt), ...(isFirst && sent) };
  await registry.update(clusterArn, executionArn, announcement);
  try {
    const connection = await atlas.createConnection(projectId, workspace, wanted);
    const id = connection.id ?? undefined;
    await registry.update(clusterArn, executionArn, {
      connection: { ...(id && { id }), ownership: 'created', attemptedAt },
      ...sent,
    });
    return { connection, result: 'created', ownership: 'created', isWritten: true, hasPassword: true };
  } catch (error) {
    // A refusal is certain: this attempt has created nothing, and only what was recorded before counts.
    if (error instanceof AtlasRefused || error instanceof AtlasThrottled)
      await registry.update(clusterArn, executionArn, {
        connection: recorded.connection ?? null,
        roleArn: recorded.roleArn ?? null,
        secretArn: recorded.secretArn ?? null,
        secretVersionId: recorded.secretVersionId ?? null,
      });
    if (!isDuplicate(error)) throw error;
    // Another party has created it, or an earlier attempt of ours, which Atlas shows only now.
    const other = await find();
    if (other) return useConnection(other, recorded, wanted, credentials, place, deps);
    throw new AtlasUnavailable(
      `Atlas says that connection "${wanted.name}" exists, but does not show it yet. ${error.message}`,
      { cause: error },
    );
  }
}

async function useConnection(
  connection: Connection,
  recorded: RegistryRecord,
  wanted: KafkaConnectionRequest,
  credentials: Credentials,
  place: Place,
  deps: Deps,
): Promise<Upserted> {
  const reason = whyNotOurs(connection, wanted.networking.access.connectionId);
  if (reason)
    throw new ConnectionRefused(
      `In workspace ${place.workspace}, ${reason}. Atlas cannot change that. Choose another connectionName, or delete that connection if nothing uses it; then start a new execution.`,
    );
  const found = ownershipOf(connection.id ?? undefined, recorded.connection);
  // What a claim makes ours is recorded only when the run has succeeded.
  const ownership = credentials.claim ? 'created' : found;
  const { registry, clusterArn, executionArn } = deps;
  const id = connection.id ?? undefined;
  if (recorded.connection?.id !== id || recorded.connection?.ownership !== found)
    await registry.update(clusterArn, executionArn, {
      connection: settledAs(found, id, recorded.connection),
      // Nobody knows which password a connection of another party has.
      ...(found !== 'created' && { roleArn: null, secretArn: null, secretVersionId: null }),
    });
  if (ownership !== 'created') return adopt(connection, ownership, wanted, credentials, deps);
  const isNew = recorded.connection?.ownership === undefined && found === 'created';
  const before = found === 'created' ? recorded : undefined;
  const isProved = recorded.proof !== undefined;
  return updateConnection(connection, { wanted, credentials, before, isNew, isProved }, place, deps);
}

/** A connection of another party is used as it is. */
function adopt(
  connection: Connection,
  ownership: Ownership,
  wanted: KafkaConnectionRequest,
  { login }: Credentials,
  { clusterArn, hint }: Deps,
): Upserted {
  connectionState(connection, login, ownership, clusterArn, hint);
  const note = noteOnAdopted(differences(connection, wanted), login.mechanism);
  return { connection, result: 'adopted', ownership, isWritten: false, hasPassword: true, note };
}

interface Update {
  wanted: KafkaConnectionRequest;
  credentials: Credentials;
  /** What Atlas was sent last, or undefined if unknown. */
  before: Pick<RegistryRecord, keyof Sent> | undefined;
  /** Whether an earlier attempt of this state has created the connection. */
  isNew: boolean;
  /** Whether the registry has a proof that data can flow. */
  isProved: boolean;
}

async function updateConnection(
  connection: Connection,
  { wanted, credentials: { login, sent, restartProcessors }, before, isNew, isProved }: Update,
  { projectId, workspace }: Place,
  { atlas, registry, clusterArn, executionArn, hint }: Deps,
): Promise<Upserted> {
  // An update may repair a FAILED connection, but not one that is being deleted.
  if (connection.state === 'DELETING') connectionState(connection, login, 'created', clusterArn, hint);
  const different = differences(connection, wanted);
  const isEqual = different.length === 0;
  // With a role, there is no password.
  const hasPassword = sent.roleArn !== null || before?.secretVersionId === sent.secretVersionId;
  const unchanged: Upserted = {
    connection,
    result: isNew ? 'created' : 'unchanged',
    ownership: 'created',
    isWritten: false,
    hasPassword,
  };
  // A FAILED connection may have an old password, whatever was recorded.
  if (isEqual && hasPassword && connection.state !== 'FAILED') {
    // Atlas shows the role, so an attempt whose outcome was unclear is settled.
    if (before && sent.roleArn !== null && before.roleArn !== sent.roleArn)
      await registry.update(clusterArn, executionArn, sent);
    return unchanged;
  }
  try {
    // A run that ends before its probe must not leave the proof of what was there before.
    await (isProved
      ? registry.update(clusterArn, executionArn, { proof: null })
      : registry.confirm(clusterArn, executionArn));
    const updated = await atlas.updateConnection(projectId, workspace, wanted);
    await registry.update(clusterArn, executionArn, sent);
    return {
      ...unchanged,
      connection: { ...updated, id: updated.id ?? connection.id },
      result: isNew ? 'created' : 'updated',
      isWritten: true,
      hasPassword: true,
      ...(!isNew && { note: spokenList(hasPassword ? different : [...different, 'password']) || 'sent again' }),
    };
  } catch (error) {
    if (isBusy(error))
      throw new AtlasUnavailable(`Atlas is busy with connection "${wanted.name}". ${error.message}`, { cause: error });
    // We only suspect that the password is stale; don't ask anyone to stop a stream processor for that.
    if (isEqual && before?.secretVersionId === undefined && isConnectionInUse(error)) return unchanged;
    const place = { projectId, workspace, connectionName: wanted.name };
    // A connection that isn't ours yet, and one that only may have an old password, are not worth a stop.
    const isKnownToDiffer = before !== undefined && (!isEqual || !hasPassword);
    if (!isKnownToDiffer || !isConnectionInUse(error)) return explainUse(error, place, atlas);
    if (!restartProcessors) return explainUse(error, place, atlas, howToRestart(clusterArn));
    throw new ProcessorsRunning(
      `Running stream processors use connection "${wanted.name}" in workspace ${workspace}. This run stops them, updates the connection, and starts them again.`,
      { cause: error },
    );
  }
}
