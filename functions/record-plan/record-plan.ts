import * as z from 'zod/mini';
import { Login } from '../../shared/login.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { accountOf, checkPrincipal } from '../../shared/registry/principal.ts';
import { Target } from '../../shared/registry/record.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import { Request } from '../../shared/request/request.ts';
import { noLongerWanted, whyNoLongerWanted } from '../../shared/request/wish.ts';

export const RecordPlanInput = z.object({
  run: z.object({
    request: z.pick(Request, {
      clusterArn: true,
      projectId: true,
      workspace: true,
      connectionName: true,
      acceptPrincipal: true,
      endsOnUntag: true,
      recorded: true,
    }),
    plan: z.object({ login: Login }),
    principal: z.object({ principalArn: z.string() }),
  }),
  executionArn: z.string(),
});

/** `isAccountListed`: whether the deployment lists the AWS account that the run is about to let in. */
export const RecordPlanOutput = z.object({ target: Target, isAccountListed: z.boolean() });

/**
 * Records the target and Atlas's principal before anything is created for them. Reads the cluster's tag once more: a run that it no
 * longer asks for gives the cluster back and ends.
 *
 * @throws NoLongerWanted, PrincipalNotAllowed, PrincipalChanged, ClaimLost, AwsRefused, AwsThrottled, AwsUnavailable, DeploymentMisconfigured
 */
export async function recordPlan(
  { run: { request, plan, principal }, executionArn }: z.infer<typeof RecordPlanInput>,
  { msk, registry, allowedAccounts }: { msk: MskClient; registry: Registry; allowedAccounts: ReadonlySet<string> },
): Promise<z.infer<typeof RecordPlanOutput>> {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const { principalArn } = principal;
  checkPrincipal(principalArn, request, allowedAccounts);
  const reason = whyNoLongerWanted(await msk.listTags(clusterArn), request);
  if (reason) {
    await registry.release(clusterArn, executionArn, { status: null, detail: null });
    throw noLongerWanted(reason);
  }
  const target = { projectId, workspace, connectionName, mechanism: plan.login.mechanism };
  await registry.update(clusterArn, executionArn, { target, principalArn });
  return { target, isAccountListed: allowedAccounts.has(accountOf(principalArn)) };
}
