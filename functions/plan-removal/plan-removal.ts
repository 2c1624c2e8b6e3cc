import * as z from 'zod/mini';
import type { AtlasClient } from '../../shared/atlas/client.ts';
import { noneWhenAbsent } from '../../shared/atlas/error-codes.ts';
import { isBeingDeleted, usersOf } from '../../shared/atlas/private-link.ts';
import type { MskClient } from '../../shared/msk/client.ts';
import { removeStatement } from '../../shared/msk/policy.ts';
import { deletedPrincipals } from '../../shared/msk/policy-refusal.ts';
import { Outcome } from '../../shared/outcomes.ts';
import {
  decideConnection,
  decidePrivateLink,
  decideStatement,
  type Kept,
  keptInUse,
  keptLinks,
  neededStatement,
  noteOf,
  usersOfLink,
  type Verdict,
} from '../../shared/registry/removal.ts';
import { Request } from '../../shared/request/request.ts';

export const PlanRemovalInput = z.object({
  run: z.object({
    request: z.pick(Request, {
      clusterArn: true,
      projectId: true,
      workspace: true,
      connectionName: true,
      includeAdopted: true,
      recorded: true,
    }),
  }),
});

export const PlanRemovalOutput = z.object({
  clusterArn: z.string(),
  /** In the machine's order; `state` makes the change. */
  changes: z.array(z.object({ state: z.string(), change: z.string() })),
  /** What stays although it was found, and why. */
  kept: z.array(Outcome),
});

/**
 * Lists what the disconnect machine would delete, and what it would keep: reads what the later states would read, decides as they
 * do, and writes nothing.
 *
 * @throws what those states would throw
 */
export async function planRemoval(
  { run: { request } }: z.infer<typeof PlanRemovalInput>,
  { msk, atlas }: { msk: MskClient; atlas: AtlasClient },
): Promise<z.infer<typeof PlanRemovalOutput>> {
  const { clusterArn, projectId, workspace, connectionName } = request;
  const links = await atlas.listPrivateLinks(projectId);
  const connection = await atlas.getConnection(projectId, workspace, connectionName).catch(noneWhenAbsent);
  const onConnection = connection && decideConnection(connection, links, request);
  const { link, verdict: onLink, others } = decidePrivateLink(links, request);
  const { policy } = await msk.getPolicy(clusterArn);
  const { sid, verdict: onStatement } = decideStatement(policy, request);

  const isLinkToGo = link && onLink?.isOurs && !isBeingDeleted(link);
  const users = isLinkToGo ? await usersOf(link._id, projectId, atlas) : [];
  const otherUsers = usersOfLink(users, links, request).others;
  const staysInUse = otherUsers.length > 0 ? keptInUse(otherUsers, request) : undefined;
  const isClusterLinked = onLink?.isOurs === false || staysInUse !== undefined || others.length > 0;

  const changes = [
    onConnection?.isOurs && {
      state: 'DeleteConnection',
      change: `Delete the Kafka connection "${connectionName}" in workspace "${workspace}".`,
    },
    isLinkToGo && !staysInUse && { state: 'DeletePrivateLink', change: `Delete private link ${link._id}.` },
    onStatement?.isOurs &&
      !isClusterLinked && {
        state: 'RemoveClusterPolicy',
        change: [
          `Remove the statement ${sid} from the cluster policy; all other statements stay as they are.`,
          ...obstaclesTo(policy, sid),
        ].join(' '),
      },
  ];
  const kept = [
    ...keptAs('connection', whyKept(onConnection)),
    ...keptAs('privateLink', whyKept(onLink) ?? staysInUse),
    ...keptAs('privateLink', keptLinks(others, request)),
    ...keptAs('policyStatement', onStatement?.isOurs && isClusterLinked ? neededStatement : whyKept(onStatement)),
  ];
  return { clusterArn, changes: changes.filter((change) => typeof change === 'object'), kept };
}

/** Why MSK would refuse the policy without our statement. A policy without any other statement is deleted. */
const obstaclesTo = (policy: string | undefined, sid: string): string[] =>
  deletedPrincipals((policy !== undefined && removeStatement(policy, sid)) || undefined);

const whyKept = (verdict: Verdict<unknown> | undefined): Kept | undefined =>
  verdict?.isOurs === false ? verdict : undefined;

const keptAs = (resource: Outcome['resource'], kept: Kept | undefined): Outcome[] =>
  kept ? [{ resource, result: 'kept', note: noteOf(kept) }] : [];
