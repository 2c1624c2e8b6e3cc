import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { ConnectionProgress, connectionOver, connectionState } from '../../shared/atlas/connection.ts';
import { lacksAwsRole } from '../../shared/atlas/error-codes.ts';
import type { Authentication } from '../../shared/atlas/types.ts';
import { PrerequisitesNotMet } from '../../shared/errors.ts';
import { Login, schemeOf } from '../../shared/login.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { networkHint, networkOfRun } from '../../shared/msk/network.ts';
import { roleRefused } from '../../shared/prerequisites/streams-role.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';
import type { SecretsClient } from '../../shared/secrets/client.ts';
import { readScramSecret } from '../../shared/secrets/scram-secret.ts';
import { deadlineAfter, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';
import { type Sent, upsertConnection } from './upsert-connection.ts';

export const CreateConnectionInput = z.object({
  run: z.object({
    request: z.pick(Request, {
      projectId: true,
      workspace: true,
      connectionName: true,
      clusterArn: true,
      config: true,
      claim: true,
      restartProcessors: true,
    }),
    plan: z.object({ login: Login }),
    privateLink: z.object({ id: z.string() }),
    ...networkOfRun,
    /** Of this state's earlier visit. */
    connection: z.optional(z.pick(ConnectionProgress, { deadline: true, result: true, rewrites: true, note: true })),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const CreateConnectionOutput = ConnectionProgress;

export interface CreateConnectionDeps {
  msk: MskClient;
  registry: Registry;
  secrets: SecretsClient;
  atlas: AtlasClient;
  wait: Wait;
}

/**
 * Makes sure that the workspace has the Kafka connection over the private link, and returns at once. An equal connection stays as
 * it is; one of ours that differs is updated if Atlas allows it. An adopted one is used as it is.
 *
 * A SCRAM password is read here and sent to Atlas, and goes nowhere else.
 *
 * @throws ProcessorsRunning if processors must be stopped first, and this run may do that
 * @throws ConnectionRefused, ConnectionInUse, ConnectionFailed, PrerequisitesNotMet, ClusterUnusable, ClaimLost
 * @throws DeploymentMisconfigured
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function createConnection(
  { run, executionArn, now }: z.infer<typeof CreateConnectionInput>,
  { msk, registry, secrets, atlas, wait }: CreateConnectionDeps,
): Promise<z.infer<typeof CreateConnectionOutput>> {
  const { request, plan, privateLink, connection: before } = run;
  const { connectionName: name, clusterArn, config, claim, restartProcessors } = request;
  const { login } = plan;
  const bootstrapServers = await msk.privateBootstrapServers(clusterArn, schemeOf(login.mechanism));
  const { authentication, sent } = await credentialsFor(login, secrets);
  const wanted = connectionOver(privateLink.id, { name, bootstrapServers, authentication, config });
  const hint = networkHint(clusterArn, run.cluster.details, run.principal.cidrBlock);
  const upserted = await upsertConnection(wanted, { login, sent, claim, restartProcessors, now }, request, {
    atlas,
    registry,
    clusterArn,
    executionArn,
    hint,
  }).catch((error: unknown) => {
    if (login.mechanism !== 'AWS_MSK_IAM' || !lacksAwsRole(error)) throw error;
    throw new PrerequisitesNotMet(roleRefused(error, login.roleArn, request), { cause: error });
  });
  const { connection, isWritten, ownership, hasPassword } = upserted;
  // Of two writes by one run, the first says what the run has done.
  const done = before && before.result !== 'unchanged' ? before : upserted;
  const deadline = before?.deadline ?? deadlineAfter(now, wait);
  return {
    ...(connection.id && { id: connection.id }),
    name,
    // After a write, the first poll reads the state: the answer may still show the state of before.
    ...(isWritten
      ? { state: connection.state ?? 'PENDING', isReady: false }
      : connectionState(connection, login, ownership, clusterArn, hint)),
    isIncomplete: false,
    deadline,
    pollSeconds: pollDelay(
      wait,
      { now, deadline },
      slowdownForShare(atlas.remainingShare) * (isWritten ? firstPollFactor() : 1),
    ),
    result: done.result,
    ownership,
    bootstrapServers,
    secretVersionId: (hasPassword && sent.secretVersionId) || '',
    rewrites: before ? before.rewrites + 1 : 0,
    ...(done.note && { note: done.note }),
  };
}

/** What the connection logs in with, and what the registry keeps of it. @throws PrerequisitesNotMet, AwsThrottled, AwsUnavailable */
async function credentialsFor(
  login: Login,
  secrets: SecretsClient,
): Promise<{ authentication: Authentication; sent: Sent }> {
  if (login.mechanism === 'AWS_MSK_IAM') {
    const { mechanism, roleArn } = login;
    return {
      authentication: { mechanism, aws: { roleArn } },
      sent: { roleArn, secretArn: null, secretVersionId: null },
    };
  }
  const { mechanism, secretArn } = login;
  const secret = await readScramSecret(secretArn, secrets);
  if (secret.unusable !== undefined) throw new PrerequisitesNotMet(secret.unusable);
  const { username, password, versionId } = secret;
  return {
    authentication: { mechanism, username, password },
    sent: { roleArn: null, secretArn, secretVersionId: versionId },
  };
}

/**
 * A simultaneous writer of the workspace may overwrite a change, which the first poll finds out. Writers that started together
 * poll at different times, so that they don't overwrite each other again.
 */
const firstPollFactor = (): number => 1 + Math.random();
