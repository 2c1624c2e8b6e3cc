import type { KafkaClient } from '@aws-sdk/client-kafka';
import * as z from 'zod/mini';
import { AwsRefused } from '../../shared/errors.ts';
import { clearConnectedTags, writeStatus } from '../../shared/msk/tags.ts';
import { Request } from '../../shared/request/request.ts';

const text = z.string();

export const RecordRemovalInput = z.object({
  request: Request,
  connection: z.object({ outcome: text }),
  privateLink: z.object({ outcome: text, usedBy: z.array(text) }),
  policy: z.object({ outcome: text }),
  executionArn: text,
});

/**
 * Writes the outcome on the cluster's own tags, and sums up the run. Tags that AWS refuses do not make a failure of what
 * has been removed (the cluster itself may be gone): the result says so instead.
 *
 * @throws AwsUnavailable
 */
export async function recordRemoval(
  { request, connection, privateLink, policy, executionArn }: z.infer<typeof RecordRemovalInput>,
  deps: { kafka: KafkaClient; signal: AbortSignal },
) {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const left = privateLink.usedBy.length > 0 ? `; the private link stays, used by ${privateLink.usedBy.join(' ')}` : '';
  const detail = `Connection ${connectionName} in workspace ${workspace}: ${connection.outcome}${left}`;
  const statusTags = await writeStatus(clusterArn, { status: 'disconnected', detail, execution: executionArn }, deps)
    .then(() => clearConnectedTags(clusterArn, deps))
    .then(
      () => 'written',
      (error: unknown) => {
        if (error instanceof AwsRefused) return `not written: ${error.message}`;
        throw error;
      },
    );
  return {
    clusterArn,
    projectId,
    workspace,
    done: {
      connection: `${connectionName} ${connection.outcome}`,
      privateLink: privateLink.outcome,
      policyStatement: policy.outcome,
      privateConnectivity: 'unchanged: other consumers may use it',
      scramSecret: 'unchanged: other clients may use it',
    },
    privateLinkUsedBy: privateLink.usedBy,
    statusTags,
  };
}
