import * as z from 'zod/mini';
import { PrerequisitesNotMet } from '../../shared/errors.ts';
import { Login } from '../../shared/login.ts';
import { ClusterDetails, PrivateConnectivity } from '../../shared/msk/cluster.ts';
import { Result } from '../../shared/outcomes.ts';
import { assess, type Clients } from '../../shared/prerequisites/assess.ts';
import { Findings } from '../../shared/prerequisites/findings.ts';
import { Change, Connected, planChanges } from '../../shared/prerequisites/plan-changes.ts';
import { noteOn } from '../../shared/prerequisites/plan-note.ts';
import { planProbe } from '../../shared/prerequisites/plan-probe.ts';
import { Topic } from '../../shared/prerequisites/topics.ts';
import { isHopeless } from '../../shared/replaced-by.ts';
import { Request } from '../../shared/request/request.ts';

export const CheckPrerequisitesInput = z.object({
  run: z.object({
    request: Request,
    cluster: z.object({ privateConnectivity: PrivateConnectivity, details: ClusterDetails }),
    /** Of this state's earlier visit. */
    plan: z.optional(z.object({ login: Login })),
    /** Only if this run has visited EnablePrivateConnectivity. */
    connectivity: z.optional(z.object({ result: Result })),
  }),
  now: z.string(),
});

const Plan = z.object({
  clusterArn: z.string(),
  login: Login,
  /** false without a secret. */
  isScramSecretAssociated: z.boolean(),
  /** What is left to change; only for a dry run, or if the run may end here because the connection is READY. */
  changes: z.array(Change),
  /** Whether Atlas needs no further permission: there is a connection, and its private link is DONE. */
  isLinkReady: z.boolean(),
  /** Those that the settings name, if there are any. */
  topics: z.optional(z.array(Topic)),
  /** Why these were not checked. */
  uncheckedTopics: z.optional(z.string()),
  /** The fingerprint of the cluster that this plan is for. */
  plannedFor: z.string(),
  /** What a person should know about the plan. */
  note: z.optional(z.string()),
});

/** `isConnected`: nothing is left to change or to wait for. */
export const CheckPrerequisitesOutput = z.discriminatedUnion('isConnected', [
  z.extend(Plan, { isConnected: z.literal(true), connected: Connected }),
  z.extend(Plan, { isConnected: z.literal(false) }),
]);

/**
 * Checks everything that must be true before the first change, and reports everything that is missing in one error.
 *
 * @throws PrerequisitesNotMet, PrincipalNotAllowed, PrincipalChanged, PrivateLinkFailed, ClusterUnusable
 * @throws AtlasRefused, AtlasThrottled, AtlasUnavailable, AwsRefused, AwsThrottled, AwsUnavailable
 */
export async function checkPrerequisites(
  { run: { request, cluster, plan: before, connectivity }, now }: z.infer<typeof CheckPrerequisitesInput>,
  clients: Clients,
): Promise<z.infer<typeof CheckPrerequisitesOutput>> {
  const { details } = cluster;
  const findings = new Findings();
  const assessed = await assess(request, cluster, before?.login.mechanism, clients, findings);
  const { unmet } = findings;
  // No other advice helps then.
  const hopeless = unmet.find(isHopeless);
  if (unmet.length > 0) throw new PrerequisitesNotMet(listed(hopeless === undefined ? unmet : [hopeless]));

  const { login, isScramSecretAssociated, isLinkReady, isPrivateConnectivityOn, topics, uncheckedTopics } = assessed;
  // If the connection isn't READY, the later states find out what is left to do. AlreadyConnected drops what this run has done.
  const mayBeConnected = isPrivateConnectivityOn && assessed.connection?.state === 'READY' && !connectivity;
  const planned =
    request.dryRun || mayBeConnected ? await planChanges(request, { details, ...assessed }, clients, now) : undefined;
  if (planned && planned.unmet.length > 0) throw new PrerequisitesNotMet(listed(planned.unmet));
  const note = noteOn(request, planned, assessed);
  const plan = {
    clusterArn: request.clusterArn,
    login,
    isScramSecretAssociated,
    changes: [...(planned?.changes ?? []), ...(request.dryRun ? planProbe(request, topics) : [])],
    isLinkReady,
    ...(topics.length > 0 && { topics }),
    ...(uncheckedTopics !== undefined && { uncheckedTopics }),
    plannedFor: details.fingerprint,
    ...(note && { note }),
  };
  return planned?.connected
    ? { ...plan, isConnected: true, connected: planned.connected }
    : { ...plan, isConnected: false };
}

/** Further lines of an item stand below its text, and not below its number. */
const indented = (item: string): string => item.replace(/\n( {2}(?! ))?/g, '\n   ');

const listed = (unmet: string[]) =>
  unmet.length === 1
    ? `One prerequisite is not met: ${unmet[0]}`
    : `${unmet.length} prerequisites are not met:\n${unmet.map((sentence, index) => `${index + 1}. ${indented(sentence)}`).join('\n')}`;
