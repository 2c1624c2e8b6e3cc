import * as z from 'zod/mini';
import { AwsRefused } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { clearConnectedTags, writeStatus } from '../../shared/msk/tags.ts';
import { briefly, Outcome, Result } from '../../shared/outcomes.ts';

const Done = z.object({ result: Result, note: z.optional(z.string()) });
type Done = z.infer<typeof Done>;

export const RecordRemovalInput = z.object({
  run: z.object({
    request: z.object({
      clusterArn: z.string(),
      projectId: z.string(),
      workspace: z.string(),
      connectionName: z.string(),
    }),
    connection: Done,
    privateLink: z.object({ result: Result, usedBy: z.array(z.string()) }),
    /** Absent if the private link stays: Atlas then still needs the statement. */
    policy: z.optional(Done),
  }),
  executionArn: z.string(),
});

/** The execution's output. */
export const RecordRemovalOutput = z.object({
  clusterArn: z.string(),
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  done: z.array(Outcome),
  statusTags: z.string(),
});

/**
 * Writes the outcome on the cluster's own tags and returns the execution's output. Tags that AWS refuses don't fail the run (the
 * cluster itself may be gone): the output says so instead.
 *
 * @throws AwsThrottled, AwsUnavailable
 */
export async function recordRemoval(
  { run: { request, connection, privateLink, policy }, executionArn }: z.infer<typeof RecordRemovalInput>,
  { msk }: { msk: MskClient },
): Promise<z.infer<typeof RecordRemovalOutput>> {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const { result, usedBy } = privateLink;
  const link: Done = usedBy.length > 0 ? { result, note: `used by ${usedBy.join(', ')}` } : { result };
  const done: Outcome[] = [
    { resource: 'connection', ...connection },
    { resource: 'privateLink', ...link },
    { resource: 'policyStatement', ...(policy ?? { result: 'kept', note: 'the private link needs it' }) },
    { resource: 'multiVpcConnectivity', result: 'kept', note: 'other clients may use it' },
    { resource: 'scramSecretAssociation', result: 'kept', note: 'other clients may use it' },
  ];
  const detail = `Connection ${connectionName} in workspace ${workspace}: ${briefly(connection)}. Private link: ${briefly(link)}`;
  const statusTags = await writeStatus(clusterArn, { status: 'disconnected', detail, execution: executionArn }, msk)
    .then(() => clearConnectedTags(clusterArn, msk))
    .then(
      () => 'written',
      (error: unknown) => {
        if (error instanceof AwsRefused) return `not written: ${error.message}`;
        throw error;
      },
    );
  return { clusterArn, projectId, workspace, connectionName, done, statusTags };
}
