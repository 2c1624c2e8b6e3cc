import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { ConnectionProgress, connectionState, sameBootstrapServers } from '../../shared/atlas/connection.ts';
import { noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { heldText } from '../../shared/atlas/limits.ts';
import { ConnectionFailed } from '../../shared/errors.ts';
import { Login, schemeOf } from '../../shared/login.ts';
import { networkHint, networkOfRun } from '../../shared/msk/network.ts';
import { checkDeadline, pollDelay, slowdownForShare, type Wait } from '../../shared/waits.ts';

export const CheckConnectionInput = z.object({
  run: z.object({
    request: z.object({ projectId: z.string(), workspace: z.string(), clusterArn: z.string() }),
    plan: z.object({ login: Login }),
    ...networkOfRun,
    connection: z.pick(ConnectionProgress, {
      id: true,
      name: true,
      deadline: true,
      result: true,
      ownership: true,
      bootstrapServers: true,
      secretVersionId: true,
      rewrites: true,
      note: true,
    }),
  }),
  now: z.string(),
});

export const CheckConnectionOutput = ConnectionProgress;

/** A simultaneous writer may overwrite a change once or twice. More often, Atlas spells the servers in another way than they were sent. */
const maxRewrites = 3;

/**
 * Reads the connection once, and whether everything that was written is there. If not, CreateConnection writes it again, which is
 * safe if Atlas merely shows it late. Atlas stores all connections of a workspace in one document: of two simultaneous writers the
 * later one may overwrite the other's change, although both were answered with success.
 * Source: mongodb/terraform-provider-mongodbatlas #4464 (CLOUDP-384308).
 *
 * @throws ConnectionFailed, WaitTimedOut, AtlasRefused, AtlasThrottled, AtlasUnavailable
 */
export async function checkConnection(
  { run: { request, plan, cluster, principal, connection }, now }: z.infer<typeof CheckConnectionInput>,
  { atlas, wait }: { atlas: AtlasClient; wait: Wait },
): Promise<z.infer<typeof CheckConnectionOutput>> {
  const { name, deadline, ownership, bootstrapServers, secretVersionId, rewrites } = connection;
  const found = await atlas.getConnection(request.projectId, request.workspace, name).catch(noneWhenAbsent);
  const hint = networkHint(request.clusterArn, cluster.details, principal.cidrBlock);
  const { state, isReady } = found
    ? connectionState(found, plan.login, ownership, request.clusterArn, hint)
    : { state: 'not shown', isReady: false };
  const isOurs = ownership === 'created';
  const isOlder =
    isOurs && found !== undefined && !sameBootstrapServers(found.bootstrapServers ?? '', bootstrapServers);
  const still = isOlder
    ? 'still has old bootstrap servers'
    : found
      ? `is still ${state}`
      : 'is still not shown by Atlas';
  if (isOlder && rewrites >= maxRewrites)
    throw new ConnectionFailed(
      `Connection "${name}" was written ${rewrites + 1} times with the bootstrap servers "${bootstrapServers}", and Atlas still shows "${heldText(found?.bootstrapServers ?? '')}". If another tool writes this connection, stop that tool, and start a new execution. Otherwise open an issue of msk-atlas-privatelink with both texts.`,
    );
  if (!isReady || isOlder) checkDeadline(`Connection "${name}" ${still}`, { now, deadline });
  // While the connection was deploying, its password could not be sent; now it can.
  const lacksPassword = schemeOf(plan.login.mechanism) === 'SASL_SCRAM' && secretVersionId === '';
  const isIncomplete = !found || isOlder || (isOurs && isReady && lacksPassword);
  const pollSeconds = pollDelay(wait, { now, deadline }, slowdownForShare(atlas.remainingShare));
  return { ...connection, state, isReady: isReady && !isIncomplete, isIncomplete, pollSeconds };
}
