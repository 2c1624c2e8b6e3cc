import { atlasStatement, hasOwnStatement, mergeStatement } from '../../shared/msk/policy.ts';
import { denialsOf } from '../../shared/msk/policy-denials.ts';
import { deletedPrincipals } from '../../shared/msk/policy-refusal.ts';
import { formerSid, isWrittenByUs } from '../../shared/registry/statement.ts';
import type { Request } from '../../shared/request/request.ts';

/**
 * Checks that the cluster policy lets Atlas connect, or can be changed so that it does.
 *
 * @param policy undefined if the cluster has none
 * @returns `unmet`: the unmet prerequisites, each with its remedy; `possibleDenials`: what may still shut Atlas out
 * @throws PolicyRefused if our statement cannot be merged
 */
export function unmetByPolicy(
  policy: string | undefined,
  principalArn: string,
  { clusterArn, claim, recorded }: Request,
): { unmet: string[]; possibleDenials: string | undefined } {
  const wanted = atlasStatement(clusterArn, principalArn);
  const isOurs = claim || isWrittenByUs(recorded?.statement, wanted.Sid);
  const former = formerSid(recorded?.statement, wanted.Sid);
  const isChanged =
    mergeStatement(policy, wanted, isOurs) !== undefined ||
    (former !== undefined && hasOwnStatement(policy, former, clusterArn));
  const { certain, possible } = denialsOf(policy, wanted);
  return { unmet: [...certain, ...(isChanged ? deletedPrincipals(policy) : [])], possibleDenials: possible };
}
