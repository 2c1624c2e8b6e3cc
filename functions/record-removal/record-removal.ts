import * as z from 'zod/mini';
import { Restart, restartOutcomes } from '../../shared/atlas/restart.ts';
import { AwsRefused, ClaimLost } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { statusTag, writeStatus } from '../../shared/msk/tags.ts';
import { briefly, Outcome, Result, writtenUnless } from '../../shared/outcomes.ts';
import { hasCreated, type RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { noteOf } from '../../shared/registry/removal.ts';
import { Request } from '../../shared/request/request.ts';

const Done = z.object({ result: Result, note: z.optional(z.string()), remedy: z.optional(z.string()) });
type Done = z.infer<typeof Done>;

export const RecordRemovalInput = z.object({
  run: z.object({
    request: z.pick(Request, {
      clusterArn: true,
      projectId: true,
      workspace: true,
      connectionName: true,
      recorded: true,
    }),
    connection: Done,
    privateLink: Done,
    policy: Done,
    processors: Restart,
  }),
  executionArn: z.string(),
  now: z.string(),
});

/** The execution's output. */
export const RecordRemovalOutput = z.object({
  clusterArn: z.string(),
  projectId: z.string(),
  workspace: z.string(),
  connectionName: z.string(),
  done: z.array(Outcome),
  statusTags: z.string(),
  /** What the registry still remembers: what we created and could not remove yet. */
  isRecordKept: z.boolean(),
});

/**
 * Writes the outcome on the cluster's own tags, closes the record, and returns the execution's output. The record is deleted if
 * nothing of ours is left. Tags that AWS refuses don't fail the run (the cluster itself may be gone): the output says so instead.
 *
 * @throws ClaimLost, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function recordRemoval(
  { run, executionArn, now }: z.infer<typeof RecordRemovalInput>,
  { msk, registry }: { msk: MskClient; registry: Registry },
): Promise<z.infer<typeof RecordRemovalOutput>> {
  const { request, connection, privateLink, policy } = run;
  const { clusterArn, projectId, workspace, connectionName } = request;
  const detail = `Connection ${connectionName} in workspace ${workspace} ${briefly(connection)}. Private link ${briefly(privateLink)}`;
  const isGone = request.recorded?.missingSince !== undefined;
  const record = await openRecord(clusterArn, executionArn, registry);
  const isRecordKept = record !== undefined && hasCreated(record);
  let statusTags = 'written';
  if (record?.holder === executionArn) {
    statusTags = await writeTags(clusterArn, { detail, executionArn }, msk);
    if (isRecordKept)
      await registry.release(clusterArn, executionArn, {
        status: 'disconnected',
        detail,
        verifiedAt: now,
        failures: null,
        lastFailure: null,
      });
    else await registry.remove(clusterArn, executionArn);
  }
  return {
    clusterArn,
    projectId,
    workspace,
    connectionName,
    done: [
      { resource: 'connection', ...outcomeOf(connection) },
      { resource: 'privateLink', ...outcomeOf(privateLink) },
      { resource: 'policyStatement', ...(policy.result === 'absent' && isGone ? goneToo : outcomeOf(policy)) },
      { resource: 'multiVpcConnectivity', ...(isGone ? goneToo : connectivityOf(request.recorded)) },
      ...(request.recorded?.target?.mechanism === 'AWS_MSK_IAM'
        ? []
        : [{ resource: 'scramSecretAssociation' as const, ...(isGone ? goneToo : associationOf(request.recorded)) }]),
      ...restartOutcomes(run.processors),
    ],
    statusTags,
    isRecordKept,
  };
}

/**
 * The record, if this execution still holds it. An earlier attempt of this state, whose answer was lost, may have closed it: then
 * the record is absent, or this execution has released it.
 *
 * @throws ClaimLost if another execution has claimed the cluster: it decides what the tags say
 */
async function openRecord(
  clusterArn: string,
  executionArn: string,
  registry: Registry,
): Promise<RegistryRecord | undefined> {
  try {
    return await registry.confirm(clusterArn, executionArn);
  } catch (error) {
    if (!(error instanceof ClaimLost)) throw error;
    const record = await registry.readRecord(clusterArn);
    if (record && record.lastExecution !== executionArn) throw error;
    return record;
  }
}

async function writeTags(
  clusterArn: string,
  { detail, executionArn }: { detail: string; executionArn: string },
  msk: MskClient,
): Promise<string> {
  const untagged = await msk.untag(clusterArn, [statusTag('verified-at')]).then(
    () => 'written',
    (refusal: unknown) => {
      if (refusal instanceof AwsRefused) return `written, but ${statusTag('verified-at')} stays: ${refusal.message}`;
      throw refusal;
    },
  );
  const refusal = await writeStatus(clusterArn, { status: 'disconnected', detail, executionArn }, msk);
  return refusal === undefined ? untagged : writtenUnless(refusal);
}

const outcomeOf = ({ result, note, remedy }: Done) => ({
  result,
  ...(note !== undefined && { note: noteOf({ note, remedy }) }),
});

type OnCluster = Pick<Outcome, 'result' | 'note'>;

const goneToo: OnCluster = { result: 'absent', note: 'deleted with the cluster' };

/** Of a cluster that was never connected, nothing is known. */
const associationOf = (record: RegistryRecord | null): OnCluster =>
  record?.target
    ? { result: 'kept', note: 'other clients may use it' }
    : { result: 'unchanged', note: 'a disconnect never removes it' };

function connectivityOf(record: RegistryRecord | null): OnCluster {
  if (record?.turnedOn !== undefined)
    return {
      result: 'kept',
      note: `turned on by this deployment at ${record.turnedOn}; other clients may use it. MSK bills it by the hour, about $16 a month. Turn it off in MSK if nothing else needs it`,
    };
  return record?.target
    ? { result: 'kept', note: 'other clients may use it' }
    : { result: 'unchanged', note: 'a disconnect never turns it off' };
}
