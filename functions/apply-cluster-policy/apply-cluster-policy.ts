import * as z from 'zod/mini';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, mergeStatement, removeStatement } from '../../shared/msk/policy.ts';
import { Result } from '../../shared/outcomes.ts';
import { mayBeOurs, Ownership, type RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';

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
  const isRecorded = recorded?.sid === sid && mayBeOurs(recorded);
  const { policy, version } = await msk.getPolicy(clusterArn);
  const merged = mergeStatement(policy, statement, isRecorded || claim);
  const record = (ownership: Ownership | undefined, attemptedAt = recorded?.attemptedAt) =>
    registry.update(clusterArn, executionArn, {
      statement: { sid, principalArn, ...(ownership && { ownership }), ...(attemptedAt && { attemptedAt }) },
    });
  if (merged === undefined) {
    // An unclear attempt found the policy without the statement, so a statement under our Sid is the one that it wrote.
    const ownership = isRecorded || (claim && hasSid(policy, sid)) ? 'created' : 'adopted';
    if (recorded?.sid !== sid || recorded.ownership !== ownership) await record(ownership);
    return { sid, result: isRecorded && recorded.ownership === undefined ? 'created' : 'unchanged', ownership };
  }
  await record(undefined, now);
  await msk.putPolicy(clusterArn, withoutFormer(merged, recorded, sid), version);
  await record('created', now);
  return { sid, result: 'created', ownership: 'created' };
}

/** After a change of Atlas's account that a person has accepted, our statement for the former account is no longer needed. */
const withoutFormer = (policy: string, former: RegistryRecord['statement'], sid: string): string =>
  (former && former.sid !== sid && mayBeOurs(former) && removeStatement(policy, former.sid)) || policy;

const hasSid = (policy: string | undefined, sid: string): boolean =>
  policy !== undefined && removeStatement(policy, sid) !== undefined;
