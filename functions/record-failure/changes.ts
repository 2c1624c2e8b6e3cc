import * as z from 'zod/mini';
import { leftStopped, Restart, restartOutcomes, stoppedForGood } from '../../shared/atlas/restart.ts';
import * as errors from '../../shared/errors.ts';
import { Login } from '../../shared/login.ts';
import { ClusterDetails, isPrivateConnectivityOn, PrivateConnectivity } from '../../shared/msk/cluster.ts';
import { changeOf, isChange, Outcome, Result } from '../../shared/outcomes.ts';
import { mayBeOurs, type RegistryRecord } from '../../shared/registry/record.ts';

const Done = z.optional(z.object({ result: z.optional(Result) }));

/** What the states of this run, of either machine, have written about their changes. */
export const Results = z.object({
  /** As InspectCluster has read the cluster last. */
  cluster: z.optional(
    z.object({
      privateConnectivity: z.optional(PrivateConnectivity),
      details: z.optional(z.partial(z.pick(ClusterDetails, { isScramOn: true }))),
    }),
  ),
  plan: z.optional(z.object({ login: z.optional(Login) })),
  connectivity: Done,
  scramSecretAssociation: Done,
  policy: Done,
  privateLink: Done,
  connection: Done,
  processors: Restart,
});
type Results = z.infer<typeof Results>;

/** The states that change something at AWS or Atlas. */
const changingStates =
  /^(EnablePrivateConnectivity|AssociateScramSecret|ApplyClusterPolicy|RequestPrivateLink|CreateConnection|StopProcessors|StartProcessors|DeleteConnection|DeletePrivateLink|RemoveClusterPolicy)$/;

/** The same resource in the outcomes, in a record, and for a person. */
const resources = [
  { resource: 'connection', piece: 'connection', name: 'Kafka connection' },
  { resource: 'privateLink', piece: 'privateLink', name: 'private link' },
  { resource: 'policyStatement', piece: 'statement', name: 'statement in the cluster policy' },
] as const;

/**
 * What this run has changed, as one sentence. The states' results say it, and the registry, in which a state announces and notes a
 * change before the machine gets the result.
 *
 * @param before the record when the run claimed the cluster
 * @param after the record now
 */
export function changedByRun(
  failing: { state: string; error: string },
  run: Results,
  records: { before: RegistryRecord | null | undefined; after: RegistryRecord | undefined },
): string {
  const stopped = leftStopped(records.after);
  const done = [
    ...byResults(failing.error, run),
    ...byRegistry(run, records),
    ...stoppedForGood(run.processors, records.after),
    stopped ?? [],
  ].flat();
  if (done.length > 0) return `Changed by this run: ${done.join('; ')}.`;
  if (mayHaveChanged(failing))
    return `Changed by this run: nothing for certain. ${failing.state} may have taken effect all the same; the next run finds out.`;
  return 'Nothing was changed.';
}

function byResults(error: string, run: Results): string[] {
  // MSK has undone an update that it failed.
  const connectivity = error === 'ClusterUpdateFailed' ? undefined : run.connectivity?.result;
  const [schemes, login] = [run.cluster?.privateConnectivity, run.plan?.login];
  const isRebooting = schemes && login && !isPrivateConnectivityOn(schemes, login.mechanism);
  const outcomes: { resource: Outcome['resource']; result: Result | undefined; note?: string | undefined }[] = [
    {
      resource: 'multiVpcConnectivity',
      result: connectivity,
      ...(isRebooting && { note: 'MSK may still be at work on it' }),
    },
    { resource: 'scramSecretAssociation', result: run.scramSecretAssociation?.result },
    { resource: 'policyStatement', result: run.policy?.result },
    { resource: 'privateLink', result: run.privateLink?.result },
    { resource: 'connection', result: run.connection?.result },
    ...restartOutcomes(run.processors),
  ];
  return outcomes
    .map((outcome) => Outcome.safeParse(outcome).data)
    .filter((outcome) => outcome !== undefined && isChange(outcome))
    .map((outcome) => changeOf(outcome as Outcome));
}

function byRegistry(run: Results, { before, after }: Parameters<typeof changedByRun>[2]): string[] {
  // Without the record of before, nothing says which run has created what.
  if (!after || before === undefined) return [];
  const told = { connection: run.connection, privateLink: run.privateLink, policyStatement: run.policy };
  const isTurnedOn = after.turnedOn !== before?.turnedOn && !run.connectivity?.result;
  const connectivity = isTurnedOn ? [changeOf({ resource: 'multiVpcConnectivity', result: 'updated' })] : [];
  const pieces = resources.flatMap(({ resource, piece, name }) => {
    const result = told[resource]?.result;
    const [old, now] = [before?.[piece], after[piece]];
    const isNew = now?.attemptedAt !== undefined && now.attemptedAt !== old?.attemptedAt;
    const isTakenOver = now?.ownership === 'created' && !isNew && result !== 'created' && !(old && mayBeOurs(old));
    if (isTakenOver) return [`${name} taken over, so that a disconnect deletes it`];
    if (result && isChange({ resource, result })) return [];
    if (old && !now) return [changeOf({ resource, result: 'removed' })];
    if (!now || !isNew) return [];
    if (now.ownership === undefined)
      return [`perhaps a ${name} created (the answer to the request was lost; the next run finds out)`];
    return now.ownership === 'created' ? [changeOf({ resource, result: 'created' })] : [];
  });
  return [...connectivity, ...pieces];
}

/** A state that changes something, and got no clear answer. */
function mayHaveChanged({ state, error }: { state: string; error: string }): boolean {
  const errorClass = new Map<string, { prototype: Error }>(Object.entries(errors)).get(error);
  return changingStates.test(state) && !(errorClass?.prototype instanceof errors.NeedsPersonError);
}
