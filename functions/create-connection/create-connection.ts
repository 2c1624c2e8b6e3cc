import type { KafkaClient } from '@aws-sdk/client-kafka';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { type AtlasClient, noneWhenAbsent } from '../../shared/atlas/client.ts';
import { connectionState, differences, whyNotOurs } from '../../shared/atlas/connection.ts';
import { explainUse, isInUse } from '../../shared/atlas/stream-processors.ts';
import type { Connection, KafkaConnectionRequest } from '../../shared/atlas/types.ts';
import { AtlasRefused, AtlasUnavailable, ConnectionRefused, PrerequisitesNotMet } from '../../shared/errors.ts';
import { privateBootstrapServers } from '../../shared/msk/bootstrap-servers.ts';
import { mechanisms } from '../../shared/request/request.ts';
import { readScramSecret } from '../../shared/secrets/scram-secret.ts';
import { deadlineAfter, pollAfter, pollEvery, stretchFor, Wait } from '../../shared/wait.ts';

export const CreateConnectionInput = z.object({
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  clusterArn: z.string(),
  mechanism: z.enum(mechanisms),
  config: z.nullable(z.record(z.string(), z.string())),
  secretArn: z.string(),
  /** The version of the SCRAM secret that Atlas was sent last, or null where nobody knows. */
  secretVersion: z.nullable(z.string()),
  /** The same, of an earlier visit of this run, or ''. */
  sentVersion: z.string(),
  /** Whether Atlas had the connection before this run did anything. */
  existedBefore: z.boolean(),
  privateLinkId: z.string(),
  wait: Wait,
  /** Of the wait for it, from an earlier visit of this run, or '': a null would not survive CloudFormation. */
  deadline: z.string(),
  now: z.string(),
});
type CreateConnectionInput = z.infer<typeof CreateConnectionInput>;

export interface CreateConnectionDeps {
  kafka: KafkaClient;
  secretsManager: SecretsManagerClient;
  atlas: AtlasClient;
  signal: AbortSignal;
}

/**
 * Makes sure that the workspace has the Kafka connection over the private link, and returns at once. An equal one is left
 * alone; one that differs is patched, where Atlas allows it.
 *
 * The SCRAM password is read here, sent to Atlas, and goes nowhere else.
 *
 * @returns `secretVersionId`: the version of the SCRAM secret that Atlas has for certain, or '' where nobody knows
 * @throws ConnectionRefused, ConnectionInUse, ConnectionFailed, PrerequisitesNotMet
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsRefused, AwsUnavailable
 */
export async function createConnection(input: CreateConnectionInput, deps: CreateConnectionDeps) {
  const bootstrapServers = await privateBootstrapServers(input.clusterArn, deps);
  const secret = await readScramSecret(input.secretArn, deps.secretsManager, deps.signal);
  if (secret.unusable !== undefined) throw new PrerequisitesNotMet(secret.unusable);

  const { username, password, versionId } = secret;
  const wanted: KafkaConnectionRequest = {
    name: input.connectionName,
    type: 'Kafka',
    bootstrapServers,
    authentication: { mechanism: input.mechanism, username, password },
    security: { protocol: 'SASL_SSL' },
    networking: { access: { type: 'PRIVATE_LINK', connectionId: input.privateLinkId } },
    ...(input.config && { config: input.config }),
  };
  const { connection, outcome, hasPassword } = await upsert(wanted, versionId, input, deps.atlas);
  const deadline = input.deadline || deadlineAfter(input.now, input.wait.timeoutMinutes);
  const times = { now: input.now, deadline };
  const stretch = stretchFor(deps.atlas.remainingShare);
  return {
    name: input.connectionName,
    // What was written is looked at after a while: until then its state may be that of before.
    ...(outcome === 'unchanged'
      ? connectionState(connection)
      : { state: connection.state ?? 'PENDING', isReady: false }),
    deadline,
    pollSeconds:
      outcome === 'unchanged' ? pollAfter(input.wait, times, stretch) : lookWhetherItStays(input.wait, times, stretch),
    outcome,
    bootstrapServers,
    secretVersionId: hasPassword ? versionId : '',
  };
}

/**
 * A simultaneous writer of the workspace may have overwritten what was just written, and then it is to be written again, rather
 * than waited for in vain: so the first look comes soon, but not for all writers at the same time.
 */
const lookWhetherItStays = ({ pollSeconds }: Wait, times: { now: string; deadline: string }, stretch: number): number =>
  pollEvery(pollSeconds * (1 + 2 * Math.random()), times, stretch);

async function upsert(
  wanted: KafkaConnectionRequest,
  versionId: string,
  { projectId, workspace, secretVersion: recorded, sentVersion, existedBefore }: CreateConnectionInput,
  atlas: AtlasClient,
): Promise<{ connection: Connection; outcome: 'created' | 'updated' | 'unchanged'; hasPassword: boolean }> {
  const secretVersion = sentVersion || recorded;
  const find = () => atlas.getConnection(projectId, workspace, wanted.name).catch(noneWhenAbsent);

  const existing = await find();
  if (existing) return update(existing);
  try {
    const connection = await atlas.createConnection(projectId, workspace, wanted);
    return { connection, outcome: 'created', hasPassword: true };
  } catch (error) {
    // Another run was faster. Atlas documents 409, and no code; other duplicates of its API are a 400 with ALREADY_EXISTS.
    const isThere =
      error instanceof AtlasRefused && (error.status === 409 || error.errorCode.includes('ALREADY_EXISTS'));
    if (!isThere) throw error;
    const other = await find();
    if (other) return update(other);
    // Atlas may not show a connection yet that it has just created.
    throw new AtlasUnavailable(
      `Atlas says that connection "${wanted.name}" exists, and does not show it yet. ${error.message}`,
      { cause: error },
    );
  }

  async function update(connection: Connection) {
    const reason = whyNotOurs(connection, wanted.networking.access.connectionId);
    if (reason)
      throw new ConnectionRefused(
        `In workspace ${workspace}, ${reason}, and Atlas lets nobody change that. Choose another connectionName, or delete that connection if nothing uses it; then start again.`,
      );
    // FAILED may be mended by an update; what is going away may not.
    if (connection.state === 'DELETING') connectionState(connection);
    // The password cannot be compared, so the recorded version of the secret stands for it. Without a record, an equal one
    // that was not there before was made a moment ago, with an answer that was lost, and one that is still deploying most
    // likely so by the run before; any other is sent the password.
    const isEqual = differences(connection, wanted).length === 0;
    const hasPassword = secretVersion === versionId || (secretVersion === null && !existedBefore);
    const unchanged = { connection, outcome: 'unchanged' as const, hasPassword };
    const isMostLikelyOurs = secretVersion === null && connection.state === 'PENDING';
    // One that has FAILED may have an old password, whatever was recorded.
    if (isEqual && connection.state !== 'FAILED' && (unchanged.hasPassword || isMostLikelyOurs)) return unchanged;
    try {
      const updated = await atlas.updateConnection(projectId, workspace, wanted);
      return { connection: updated, outcome: 'updated' as const, hasPassword: true };
    } catch (error) {
      // Atlas is still at work on an earlier change, or deploys the connection.
      if (error instanceof AtlasRefused && error.status === 409)
        throw new AtlasUnavailable(`Atlas is busy with connection "${wanted.name}". ${error.message}`, {
          cause: error,
        });
      // Mere suspicion is no reason to make anybody stop a stream processor.
      if (isEqual && secretVersion === null && isInUse(error)) return unchanged;
      return explainUse(error, { projectId, workspace, connectionName: wanted.name }, atlas);
    }
  }
}
