import * as z from 'zod/mini';
import { AwsRefused } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { type StatusTags, writeStatus } from '../../shared/msk/tags.ts';
import { Outcome, Result } from '../../shared/outcomes.ts';
import { Request } from '../../shared/request/request.ts';

const text = z.string();

export const RecordSuccessInput = z.object({
  run: z.object({
    startedAt: text,
    request: z.pick(Request, { clusterArn: true, projectId: true, workspace: true, mechanism: true }),
    plan: z.object({ secretArn: text }),
    /** Only if the run visited these states. */
    connectivity: z.optional(z.object({ result: Result })),
    scramSecretAssociation: z.optional(z.object({ result: Result })),
    principal: z.object({ principalArn: text }),
    policy: z.object({ sid: text, result: Result }),
    privateLink: z.object({ id: text, result: Result }),
    connection: z.object({ name: text, state: text, result: Result, bootstrapServers: text, secretVersionId: text }),
  }),
  executionArn: text,
  now: text,
});

/** The execution's output. */
export const RecordSuccessOutput = z.object({
  clusterArn: text,
  projectId: text,
  workspace: text,
  connection: z.object({ name: text, state: text, bootstrapServers: text, mechanism: text }),
  privateLinkId: text,
  atlasPrincipal: text,
  scramSecretArn: text,
  done: z.array(Outcome),
  statusTags: text,
  verifiedAt: text,
});

interface Deps {
  msk: MskClient;
  /** Publishes a metric. */
  measure(name: string, unit: 'Seconds', value: number): void;
}

/**
 * Writes the outcome on the cluster's own tags, measures a first connect, and returns the execution's output. Tags that AWS refuses
 * (a cluster can have 50) don't fail the run, because the connection is READY: the output says so instead.
 *
 * @throws AwsThrottled, AwsUnavailable
 */
export async function recordSuccess(
  { run, executionArn, now }: z.infer<typeof RecordSuccessInput>,
  { msk, measure }: Deps,
): Promise<z.infer<typeof RecordSuccessOutput>> {
  const { request, plan, connectivity, scramSecretAssociation, principal, policy, privateLink, connection } = run;
  const { clusterArn, projectId, workspace, mechanism } = request;
  const { name, state, bootstrapServers, secretVersionId } = connection;
  const statusTags = await record(
    clusterArn,
    {
      status: 'connected',
      detail: `Connection ${name} in workspace ${workspace} is ${state}`,
      execution: executionArn,
      'private-link-id': privateLink.id,
      ...(secretVersionId && { 'secret-version': secretVersionId }),
      'verified-at': now,
    },
    msk,
  );
  // Only for a first connect: a verification takes seconds.
  if (connection.result === 'created')
    measure('TimeToConnect', 'Seconds', (Date.parse(now) - Date.parse(run.startedAt)) / 1000);
  return {
    clusterArn,
    projectId,
    workspace,
    connection: { name, state, bootstrapServers, mechanism },
    privateLinkId: privateLink.id,
    atlasPrincipal: principal.principalArn,
    scramSecretArn: plan.secretArn,
    done: [
      { resource: 'multiVpcConnectivity', result: connectivity?.result ?? 'unchanged' },
      { resource: 'scramSecretAssociation', result: scramSecretAssociation?.result ?? 'unchanged' },
      { resource: 'policyStatement', result: policy.result, note: policy.sid },
      { resource: 'privateLink', result: privateLink.result },
      { resource: 'connection', result: connection.result },
    ],
    statusTags,
    verifiedAt: now,
  };
}

/** If AWS rejects the full set (a cluster can have 50 tags), updates at least the three tags that already exist. */
async function record(clusterArn: string, tags: StatusTags, msk: MskClient): Promise<string> {
  try {
    await writeStatus(clusterArn, tags, msk);
    return 'written';
  } catch (refusal) {
    if (!(refusal instanceof AwsRefused)) throw refusal;
    const { status, detail, execution } = tags;
    await writeStatus(clusterArn, { status, detail, execution }, msk).catch((error: unknown) => {
      if (!(error instanceof AwsRefused)) throw error;
    });
    return `not written, or not all of them: ${refusal.message}`;
  }
}
