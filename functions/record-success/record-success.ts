import * as z from 'zod/mini';
import { ProbeFinding } from '../../shared/atlas/probe-proof.ts';
import { DeploymentMisconfigured, PolicyRefused, TargetChanged } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { writeStatus } from '../../shared/msk/tags.ts';
import { Outcome, writtenUnless } from '../../shared/outcomes.ts';
import { fingerprint } from '../../shared/registry/fingerprint.ts';
import type { Changes, Registry } from '../../shared/registry/registry.ts';
import { howToKeepOrMove } from '../../shared/request/keep-or-move.ts';
import { outcomesOf } from './outcomes.ts';
import { withProof } from './proof.ts';
import { withCauses } from './repairs.ts';
import { Run } from './run.ts';

const text = z.string();

export const RecordSuccessInput = z.object({ run: Run, executionArn: text, now: text });

/** The execution's output. */
export const RecordSuccessOutput = z.object({
  clusterArn: text,
  projectId: text,
  workspace: text,
  connection: z.object({ name: text, state: text, bootstrapServers: text, mechanism: text }),
  privateLinkId: text,
  atlasPrincipal: text,
  /** How the connection logs in: with a secret, or as a role. */
  scramSecretArn: z.optional(text),
  streamsRoleArn: z.optional(text),
  done: z.array(Outcome),
  /** Whether data can flow; only if a probe was asked for. */
  probe: z.optional(ProbeFinding),
  statusTags: text,
  registry: text,
  verifiedAt: text,
  /** What a person should know although the run has succeeded. */
  note: z.optional(text),
});

interface Deps {
  msk: MskClient;
  registry: Registry;
  /** Publishes a metric. */
  measure(name: string, unit: 'Seconds', value: number): void;
}

/**
 * Writes the outcome on the cluster's own tags and in the registry, gives the cluster back, measures a first connect, and returns
 * the execution's output. Tags that AWS refuses and a registry that cannot be used don't fail the run, because the connection is
 * READY: the output says so instead.
 *
 * @throws TargetChanged, once, if the settings ask for another target: the cluster is verified as it is connected
 * @throws PolicyRefused if the cluster policy denies Atlas what it would need to set up the connection again
 * @throws ClaimLost, AwsThrottled, AwsUnavailable
 */
export async function recordSuccess(
  { run, executionArn, now }: z.infer<typeof RecordSuccessInput>,
  { msk, registry, measure }: Deps,
): Promise<z.infer<typeof RecordSuccessOutput>> {
  const { request, plan, principal, privateLink, connection } = run;
  const { clusterArn, projectId, workspace, targetChange, recorded } = request;
  const { name, state, bootstrapServers } = connection;
  const isNews = targetChange !== null && !recorded?.targetsChanged?.includes(fingerprint(targetChange));
  const { detail, finding, changes } = withProof(`Connection ${name} in workspace ${workspace} is ${state}`, run, now);
  const { done, repaired } = withCauses(outcomesOf(run), recorded, plan.login);
  const outcome: Changes = {
    status: 'connected',
    detail,
    verifiedAt: now,
    failures: null,
    lastFailure: null,
    // Connectivity is on, so the reboot that it was for is over.
    rebootWindow: null,
    ...(!targetChange && request.wantedBy !== 'console' && { targetsChanged: null }),
    ...(request.wereTagsStripped && { strippedReported: true }),
    tagsRefused: request.tagsRefused,
    ...changes,
    ...((plan.isConnected || request.claim) && foundIn(run)),
  };
  const news = `${targetChange}. A cluster has one target: the recorded connection was verified and stays.`;
  if (isNews) {
    // RecordFailure gives the cluster back, and records that this difference has been reported.
    const refusal = await registry.update(clusterArn, executionArn, outcome).then(() => undefined, notUsable);
    if (refusal === undefined) {
      await writeStatus(clusterArn, { status: 'connected', detail, executionArn, verifiedAt: now }, msk);
      throw new TargetChanged(
        `${news} This is reported once. ${howToKeepOrMove({ ...request, mechanism: plan.login.mechanism })}`,
      );
    }
  }
  if (run.policy.denials !== undefined) {
    // RecordFailure gives the cluster back, and counts the failure: whether it is news depends on the last one.
    const { failures: _, lastFailure: __, ...written } = outcome;
    await registry.update(clusterArn, executionArn, written).catch(notUsable);
    throw new PolicyRefused(
      `Connection ${name} in workspace ${workspace} was verified and is READY, but Atlas could not set it up again: ${run.policy.denials}`,
    );
  }
  // The fence comes before the tags: another execution may have taken over.
  const refusalOfRegistry = await registry
    .release(clusterArn, executionArn, { ...outcome, ...(repaired.length > 0 && { repairsReported: repaired }) })
    .then(() => undefined, notUsable);
  const refusalOfTags = await writeStatus(
    clusterArn,
    { status: 'connected', detail, executionArn, verifiedAt: now },
    msk,
  );
  const notes = [
    targetChange &&
      (isNews
        ? `${news} To move it, disconnect the cluster first. It is reported again when the registry can be written.`
        : `${targetChange}. This was reported before; the connected target was verified.`),
    plan.uncheckedTopics,
  ].filter(Boolean);
  // Only for a first connect: a verification takes seconds.
  if (connection.result === 'created')
    measure('TimeToConnect', 'Seconds', (Date.parse(now) - Date.parse(run.startedAt)) / 1000);
  return {
    clusterArn,
    projectId,
    workspace,
    connection: { name, state, bootstrapServers, mechanism: plan.login.mechanism },
    privateLinkId: privateLink.id,
    atlasPrincipal: principal.principalArn,
    ...(plan.login.mechanism === 'AWS_MSK_IAM'
      ? { streamsRoleArn: plan.login.roleArn }
      : { scramSecretArn: plan.login.secretArn }),
    done,
    ...(finding && { probe: finding }),
    statusTags: writtenUnless(refusalOfTags),
    registry: writtenUnless(refusalOfRegistry),
    verifiedAt: now,
    ...(notes.length > 0 && { note: notes.join(' ') }),
  };
}

/**
 * What a run that had nothing to do has found. The other runs have recorded each resource when they created or adopted it. A claim
 * makes all of it ours, and only here: nothing changes hands by a run that fails.
 */
function foundIn({ request, plan, principal, policy, privateLink, connection }: Run): Changes {
  const { projectId, workspace, connectionName } = request;
  const { principalArn } = principal;
  return {
    target: { projectId, workspace, connectionName, mechanism: plan.login.mechanism },
    principalArn,
    privateLink: { id: privateLink.id, ownership: privateLink.ownership },
    connection: { ...(connection.id && { id: connection.id }), ownership: connection.ownership },
    statement: { sid: policy.sid, principalArn, ownership: policy.ownership },
    // The credentials of another party's connection are not known.
    ...(connection.ownership !== 'created' && { roleArn: null, secretArn: null, secretVersionId: null }),
    // Atlas shows the role. Which password it has, only CreateConnection knows.
    ...(plan.login.mechanism === 'AWS_MSK_IAM' &&
      connection.ownership === 'created' && { roleArn: plan.login.roleArn }),
  };
}

const notUsable = (error: unknown): string => {
  if (error instanceof DeploymentMisconfigured) return error.message;
  throw error;
};
