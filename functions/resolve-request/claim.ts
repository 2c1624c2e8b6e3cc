import { VersionConflict } from '../../shared/errors.ts';
import {
  actionOf,
  type ExecutionsClient,
  isOfSameDeployment,
  lastFunctionSeconds,
  phaseOf,
} from '../../shared/executions.ts';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import type { Changes, Claim, Registry } from '../../shared/registry/registry.ts';
import type { Wait } from '../../shared/waits.ts';

/** What a run may do: work on the cluster, wait for the execution that holds it, or nothing. */
export type Claimed =
  | { is: 'claimed'; record: RegistryRecord }
  | { is: 'held'; reason: string; pollSeconds: number }
  | { is: 'busy'; reason: string };

/** More losses in a row than simultaneous starts can explain. */
const maxAttempts = 5;

interface ClaimOptions {
  registry: Registry;
  executions: ExecutionsClient;
  /** How a connect waits for a disconnect. */
  wait: Wait;
}

/**
 * Claims the cluster for this execution. A connect waits for a disconnect that is at work; a disconnect stops a connect. After
 * an execution was stopped, the next one waits until its last function must have ended; the claim names the stopped one, so that a
 * retry waits as well. Of two runs of the same action the later one does nothing.
 *
 * @param found the record as it was read
 * @throws VersionConflict, AwsRefused, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function claimCluster(
  clusterArn: string,
  claim: Claim & Changes,
  found: RegistryRecord | undefined,
  options: ClaimOptions,
): Promise<Claimed> {
  const { registry, executions, wait } = options;
  let current = found;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    // A claim of our own may have to wait for the execution that it was taken from.
    const other = current?.holder === claim.holder ? current?.stopped : current?.holder;
    const phase =
      other === undefined
        ? 'ended'
        : !isOfSameDeployment(other, claim.holder)
          ? 'ended'
          : await phaseOf({ holder: other, claimedAt: current?.claimedAt }, claim.claimedAt, executions);
    const isRunning = phase === 'running' && other !== undefined;
    const isHolder = current?.holder === other;
    if (isRunning && isHolder && current?.action === claim.action)
      return {
        is: 'busy',
        reason: `Execution ${other} is working on ${clusterArn}, so this execution changes nothing.`,
      };
    if (isRunning && isHolder && claim.action === 'connect')
      return {
        is: 'held',
        reason: `Execution ${other} is disconnecting ${clusterArn}; this execution waits for it.`,
        pollSeconds: wait.pollSeconds,
      };
    // A connect is all that the role allows to stop. Also again: Step Functions may not have known it before, and a person may have redriven it.
    if (isRunning && actionOf(other) === 'connect')
      await executions.stop(other, {
        error: 'NoLongerWanted',
        cause: `Execution ${claim.holder} has taken over the cluster. It ${claim.action === 'connect' ? 'uses' : 'removes'} what this execution has created.`,
      });
    const stopped = phase === 'ended' ? null : (other ?? null);
    const isOurs = current?.holder === claim.holder;
    const claimedAt = isOurs ? (current?.claimedAt ?? claim.claimedAt) : claim.claimedAt;
    const record = await registry.claim(clusterArn, { ...claim, claimedAt, stopped }, other);
    if (record && phase !== 'ended')
      return {
        is: 'held',
        reason: `Execution ${other} was working on ${clusterArn} and was stopped. This execution waits until its last function has ended.`,
        pollSeconds: lastFunctionSeconds,
      };
    if (record) return { is: 'claimed', record };
    current = await registry.readRecord(clusterArn);
  }
  throw new VersionConflict(`Other executions claimed ${clusterArn} ${maxAttempts} times while this one tried to.`);
}
