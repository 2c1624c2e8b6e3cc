import type { KafkaClient } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { AwsRefused } from '../../shared/errors.ts';
import { type StatusTags, writeStatus } from '../../shared/msk/tags.ts';
import { Request } from '../../shared/request/request.ts';

const text = z.string();

export const RecordSuccessInput = z.object({
  request: Request,
  plan: z.object({ secretArn: text, isScramSecretAssociated: z.boolean() }),
  connectivity: z.object({ operationArn: text }),
  principal: z.object({ principalArn: text }),
  policy: z.object({ sid: text, outcome: text }),
  privateLink: z.object({ id: text, outcome: text }),
  connection: z.object({ name: text, state: text, outcome: text, bootstrapServers: text, secretVersionId: text }),
  executionArn: text,
  startedAt: text,
  now: text,
});

interface Deps {
  kafka: KafkaClient;
  signal: AbortSignal;
  /** Publishes a metric. */
  measure(name: string, unit: 'Seconds', value: number): void;
}

/**
 * Writes the outcome on the cluster's own tags, measures a first connect, and sums up the run. Tags that AWS refuses (a cluster may have 50) do not
 * make a failure of a connection that is READY: the result says so instead.
 *
 * @throws AwsUnavailable
 */
export async function recordSuccess(
  {
    request,
    plan,
    connectivity,
    principal,
    policy,
    privateLink,
    connection,
    executionArn,
    startedAt,
    now,
  }: z.infer<typeof RecordSuccessInput>,
  deps: Deps,
) {
  const { clusterArn, projectId, workspace, mechanism } = request;
  const detail = `Connection ${connection.name} in workspace ${workspace} is ${connection.state}`;
  const status = {
    status: 'connected',
    detail,
    execution: executionArn,
    'private-link-id': privateLink.id,
    ...(connection.secretVersionId && { 'secret-version': connection.secretVersionId }),
    'verified-at': now,
  } as const;
  const statusTags = await record(clusterArn, status, deps);
  // Only a first connect: a run that verifies takes seconds.
  if (connection.outcome === 'created')
    deps.measure('TimeToConnect', 'Seconds', (Date.parse(now) - Date.parse(startedAt)) / 1000);
  return {
    clusterArn,
    projectId,
    workspace,
    connection: {
      name: connection.name,
      state: connection.state,
      bootstrapServers: connection.bootstrapServers,
      mechanism,
    },
    privateLinkId: privateLink.id,
    atlasPrincipal: principal.principalArn,
    scramSecretArn: plan.secretArn,
    done: {
      privateConnectivity: connectivity.operationArn === '' ? 'unchanged' : 'turned on',
      scramSecret: plan.isScramSecretAssociated ? 'unchanged' : 'associated',
      policyStatement: `${policy.sid} ${policy.outcome}`,
      privateLink: privateLink.outcome,
      connection: connection.outcome,
    },
    statusTags,
    verifiedAt: now,
  };
}

/** Where AWS refuses all of them, for want of room, the three that the run has begun with are brought up to date at least. */
async function record(clusterArn: string, tags: StatusTags, deps: Deps): Promise<string> {
  try {
    await writeStatus(clusterArn, tags, deps);
    return 'written';
  } catch (refusal) {
    if (!(refusal instanceof AwsRefused)) throw refusal;
    const { status, detail, execution } = tags;
    await writeStatus(clusterArn, { status, detail, execution }, deps).catch((error: unknown) => {
      if (!(error instanceof AwsRefused)) throw error;
    });
    return `not written, or not all of them: ${refusal.message}`;
  }
}
