import { PrincipalChanged } from '../errors.ts';
import type { Request } from '../request/request.ts';

/**
 * Makes sure that Atlas still names the AWS account of the first connect, or the one that a person has accepted.
 *
 * @param principalArn that Atlas names now: `arn:aws:iam::<account>:root`
 * @throws PrincipalChanged
 */
export function checkPrincipal(
  principalArn: string,
  { clusterArn, recorded, acceptPrincipal }: Pick<Request, 'clusterArn' | 'recorded' | 'acceptPrincipal'>,
): void {
  const pinned = recorded?.principalArn;
  if (pinned === undefined || pinned === principalArn) return;
  const account = principalArn.split(':')[4];
  if (acceptPrincipal === account) return;
  throw new PrincipalChanged(
    `Atlas names ${principalArn} as its principal for ${clusterArn}; at the first connect it was ${pinned}. Nothing was changed. Ask MongoDB support whether Atlas has moved to that account. If it has, start a run with "acceptPrincipal":"${account}" in the input.`,
  );
}
