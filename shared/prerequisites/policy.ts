import type { MskClient } from '../msk/client.ts';
import { atlasStatement, hasOwnStatement, mergeStatement } from '../msk/policy.ts';
import { denialsOf } from '../msk/policy-denials.ts';
import { deletedPrincipals } from '../msk/policy-refusal.ts';
import { checkPrincipal } from '../registry/principal.ts';
import { formerSid, isWrittenByUs } from '../registry/statement.ts';
import type { Request } from '../request/request.ts';
import type { Findings } from './findings.ts';

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

/**
 * Checks that Atlas's AWS account may connect, and that our statement for it can be merged into the cluster policy and is of use there.
 *
 * @throws PrincipalNotAllowed, PrincipalChanged, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function checkPolicy(
  principalArn: string,
  request: Request,
  isLinkReady: boolean,
  { msk, allowedAccounts }: { msk: MskClient; allowedAccounts: ReadonlySet<string> },
  findings: Findings,
): Promise<void> {
  await findings.look('account', async () => checkPrincipal(principalArn, request, allowedAccounts));
  findings.report('account');
  await findings.look('policy', async () => {
    const { policy } = await msk.getPolicy(request.clusterArn);
    findings.report('policy', ...unmetByPolicy(policy, principalArn, request, isLinkReady).unmet);
  });
}
