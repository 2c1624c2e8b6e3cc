import { atlasRegion } from '../atlas/regions.ts';
import { withCommand } from '../command.ts';
import { PrincipalChanged, PrincipalNotAllowed } from '../errors.ts';
import { regionOf } from '../msk/arn.ts';
import type { Request } from '../request/request.ts';

/**
 * Makes sure that a run may let Atlas's AWS account connect: that the deployment lists it, if it lists any, and that it is the one of
 * the first connect, or one that a person has accepted. A person cannot accept an account that is not listed.
 *
 * @param principalArn that Atlas names now: `arn:aws:iam::<account>:root`
 * @param allowedAccounts the accounts that the deployment lists; none: any account may be the first
 * @throws PrincipalNotAllowed, PrincipalChanged
 */
export function checkPrincipal(
  principalArn: string,
  {
    clusterArn,
    projectId,
    recorded,
    acceptPrincipal,
  }: Pick<Request, 'clusterArn' | 'projectId' | 'recorded' | 'acceptPrincipal'>,
  allowedAccounts: ReadonlySet<string>,
): void {
  const pinned = recorded?.principalArn;
  const account = accountOf(principalArn);
  if (allowedAccounts.size > 0 && !allowedAccounts.has(account)) {
    const hasAccess =
      pinned === principalArn
        ? ' The cluster was connected with that account, so its statement in the cluster policy stays until a disconnect.'
        : '';
    throw new PrincipalNotAllowed(
      withCommand(
        `Atlas names AWS account ${account} for ${clusterArn}, which atlasAwsAccountIds does not list. It must be ${allowedAccounts.size > 1 ? 'one of ' : ''}${[...allowedAccounts].join(', ')}. The cluster policy was not changed.${hasAccess} Ask MongoDB support for Atlas's AWS account in this Region, and compare it with the output of:`,
        `atlas api streams getAccountDetails --groupId ${projectId} --cloudProvider aws --regionName ${atlasRegion(regionOf(clusterArn))}`,
        "If it is Atlas's: add it to atlasAwsAccountIds in the stage file, and deploy again. acceptPrincipal in the input cannot allow it. If it is not Atlas's: do not allow it. Replace the Atlas credentials, and check atlasBaseUrl.",
      ),
    );
  }
  if (pinned === undefined || pinned === principalArn) return;
  if (acceptPrincipal === account) return;
  throw new PrincipalChanged(
    `Atlas names ${principalArn} as its principal for ${clusterArn}; at the first connect it was ${pinned}. The cluster policy was not changed. Ask MongoDB support whether Atlas has moved to that account. Only if it has, start a run with "acceptPrincipal":"${account}" in the input. If it has not, disconnect the cluster.`,
  );
}

/** The AWS account in a principal, `arn:aws:iam::<account>:root`. */
export const accountOf = (principalArn: string): string => principalArn.split(':')[4] ?? '';

/** An account that a run lets in, and why it may. */
export const accountNote = (account: string, isListed: boolean): string =>
  `AWS account ${account}${isListed ? ', which atlasAwsAccountIds allows' : '. The account was not compared with a list, because the setting atlasAwsAccountIds is empty'}`;

/** The AWS accounts in the setting atlasAwsAccountIds; none: any. CloudFormation has checked the value. */
export const accountsIn = (list: string): ReadonlySet<string> => new Set(list.match(/\d{12}/g) ?? []);
