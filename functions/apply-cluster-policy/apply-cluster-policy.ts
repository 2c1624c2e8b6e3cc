import * as z from 'zod/mini';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, mergeStatement, removeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';
import { Ownership, type RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { formerSid, isWrittenByUs, ownershipOfStatement } from '../../shared/registry/statement.ts';

export const ApplyClusterPolicyInput = z.object({
  run: z.object({
    request: z.object({ clusterArn: z.string(), claim: z.boolean() }),
    principal: z.object({ principalArn: z.string() }),
  }),
  executionArn: z.string(),
  now: z.string(),
});

export const ApplyClusterPolicyOutput = z.object({ sid: z.string(), result: Result, ownership: Ownership });

/**
 * Makes sure that the cluster policy lets Atlas connect: reads the policy, merges our statement by meaning, and writes it with
 * the version that was read. Writes nothing if nothing is missing. The registry records the statement before it is written.
 *
 * @throws VersionConflict if the policy changed in between: the machine retries, and merges into the new one
 * @throws PolicyRefused, ClaimLost, AwsRefused, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function applyClusterPolicy(
  { run: { request, principal }, executionArn, now }: z.infer<typeof ApplyClusterPolicyInput>,
  { msk, registry }: { msk: MskClient; registry: Registry },
): Promise<z.infer<typeof ApplyClusterPolicyOutput>> {
  const { clusterArn, claim } = request;
  const { principalArn } = principal;
  const statement = atlasStatement(clusterArn, principalArn);
  const sid = statement.Sid;
  const { statement: recorded } = await registry.confirm(clusterArn, executionArn);
  const former = formerSid(recorded, sid);
  const { policy, version } = await msk.getPolicy(clusterArn);
  const merged = mergeStatement(policy, statement, isWrittenByUs(recorded, sid) || claim);
  const changed = withoutFormer(merged ?? policy, former);
  const record = (details: Partial<NonNullable<RegistryRecord['statement']>>) =>
    registry.update(clusterArn, executionArn, { statement: { sid, principalArn, ...details } });
  if (merged === undefined) {
    // What a claim makes ours is recorded only when the run has succeeded.
    const found = ownershipOfStatement(policy, { wanted: statement, recorded, claim: false });
    const ownership = ownershipOfStatement(policy, { wanted: statement, recorded, claim });
    if (changed && changed !== policy) await msk.putPolicy(clusterArn, changed, version);
    if (recorded?.sid !== sid || recorded.ownership !== found || former)
      await record({ ownership: found, ...(recorded?.sid === sid && { attemptedAt: recorded.attemptedAt }) });
    const isCreated = recorded?.sid === sid && !recorded.ownership && found === 'created';
    return { sid, result: isCreated ? 'created' : changed !== policy ? 'updated' : 'unchanged', ownership };
  }
  await record({ attemptedAt: now, ...(former && { formerSid: former }) });
  await msk.putPolicy(clusterArn, changed ?? merged, version);
  await record({ ownership: 'created', attemptedAt: now });
  return { sid, result: 'created', ownership: 'created' };
}

/** After a change of Atlas's account that a person has accepted, our statement for the former account is no longer needed. */
const withoutFormer = (policy: string | undefined, former: string | undefined): string | undefined =>
  (policy !== undefined && former !== undefined && removeStatement(policy, former)) || policy;
