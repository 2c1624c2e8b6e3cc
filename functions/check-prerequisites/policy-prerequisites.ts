import { atlasStatement, hasOwnStatement, mergeStatement } from '../../shared/msk/policy.ts';
import { denialsOf } from '../../shared/msk/policy-denials.ts';
import { deletedPrincipals } from '../../shared/msk/policy-refusal.ts';
import { formerSid, isWrittenByUs } from '../../shared/registry/statement.ts';
import type { Request } from '../../shared/request/request.ts';

/**
 * Checks that the cluster policy lets Atlas connect, or can be changed so that it does.
 *
 * @param policy undefined if the cluster has none
 * @param isLinkReady whether the connection has its private link: then a Deny stops neither, and the run reports it at its end
 * @returns `unmet`: the unmet prerequisites, each with its remedy; `denials`: the denials that do not stop the run;
 *   `possibleDenials`: what may still shut Atlas out
 * @throws PolicyRefused if our statement cannot be merged
 */
export function unmetByPolicy(
  policy: string | undefined,
  principalArn: string,
  { clusterArn, claim, recorded }: Request,
  isLinkReady: boolean,
): { unmet: string[]; denials: string | undefined; possibleDenials: string | undefined } {
  const wanted = atlasStatement(clusterArn, principalArn);
  const isOurs = claim || isWrittenByUs(recorded?.statement, wanted.Sid);
  const former = formerSid(recorded?.statement, wanted.Sid);
  const isChanged =
    mergeStatement(policy, wanted, isOurs) !== undefined ||
    (former !== undefined && hasOwnStatement(policy, former, clusterArn));
  const { certain, possible } = denialsOf(policy, wanted);
  return {
    unmet: [...(isLinkReady ? [] : certain), ...(isChanged ? deletedPrincipals(policy) : [])],
    denials: isLinkReady && certain.length > 0 ? certain.join('\n') : undefined,
    possibleDenials: possible,
  };
}
