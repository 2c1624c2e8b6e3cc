import * as z from 'zod/mini';
import { PolicyRefused } from '../../shared/errors.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { atlasStatement, hasOwnStatement, mergeStatement, removeStatement } from '../../shared/msk/policy.ts';
import { denialsOf } from '../../shared/msk/policy-denials.ts';
import { deletedPrincipals } from '../../shared/msk/policy-refusal.ts';
import { Result } from '../../shared/outcomes.ts';
import { Ownership, type RegistryRecord } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { formerSid, grantedBy, isWrittenByUs } from '../../shared/registry/statement.ts';

export const ApplyClusterPolicyInput = z.object({
  run: z.object({
    request: z.object({ clusterArn: z.string(), claim: z.boolean() }),
    principal: z.object({ principalArn: z.string() }),
    plan: z.object({ isLinkReady: z.boolean() }),
  }),
  executionArn: z.string(),
  now: z.string(),
});

/**
 * `sid`: of the statement that lets Atlas connect, whoever has written it; '' if that has none. `denials`: what in the policy shuts
 * Atlas out, although the connection still has its private link. `possibleDenials`: what may shut Atlas out all the same.
 */
export const ApplyClusterPolicyOutput = z.object({
  sid: z.string(),
  result: Result,
  ownership: Ownership,
  denials: z.optional(z.string()),
  possibleDenials: z.optional(z.string()),
});
type Applied = z.infer<typeof ApplyClusterPolicyOutput>;

/**
 * Makes sure that the cluster policy lets Atlas connect: reads the policy, merges our statement by meaning, and writes it with
 * the version that was read. Writes nothing if nothing is missing, or if the statement could not help. A Deny does not stop a run
 * whose private link is ready. The registry records the statement before it is written.
 *
 * @throws VersionConflict if the policy changed in between: the machine retries, and merges into the new one
 * @throws PolicyRefused, ClaimLost, AwsRefused, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function applyClusterPolicy(
  { run: { request, principal, plan }, executionArn, now }: z.infer<typeof ApplyClusterPolicyInput>,
  { msk, registry }: { msk: MskClient; registry: Registry },
): Promise<Applied> {
  const { clusterArn, claim } = request;
  const { principalArn } = principal;
  const statement = atlasStatement(clusterArn, principalArn);
  const sid = statement.Sid;
  const { statement: recorded } = await registry.confirm(clusterArn, executionArn);
  const former = formerSid(recorded, sid);
  const { policy, version } = await msk.getPolicy(clusterArn);
  const merged = mergeStatement(policy, statement, isWrittenByUs(recorded, sid) || claim);
  const changed = withoutFormer(merged ?? policy, former, clusterArn);
  const { certain, possible: possibleDenials } = denialsOf(policy, statement);
  const denials = plan.isLinkReady && certain.length > 0 ? certain.join('\n') : undefined;
  const obstacles = [
    ...(denials ? [] : certain),
    ...(merged !== undefined || changed !== policy ? deletedPrincipals(policy) : []),
  ];
  if (obstacles.length > 0) throw new PolicyRefused(`${obstacles.join('\n')}\nThen start a new execution.`);
  const noted = (applied: Applied): Applied => ({
    ...applied,
    ...(denials !== undefined && { denials }),
    ...(possibleDenials !== undefined && { possibleDenials }),
  });
  const record = (details: Partial<NonNullable<RegistryRecord['statement']>>) =>
    registry.update(clusterArn, executionArn, { statement: { sid, principalArn, ...details } });
  if (merged === undefined) {
    const found = grantedBy(policy, { wanted: statement, recorded, claim });
    // What a claim makes ours is recorded only when the run has succeeded.
    const recordable = grantedBy(policy, { wanted: statement, recorded, claim: false });
    const isRecorded = recorded?.sid === found.sid;
    if (changed && changed !== policy) await msk.putPolicy(clusterArn, changed, version);
    if (!isRecorded || recorded.ownership !== recordable.ownership || former)
      await record({ ...recordable, ...(isRecorded && { attemptedAt: recorded.attemptedAt }) });
    if (changed !== policy) return noted({ ...found, result: 'updated' });
    if (found.ownership !== 'created') return noted({ ...found, result: 'adopted' });
    return noted({ ...found, result: isRecorded && !recorded.ownership ? 'created' : 'unchanged' });
  }
  await record({ attemptedAt: now, ...(former && { formerSid: former }) });
  await msk.putPolicy(clusterArn, changed ?? merged, version);
  await record({ ownership: 'created', attemptedAt: now });
  return noted({ sid, result: 'created', ownership: 'created' });
}

/** After a change of Atlas's account that a person has accepted, our statement for the former account is no longer needed. */
const withoutFormer = (policy: string | undefined, former: string | undefined, clusterArn: string) =>
  policy !== undefined && former !== undefined && hasOwnStatement(policy, former, clusterArn)
    ? removeStatement(policy, former) || policy
    : policy;
